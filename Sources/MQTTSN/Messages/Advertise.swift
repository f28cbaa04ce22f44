// ADVERTISE, SEARCHGW and GWINFO: how clients and gateways find each other (MQTT-SN 1.2 §5.4.1 to §5.4.3, §6.1).

import Bytes

extension Message {
    static func decodeAdvertise(
        from fields: inout FieldReader, of datagram: RawSpan
    ) throws(DecodeError) -> Message {
        let gatewayID = try fields.octet(of: datagram)
        return .advertise(gatewayID: gatewayID, duration: try fields.uint16(of: datagram))
    }

    static func decodeSearchGateway(
        from fields: inout FieldReader, of datagram: RawSpan
    ) throws(DecodeError) -> Message {
        .searchGateway(radius: try fields.octet(of: datagram))
    }

    static func decodeGatewayInfo(
        from fields: inout FieldReader, of datagram: RawSpan
    ) throws(DecodeError) -> Message {
        let gatewayID = try fields.octet(of: datagram)
        return .gatewayInfo(gatewayID: gatewayID, address: fields.rest())
    }
}

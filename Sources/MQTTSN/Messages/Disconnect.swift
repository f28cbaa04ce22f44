// DISCONNECT: ends a connection or, with a Duration, sends a client to sleep (MQTT-SN 1.2 §5.4.21, §6.14).

import Bytes

extension Message {
    static func decodeDisconnect(
        from fields: inout FieldReader, of datagram: RawSpan
    ) throws(DecodeError) -> Message {
        guard !fields.isAtEnd else { return .disconnect(duration: nil) }
        return .disconnect(duration: try fields.uint16(of: datagram))
    }
}

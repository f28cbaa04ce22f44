// What is wrong with a datagram that does not decode, in words and with its place.

import Bytes
package import MQTTSN

extension DecodeReason {
    /// What is wrong in words, for lines that have no datagram at hand.
    package var words: String {
        switch self {
        case .emptyDatagram: "it is empty"
        case .lengthCutOff: "it ends inside the Length field"
        case .lengthBelowMinimum: "Length is less than the header takes"
        case .messageTypeMissing: "it ends before MsgType"
        case .lengthMismatch: "Length is not the size of the datagram"
        case .reservedMessageType: "MQTT-SN 1.2 has no such MsgType"
        case .bodyTooShort: "it ends before the message's last field"
        case .bodyTooLong: "octets follow the message's last field"
        case .willTopicWithoutTopic: "WILLTOPIC has Flags but no topic"
        case .willTopicUpdateWithoutTopic: "WILLTOPICUPD has Flags but no topic"
        case .registerWithoutTopicName: "REGISTER has no topic name"
        case .subscribeWithoutTopic: "SUBSCRIBE has no topic"
        case .subscribeWithWrongTopicIDSize: "SUBSCRIBE has a pre-defined id or short name that is not two octets"
        case .unsubscribeWithoutTopic: "UNSUBSCRIBE has no topic"
        case .unsubscribeWithWrongTopicIDSize: "UNSUBSCRIBE has a pre-defined id or short name that is not two octets"
        case .encapsulationWithLongLength: "an encapsulation has a Length of one octet only"
        case .nodeIDMissing: "the encapsulation has no wireless node id"
        case .innerMessageMissing: "nothing follows the encapsulation's header"
        case .innerMessageFraming: "the Length of the message inside the encapsulation is wrong"
        case .nestedEncapsulation: "an encapsulation lies inside an encapsulation"
        }
    }

    /// What is wrong with `datagram`, for which decoding gave this reason.
    package func fault(in datagram: RawSpan) -> Description.Fault {
        let header = try? MessageHeader(at: 0, of: datagram)
        let type = header.flatMap { MessageType(rawValue: $0.typeCode) }
        let subject = isFraming ? "not MQTT-SN" : "malformed \(type?.specificationName ?? "message")"
        let (reason, offset) = place(in: datagram, header, type)
        return Description.Fault(subject: subject, reason: reason ?? words, offset: offset)
    }

    private var isFraming: Bool {
        switch self {
        case .emptyDatagram, .lengthCutOff, .lengthBelowMinimum, .messageTypeMissing, .lengthMismatch,
            .reservedMessageType:
            true
        case .bodyTooShort, .bodyTooLong, .willTopicWithoutTopic, .willTopicUpdateWithoutTopic,
            .registerWithoutTopicName, .subscribeWithoutTopic, .subscribeWithWrongTopicIDSize, .unsubscribeWithoutTopic,
            .unsubscribeWithWrongTopicIDSize, .encapsulationWithLongLength, .nodeIDMissing, .innerMessageMissing,
            .innerMessageFraming, .nestedEncapsulation:
            false
        }
    }

    /// Words with the numbers of this datagram where they say more, and the offset of what is wrong or missing.
    private func place(
        in datagram: RawSpan, _ header: MessageHeader?, _ type: MessageType?
    ) -> (reason: String?, offset: Int) {
        let end = datagram.byteCount
        let isLongForm = datagram.byte(at: 0) == 1
        switch self {
        case .emptyDatagram: return (nil, 0)
        case .lengthCutOff, .messageTypeMissing: return (nil, end)
        case .lengthBelowMinimum:
            let length = isLongForm ? Int(datagram.uint16(at: 1) ?? 0) : Int(datagram.byte(at: 0) ?? 0)
            return (
                "Length says \(length.octets), and its header alone takes \(isLongForm ? 4 : 2)", isLongForm ? 1 : 0
            )
        case .lengthMismatch:
            guard let header else { return (nil, 0) }
            return ("Length says \(header.declaredByteCount.octets), the datagram has \(end)", isLongForm ? 1 : 0)
        case .reservedMessageType:
            guard let header else { return (nil, 0) }
            let code = Hexadecimal.number(UInt64(header.typeCode), digitCount: 2)
            return ("MQTT-SN 1.2 has no MsgType 0x\(code)", header.byteCount - 1)
        case .bodyTooShort: return (type.map { missingField(of: $0, header, end) }, end)
        case .bodyTooLong:
            let offset = (header?.byteCount ?? 0) + (type.map { MessageLayout(of: $0).fixedByteCount } ?? 0)
            return ("it is \((end - offset).octets) too long", min(offset, end))
        case .willTopicWithoutTopic, .willTopicUpdateWithoutTopic, .registerWithoutTopicName, .subscribeWithoutTopic,
            .unsubscribeWithoutTopic, .innerMessageMissing:
            return (nil, end)
        case .subscribeWithWrongTopicIDSize, .unsubscribeWithWrongTopicIDSize:
            let offset = (header?.byteCount ?? 0) + (type.map { MessageLayout(of: $0).fixedByteCount } ?? 0)
            return ("a pre-defined id or short name takes two octets, this one has \(end - offset)", min(offset, end))
        case .encapsulationWithLongLength, .nodeIDMissing: return (nil, 0)
        case .innerMessageFraming, .nestedEncapsulation:
            let offset = min(header?.declaredByteCount ?? 0, end)
            let inner = try? MessageHeader(at: offset, of: datagram)
            guard self == .innerMessageFraming, let inner else { return (nil, offset) }
            return (
                "the Length of the message inside says \(inner.declaredByteCount.octets), there are \(end - offset)",
                offset
            )
        }
    }

    private func missingField(of type: MessageType, _ header: MessageHeader?, _ end: Int) -> String {
        var offset = header?.byteCount ?? 0
        for field in MessageLayout(of: type).fixed {
            if offset + field.byteCount > end {
                return offset < end ? "it ends inside \(field.name)" : "\(field.name) is missing"
            }
            offset += field.byteCount
        }
        return words
    }
}

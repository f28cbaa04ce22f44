/// The first thing that is wrong with a datagram, with what a gateway needs for an answer where there is one.
package enum DecodeError: Error, Equatable, Hashable, Sendable {
    // Framing (GW-03)
    case emptyDatagram
    /// The long form's two length octets are not all there.
    case lengthCutOff
    /// The Length field gives less than the header needs: 0 in the short form, less than 4 in the long form.
    case lengthBelowMinimum(declared: Int)
    /// The datagram ends before MsgType.
    case messageTypeMissing
    /// Length, in octets, is not what the datagram holds; of an encapsulation: it is more than the datagram holds.
    case lengthMismatch(declared: Int, present: Int)

    // Type (GW-04)
    case reservedMessageType(UInt8)

    // Layout (GW-05)
    case bodyTooShort(MessageType)
    case bodyTooLong(MessageType)
    /// WILLTOPIC with Flags only: neither the empty form nor a topic.
    case willTopicWithoutTopic
    /// WILLTOPICUPD with Flags only: neither the empty form nor a topic.
    case willTopicUpdateWithoutTopic
    case registerWithoutTopicName(MessageID)
    case subscribeWithoutTopic(MessageID)
    /// SUBSCRIBE to a pre-defined id or short name that is not two octets.
    case subscribeWithWrongTopicIDSize(MessageID)
    case unsubscribeWithoutTopic(MessageID)
    /// UNSUBSCRIBE from a pre-defined id or short name that is not two octets.
    case unsubscribeWithWrongTopicIDSize(MessageID)

    // Forwarder encapsulation (GW-83)
    /// The encapsulation header has a Length of one octet only (MQTT-SN 1.2 §5.5).
    case encapsulationWithLongLength
    case nodeIDMissing
    case innerMessageMissing
    /// The framing of the inner message is wrong in the way that the reason names.
    case innerMessageFraming(DecodeReason)
    case nestedEncapsulation

    /// The same without its values, to count by.
    package var reason: DecodeReason {
        switch self {
        case .emptyDatagram: .emptyDatagram
        case .lengthCutOff: .lengthCutOff
        case .lengthBelowMinimum: .lengthBelowMinimum
        case .messageTypeMissing: .messageTypeMissing
        case .lengthMismatch: .lengthMismatch
        case .reservedMessageType: .reservedMessageType
        case .bodyTooShort: .bodyTooShort
        case .bodyTooLong: .bodyTooLong
        case .willTopicWithoutTopic: .willTopicWithoutTopic
        case .willTopicUpdateWithoutTopic: .willTopicUpdateWithoutTopic
        case .registerWithoutTopicName: .registerWithoutTopicName
        case .subscribeWithoutTopic: .subscribeWithoutTopic
        case .subscribeWithWrongTopicIDSize: .subscribeWithWrongTopicIDSize
        case .unsubscribeWithoutTopic: .unsubscribeWithoutTopic
        case .unsubscribeWithWrongTopicIDSize: .unsubscribeWithWrongTopicIDSize
        case .encapsulationWithLongLength: .encapsulationWithLongLength
        case .nodeIDMissing: .nodeIDMissing
        case .innerMessageMissing: .innerMessageMissing
        case .innerMessageFraming: .innerMessageFraming
        case .nestedEncapsulation: .nestedEncapsulation
        }
    }
}

/// A `DecodeError` without its values; the raw values run from 0 without a gap, so they index an array of counters.
package enum DecodeReason: UInt8, Sendable, CaseIterable {
    case emptyDatagram
    case lengthCutOff
    case lengthBelowMinimum
    case messageTypeMissing
    case lengthMismatch
    case reservedMessageType
    case bodyTooShort
    case bodyTooLong
    case willTopicWithoutTopic
    case willTopicUpdateWithoutTopic
    case registerWithoutTopicName
    case subscribeWithoutTopic
    case subscribeWithWrongTopicIDSize
    case unsubscribeWithoutTopic
    case unsubscribeWithWrongTopicIDSize
    case encapsulationWithLongLength
    case nodeIDMissing
    case innerMessageMissing
    case innerMessageFraming
    case nestedEncapsulation
}

/// The first thing that is wrong with a datagram, with what a gateway needs for an answer where there is one.
public struct DecodeError: Error, Hashable, Sendable {
    public let reason: DecodeReason
    /// The MsgId of a REGISTER, SUBSCRIBE or UNSUBSCRIBE without a topic that can be read; 0 for every other reason.
    public let messageID: MessageID

    public init(_ reason: DecodeReason, messageID: MessageID = 0) {
        self.reason = reason
        self.messageID = messageID
    }
}

/// What can be wrong with a datagram; the raw values run from 0 without a gap, so they index an array of counters.
public enum DecodeReason: UInt8, Sendable, CaseIterable {
    // Framing (GW-03)
    case emptyDatagram
    /// The long form's two length octets are not all there.
    case lengthCutOff
    /// The Length field gives less than the header needs: 0 in the short form, less than 4 in the long form.
    case lengthBelowMinimum
    /// The datagram ends before MsgType.
    case messageTypeMissing
    /// Length, in octets, is not what the datagram holds; of an encapsulation: it is more than the datagram holds.
    case lengthMismatch

    // Type (GW-04)
    case reservedMessageType

    // Layout (GW-05)
    case bodyTooShort
    case bodyTooLong
    /// WILLTOPIC with Flags only: neither the empty form nor a topic.
    case willTopicWithoutTopic
    /// WILLTOPICUPD with Flags only: neither the empty form nor a topic.
    case willTopicUpdateWithoutTopic
    case registerWithoutTopicName
    case subscribeWithoutTopic
    /// SUBSCRIBE to a pre-defined id or short name that is not two octets.
    case subscribeWithWrongTopicIDSize
    case unsubscribeWithoutTopic
    /// UNSUBSCRIBE from a pre-defined id or short name that is not two octets.
    case unsubscribeWithWrongTopicIDSize

    // Forwarder encapsulation (GW-83)
    /// The encapsulation header has a Length of one octet only (MQTT-SN 1.2 §5.5).
    case encapsulationWithLongLength
    case nodeIDMissing
    case innerMessageMissing
    /// The framing of the inner message is wrong.
    case innerMessageFraming
    case nestedEncapsulation
}

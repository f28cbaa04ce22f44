public import Bytes

/// SUBSCRIBE: a client asks for the messages of a topic (MQTT-SN 1.2 §5.4.15).
public struct Subscribe: Equatable, Sendable {
    /// Uses DUP, QoS and TopicIdType.
    public var flags: Flags
    public var messageID: MessageID
    /// A name or filter for type normal, two octets for pre-defined ids and short names; never empty.
    public var topic: ByteRange

    public init(flags: Flags, messageID: MessageID, topic: ByteRange) {
        self.flags = flags
        self.messageID = messageID
        self.topic = topic
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        flags = try fields.flags(of: datagram)
        messageID = try fields.uint16(of: datagram)
        topic = fields.rest()
        guard !topic.isEmpty else { throw DecodeError(.subscribeWithoutTopic, messageID: messageID) }
        guard flags.topicIDType.allowsTopic(ofByteCount: topic.count) else {
            throw DecodeError(.subscribeWithWrongTopicIDSize, messageID: messageID)
        }
    }

    /// The bits of Flags that the message uses (MQTT-SN 1.2 §5.3.4).
    public static let usedFlags = Flags.Bits.duplicate | Flags.Bits.qos | Flags.Bits.topicIDType

    var bodyByteCount: Int { 3 + topic.count }
}

/// SUBACK: the answer to SUBSCRIBE (MQTT-SN 1.2 §5.4.16).
public struct SubscribeAcknowledgement: Equatable, Sendable {
    /// Uses QoS, which is the granted one.
    public var flags: Flags
    /// The id that the gateway will use for the topic; 0x0000 for a filter with wildcards.
    public var topicID: TopicID
    public var messageID: MessageID
    public var returnCode: ReturnCode

    public init(flags: Flags, topicID: TopicID, messageID: MessageID, returnCode: ReturnCode) {
        self.flags = flags
        self.topicID = topicID
        self.messageID = messageID
        self.returnCode = returnCode
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        flags = try fields.flags(of: datagram)
        topicID = try fields.uint16(of: datagram)
        messageID = try fields.uint16(of: datagram)
        returnCode = try fields.returnCode(of: datagram)
    }

    /// The bits of Flags that the message uses (MQTT-SN 1.2 §5.3.4).
    public static let usedFlags = Flags.Bits.qos
    static let bodyByteCount = 6
}

/// UNSUBSCRIBE: a client takes a subscription back (MQTT-SN 1.2 §5.4.17).
public struct Unsubscribe: Equatable, Sendable {
    /// Uses TopicIdType.
    public var flags: Flags
    public var messageID: MessageID
    /// A name or filter for type normal, two octets for pre-defined ids and short names; never empty.
    public var topic: ByteRange

    public init(flags: Flags, messageID: MessageID, topic: ByteRange) {
        self.flags = flags
        self.messageID = messageID
        self.topic = topic
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        flags = try fields.flags(of: datagram)
        messageID = try fields.uint16(of: datagram)
        topic = fields.rest()
        guard !topic.isEmpty else { throw DecodeError(.unsubscribeWithoutTopic, messageID: messageID) }
        guard flags.topicIDType.allowsTopic(ofByteCount: topic.count) else {
            throw DecodeError(.unsubscribeWithWrongTopicIDSize, messageID: messageID)
        }
    }

    /// The bits of Flags that the message uses (MQTT-SN 1.2 §5.3.4).
    public static let usedFlags = Flags.Bits.topicIDType

    var bodyByteCount: Int { 3 + topic.count }
}

extension TopicIDType {
    /// Whether SUBSCRIBE and UNSUBSCRIBE may hold a topic of `byteCount` octets; the reserved type has no layout.
    fileprivate func allowsTopic(ofByteCount byteCount: Int) -> Bool {
        switch self {
        case .normal, .reserved: true
        case .predefined, .shortName: byteCount == 2
        }
    }
}

extension [UInt8] {
    mutating func appendBody(of subscribe: Subscribe, from source: RawSpan) {
        append(subscribe.flags.octet(using: Subscribe.usedFlags))
        append(bigEndian: subscribe.messageID)
        append(subscribe.topic, of: source)
    }

    mutating func appendBody(of acknowledgement: SubscribeAcknowledgement) {
        append(acknowledgement.flags.octet(using: SubscribeAcknowledgement.usedFlags))
        append(bigEndian: acknowledgement.topicID)
        append(bigEndian: acknowledgement.messageID)
        append(acknowledgement.returnCode.rawValue)
    }

    mutating func appendBody(of unsubscribe: Unsubscribe, from source: RawSpan) {
        append(unsubscribe.flags.octet(using: Unsubscribe.usedFlags))
        append(bigEndian: unsubscribe.messageID)
        append(unsubscribe.topic, of: source)
    }
}

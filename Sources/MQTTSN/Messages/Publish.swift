public import Bytes

/// PUBLISH: application data on a topic (MQTT-SN 1.2 §5.4.12).
public struct Publish: Equatable, Sendable {
    /// Uses DUP, QoS, Retain and TopicIdType.
    public var flags: Flags
    /// The topic id, or the two octets of a short topic name.
    public var topicID: TopicID
    /// 0x0000 at QoS 0 and −1.
    public var messageID: MessageID
    public var data: ByteRange

    public init(flags: Flags, topicID: TopicID, messageID: MessageID, data: ByteRange) {
        self.flags = flags
        self.topicID = topicID
        self.messageID = messageID
        self.data = data
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        flags = try fields.flags(of: datagram)
        topicID = try fields.uint16(of: datagram)
        messageID = try fields.uint16(of: datagram)
        data = fields.rest()
    }

    /// The bits of Flags that the message uses (MQTT-SN 1.2 §5.3.4).
    public static let usedFlags = Flags.Bits.duplicate | Flags.Bits.qos | Flags.Bits.retain | Flags.Bits.topicIDType

    /// The octets of Flags, TopicId and MsgId.
    static let fixedByteCount = 5
}

/// PUBACK: ends a QoS 1 exchange, or rejects a PUBLISH of QoS 0, 1 or 2 (MQTT-SN 1.2 §5.4.13).
public struct PublishAcknowledgement: Equatable, Sendable {
    /// That of the PUBLISH; the two octets of the name for a short topic name.
    public var topicID: TopicID
    public var messageID: MessageID
    public var returnCode: ReturnCode

    public init(topicID: TopicID, messageID: MessageID, returnCode: ReturnCode) {
        self.topicID = topicID
        self.messageID = messageID
        self.returnCode = returnCode
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        topicID = try fields.uint16(of: datagram)
        messageID = try fields.uint16(of: datagram)
        returnCode = try fields.returnCode(of: datagram)
    }

    static let bodyByteCount = 5
}

extension [UInt8] {
    /// Appends a PUBLISH, without a source span for a message's ranges.
    ///
    /// - Precondition: `Message.encodedByteCount(bodyByteCount: 5 + data.byteCount)` is at most 65535.
    public mutating func appendPublish(flags: Flags, topicID: TopicID, messageID: MessageID, data: RawSpan) {
        appendPublishHeader(flags: flags, topicID: topicID, messageID: messageID, dataByteCount: data.byteCount)
        append(data)
    }

    /// Appends a PUBLISH up to its data, for data that is kept in pieces; the caller appends `dataByteCount` octets.
    public mutating func appendPublishHeader(
        flags: Flags, topicID: TopicID, messageID: MessageID, dataByteCount: Int
    ) {
        let bodyByteCount = Publish.fixedByteCount + dataByteCount
        appendHeader(.publish, encodedByteCount: Message.encodedByteCount(bodyByteCount: bodyByteCount))
        appendFixedPart(flags: flags, topicID: topicID, messageID: messageID)
    }

    /// Appends the fields of a PUBLISH up to its data.
    mutating func appendFixedPart(flags: Flags, topicID: TopicID, messageID: MessageID) {
        append(flags.octet(using: Publish.usedFlags))
        append(bigEndian: topicID)
        append(bigEndian: messageID)
    }

    mutating func appendBody(of acknowledgement: PublishAcknowledgement) {
        append(bigEndian: acknowledgement.topicID)
        append(bigEndian: acknowledgement.messageID)
        append(acknowledgement.returnCode.rawValue)
    }
}

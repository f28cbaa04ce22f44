public import Bytes

/// REGISTER: asks for the topic id of a name (client) or tells it (gateway) (MQTT-SN 1.2 §5.4.10).
public struct Register: Equatable, Sendable {
    /// 0x0000, and without meaning, when a client sends it (GW-31).
    public var topicID: TopicID
    public var messageID: MessageID
    /// Never empty.
    public var topicName: ByteRange

    public init(topicID: TopicID, messageID: MessageID, topicName: ByteRange) {
        self.topicID = topicID
        self.messageID = messageID
        self.topicName = topicName
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        topicID = try fields.uint16(of: datagram)
        messageID = try fields.uint16(of: datagram)
        guard !fields.isAtEnd else { throw DecodeError(.registerWithoutTopicName, messageID: messageID) }
        topicName = fields.rest()
    }

    /// The octets of TopicId and MsgId.
    static let fixedByteCount = 4

    var bodyByteCount: Int { Self.fixedByteCount + topicName.count }
}

/// REGACK: the answer to REGISTER (MQTT-SN 1.2 §5.4.11).
public struct RegisterAcknowledgement: Equatable, Sendable {
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
    /// Appends a REGISTER, without a source span for a message's ranges.
    ///
    /// - Precondition: `Message.encodedByteCount(bodyByteCount: 4 + topicName.byteCount)` is at most 65535.
    public mutating func appendRegister(topicID: TopicID, messageID: MessageID, topicName: RawSpan) {
        let bodyByteCount = Register.fixedByteCount + topicName.byteCount
        appendHeader(.register, encodedByteCount: Message.encodedByteCount(bodyByteCount: bodyByteCount))
        append(bigEndian: topicID)
        append(bigEndian: messageID)
        append(topicName)
    }

    mutating func appendBody(of acknowledgement: RegisterAcknowledgement) {
        append(bigEndian: acknowledgement.topicID)
        append(bigEndian: acknowledgement.messageID)
        append(acknowledgement.returnCode.rawValue)
    }
}

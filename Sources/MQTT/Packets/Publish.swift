public import Bytes

/// PUBLISH: carries an application message, in either direction (MQTT 3.1.1 §3.3).
public struct Publish: Equatable, Sendable {
    /// Whether this may be a repetition; never at QoS 0 (§3.3.1.1).
    public var duplicate: Bool
    /// The quality of service of this delivery (§3.3.1.2).
    public var qos: DeliveryQoS
    /// Whether to store the message, or whether it was a stored one (§3.3.1.3).
    public var retain: Bool
    /// The Topic Name: not empty, well-formed and free of wildcards (§3.3.2.1).
    public var topicName: ByteRange
    /// The Packet Identifier; 0 at QoS 0, where the packet has none (§3.3.2.2).
    public var packetID: PacketID
    /// The application message; may be empty (§3.3.3).
    public var payload: ByteRange

    /// The parts of a PUBLISH; see the properties.
    public init(
        duplicate: Bool, qos: DeliveryQoS, retain: Bool, topicName: ByteRange, packetID: PacketID, payload: ByteRange
    ) {
        self.duplicate = duplicate
        self.qos = qos
        self.retain = retain
        self.topicName = topicName
        self.packetID = packetID
        self.payload = payload
    }
}

/// The lower four bits of the first octet of PUBLISH: DUP, QoS and RETAIN (MQTT 3.1.1 §3.3.1).
struct PublishFlags {
    let rawValue: UInt8

    /// Takes the bits from the wire, unchecked.
    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The bits for a packet to send. DUP is left out at QoS 0, where it must be 0 (§3.3.1.1).
    init(duplicate: Bool, qos: DeliveryQoS, retain: Bool) {
        rawValue = (duplicate && qos > .atMostOnce ? 0b1000 : 0) | qos.rawValue << 1 | (retain ? 1 : 0)
    }

    var duplicate: Bool { rawValue & 0b1000 != 0 }
    /// The quality of service, or nil for the reserved 3.
    var qos: DeliveryQoS? { DeliveryQoS(rawValue: rawValue >> 1 & 0b11) }
    var retain: Bool { rawValue & 1 != 0 }

    /// Confirms that the bits agree with each other (§3.3.1.1, §3.3.1.2).
    func check() throws(PacketError) {
        guard let qos else { throw .reservedQoS }
        guard !duplicate || qos > .atMostOnce else { throw .duplicateAtMostOnce }
    }
}

extension Publish {
    /// Reads the body of a PUBLISH.
    init(from frame: RawSpan, _ reader: inout BodyReader, flags: PublishFlags) throws(PacketError) {
        guard let qos = flags.qos else { throw .reservedQoS }
        self.qos = qos
        duplicate = flags.duplicate
        retain = flags.retain
        topicName = try reader.topicName(of: frame)
        packetID = qos == .atMostOnce ? 0 : try reader.packetID(of: frame)
        payload = reader.takeRest()
    }
}

extension Packet {
    /// The size in octets of a whole PUBLISH, fixed header included.
    ///
    /// - Precondition: the size without the fixed header is at most 268,435,455 octets.
    public static func publishByteCount(
        topicNameByteCount: Int, payloadByteCount: Int, qos: DeliveryQoS
    ) -> Int {
        let remainingLength = publishRemainingLength(
            topicNameByteCount: topicNameByteCount, payloadByteCount: payloadByteCount, qos: qos)
        return 1 + RemainingLength.byteCount(of: remainingLength) + remainingLength
    }

    /// How many octets of a PUBLISH follow its fixed header.
    static func publishRemainingLength(
        topicNameByteCount: Int, payloadByteCount: Int, qos: DeliveryQoS
    ) -> Int {
        let identifierByteCount = qos == .atMostOnce ? 0 : 2
        return 2 + topicNameByteCount + identifierByteCount + payloadByteCount
    }
}

extension [UInt8] {
    /// Appends a whole PUBLISH.
    ///
    /// `duplicate` and `packetID` are not written at QoS 0, where the packet has neither (§3.3.1.1, §3.3.2.2).
    /// - Precondition: `topicName` is a valid Topic Name (`TopicFilter.isValidName`), `packetID` is not 0 above QoS 0,
    ///   and the packet fits its length field.
    public mutating func appendPublishPacket(
        duplicate: Bool, qos: DeliveryQoS, retain: Bool, topicName: RawSpan, packetID: PacketID, payload: RawSpan
    ) {
        appendPublishHeader(
            duplicate: duplicate, qos: qos, retain: retain, topicName: topicName, packetID: packetID,
            payloadByteCount: payload.byteCount)
        append(payload)
    }

    /// Appends a PUBLISH up to its payload, of which the caller then appends exactly `payloadByteCount` octets.
    ///
    /// `duplicate` and `packetID` are not written at QoS 0, where the packet has neither (§3.3.1.1, §3.3.2.2).
    /// - Precondition: `topicPrefix` and `topicName` behind it are a valid Topic Name (`TopicFilter.isValidName`),
    ///   `packetID` is not 0 above QoS 0, and the packet fits its length field.
    public mutating func appendPublishHeader(
        duplicate: Bool, qos: DeliveryQoS, retain: Bool, topicPrefix: RawSpan = RawSpan(), topicName: RawSpan,
        packetID: PacketID, payloadByteCount: Int
    ) {
        let flags = PublishFlags(duplicate: duplicate, qos: qos, retain: retain)
        append(PacketType.publish.rawValue << 4 | flags.rawValue)
        append(
            remainingLength: Packet.publishRemainingLength(
                topicNameByteCount: topicPrefix.byteCount + topicName.byteCount, payloadByteCount: payloadByteCount,
                qos: qos))
        append(lengthPrefixed: topicPrefix, topicName)
        if qos > .atMostOnce { append(packetID: packetID) }
    }
}

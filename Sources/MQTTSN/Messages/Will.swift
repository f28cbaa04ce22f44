public import Bytes

/// WILLTOPIC and WILLTOPICUPD: topic, QoS and Retain of a Will (MQTT-SN 1.2 §5.4.7, §5.4.22).
public struct WillTopic: Equatable, Sendable {
    /// Uses QoS and Retain; 0 in the empty form.
    public var flags: Flags
    /// Empty in the 2-octet form, which deletes the Will (GW-19, GW-27).
    public var topic: ByteRange

    public init(flags: Flags, topic: ByteRange) {
        self.flags = flags
        self.topic = topic
    }

    /// - Throws: `flagsOnly` for the size in between, which is neither the empty form nor a topic.
    init(
        from fields: inout FieldReader, of datagram: RawSpan, orThrow flagsOnly: DecodeReason
    ) throws(DecodeError) {
        let isEmptyForm = fields.isAtEnd
        flags = isEmptyForm ? Flags() : try fields.flags(of: datagram)
        guard isEmptyForm || !fields.isAtEnd else { throw DecodeError(flagsOnly) }
        topic = fields.rest()
    }

    /// The bits of Flags that the message uses (MQTT-SN 1.2 §5.3.4).
    public static let usedFlags = Flags.Bits.qos | Flags.Bits.retain

    var bodyByteCount: Int { topic.isEmpty ? 0 : 1 + topic.count }
}

extension [UInt8] {
    mutating func appendBody(of will: WillTopic, from source: RawSpan) {
        guard !will.topic.isEmpty else { return }
        append(will.flags.octet(using: WillTopic.usedFlags))
        append(will.topic, of: source)
    }
}

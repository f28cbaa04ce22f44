// The values of MQTT-SN's fields in words (MQTT-SN 1.2 §5.3).

import Bytes
package import MQTTSN

/// What single values mean.
package enum MessageValues {
    /// The meaning of a return code (§5.3.10).
    package static func words(for code: ReturnCode) -> String {
        switch code {
        case .accepted: "accepted"
        case .congestion: "rejected: congestion"
        case .invalidTopicID: "rejected: invalid topic id"
        case .notSupported: "rejected: not supported"
        default: "reserved code \(code.rawValue), as good as rejected"
        }
    }

    static func words(for qos: QualityOfService) -> String {
        switch qos {
        case .atMostOnce: "QoS 0"
        case .atLeastOnce: "QoS 1"
        case .exactlyOnce: "QoS 2"
        case .minusOne: "QoS -1"
        }
    }

    /// What a message with `id` is about.
    package static func topic(_ id: TopicID, _ type: TopicIDType) -> String {
        switch type {
        case .normal: "topic id \(id)"
        case .predefined: "pre-defined topic id \(id)"
        case .shortName: "short topic \(ForeignText.quoted(shortName(id)))"
        case .reserved: "topic id \(id) of the reserved type 3"
        }
    }

    /// A topic id without its type, as answers have it, may be a short topic name.
    static func untypedTopic(_ id: TopicID) -> String {
        let name = shortName(id)
        let mayBeName = name.allSatisfy { 0x21...0x7E ~= $0 }
        return "topic id \(id)" + (mayBeName ? " or short topic \(ForeignText.quoted(name))" : "")
    }

    /// What SUBSCRIBE and UNSUBSCRIBE name.
    static func topic(_ range: ByteRange, of bytes: RawSpan, _ type: TopicIDType) -> String {
        switch type {
        case .normal, .reserved: ForeignText.quoted(bytes.copy(of: range))
        case .predefined, .shortName: topic(bytes.uint16(at: range.lowerBound) ?? 0, type)
        }
    }

    /// A keep-alive time in seconds, and the silence at which a client counts as lost by the specification's tolerance
    /// (§7.2): 50 % for up to one minute, else 10 %.
    static func keepAlive(_ seconds: UInt16) -> String {
        guard seconds > 0 else { return "0 s (never lost for being silent)" }
        let percent = seconds <= 60 ? 50 : 10
        let tenths = Int(seconds) * (100 + percent) / 10
        let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
        return "\(seconds) s (lost after \(tenths / 10)\(fraction) s: + \(percent) %)"
    }

    static func radius(_ radius: UInt8) -> String { radius == 0 ? "0 (the whole network)" : "\(radius)" }

    private static func shortName(_ id: TopicID) -> [UInt8] {
        [UInt8(truncatingIfNeeded: id >> 8), UInt8(truncatingIfNeeded: id)]
    }
}

extension Flags {
    /// The bits that a message uses and that say something, in words.
    func words(for type: MessageType) -> String {
        switch type {
        case .connect: (cleanSession ? "clean session" : "no clean session") + (will ? "; with Will" : "; no Will")
        case .willTopic, .willTopicUpdate: MessageValues.words(for: qos) + (retain ? ", retained" : "")
        case .publish:
            MessageValues.words(for: qos) + (duplicate ? ", DUP" : "") + (retain ? ", retained" : "")
                + ", \(topicIDType.words)"
        case .subscribe:
            MessageValues.words(for: qos) + (duplicate ? ", DUP" : "") + ", \(topicIDType.wordsForSubscription)"
        case .unsubscribe: topicIDType.wordsForSubscription
        case .subscribeAcknowledgement: "granted \(MessageValues.words(for: qos))"
        default: "0x\(Hexadecimal.number(UInt64(rawValue), digitCount: 2))"
        }
    }
}

extension TopicIDType {
    fileprivate var words: String {
        switch self {
        case .normal: "topic id"
        case .predefined: "pre-defined topic id"
        case .shortName: "short topic name"
        case .reserved: "reserved TopicIdType 3"
        }
    }

    fileprivate var wordsForSubscription: String { self == .normal ? "topic name" : words }
}

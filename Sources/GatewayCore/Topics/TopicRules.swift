import Bytes
import MQTT

/// What may stand in a topic name or a topic filter: what MQTT allows (3.1.1 §4.7), as far as no broker ends a client's
/// connection for it and with that publishes the Will of a client that is alive.
///
/// mosquitto closes on every control character and non-character of Unicode, on more than 200 separators, and on a
/// shared subscription that names no group or no filter.
enum TopicRules {
    /// Whether a message may be published to `name`.
    static func isValidName(_ name: RawSpan, _ limits: Limits) -> Bool {
        TopicFilter.isValidName(name) && isTaken(name, limits)
    }

    /// Whether it is a name at all; those of the broker's messages keep no rule of this house.
    static func isName(_ name: RawSpan) -> Bool { TopicFilter.isValidName(name) }

    /// Whether `filter` may be subscribed to.
    static func isValidFilter(_ filter: RawSpan, _ limits: Limits) -> Bool {
        TopicFilter.isValidFilter(filter) && isTaken(filter, limits)
            && (!isShared(filter) || hasGroupAndFilter(filter))
    }

    /// Whether a topic that is one has room behind what stands before it at the broker.
    static func fits(_ topic: RawSpan, behind prefix: [UInt8], _ limits: Limits) -> Bool {
        guard !prefix.isEmpty else { return true }
        let levelCount = levelCount(topic) + levelCount(prefix.span.bytes) - 1
        return prefix.count + topic.byteCount <= Int(UInt16.max) && levelCount <= limits.topicLevels
    }

    /// Where the filter of a shared subscription begins; 0 of another one.
    static func startBehindGroup(_ filter: RawSpan) -> Int {
        guard isShared(filter), hasGroupAndFilter(filter) else { return 0 }
        let groupStart = sharePrefix.count + 1
        return groupStart + levelByteCount(filter, from: groupStart) + 1
    }

    /// Whether a message may be published to a name of two octets; no limit is lower.
    static func isValidShortName(_ name: RawSpan) -> Bool {
        TopicFilter.isValidName(name) && !name.holdsDiscouragedCharacter
    }

    /// Whether `filter` stands for more than one name.
    static func hasWildcards(_ filter: RawSpan) -> Bool { TopicFilter.hasWildcards(filter) }

    /// Whether messages come under other names than `filter`, because several clients share it (MQTT 5.0 §4.8.2).
    static func isShared(_ filter: RawSpan) -> Bool {
        guard filter.byte(at: 0) == UInt8(ascii: "$") else { return false }
        let first = levelByteCount(filter, from: 0)
        return filter.equals(sharePrefix.span.bytes, in: 0..<first)
    }

    private static let sharePrefix = Array("$share".utf8)
    private static let separator = UInt8(ascii: "/")

    private static func isTaken(_ topic: RawSpan, _ limits: Limits) -> Bool {
        topic.byteCount <= limits.topicNameByteCount && hasFewLevels(topic, limits)
            && !topic.holdsDiscouragedCharacter
    }

    private static func hasFewLevels(_ topic: RawSpan, _ limits: Limits) -> Bool {
        topic.byteCount < limits.topicLevels || levelCount(topic) <= limits.topicLevels
    }

    private static func levelCount(_ topic: RawSpan) -> Int {
        var count = 1
        for index in 0..<topic.byteCount where topic[unchecked: index] == separator { count += 1 }
        return count
    }

    private static func hasGroupAndFilter(_ filter: RawSpan) -> Bool {
        let groupStart = sharePrefix.count + 1
        guard groupStart <= filter.byteCount else { return false }
        let groupEnd = groupStart + levelByteCount(filter, from: groupStart)
        return groupEnd > groupStart && groupEnd + 1 < filter.byteCount
            && !hasWildcards(filter.extracting(groupStart..<groupEnd))
    }

    private static func levelByteCount(_ topic: RawSpan, from start: Int) -> Int {
        var end = start
        while end < topic.byteCount, topic[unchecked: end] != separator { end += 1 }
        return end - start
    }
}

import Bytes
import MQTT

/// What may stand in a topic name or a topic filter (MQTT 3.1.1 §4.7).
enum TopicRules {
    /// Whether a message may be published to `name`.
    static func isValidName(_ name: RawSpan) -> Bool { TopicFilter.isValidName(name) }

    /// Whether `filter` may be subscribed to.
    static func isValidFilter(_ filter: RawSpan) -> Bool { TopicFilter.isValidFilter(filter) }

    /// Whether `filter` stands for more than one name.
    static func hasWildcards(_ filter: RawSpan) -> Bool { TopicFilter.hasWildcards(filter) }
}

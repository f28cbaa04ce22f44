/// How a message names its topic: the two TopicIdType bits of the Flags octet (MQTT-SN 1.2 §5.3.4).
public enum TopicIDType: UInt8, Sendable {
    /// A registered topic id; in SUBSCRIBE and UNSUBSCRIBE a topic name or filter.
    case normal = 0
    /// A topic id that both sides know from their configuration.
    case predefined = 1
    /// A topic name of two octets in place of the topic id.
    case shortName = 2
    /// 0b11, which the specification reserves.
    case reserved = 3
}

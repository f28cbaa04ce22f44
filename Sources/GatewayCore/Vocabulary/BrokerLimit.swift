/// What a broker does not take: one of MQTT 5.0 as it has said in its CONNACK (MQTT 5.0 §3.2.2.3), any one of what no
/// packet can say.
package enum BrokerLimit: UInt8, Hashable, Sendable, CaseIterable {
    /// Packets above its Maximum Packet Size.
    case packetSize
    /// A QoS above its Maximum QoS.
    case qos
    /// Retained messages, as its Retain Available is 0.
    case retain
    /// Topics that have more than 65,535 octets with what the owner's rule puts before them (MQTT 3.1.1 §1.5.3).
    case topicLength
    /// Subscriptions with wildcards, as its Wildcard Subscription Available is 0.
    case wildcards
    /// Shared subscriptions, as its Shared Subscription Available is 0.
    case share
}

/// What a broker of MQTT 5.0 does not take, as it has said in its CONNACK (MQTT 5.0 §3.2.2.3).
package enum BrokerLimit: UInt8, Hashable, Sendable, CaseIterable {
    /// Packets above its Maximum Packet Size.
    case packetSize
    /// A QoS above its Maximum QoS.
    case qos
    /// Retained messages, as its Retain Available is 0.
    case retain
}

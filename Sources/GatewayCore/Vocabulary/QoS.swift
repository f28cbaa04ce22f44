/// How surely a message is delivered, the same for both sides of the gateway (MQTT-SN 1.2 §5.3.4, MQTT 3.1.1 §4.3).
enum QoS: UInt8, Comparable, Sendable {
    case atMostOnce = 0
    case atLeastOnce = 1
    case exactlyOnce = 2

    /// Whether `first` promises less than `second`.
    static func < (first: QoS, second: QoS) -> Bool { first.rawValue < second.rawValue }
}

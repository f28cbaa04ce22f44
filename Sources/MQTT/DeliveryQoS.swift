/// The quality of service with which an application message is delivered (MQTT 3.1.1 §4.3).
public enum DeliveryQoS: UInt8, Comparable, Equatable, Hashable, Sendable {
    case atMostOnce = 0
    case atLeastOnce = 1
    case exactlyOnce = 2

    /// Whether `first` promises less than `second`.
    public static func < (first: DeliveryQoS, second: DeliveryQoS) -> Bool {
        first.rawValue < second.rawValue
    }
}

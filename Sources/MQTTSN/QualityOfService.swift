/// The two QoS bits of the Flags octet (MQTT-SN 1.2 §5.3.4).
public enum QualityOfService: UInt8, Sendable, Comparable {
    case atMostOnce = 0
    case atLeastOnce = 1
    case exactlyOnce = 2
    /// QoS −1: a PUBLISH without a connection, sent by clients only.
    case minusOne = 3

    /// Orders by what is promised: −1, 0, 1, 2, not by the bits.
    public static func < (left: QualityOfService, right: QualityOfService) -> Bool {
        left.rank < right.rank
    }

    private var rank: UInt8 { (rawValue &+ 1) & 0b11 }
}

/// The ReturnCode octet of an acknowledgement, reserved codes included (MQTT-SN 1.2 §5.3.10).
public struct ReturnCode: Equatable, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static var accepted: ReturnCode { ReturnCode(rawValue: 0x00) }
    /// Rejected: congestion. The client waits TWAIT before it tries again.
    public static var congestion: ReturnCode { ReturnCode(rawValue: 0x01) }
    /// Rejected: invalid topic id. The sender registers the topic (again) before it tries again.
    public static var invalidTopicID: ReturnCode { ReturnCode(rawValue: 0x02) }
    /// Rejected: not supported.
    public static var notSupported: ReturnCode { ReturnCode(rawValue: 0x03) }
}

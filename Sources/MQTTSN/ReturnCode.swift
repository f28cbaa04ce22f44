/// The ReturnCode octet of an acknowledgement, reserved codes included (MQTT-SN 1.2 §5.3.10).
package struct ReturnCode: Equatable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let accepted = ReturnCode(rawValue: 0x00)
    /// Rejected: congestion. The client waits TWAIT before it tries again.
    package static let congestion = ReturnCode(rawValue: 0x01)
    /// Rejected: invalid topic id. The sender registers the topic (again) before it tries again.
    package static let invalidTopicID = ReturnCode(rawValue: 0x02)
    /// Rejected: not supported.
    package static let notSupported = ReturnCode(rawValue: 0x03)
}

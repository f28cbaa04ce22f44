/// What a publication can tell of its way to the gateway, each as a User Property of MQTT 5.0 (§3.3.2.3.7).
package enum WayProperty: UInt8, Equatable, Sendable, CaseIterable {
    /// The gateway's number, in decimal.
    case gateway
    /// The name of the link that its client is on, as the configuration has it.
    case link
    /// The node behind a forwarder, in hexadecimal.
    case node

    /// Its name at the broker, and in the configuration.
    package var name: String { "\(self)" }

    /// Its place in `UpstreamConfiguration.wayPropertyBits`.
    private var bit: UInt8 { 1 << rawValue }

    package static func bits(_ properties: [WayProperty]) -> UInt8 { properties.reduce(0) { $0 | $1.bit } }

    package static func all(in bits: UInt8) -> [WayProperty] { allCases.filter { bits & $0.bit != 0 } }
}

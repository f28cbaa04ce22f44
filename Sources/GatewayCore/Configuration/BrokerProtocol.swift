/// Which version of MQTT the broker is spoken to in.
package enum BrokerProtocol: UInt8, Equatable, Sendable, CaseIterable, CustomStringConvertible {
    /// 5.0 where the broker takes it, else 3.1.1.
    case auto
    case v5_0
    case v3_1_1

    /// As the owner writes it.
    package var description: String {
        switch self {
        case .auto: "auto"
        case .v5_0: "5.0"
        case .v3_1_1: "3.1.1"
        }
    }
}

/// A version of MQTT that is spoken here, by the Protocol Level that CONNECT says (MQTT 3.1.1 and 5.0 §3.1.2.2).
public enum ProtocolVersion: UInt8, CaseIterable, Comparable, Sendable {
    case v3_1_1 = 4
    case v5_0 = 5

    /// As the specifications call it.
    public var name: StaticString {
        switch self {
        case .v3_1_1: "3.1.1"
        case .v5_0: "5.0"
        }
    }

    public static func < (first: ProtocolVersion, second: ProtocolVersion) -> Bool { first.rawValue < second.rawValue }
}

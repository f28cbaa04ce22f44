/// A client's name, unique at the broker (MQTT-SN 1.2 §5.3.1).
struct ClientID: Hashable, Sendable {
    var bytes: [UInt8]

    private static let assignedPrefix = Array("assigned-".utf8)

    /// A name for a client that has none.
    static func assigned(_ number: UInt64) -> ClientID {
        ClientID(bytes: assignedPrefix + Array(String(number, radix: 36).utf8))
    }

    var isAssigned: Bool { bytes.starts(with: Self.assignedPrefix) }
}

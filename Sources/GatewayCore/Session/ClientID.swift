/// A client's name, unique at the broker (MQTT-SN 1.2 §5.3.1).
struct ClientID: Hashable, Sendable {
    var bytes: [UInt8]

    private static let assignedPrefix = Array("assigned-".utf8)

    /// A name for a client that has none.
    static func assigned(_ number: UInt64) -> ClientID {
        ClientID(bytes: assignedPrefix + Array(String(number, radix: 36).utf8))
    }

    /// In one piece, as every CONNECT asks several tables for the name.
    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

    var isAssigned: Bool { bytes.starts(with: Self.assignedPrefix) }

    /// Whether the gateway can have given the name, to the last octet.
    var isWhollyAssigned: Bool {
        guard isAssigned else { return false }
        let number = UInt64(String(decoding: bytes[Self.assignedPrefix.count...], as: UTF8.self), radix: 36)
        return number.map { ClientID.assigned($0) == self } ?? false
    }
}

extension ClientID {
    /// Whether the name can stand in a topic or a filter without selecting other clients' topics.
    var isOneTopicLevel: Bool {
        !bytes.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
            && bytes.first != UInt8(ascii: "$")
    }
}

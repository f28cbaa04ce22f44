/// A server's goodbye: a close frame, with what it says (RFC 6455 §5.5.1).
package struct WebSocketClose: Equatable, Sendable {
    /// As RFC 6455 §7.4 has it; nil where it says none.
    package var code: UInt16?
    /// For people; at most 123 octets, of any kind.
    package var reason: [UInt8]

    package init(code: UInt16?, reason: [UInt8]) { (self.code, self.reason) = (code, reason) }

    /// Reads the payload of a close frame; nil for one that none may have.
    init?(payload: [UInt8]) {
        guard payload.count != 1 else { return nil }
        code = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
        reason = Array(payload.dropFirst(2))
        if let code, !Self.mayBeSent(code) { return nil }
    }

    /// By §7.4.1, §7.4.2 and the register that §11.7 has begun, with 1012 to 1014 in it.
    private static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1_000...1_003, 1_007...1_014, 3_000...4_999: true
        default: false
        }
    }

    /// The name of the code; nil for one that RFC 6455 does not name.
    package var words: String? {
        switch code {
        case 1_000: "normal closure"
        case 1_001: "going away"
        case 1_002: "protocol error"
        case 1_003: "unsupported data"
        case 1_007: "invalid payload data"
        case 1_008: "policy violation"
        case 1_009: "message too big"
        case 1_010: "extension missing"
        case 1_011: "internal error"
        case 1_012: "service restart"
        case 1_013: "try again later"
        case 1_014: "bad gateway"
        default: nil
        }
    }

    /// Whether it is the end of a connection that nothing was wrong with.
    package var isUsual: Bool { code == nil || code == 1_000 || code == 1_001 }
}

/// A server's goodbye: a close frame, with what it says (RFC 6455 §5.5.1).
package struct WebSocketClose: Equatable, Sendable {
    /// As RFC 6455 §7.4 has it; nil where it says none.
    package var code: UInt16?
    /// For people; at most 123 octets, of any kind.
    package var reason: [UInt8]

    package init(code: UInt16?, reason: [UInt8]) { (self.code, self.reason) = (code, reason) }

    /// Reads the payload of a close frame.
    init(payload: [UInt8]) {
        code = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
        reason = Array(payload.dropFirst(2))
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

// What one row of the vector tables is; the tables drive decoding and encoding alike.

import Bytes
import MQTTSN
import Testing

/// A datagram that decodes, what it decodes to, and how that is sent again.
struct ValidVector: Sendable, CustomTestStringConvertible {
    let id: String
    let name: String
    let hex: String
    let expected: Message
    /// The octets of each variable part as hex, in the order of the message.
    var parts: [String] = []
    /// The flags that the message uses; nil when it has none.
    var flags: Flags?
    /// How the gateway itself sends this message, where the datagram is not that already.
    var canonicalHex: String?

    var testDescription: String { "\(id) \(name)" }
    var bytes: [UInt8] { octets(hex) }
    var canonicalBytes: [UInt8] { octets(canonicalHex ?? hex) }

    static let all = specification + own
}

/// A datagram that breaks a rule: of the codec, which refuses it, or of its caller, for whom it decodes.
struct InvalidVector: Sendable, CustomTestStringConvertible {
    /// What strict decoding makes of the datagram.
    enum Outcome: Sendable {
        case refused(DecodeError)
        case decodes(Message)

        var result: Result<Message, DecodeError> {
            switch self {
            case .refused(let error): .failure(error)
            case .decodes(let message): .success(message)
            }
        }
    }

    let id: String
    let name: String
    let hex: String
    let outcome: Outcome

    var testDescription: String { "\(id) \(name)" }
    var bytes: [UInt8] { octets(hex) }

    static let all = specification + own
}

/// The octets that `hex` writes in lower case.
func octets(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.map { $0 < UInt8(ascii: "a") ? $0 - UInt8(ascii: "0") : $0 - UInt8(ascii: "a") + 10 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// `hex`, `count` times.
func repeated(_ hex: String, _ count: Int) -> String {
    String(repeating: hex, count: count)
}

/// Decodes `bytes` to a value that `#expect` can compare.
func decoded(_ bytes: [UInt8], tolerance: DecodeTolerance = .strict) -> Result<Message, DecodeError> {
    do {
        return .success(try Message.decode(bytes.span.bytes, tolerance: tolerance))
    } catch {
        return .failure(error)
    }
}

/// Encodes `message`, whose ranges index `source`.
func encoded(_ message: Message, from source: [UInt8]) -> [UInt8] {
    var arena: [UInt8] = []
    arena.appendMessage(message, from: source.span.bytes)
    return arena
}

/// What is wrong in a text that should be JSON, and at which octet from 0.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String
    package var offset: Int

    package var description: String { "octet \(offset): \(message)" }
}

extension JSONValue {
    /// Nested deeper, a text is refused, so that it cannot exhaust the stack.
    package static let deepestNesting = 64

    /// Reads one JSON text and nothing behind it but white space (RFC 8259 §2); never traps, whatever the octets are.
    package init(reading octets: [UInt8]) throws(JSONError) {
        var reader = JSONReader(octets)
        self = try reader.document()
    }
}

/// Reads a JSON text from its first octet to its last.
private struct JSONReader {
    private let octets: [UInt8]
    private var position = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == octets.count else { throw error("something follows the value") }
        return value
    }

    private func error(_ message: String) -> JSONError { JSONError(message: message, offset: position) }

    private var next: UInt8? { position < octets.count ? octets[position] : nil }

    private mutating func skipSpace() {
        while let octet = next, octet == 0x20 || octet == 0x09 || octet == 0x0A || octet == 0x0D { position += 1 }
    }

    /// Moves over `character` where it stands next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.deepestNesting else { throw error("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard octets[position...].starts(with: word.utf8) else { throw error("expected \(word)") }
        position += word.utf8.count
        return value
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw error("expected ':'") }
            members.append(JSONValue.Member(name, try value(depth: depth + 1)))
            skipSpace()
            if take(",") { continue }
            guard take("}") else { throw error("expected ',' or '}'") }
            return .object(members)
        }
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(",") { continue }
            guard take("]") else { throw error("expected ',' or ']'") }
            return .array(elements)
        }
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> Double {
        let start = position
        _ = take("-")
        if !take("0"), digits() == 0 { throw error("expected a value") }
        if take("."), digits() == 0 { throw error("expected digits behind '.'") }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if digits() == 0 { throw error("expected the digits of an exponent") }
        }
        guard let value = Double(String(decoding: octets[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw error("the number is too large")
        }
        return value
    }

    /// Moves over digits and counts them.
    private mutating func digits() -> Int {
        let start = position
        while let octet = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= octet { position += 1 }
        return position - start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var text: [UInt8] = []
        while let octet = next {
            switch octet {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                text += try escape()
            case 0..<0x20: throw error("a control character must be escaped")
            default:
                text.append(octet)
                position += 1
            }
        }
        throw error("the string does not end")
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let octet = next else { throw error("the string does not end") }
        position += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [octet]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try unicodeEscape()).utf8)
        default: throw error("there is no such escape")
        }
    }

    /// A character, perhaps of two escapes; half of a pair becomes U+FFFD.
    private mutating func unicodeEscape() throws(JSONError) -> Character {
        let first = try fourDigits()
        guard first & 0xFC00 == 0xD800, octets[position...].starts(with: [0x5C, 0x75]) else {
            return Character(Unicode.Scalar(first) ?? "\u{FFFD}")
        }
        position += 2
        let second = try fourDigits()
        guard second & 0xFC00 == 0xDC00 else { return "\u{FFFD}" }
        return Character(Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}")
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        let end = position + 4
        guard end <= octets.count,
            let value = UInt32(String(decoding: octets[position..<end], as: UTF8.self), radix: 16),
            octets[position] != UInt8(ascii: "+"), octets[position] != UInt8(ascii: "-")
        else { throw error("expected four hexadecimal digits") }
        position = end
        return value
    }
}

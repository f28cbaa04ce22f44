/// Octets as text that a terminal or a program can take.
enum Text {
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) }
    }

    /// The octets that hexadecimal digits stand for; nil when they are none, or an odd number of them.
    static func octets(hexadecimal text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16) ?? 0
        }
    }

    /// A JSON string; octets that are no UTF-8 become U+FFFD.
    static func json(_ bytes: some Sequence<UInt8>) -> String {
        var text = "\""
        for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                // Control characters, those of C1, and the two separators that JavaScript takes for line ends.
                let isPlain =
                    scalar.value >= 0x20 && !(0x7F...0x9F ~= scalar.value) && scalar.value != 0x2028
                    && scalar.value != 0x2029
                text += isPlain ? String(scalar) : "\\u" + padded(String(scalar.value, radix: 16))
            }
        }
        return text + "\""
    }

    static func json(_ text: String) -> String { json(text.utf8) }

    private static func padded(_ digits: String) -> String {
        String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

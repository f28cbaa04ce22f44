// The parser's strings: basic ones with escapes, and literal ones without.

extension TOMLParser {
    /// The string whose quote stands here.
    mutating func parseString() throws(SourceError) -> String {
        let start = offset
        let quote = peek()
        if peek(1) == quote, peek(2) == quote { throw error("multi-line strings are not supported") }
        advance()
        var result: [UInt8] = []
        while true {
            guard let byte = peek(), !isAtEndOfLine else {
                throw SourceError(offset: start, message: "the string does not end on its line")
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                result.append(contentsOf: try parseEscape().utf8)
                continue
            }
            advance()
            if byte == quote { return String(decoding: result, as: UTF8.self) }
            result.append(byte)
        }
    }

    /// One escape, from its backslash to its last character.
    private mutating func parseEscape() throws(SourceError) -> String {
        let start = offset
        advance()
        guard let letter = peek(), !isAtEndOfLine else {
            throw SourceError(offset: start, message: "a string cannot continue on the next line")
        }
        let meaning: Unicode.Scalar
        switch letter {
        case UInt8(ascii: "b"): meaning = "\u{8}"
        case UInt8(ascii: "t"): meaning = "\t"
        case UInt8(ascii: "n"): meaning = "\n"
        case UInt8(ascii: "f"): meaning = "\u{C}"
        case UInt8(ascii: "r"): meaning = "\r"
        case UInt8(ascii: "\""): meaning = "\""
        case UInt8(ascii: "\\"): meaning = "\\"
        case UInt8(ascii: "u"): meaning = try parseCodePoint(digitCount: 4, from: start)
        case UInt8(ascii: "U"): meaning = try parseCodePoint(digitCount: 8, from: start)
        default:
            let found = foundHere.dropFirst()
            throw SourceError(offset: start, message: "there is no escape '\\\(found)")
        }
        advance()
        return String(meaning)
    }

    /// The scalar of `\uXXXX` or `\UXXXXXXXX`; ends on its last digit.
    private mutating func parseCodePoint(digitCount: Int, from start: Int) throws(SourceError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<digitCount {
            guard let next = peek(1), let digit = Character(Unicode.Scalar(next)).hexDigitValue else {
                throw SourceError(
                    offset: start, message: "this escape takes \(digitCount) hexadecimal digits")
            }
            // At most eight digits of four bits each.
            value = value << 4 | UInt32(digit)
            advance()
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw SourceError(offset: start, message: "\(codePoint(value)) is not a character")
        }
        return scalar
    }
}

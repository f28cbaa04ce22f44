import Bytes

/// Makes octets that others chose safe to show: nothing in them is obeyed by a terminal, a log or a person's eye.
package enum ForeignText {
    /// Names and payloads are shown up to so many octets; the rest is counted.
    package static let shownByteCount = 256

    /// The octets as text in double quotes.
    ///
    /// Well-formed UTF-8 is shown as it is, but for `"`, `\`, control characters, and characters that change how others
    /// are shown, which become `\"`, `\\` and `\u{…}`; an octet that belongs to no character becomes `\xHH`.
    package static func quoted(_ bytes: some Collection<UInt8>, limit: Int = shownByteCount) -> String {
        let shown = Array(bytes.prefix(max(0, limit)))
        let rest = bytes.count - shown.count
        return "\"\(escaped(shown))\"" + (rest > 0 ? " and \(rest.octets) more" : "")
    }

    /// As `quoted` shows it, without the quotes and whole.
    package static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        var index = 0
        while index < bytes.count {
            guard let (scalar, byteCount) = character(at: index, of: bytes) else {
                text += "\\x\(Hexadecimal.text(CollectionOfOne(bytes[index])))"
                index += 1
                continue
            }
            append(scalar, to: &text)
            index += byteCount
        }
        return text
    }

    /// Whether all octets are characters that `quoted` shows as they are.
    package static func isPlain(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return escaped(bytes).utf8.elementsEqual(bytes)
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case _ where isHidden(scalar): text += "\\u{\(String(scalar.value, radix: 16))}"
        default: text.unicodeScalars.append(scalar)
        }
    }

    /// The well-formed character that begins at `index` and how many octets it takes; nil where none does.
    private static func character(at index: Int, of bytes: [UInt8]) -> (Unicode.Scalar, Int)? {
        let byteCount =
            switch bytes[index] {
            case 0x00...0x7F: 1
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard byteCount > 0, byteCount <= bytes.count - index else { return nil }
        var decoder = UTF8()
        var octets = bytes[index..<index + byteCount].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&octets), UTF8.width(scalar) == byteCount else {
            return nil
        }
        return (scalar, byteCount)
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

extension Int {
    /// So many octets, in words.
    package var octets: String { "\(self) \(self == 1 ? "octet" : "octets")" }
}

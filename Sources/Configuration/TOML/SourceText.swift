/// The octets of one file, checked to be text: well-formed UTF-8 without control characters.
struct SourceText {
    /// Files longer than this are refused unread.
    static let maximumByteCount = 1_048_576

    let bytes: [UInt8]

    /// Checks what holds for all of the file, so that the parser need not.
    init(_ bytes: [UInt8]) throws(SourceError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw SourceError(offset: 0, message: "the file is longer than \(Self.maximumByteCount) bytes")
        }
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw SourceError(offset: 0, message: "byte-order marks are not supported")
        }
        if String(validating: bytes, as: UTF8.self) == nil {
            throw SourceError(offset: Self.wellFormedPrefixLength(of: bytes), message: "this is not UTF-8 text")
        }
        self.bytes = bytes
        try checkControlCharacters()
    }

    /// Only tab, LF and CR LF stand in a file; TOML forbids the other control characters even in comments.
    private func checkControlCharacters() throws(SourceError) {
        for (offset, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x7F {
            switch byte {
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"):
                continue
            case UInt8(ascii: "\r"):
                if offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "\n") { continue }
                throw SourceError(offset: offset, message: "a carriage return without a line feed is not allowed")
            default:
                throw SourceError(offset: offset, message: "the control character \(codePoint(byte)) is not allowed")
            }
        }
    }

    private static func wellFormedPrefixLength(of bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var length = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            length += UTF8.width(scalar)
        }
        return length
    }

    /// Line and column of the octet at `offset`, both from 1; the column counts Unicode scalars.
    func position(at offset: Int) -> (line: Int, column: Int) { Self.position(at: offset, in: bytes) }

    /// The same for octets that need not be text before `offset` ends.
    static func position(at offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                (line, column) = (line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                // Continuation octets (10xxxxxx) belong to the scalar that their first octet counted.
                column += 1
            }
        }
        return (line, column)
    }

    /// `line L, column C`, for messages that name a second place.
    func place(_ offset: Int) -> String {
        let (line, column) = position(at: offset)
        return "line \(line), column \(column)"
    }
}

/// Something wrong at an octet of the file; becomes a `ConfigurationError` where the file's name is known.
struct SourceError: Error {
    var offset: Int
    var message: String
}

/// `U+0007` for 7.
func codePoint(_ value: some BinaryInteger) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}

/// The text in quotes as a message shows it: shortened, and without what a terminal would act on.
func quoted(_ text: some StringProtocol) -> String {
    var result = "'"
    for (index, scalar) in text.unicodeScalars.enumerated() {
        guard index < 60 else { return result + "…'" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: result += codePoint(scalar.value)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "'"
}

// The parser's steps over octets, blanks, comments and lines.

extension TOMLParser {
    /// The next octet; nil at the end of the file.
    func peek(_ distance: Int = 0) -> UInt8? {
        let index = offset + distance
        return index < text.bytes.count ? text.bytes[index] : nil
    }

    /// - Precondition: there is a next octet.
    mutating func advance() { offset += 1 }

    /// Skips blanks and tabs.
    mutating func skipBlanks() {
        while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
    }

    /// Skips a comment up to the end of its line.
    mutating func skipComment() {
        guard peek() == UInt8(ascii: "#") else { return }
        while peek() != nil, !isAtEndOfLine { advance() }
    }

    /// Skips blanks, comments and line ends.
    mutating func skipBlanksAndLines() {
        while true {
            skipBlanks()
            skipComment()
            guard let byte = peek(), byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { return }
            advance()
        }
    }

    /// Whether the file or the line ends here; a CR always stands before a LF, as `SourceText` has checked.
    var isAtEndOfLine: Bool {
        switch peek() {
        case nil, UInt8(ascii: "\n")?, UInt8(ascii: "\r")?: true
        default: false
        }
    }

    /// After a header or a value only a comment may stand on the line.
    mutating func expectEndOfLine() throws(SourceError) {
        skipBlanks()
        skipComment()
        guard isAtEndOfLine else { throw error("expected the end of the line; found \(foundHere)") }
    }

    func error(_ message: String) -> SourceError { SourceError(offset: offset, message: message) }

    /// The octets from `start` to here as text.
    func string(from start: Int) -> String { String(decoding: text.bytes[start..<offset], as: UTF8.self) }

    /// What stands here, for a message.
    var foundHere: String {
        guard peek() != nil else { return "the end of the file" }
        if isAtEndOfLine { return "the end of the line" }
        let scalars = String(decoding: text.bytes[offset..<min(offset + 4, text.bytes.count)], as: UTF8.self)
        return quoted(String(scalars.unicodeScalars.prefix(1)))
    }
}

// The parser's values: arrays, inline tables, and the choice between the kinds.

extension TOMLParser {
    /// The value that begins here, in a table or array at `depth`.
    mutating func parseValue(depth: Int) throws(SourceError) -> TOMLValue {
        switch peek() {
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?:
            return .string(try parseString())
        case UInt8(ascii: "[")?:
            return .array(try parseArray(depth: try nested(depth, at: offset)))
        case UInt8(ascii: "{")?:
            return .table(try parseInlineTable(depth: try nested(depth, at: offset)))
        default:
            return try parseScalar()
        }
    }

    /// `[1, 2, 3]`, which may span lines and end with a comma.
    private mutating func parseArray(depth: Int) throws(SourceError) -> [TOMLElement] {
        var elements: [TOMLElement] = []
        advance()
        while true {
            skipBlanksAndLines()
            if peek() == UInt8(ascii: "]") { break }
            let start = offset
            elements.append(TOMLElement(value: try parseValue(depth: depth), offset: start))
            skipBlanksAndLines()
            if peek() == UInt8(ascii: "]") { break }
            guard peek() == UInt8(ascii: ",") else {
                throw error("expected ',' or ']' in the array; found \(foundHere)")
            }
            advance()
        }
        advance()
        return elements
    }

    /// `{ a = 1, b.c = 2 }`, on one line and without a comma at the end.
    private mutating func parseInlineTable(depth: Int) throws(SourceError) -> TOMLTable {
        // While it is being read its own dotted keys may add to the tables inside it.
        let table = TOMLTable(origin: .inline, offset: offset, depth: depth)
        advance()
        skipBlanks()
        if peek() == UInt8(ascii: "}") {
            advance()
            return table
        }
        while true {
            skipBlanks()
            if isAtEndOfLine, peek() != nil { throw error("an inline table must stand on one line") }
            try parseKeyAndValue(into: table)
            skipBlanks()
            if peek() == UInt8(ascii: "}") { break }
            if isAtEndOfLine, peek() != nil { throw error("an inline table must stand on one line") }
            guard peek() == UInt8(ascii: ",") else {
                throw error("expected ',' or '}' in the inline table; found \(foundHere)")
            }
            let comma = offset
            advance()
            skipBlanks()
            if peek() == UInt8(ascii: "}") {
                throw SourceError(offset: comma, message: "a comma at the end of an inline table is not supported")
            }
        }
        advance()
        return table
    }

    /// A number or truth value: the longest run of the characters that they, dates and times are made of.
    private mutating func parseScalar() throws(SourceError) -> TOMLValue {
        let start = offset
        while let byte = peek(), isScalar(byte) { advance() }
        guard offset > start else { throw error("expected a value; found \(foundHere)") }
        do {
            return try scalarValue(of: text.bytes[start..<offset])
        } catch {
            throw SourceError(offset: start, message: error.message)
        }
    }
}

private func isScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
        UInt8(ascii: "."), UInt8(ascii: ":"):
        true
    default: false
    }
}

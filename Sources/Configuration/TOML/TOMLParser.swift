/// Turns the text of a file into a tree of tables; stops at the first thing that is not the TOML it knows.
///
/// It knows TOML 1.0 without multi-line strings, dates, times, infinities and "not a number".
struct TOMLParser {
    /// Tables and arrays may stand in each other this deep.
    static let maximumNesting = 16

    let text: SourceText
    /// The next octet to be read.
    var offset = 0
    private let root = TOMLTable(origin: .header, offset: 0, depth: 0)

    private init(_ text: SourceText) { self.text = text }

    /// The table that is the file.
    static func parse(_ text: SourceText) throws(SourceError) -> TOMLTable {
        var parser = TOMLParser(text)
        try parser.parseLines()
        return parser.root
    }

    private mutating func parseLines() throws(SourceError) {
        var table = root
        while true {
            skipBlanksAndLines()
            guard let byte = peek() else { return }
            if byte == UInt8(ascii: "[") {
                table = try parseHeader()
            } else {
                try parseKeyAndValue(into: table)
            }
            try expectEndOfLine()
        }
    }

    // MARK: Headers

    /// `[a.b]` or `[[a.b]]`; the table that the lines below it fill.
    private mutating func parseHeader() throws(SourceError) -> TOMLTable {
        let start = offset
        advance()
        let isList = peek() == UInt8(ascii: "[")
        if isList { advance() }
        let path = try parseKeyPath()
        for _ in 0..<(isList ? 2 : 1) {
            guard peek() == UInt8(ascii: "]") else {
                throw error("expected '\(isList ? "]]" : "]")' after the table's name; found \(foundHere)")
            }
            advance()
        }
        var table = root
        for part in path.dropLast() {
            table = try enter(part, of: table)
        }
        guard let last = path.last else { return table }
        return try isList ? addElement(last, to: table, at: start) : define(last, in: table, at: start)
    }

    /// The table that `part` of a header leads through: a table, or the newest of a list.
    private func enter(_ part: KeyPart, of table: TOMLTable) throws(SourceError) -> TOMLTable {
        guard let entry = table[part.name] else { return try makeTable(part, in: table, origin: .passedThrough) }
        switch entry.value.value {
        case .table(let inner):
            guard inner.origin != .inline else { throw alreadySet(part, entry) }
            return inner
        case .tables(let list):
            guard let newest = list.tables.last else { throw alreadySet(part, entry) }
            return newest
        case .string, .integer, .float, .boolean, .array:
            throw alreadySet(part, entry)
        }
    }

    private func define(_ part: KeyPart, in table: TOMLTable, at start: Int) throws(SourceError) -> TOMLTable {
        guard let entry = table[part.name] else {
            let made = try makeTable(part, in: table, origin: .header)
            made.offset = start
            return made
        }
        guard case .table(let inner) = entry.value.value else { throw alreadySet(part, entry) }
        guard inner.origin == .passedThrough else {
            let first = text.place(inner.origin == .header ? inner.offset : entry.keyOffset)
            throw SourceError(
                offset: start, message: "the table \(quoted(part.name)) is defined twice; the first one is at \(first)")
        }
        inner.origin = .header
        inner.offset = start
        return inner
    }

    private func addElement(_ part: KeyPart, to table: TOMLTable, at start: Int) throws(SourceError) -> TOMLTable {
        let depth = try nested(table.depth, at: part.offset)
        let element = TOMLTable(origin: .header, offset: start, depth: depth)
        if let entry = table[part.name] {
            guard case .tables(let list) = entry.value.value else { throw alreadySet(part, entry) }
            list.tables.append(element)
        } else {
            let list = TOMLTableList()
            list.tables.append(element)
            table.append(part.entry(.tables(list)))
        }
        return element
    }

    // MARK: Keys and values

    /// `a.b = value`, in a table or an inline table.
    mutating func parseKeyAndValue(into outer: TOMLTable) throws(SourceError) {
        let path = try parseKeyPath()
        guard let last = path.last else { return }
        guard peek() == UInt8(ascii: "=") else {
            throw error("expected '=' after the key \(quoted(last.name)); found \(foundHere)")
        }
        advance()
        skipBlanks()
        var table = outer
        for part in path.dropLast() {
            table = try extend(part, of: table)
        }
        if let entry = table[last.name] { throw alreadySet(last, entry) }
        let start = offset
        let value = try parseValue(depth: table.depth)
        table.append(TOMLEntry(key: last.name, keyOffset: last.offset, value: TOMLElement(value: value, offset: start)))
    }

    /// The table that `part` of a dotted key leads through, which must not be complete already.
    private func extend(_ part: KeyPart, of table: TOMLTable) throws(SourceError) -> TOMLTable {
        guard let entry = table[part.name] else { return try makeTable(part, in: table, origin: .dottedKey) }
        guard case .table(let inner) = entry.value.value else { throw alreadySet(part, entry) }
        switch inner.origin {
        case .passedThrough, .dottedKey:
            return inner
        case .header, .inline:
            throw alreadySet(part, entry)
        }
    }

    /// `a . "b" . 'c'`, without what follows.
    private mutating func parseKeyPath() throws(SourceError) -> [KeyPart] {
        var path: [KeyPart] = []
        while true {
            skipBlanks()
            path.append(try parseKeyPart())
            skipBlanks()
            guard peek() == UInt8(ascii: ".") else { return path }
            advance()
            _ = try nested(path.count, at: offset)
        }
    }

    private mutating func parseKeyPart() throws(SourceError) -> KeyPart {
        let start = offset
        switch peek() {
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?:
            return KeyPart(name: try parseString(), offset: start)
        default:
            while let byte = peek(), isBareKey(byte) { advance() }
            guard offset > start else { throw error("expected a key; found \(foundHere)") }
            return KeyPart(name: string(from: start), offset: start)
        }
    }

    private func makeTable(
        _ part: KeyPart, in table: TOMLTable, origin: TOMLTable.Origin
    ) throws(SourceError) -> TOMLTable {
        let depth = try nested(table.depth, at: part.offset)
        let made = TOMLTable(origin: origin, offset: part.offset, depth: depth)
        table.append(part.entry(.table(made)))
        return made
    }

    private func alreadySet(_ part: KeyPart, _ first: TOMLEntry) -> SourceError {
        let place = text.place(first.keyOffset)
        return SourceError(
            offset: part.offset, message: "the key \(quoted(part.name)) is already set; the first one is at \(place)")
    }

    /// One level below `depth`, unless that is too deep.
    func nested(_ depth: Int, at offset: Int) throws(SourceError) -> Int {
        guard depth < Self.maximumNesting else {
            throw SourceError(
                offset: offset, message: "tables and arrays are nested more than \(Self.maximumNesting) deep")
        }
        return depth + 1
    }
}

/// One part of a dotted key, and where it begins.
private struct KeyPart {
    var name: String
    var offset: Int

    func entry(_ value: TOMLValue) -> TOMLEntry {
        TOMLEntry(key: name, keyOffset: offset, value: TOMLElement(value: value, offset: offset))
    }
}

private func isBareKey(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}

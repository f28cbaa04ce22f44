/// A value of a TOML file; the kinds of TOML that a configuration has no use for are refused by the parser.
enum TOMLValue {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case array([TOMLElement])
    case table(TOMLTable)
    /// `[[name]]`, as opposed to an array of inline tables.
    case tables(TOMLTableList)

    /// What a message says was found: numbers and truth values by their value, the others by their kind.
    var found: String {
        switch self {
        case .string: "a string"
        case .integer(let value): "\(value)"
        case .float(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .array: "an array"
        case .table: "a table"
        case .tables: "a list of tables"
        }
    }
}

/// A value and where it begins.
struct TOMLElement {
    var value: TOMLValue
    var offset: Int
}

/// A key with its value, and where both begin.
struct TOMLEntry {
    var key: String
    var keyOffset: Int
    var value: TOMLElement
}

/// A table under construction and afterwards; a reference, because headers come back to add to it.
final class TOMLTable {
    /// How a table came to be, which decides who may add to it (TOML 1.0, "Table").
    enum Origin {
        /// Named on the way to another table (`[a.b]` for `a`); its own header may still follow.
        case passedThrough
        /// Has a header of its own, or is the file itself.
        case header
        /// Made by a dotted key; only dotted keys add to it.
        case dottedKey
        /// Complete where it stands.
        case inline
    }

    var origin: Origin
    /// Where it was made, or its header stands.
    var offset: Int
    /// How many tables and arrays it stands in.
    let depth: Int
    /// In the file's order.
    private(set) var entries: [TOMLEntry] = []
    private var indices: [String: Int] = [:]

    init(origin: Origin, offset: Int, depth: Int) {
        self.origin = origin
        self.offset = offset
        self.depth = depth
    }

    subscript(key: String) -> TOMLEntry? { indices[key].map { entries[$0] } }

    /// - Precondition: the table does not have the key.
    func append(_ entry: TOMLEntry) {
        precondition(indices[entry.key] == nil, "the parser asks before it adds")
        indices[entry.key] = entries.count
        entries.append(entry)
    }
}

/// The tables of one `[[name]]`, in the file's order; a reference, so that adding one does not copy the others.
final class TOMLTableList {
    var tables: [TOMLTable] = []
}

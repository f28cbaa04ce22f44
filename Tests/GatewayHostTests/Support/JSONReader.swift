/// A JSON text read strictly (RFC 8259), as whatever asks the gateway would read it.
enum JSONValue: Equatable {
    case null
    case truth(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// nil for what is no JSON.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = JSONReader(text)
        guard let value = reader.value(), reader.isAtEnd else { return nil }
        self = value
    }

    /// The member of that name; nil where there is none.
    subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
}

private struct JSONReader {
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) { rest = text.unicodeScalars[...] }

    var isAtEnd: Bool { rest.isEmpty }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard rest.starts(with: word.unicodeScalars) else { return false }
        rest.removeFirst(word.unicodeScalars.count)
        return true
    }

    mutating func value() -> JSONValue? {
        if take(word: "null") { return .null }
        if take(word: "true") { return .truth(true) }
        if take(word: "false") { return .truth(false) }
        if take("[") { return array() }
        if take("{") { return object() }
        if rest.first == "\"" { return text().map { .text($0) } }
        let digits = rest.prefix { "-+.eE0123456789".unicodeScalars.contains($0) }
        guard let number = Double(String(digits)) else { return nil }
        rest.removeFirst(digits.count)
        return .number(number)
    }

    private mutating func array() -> JSONValue? {
        var elements: [JSONValue] = []
        if take("]") { return .array([]) }
        repeat {
            guard let element = value() else { return nil }
            elements.append(element)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func object() -> JSONValue? {
        var members: [String: JSONValue] = [:]
        if take("}") { return .object([:]) }
        repeat {
            guard let name = text(), take(":"), let value = value(), members.updateValue(value, forKey: name) == nil
            else { return nil }
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func text() -> String? {
        guard take("\"") else { return nil }
        var result = ""
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return result
            case "\u{0}"..."\u{1F}": return nil
            case "\\":
                guard let escape = rest.popFirst() else { return nil }
                switch escape {
                case "\"", "\\": result.unicodeScalars.append(escape)
                case "u":
                    guard let code = UInt32(String(rest.prefix(4)), radix: 16), let meant = Unicode.Scalar(code)
                    else { return nil }
                    rest.removeFirst(4)
                    result.unicodeScalars.append(meant)
                default: return nil
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return nil
    }
}

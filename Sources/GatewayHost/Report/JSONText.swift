/// JSON in the making (RFC 8259): objects and arrays that are closed where their closure ends, and every text escaped.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A member of an object, or with nil an element of an array or the whole document.
    mutating func object(_ name: String? = nil, _ content: (inout JSONText) -> Void) {
        nest(name, "{", "}", content)
    }

    mutating func array(_ name: String? = nil, _ content: (inout JSONText) -> Void) {
        nest(name, "[", "]", content)
    }

    mutating func add(_ name: String?, _ text: String?) {
        guard let text else { return literal(name, "null") }
        begin(name)
        quote(text)
    }

    mutating func add(_ name: String?, _ number: Int?) { literal(name, number.map(String.init) ?? "null") }

    mutating func add(_ name: String?, _ number: UInt64) { literal(name, String(number)) }

    /// - Precondition: A number, and a finite one.
    mutating func add(_ name: String?, seconds number: Double?) {
        literal(name, number.map { "\($0)" } ?? "null")
    }

    mutating func add(_ name: String?, _ truth: Bool) { literal(name, truth ? "true" : "false") }

    private mutating func literal(_ name: String?, _ text: String) {
        begin(name)
        bytes += text.utf8
    }

    private mutating func nest(
        _ name: String?, _ opening: String, _ closing: String, _ content: (inout JSONText) -> Void
    ) {
        begin(name)
        bytes += opening.utf8
        needsComma = false
        content(&self)
        bytes += closing.utf8
        needsComma = true
    }

    private mutating func begin(_ name: String?) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        guard let name else { return }
        quote(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Control characters, quotes and what ends a line in JavaScript are escaped, and `<`, so that the text may stand
    /// in a page.
    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\u{0}"..."\u{1F}", "<", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
            default: bytes += String(scalar).utf8
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

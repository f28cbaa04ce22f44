import JSON

/// Octets as text that a program can take.
enum Text {
    /// A JSON string; octets that are no UTF-8 become U+FFFD.
    static func json(_ bytes: some Sequence<UInt8>) -> String { json(String(decoding: Array(bytes), as: UTF8.self)) }

    static func json(_ text: String) -> String { JSONValue.string(text).text }
}

/// The files of the Paho MQTT-SN gateway: lines of `Key=Value`, or of fields with commas between them.
enum PahoFile {
    /// The settings of `gateway.conf` in their order; `#` begins a comment, and a `;` at the end is none of the value.
    static func settings(_ text: String) -> [(key: String, value: String)] {
        lines(text).compactMap { line in
            guard let equals = line.firstIndex(of: "=") else { return nil }
            var value = trimmed(line[line.index(after: equals)...])
            while value.last == ";" { value = trimmed(value.dropLast()) }
            let key = trimmed(line[..<equals])
            return key.isEmpty ? nil : (key, value)
        }
    }

    /// The fields of each line of `predefinedTopic.conf` or `clients.conf`.
    static func records(_ text: String) -> [[String]] {
        lines(text).map { $0.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) } }
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split { $0.isNewline }.map { trimmed($0)[...] }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}

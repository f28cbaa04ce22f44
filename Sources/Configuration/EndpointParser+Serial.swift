// The words that name a serial line and its form.

extension EndpointParser {
    /// The longest path that Linux takes, with its end (limits.h).
    private static let pathByteCount = 1...4_095

    /// The absolute path of a terminal.
    package static func device(_ text: String) -> Result<String, EndpointError> {
        guard text.utf8.first == UInt8(ascii: "/"), pathByteCount ~= text.utf8.count, !text.utf8.contains(0) else {
            return .failure(
                EndpointError(message: "must be a path from the root on, as in /dev/ttyUSB0; found \(quoted(text))"))
        }
        return .success(text)
    }

    /// `8N1` and its like.
    package static func serialMode(_ text: String) -> Result<SerialMode, EndpointError> {
        if let mode = SerialMode.all.first(where: { $0.name == text.uppercased() }) { return .success(mode) }
        let isSeven = text.utf8.first == UInt8(ascii: "7")
        return .failure(
            EndpointError(
                message: isSeven
                    ? "must have 8 data bits, since datagrams hold octets of every value; found \(quoted(text))"
                    : "must be one of \(SerialMode.all.map(\.name).joined(separator: ", ")); found \(quoted(text))"))
    }
}

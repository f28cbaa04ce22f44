// The files and names that TLS needs.

extension EndpointParser {
    /// The absolute path of a file.
    static func file(_ text: String) -> Result<String, EndpointError> {
        guard text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0), text.utf8.count <= 4_000 else {
            return .failure(
                EndpointError(message: "must be the path of a file that begins with '/'; found \(quoted(text))"))
        }
        return .success(text)
    }

    /// A name of 1 to 255 octets, such as `mqtt` (RFC 7301 §3.1).
    static func applicationProtocol(_ text: String) -> Result<String, EndpointError> {
        1...255 ~= text.utf8.count && text.utf8.allSatisfy(isPrintable)
            ? .success(text)
            : .failure(EndpointError(message: "must be a protocol's name, such as mqtt; found \(quoted(text))"))
    }

    /// Words that only OpenSSL understands.
    static func ciphers(_ text: String) -> Result<String, EndpointError> {
        1...1_024 ~= text.utf8.count && text.utf8.allSatisfy(isPrintable)
            ? .success(text)
            : .failure(EndpointError(message: "must be names of ciphers with ':' between them; found \(quoted(text))"))
    }

    private static func isPrintable(_ octet: UInt8) -> Bool { 0x21...0x7E ~= octet }
}

import StatusPage

/// What a browser may do with the page: run and show what the page itself holds, and ask this gateway (CSP level 3).
enum PagePolicy {
    static let value =
        "default-src 'none'; script-src '\(hash(of: "script"))'; style-src '\(hash(of: "style"))'; connect-src 'self';"
        + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The hash of an element's content, by which it is known.
    private static func hash(of element: String) -> String {
        "sha256-" + base64(SHA256.hash(Array(StatusPage.content(of: element))))
    }

    /// RFC 4648 §4.
    static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            var digits: [UInt8] = []
            for _ in 0..<4 {
                digits.append(letters[bits & 63])
                bits >>= 6
            }
            let padding = [UInt8](repeating: UInt8(ascii: "="), count: 3 - group.count)
            text += digits.reversed().prefix(group.count + 1) + padding
        }
        return String(decoding: text, as: UTF8.self)
    }
}

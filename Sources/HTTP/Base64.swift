/// Octets as text of 64 characters (RFC 4648 §4).
package enum Base64 {
    /// With the padding that the length wants.
    package static func text(of bytes: [UInt8]) -> String {
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

import Bytes

/// A ClientId or topic name, which may be any octets, as a text that brings it back: `%` is `%25`; where the octets
/// are no UTF-8, each above 0x7F is `%` and two hexadecimal digits.
package enum ClientIDText {
    package static func text(of octets: [UInt8]) -> String {
        let isText = String(validating: octets, as: UTF8.self) != nil
        var escaped: [UInt8] = []
        escaped.reserveCapacity(octets.count)
        for octet in octets {
            if octet == UInt8(ascii: "%") || octet > 0x7F && !isText {
                escaped += ("%" + Hexadecimal.number(UInt64(octet), digitCount: 2)).utf8
            } else {
                escaped.append(octet)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// What `text` stands for; nil for a text with a `%` that two hexadecimal digits do not follow.
    package static func octets(of text: String) -> [UInt8]? { PercentEncoding.decoded(text.utf8) }
}

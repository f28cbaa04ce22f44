/// Octets and numbers as hexadecimal digits, and back.
public enum Hexadecimal {
    /// The octets, two digits in lower case each, with `separator` between them.
    public static func text(_ bytes: some Sequence<UInt8>, separator: String = "") -> String {
        let separator = Array(separator.utf8)
        var text: [UInt8] = []
        for octet in bytes {
            if !text.isEmpty { text += separator }
            text.append(hexadecimal: octet)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The number in capitals, as Digi prints addresses, with leading zeros up to `digitCount` digits.
    public static func number(_ number: UInt64, digitCount: Int = 1) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digitCount - digits.count)) + digits
    }

    /// What one digit stands for, in either case; nil where it is none.
    public static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The octets that pairs of digits stand for, with nothing between them; nil where the text is something else.
    public static func octets(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = value(ofDigit: digit) else { return nil }
            guard let first = high else {
                high = value
                continue
            }
            octets.append(first << 4 | value)
            high = nil
        }
        return octets
    }
}

extension [UInt8] {
    /// Appends the two digits of `octet` in lower case.
    public mutating func append(hexadecimal octet: UInt8) {
        append(hexadecimalDigit: octet >> 4)
        append(hexadecimalDigit: octet & 0xF)
    }

    /// Appends the digit in lower case.
    ///
    /// - Precondition: `digit` is at most 15.
    public mutating func append(hexadecimalDigit digit: UInt8) {
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
    }
}

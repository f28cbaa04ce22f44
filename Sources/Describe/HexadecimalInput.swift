import Bytes

/// Octets as people write and copy them: pairs of digits with anything usual around and between.
package enum HexadecimalInput {
    /// Where the text stops being octets.
    package struct Failure: Error, Equatable, Sendable {
        package var message: String
    }

    /// The octets of `text`: digits in either case, in pairs; blanks, commas, colons, hyphens, underscores, `\x`, `0x`
    /// and line breaks between the pairs mean nothing.
    package static func octets(_ text: String) -> Result<[UInt8], Failure> {
        var octets: [UInt8] = []
        let characters = Array(text.utf8)
        var index = 0
        while index < characters.count {
            if isSeparator(characters[index]) {
                index += 1
            } else if isPrefix(characters, index) {
                index += 2
            } else {
                guard let high = Hexadecimal.value(ofDigit: characters[index]) else {
                    return .failure(Failure(message: "\(name(characters, index)) is no hexadecimal digit"))
                }
                guard index + 1 < characters.count, let low = Hexadecimal.value(ofDigit: characters[index + 1]) else {
                    return .failure(Failure(message: "the digit at position \(index + 1) lacks its second one"))
                }
                octets.append(high << 4 | low)
                index += 2
            }
        }
        return octets.isEmpty ? .failure(Failure(message: "there are no octets")) : .success(octets)
    }

    private static func isSeparator(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: "|"),
            UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""),
            UInt8(ascii: "'"):
            true
        default: false
        }
    }

    /// `0x` and `\x`, as C and Python write them; `0x` is also no pair of digits.
    private static func isPrefix(_ characters: [UInt8], _ index: Int) -> Bool {
        guard index + 1 < characters.count, characters[index + 1] | 0x20 == UInt8(ascii: "x") else { return false }
        return characters[index] == UInt8(ascii: "0") || characters[index] == UInt8(ascii: "\\")
    }

    private static func name(_ characters: [UInt8], _ index: Int) -> String {
        "\(ForeignText.quoted(characters[index...index])) at position \(index + 1)"
    }
}

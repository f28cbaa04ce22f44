import Bytes
import Testing

/// Characters that MQTT 3.1.1 §1.5.3 tells nobody to use.
@Suite struct DiscouragedCharacterTests {
    private func isDiscouraged(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: true
        default: scalar & 0xFFFE == 0xFFFE
        }
    }

    @Test("MQTT §1.5.3 Control characters and non-characters are found among all that Unicode has, and nothing else")
    func all() {
        var text: [UInt8] = []
        for value in 0...0x10FFFF as ClosedRange<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            text.removeAll(keepingCapacity: true)
            text.append(UInt8(ascii: "a"))
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            text.append(UInt8(ascii: "b"))
            guard text.span.bytes.holdsDiscouragedCharacter != isDiscouraged(value) else { continue }
            Issue.record("U+\(String(value, radix: 16, uppercase: true))")
            return
        }
    }

    @Test("What is no string is looked at without harm")
    func illFormed() {
        for first in 0...255 as ClosedRange<UInt8> {
            for bytes in [[first], [first, 0xBF], [first, 0xBF, 0xBF]] {
                _ = bytes.span.bytes.holdsDiscouragedCharacter
            }
        }
        let nothing: [UInt8] = []
        let isFound = nothing.span.bytes.holdsDiscouragedCharacter
        #expect(!isFound)
    }
}

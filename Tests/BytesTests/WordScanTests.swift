import Bytes
import Testing

/// Eight octets at a time must find what one at a time finds, wherever it stands.
@Suite struct WordScanTests {
    /// Every octet at every place of strings that are longer than two words.
    @Test("Octets that are no printable ASCII end the plain beginning, whichever they are and wherever they stand")
    func printableWords() {
        for octet in UInt8.min...UInt8.max {
            for place in 0..<19 {
                var bytes = [UInt8](repeating: 0x7E, count: 19)
                bytes[place] = octet
                let isPrintable = (0x20...0x7E).contains(octet)
                let expected = isPrintable ? 16 : min(place, 16) / 8 * 8
                let found = bytes.span.bytes.printableWordsByteCount
                #expect(found == expected, "\(octet) at \(place)")
            }
        }
    }

    @Test("One of two octets is found at every place, and no other is taken for it")
    func holdsEither() {
        for octet in UInt8.min...UInt8.max {
            for place in 0..<19 {
                var bytes = [UInt8](repeating: 0x22, count: 19)
                bytes[place] = octet
                let isMeant = octet == 0x23 || octet == 0x2B
                let isFound = bytes.span.bytes.holds(0x23, or: 0x2B)
                #expect(isFound == isMeant, "\(octet) at \(place)")
            }
        }
        let isFoundInNothing = [UInt8]().span.bytes.holds(0x23, or: 0x2B)
        #expect(!isFoundInNothing)
    }

    @Test("MQTT 3.1.1 §1.5.3 An octet that is not allowed is found in a long name too", arguments: 0..<20)
    func longNames(place: Int) {
        var name = Array("a/long/name/of/topic".utf8)
        #expect(faults(of: name) == Faults(isIllFormed: false, isDiscouraged: false))
        for octet: UInt8 in [0x00, 0xFF] {
            name[place] = octet
            #expect(faults(of: name).isIllFormed)
        }
        for control: UInt8 in [0x01, 0x1F, 0x7F] {
            name[place] = control
            #expect(faults(of: name) == Faults(isIllFormed: false, isDiscouraged: true))
        }
    }

    private struct Faults: Equatable {
        var isIllFormed: Bool
        var isDiscouraged: Bool
    }

    private func faults(of name: [UInt8]) -> Faults {
        let bytes = name.span.bytes
        return Faults(isIllFormed: !bytes.isWellFormedString, isDiscouraged: bytes.holdsDiscouragedCharacter)
    }
}

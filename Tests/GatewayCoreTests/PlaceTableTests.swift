import Testing

@testable import GatewayCore

/// A table of places does what a dictionary does, however its numbers meet.
@Suite struct PlaceTableTests {
    @Test("GW-33 Numbers are found at their places, moved and taken out, also where many meet", arguments: 1...20)
    func likeADictionary(seed: UInt64) {
        var random = RandomNumbers(seed: seed)
        var table = PlaceTable()
        var model: [UInt32: Int] = [:]
        // Few numbers in some runs, and in some only those that begin at one bucket.
        let range: UInt32 = seed % 3 == 0 ? 40 : 2_000
        let step: UInt32 = seed % 2 == 0 ? 1 : 0x1000_0000
        for _ in 0..<4_000 {
            let number = UInt32.random(in: 0..<range, using: &random) &* step
            let place = Bool.random(using: &random) ? Int.random(in: 0..<0xFFFF, using: &random) : nil
            table[number] = place
            model[number] = place
            #expect(table[number] == place)
        }
        #expect(table.count == model.count)
        #expect(table.checkInvariants() == nil)
        for number in 0..<range { #expect(table[number &* step] == model[number &* step]) }
    }

    @Test("The greatest number and the greatest place are numbers like others; an empty table finds nothing")
    func bounds() {
        var table = PlaceTable()
        #expect(table[0] == nil)
        table[.max] = 0xFFFE
        table[0] = 0
        #expect(table[.max] == 0xFFFE && table[0] == 0)
        table[.max] = nil
        table[7] = nil
        #expect(table[.max] == nil && table[0] == 0 && table.count == 1)
    }
}

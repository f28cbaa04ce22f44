// Proves what each framer does about garbage, false lengths and silence, case by case.

import Bytes
import LinkFraming
import Testing

@Suite struct FramerTests {
    private let status = octets("7E 00 02 8A 06 6F")
    private let statusData = octets("8A 06")

    @Test func aFrameWithABadChecksumIsSearchedForOthers() {
        var framer = Framer(.xbee(isEscaped: false), maximumFrameByteCount: 512)
        // The false start claims 7 octets, among which a whole frame lies.
        #expect(framer.frames(in: octets("7E 00 07") + status + octets("00 00")) == [statusData])
        #expect(framer.counters.badChecksums == 1 && framer.counters.frames == 1)
    }

    /// Mode 1: a false start is found out when as many octets have come as it claims, or by silence.
    @Test func aFalseStartHidesFramesUntilItsLengthIsReachedOrTheLineFallsSilent() {
        var framer = Framer(.xbee(isEscaped: false), maximumFrameByteCount: 512)
        #expect(framer.frames(in: octets("7E 00 40") + status).isEmpty)
        #expect(framer.isIncomplete)
        #expect(framer.framesAfterSilence() == [statusData])
        #expect(!framer.isIncomplete && framer.counters.incomplete == 1)
        #expect(framer.frames(in: octets("7E 00 40") + status).isEmpty)
        let rest = [UInt8](repeating: 0, count: 0x40 + 1 - status.count)
        #expect(framer.frames(in: rest) == [statusData])
    }

    @Test(arguments: ["00 00", "02 01", "FF FF"]) func impossibleLengthsAreRefusedAtOnce(_ length: String) {
        for isEscaped in [false, true] {
            var framer = Framer(.xbee(isEscaped: isEscaped), maximumFrameByteCount: 512)
            #expect(framer.frames(in: [0x7E] + octets(length) + status) == [statusData])
            #expect(framer.counters.malformed == (length == "00 00" ? 1 : 0))
            #expect(framer.counters.oversized == (length == "00 00" ? 0 : 1))
        }
    }

    @Test func theLongestFrameIsTaken() {
        let data = [0x90] + [UInt8](repeating: 0x7E, count: 511)
        for isEscaped in [false, true] {
            var framer = Framer(.xbee(isEscaped: isEscaped), maximumFrameByteCount: 512)
            #expect(framer.frames(in: framed(data, as: .xbee(isEscaped: isEscaped))) == [data])
        }
    }

    @Test func aStartInsideAnEscapedFrameBeginsTheNext() {
        var framer = Framer(.xbee(isEscaped: true), maximumFrameByteCount: 512)
        #expect(framer.frames(in: octets("7E 00 40 7D") + status) == [statusData])
        #expect(framer.counters.incomplete == 1)
    }

    @Test func silenceEndsAnIncompleteMessageAndKeepsWholeOnesBehindIt() {
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: 255)
        #expect(framer.frames(in: octets("50 03 01 00")).isEmpty)
        #expect(framer.framesAfterSilence() == [octets("03 01 00")])
        #expect(framer.frames(in: octets("0D 04 04 01 00 3C 73 65")).isEmpty)
        // What is left of a cut message does not end like whole ones.
        #expect(framer.framesAfterSilence().isEmpty)
        #expect(framer.frames(in: octets("02 18")) == [octets("02 18")])
    }

    @Test func anEncapsulationWaitsForItsMessage() {
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: 255)
        #expect(framer.frames(in: octets("05 FE 00 01 02")).isEmpty)
        #expect(framer.frames(in: octets("03 01 00")) == [octets("05 FE 00 01 02 03 01 00")])
    }

    /// MQTT-SN 1.2 §5.5: the message behind an encapsulation is not another one.
    @Test func anEncapsulationWithinAnotherBeginsAnew() {
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: 255)
        let found = framer.frames(in: octets("05 FE 00 01 02 04 FE 00 03 03 01 00"))
        #expect(found == [octets("04 FE 00 03 03 01 00")])
        #expect(framer.counters.malformed == 1 && framer.counters.discardedByteCount == 5)
    }

    /// The 0 behind the encapsulation is seen before the line falls silent; what it held is read again.
    @Test func anEncapsulationOfNothingIsReadAgainAtOnce() {
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: 18)
        #expect(framer.frames(in: octets("06 FE 00 02 6C 13 00")) == [octets("02 6C")])
    }

    @Test(arguments: 1...3) func aLineTooNarrowForMessagesIsSkipped(maximum: Int) {
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: maximum)
        #expect(framer.frames(in: octets("03 FE 01 00 05")).isEmpty)
        #expect(framer.framesAfterSilence().isEmpty)
        #expect(framer.counters.discardedByteCount == 5 && !framer.isIncomplete)
    }

    @Test func lengthsThatCannotBeAreSkipped() {
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: 200)
        #expect(framer.frames(in: octets("00 FF 01 00 00") + octets("03 01 00")) == [octets("03 01 00")])
        #expect(framer.counters.malformed == 4 && framer.counters.oversized == 1)
    }

    @Test(arguments: [Framing.slip, .hdlc, .cobs(hasChecksum: true)])
    func longFramesAreDroppedToTheirEnd(_ framing: Framing) {
        var framer = Framer(framing, maximumFrameByteCount: 20)
        let long = [UInt8](repeating: 0x55, count: 21)
        let exact = [UInt8](repeating: 0x55, count: 20)
        #expect(framer.frames(in: framed(long, as: framing) + framed(exact, as: framing)) == [exact])
        #expect(framer.counters.oversized == 1)
    }

    @Test(arguments: [Framing.slip, .hdlc, .cobs(hasChecksum: true)])
    func aFrameThatWasDroppedIsNotCountedAgainBySilence(_ framing: Framing) {
        var framer = Framer(framing, maximumFrameByteCount: 20)
        let long = framed([UInt8](repeating: 0x55, count: 40), as: framing)
        #expect(framer.frames(in: Array(long.dropLast())).isEmpty)
        #expect(framer.framesAfterSilence().isEmpty && !framer.isIncomplete)
        #expect(framer.counters.oversized == 1 && framer.counters.incomplete == 0)
    }

    @Test(arguments: [Framing.lengthPrefixed, .slip, .hdlc, .cobs(hasChecksum: false), .xbee(isEscaped: false)])
    func whatALineLeavesBehindIsCounted(_ framing: Framing) {
        var framer = Framer(framing, maximumFrameByteCount: 20)
        let whole = framed([4, 0x55, 0x55, 0x55], as: framing)
        #expect(framer.frames(in: whole).count == 1)
        framer.removeAll()
        #expect(framer.counters.incomplete == 0 && framer.counters.discardedByteCount == 0)
        #expect(framer.frames(in: Array(whole.dropLast(2))).isEmpty)
        framer.removeAll()
        #expect(framer.counters.incomplete == 1 && framer.counters.discardedByteCount > 0 && !framer.isIncomplete)
    }

    @Test func anAbortedHDLCFrameIsDropped() {
        var framer = Framer(.hdlc, maximumFrameByteCount: 20)
        #expect(framer.frames(in: octets("7E 01 02 03 7D 7E") + framed([9], as: .hdlc)) == [[9]])
        #expect(framer.counters.incomplete == 1)
    }

    @Test func silenceFreesTheNextFrameFromNoiseBeforeIt() {
        for framing in [Framing.slip, .hdlc, .cobs(hasChecksum: true)] {
            var framer = Framer(framing, maximumFrameByteCount: 20)
            #expect(framer.frames(in: [0x55, 0x44, 0x7D]).isEmpty)
            #expect(framer.isIncomplete)
            #expect(framer.framesAfterSilence().isEmpty)
            #expect(!framer.isIncomplete)
            // Without the leading delimiter that some senders leave out.
            var wire = framed([9, 8], as: framing)
            if framing != .cobs(hasChecksum: true) { wire.removeFirst() }
            #expect(framer.frames(in: wire) == [[9, 8]])
        }
    }
}

// Proves on random and broken streams in random pieces that no framer traps, grows, or misses a frame.

import Bytes
import Glibc
import LinkFraming
import Testing

@Suite struct RandomStreamTests {
    static let framings: [Framing] = [
        .lengthPrefixed, .slip, .hdlc, .cobs(hasChecksum: true), .cobs(hasChecksum: false), .xbee(isEscaped: false),
        .xbee(isEscaped: true),
    ]

    /// Streams per framing; SWIFTLET_FRAMER_STREAMS=1000000 with `-c release` for the long run.
    static let streamCount = getenv("SWIFTLET_FRAMER_STREAMS").flatMap { Int(String(cString: $0)) } ?? 3000

    /// A third of the datagrams is longer.
    private static let maximum = 18

    /// The result depends on the octets alone, not on how they are split, and is what the whole stream says.
    @Test(arguments: framings) func framesAreThoseOfTheWholeStream(_ framing: Framing) {
        var random = SplitMix64(seed: 7)
        var framer = Framer(framing, maximumFrameByteCount: Self.maximum)
        let reservedByteCount = framer.reservedByteCount
        var (foundCount, lostCount) = (0, 0)
        for number in 0..<Self.streamCount {
            let (stream, sentCount) = Self.stream(framing, &random)
            let expected = Oracle.frames(in: stream, framing, maximum: Self.maximum)
            let discardedBefore = framer.counters.discardedByteCount
            let found = Self.feed(stream, to: &framer, &random)
            foundCount += found.count
            lostCount += max(0, sentCount - found.count)
            if found != expected || framer.isIncomplete || framer.reservedByteCount != reservedByteCount {
                Issue.record("stream \(number), \(hexadecimal(stream)): \(found) instead of \(expected)")
                return
            }
            let discarded = framer.counters.discardedByteCount - discardedBefore
            if discarded > UInt64(stream.count) { Issue.record("stream \(number): \(discarded) discarded") }
        }
        #expect(framer.counters.frames == UInt64(foundCount))
        #expect(foundCount > Self.streamCount / 4, "hardly any frame was found: this proves nothing")
        #expect(lostCount > Self.streamCount / 20, "hardly any frame was broken: this proves nothing")
    }

    /// A good frame behind any garbage comes out, at the latest when the line falls silent.
    @Test(arguments: framings) func goodFramesBehindGarbageAreFound(_ framing: Framing) {
        var random = SplitMix64(seed: 8)
        var framer = Framer(framing, maximumFrameByteCount: 80)
        var swallowedCount = 0
        for _ in 0..<(Self.streamCount / 3) {
            let garbage = Self.garbage(framing, &random)
            let datagrams = (0...random.below(3)).map { _ in Self.datagram(framing, &random) }
            var stream = garbage
            var found: [[UInt8]] = []
            switch framing {
            case .lengthPrefixed:
                found += framer.frames(in: garbage) + framer.framesAfterSilence()
                stream = []
            case .slip, .xbee: break
            case .hdlc: stream.append(0x7E)
            case .cobs: stream.append(0)
            }
            for datagram in datagrams { stream += framed(datagram, as: framing) }
            found += framer.frames(in: stream) + framer.framesAfterSilence()
            guard found.suffix(datagrams.count).elementsEqual(datagrams) else {
                // Garbage whose checksum happens to be right is a frame, and what it holds is gone.
                swallowedCount += 1
                if framing != .xbee(isEscaped: false) {
                    Issue.record("\(hexadecimal(stream)): \(found) instead of \(datagrams)")
                }
                continue
            }
        }
        #expect(swallowedCount <= Self.streamCount / 100)
    }

    private static func feed(_ stream: [UInt8], to framer: inout Framer, _ random: inout SplitMix64) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var rest = stream[...]
        let longestPiece = 1 + random.below(stream.count + 1)
        while !rest.isEmpty {
            let piece = rest.prefix(1 + random.below(longestPiece))
            rest = rest.dropFirst(piece.count)
            found += framer.frames(in: Array(piece))
        }
        return found + framer.framesAfterSilence()
    }

    /// Some frames, some of them broken, with garbage between; and how many frames were meant.
    private static func stream(_ framing: Framing, _ random: inout SplitMix64) -> ([UInt8], Int) {
        var stream: [UInt8] = []
        var sentCount = 0
        for _ in 0...random.below(5) {
            if random.below(3) == 0 { stream += garbage(framing, &random) }
            var wire = framed(datagram(framing, &random), as: framing)
            sentCount += 1
            switch random.below(8) {
            case 0: wire.remove(at: random.below(wire.count))
            case 1: wire.insert(special(&random), at: random.below(wire.count + 1))
            case 2: wire[random.below(wire.count)] ^= 1 << UInt8(random.below(8))
            case 3: wire.removeLast(random.below(wire.count))
            default: break
            }
            stream += wire
        }
        return (stream, sentCount)
    }

    private static func special(_ random: inout SplitMix64) -> UInt8 {
        let specials: [UInt8] = [0x7E, 0x7D, 0xC0, 0xDB, 0, 1, 2, 0xFE, 0x11, 0x13, 0xFF]
        return random.below(3) == 0 ? UInt8(random.below(256)) : specials[random.below(specials.count)]
    }

    private static func garbage(_ framing: Framing, _ random: inout SplitMix64) -> [UInt8] {
        (0...random.below(12)).map { _ in special(&random) }
    }

    /// Full of octets with a meaning of their own in some framing.
    private static func datagram(_ framing: Framing, _ random: inout SplitMix64) -> [UInt8] {
        let byteCount = 2 + random.below(24)
        var datagram = (0..<byteCount).map { _ in special(&random) }
        if framing == .lengthPrefixed {
            datagram[0] = UInt8(byteCount)
            if datagram[1] == 0xFE { datagram += [2, 0x18] }
        }
        return datagram
    }
}

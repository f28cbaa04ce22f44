// Proves that a stream is cut into the same packets however it is split, paused and resumed.

import Bytes
import MQTT
import Testing

/// What a stream was cut into, and what was wrong with it.
private struct Outcome: Equatable {
    var frames: [[UInt8]] = []
    var error: PacketError?
}

/// A decoder and what it has yielded, driven the way an owner drives it.
private struct Reader {
    var decoder: PacketDecoder
    var outcome = Outcome()

    init(maximumPacketByteCount: Int = 1000) {
        decoder = PacketDecoder(maximumPacketByteCount: maximumPacketByteCount)
    }

    /// Reads until the input is used up, or until `limit` packets came out; tells where it stopped.
    @discardableResult
    mutating func read(_ input: [UInt8], limit: Int = .max) -> Int {
        var position = 0
        let span = input.span
        var count = 0
        while count < limit, outcome.error == nil {
            do throws(PacketError) {
                switch try decoder.next(in: span.bytes, at: &position) {
                case .needsMore: return position
                case .frame(let range): outcome.frames.append(Array(input[range]))
                case .assembled:
                    let packet = decoder.takeAssembled()
                    // A copy: storage that somebody else holds is allocated anew when it is recycled, each time with
                    // what the system gives beyond the wish, so that it grows by where the other tests leave gaps.
                    outcome.frames.append(packet.map { $0 })
                    decoder.recycle(packet)
                }
            } catch {
                outcome.error = error
            }
            count += 1
        }
        return position
    }

    mutating func keep(_ input: [UInt8], from position: Int) {
        decoder.keep(input.span.bytes, from: position)
    }
}

@Suite struct PacketDecoderTests {
    private let stream = PacketVector.stream
    private let frames = PacketVector.all.map(\.frame)

    /// Whole packets are named where they lie: nothing is stored, nothing is reserved.
    @Test func wholePacketsStayInTheInput() throws {
        var decoder = PacketDecoder(maximumPacketByteCount: 1000)
        var position = 0
        var start = 0
        for frame in frames {
            let step = try decoder.next(in: stream.span.bytes, at: &position)
            #expect(step == .frame(start..<(start + frame.count)))
            start += frame.count
            #expect(position == start)
        }
        let step = try decoder.next(in: stream.span.bytes, at: &position)
        #expect(step == .needsMore)
        #expect(decoder.reservedByteCount == 0)
    }

    @Test func oneOctetAtATime() {
        var reader = Reader()
        for octet in stream { reader.read([octet]) }
        #expect(reader.outcome == Outcome(frames: frames))
        #expect(reader.decoder.bufferedByteCount == 0)
    }

    @Test func everySplitInTwo() {
        for split in 0...stream.count {
            var reader = Reader()
            reader.read(Array(stream[..<split]))
            reader.read(Array(stream[split...]))
            #expect(reader.outcome == Outcome(frames: frames), "split at \(split)")
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func randomSplits(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var reader = Reader()
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + Int.random(in: 0...60, using: &random))
            reader.read(Array(stream[start..<end]))
            start = end
        }
        #expect(reader.outcome == Outcome(frames: frames))
    }

    /// Whatever stands in the stream, good or bad, the split does not change what is found.
    @Test(arguments: 1000..<1400 as Range<UInt64>)
    func splitsDoNotChangeWhatIsFoundInADamagedStream(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var damaged = stream
        for _ in 0..<3 { damaged[Int.random(in: damaged.indices, using: &random)] = random.bytes(count: 1)[0] }
        var whole = Reader(maximumPacketByteCount: 150)
        whole.read(damaged)
        var split = Reader(maximumPacketByteCount: 150)
        var start = 0
        while start < damaged.count {
            let end = min(damaged.count, start + Int.random(in: 1...30, using: &random))
            split.read(Array(damaged[start..<end]))
            start = end
        }
        #expect(split.outcome == whole.outcome)
    }

    @Test(arguments: InvalidVector.fixedHeaders)
    func fixedHeadersAreRefused(vector: InvalidVector) {
        let input = frames[0] + vector.frame
        let expected = Outcome(frames: [frames[0]], error: vector.error)
        var whole = Reader()
        whole.read(input)
        #expect(whole.outcome == expected)
        var octets = Reader()
        for octet in input { octets.read([octet]) }
        #expect(octets.outcome == expected)
    }

    /// §2.2.2: the first octet alone condemns the packet.
    @Test func flagsAreRefusedWithTheFirstOctet() {
        var reader = Reader()
        reader.read([0x60])
        #expect(reader.outcome.error == .reservedFlags)
    }

    @Test(arguments: [[0x80, 0x00], [0x80, 0x80, 0x80, 0x00]] as [[UInt8]])
    func overlongRemainingLengthsAreAccepted(length: [UInt8]) {
        let frame = [0xC0] + length
        var whole = Reader()
        whole.read(frame + frame)
        #expect(whole.outcome == Outcome(frames: [frame, frame]))
        var octets = Reader()
        for octet in frame + frame { octets.read([octet]) }
        #expect(octets.outcome == Outcome(frames: [frame, frame]))
    }

    // MARK: Limits

    @Test func theMaximumCountsTheFixedHeader() {
        let frame: [UInt8] = [0x30, 8, 0, 1, 0x61, 1, 2, 3, 4, 5]
        for split in 0...frame.count {
            var exact = Reader(maximumPacketByteCount: 10)
            exact.read(Array(frame[..<split]))
            exact.read(Array(frame[split...]))
            #expect(exact.outcome == Outcome(frames: [frame]), "split at \(split)")
            var small = Reader(maximumPacketByteCount: 9)
            small.read(Array(frame[..<split]))
            small.read(Array(frame[split...]))
            #expect(small.outcome == Outcome(error: .packetTooLarge), "split at \(split)")
        }
    }

    /// The length alone condemns the packet; none of its body is waited for.
    @Test func tooLargeIsRefusedWithTheLength() {
        var whole = Reader(maximumPacketByteCount: 1000)
        whole.read([0x30, 0xFF, 0xFF, 0xFF, 0x7F])
        #expect(whole.outcome.error == .packetTooLarge)
        var split = Reader(maximumPacketByteCount: 1000)
        split.read([0x30])
        split.read([0xFF, 0xFF, 0xFF])
        #expect(split.outcome.error == nil)
        split.read([0x7F])
        #expect(split.outcome.error == .packetTooLarge)
        #expect(split.decoder.bufferedByteCount == 5)
    }

    @Test func aClaimedLengthReservesNothing() {
        var reader = Reader(maximumPacketByteCount: .max)
        reader.read([0x30, 0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 95))
        #expect(reader.outcome == Outcome())
        #expect(reader.decoder.bufferedByteCount == 100)
        #expect(reader.decoder.reservedByteCount < 400)
    }

    @Test func aLargePacketIsAssembled() {
        let frame = [0x30, 0x80, 0xEA, 0x30, 0, 1, 0x61] + [UInt8](repeating: 7, count: 799_997)
        var reader = Reader(maximumPacketByteCount: 800_004)
        for start in stride(from: 0, to: frame.count, by: 65_536) {
            reader.read(Array(frame[start..<min(frame.count, start + 65_536)]))
        }
        #expect(reader.outcome == Outcome(frames: [frame]))
        #expect(reader.decoder.reservedByteCount < 8192, "the storage of a large packet is not held for ever")
    }

    // MARK: Storage

    @Test func recycledStorageIsUsedAgain() throws {
        var decoder = PacketDecoder(maximumPacketByteCount: 1000)
        var addresses: [UInt] = []
        for _ in 0..<3 {
            for piece in [Array(stream[0..<5]), Array(frames[0][5...])] {
                var position = 0
                guard try decoder.next(in: piece.span.bytes, at: &position) == .assembled else { continue }
                let packet = decoder.takeAssembled()
                #expect(packet == frames[0])
                addresses.append(packet.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
                decoder.recycle(packet)
            }
        }
        #expect(addresses.count == 3)
        #expect(Set(addresses).count == 1)
    }

    @Test func storageOfANewPacketIsNotReplaced() {
        var reader = Reader()
        reader.read([0x40, 0x02])
        reader.decoder.recycle([1, 2, 3])
        reader.read([0, 1])
        #expect(reader.outcome == Outcome(frames: [[0x40, 0x02, 0, 1]]))
    }

    @Test func anAssembledPacketIsAnnouncedUntilItIsTaken() throws {
        var decoder = PacketDecoder(maximumPacketByteCount: 1000)
        let first: [UInt8] = [0x40]
        let rest: [UInt8] = [2, 0, 1, 0xC0, 0]
        var position = 0
        var steps = [try decoder.next(in: first.span.bytes, at: &position)]
        position = 0
        steps.append(try decoder.next(in: rest.span.bytes, at: &position))
        steps.append(try decoder.next(in: rest.span.bytes, at: &position))
        #expect(steps == [.needsMore, .assembled, .assembled])
        #expect(position == 3)
        #expect(decoder.takeAssembled() == [0x40, 2, 0, 1])
        let last = try decoder.next(in: rest.span.bytes, at: &position)
        #expect(last == .frame(3..<5))
    }

    // MARK: Pausing

    @Test func keptBytesComeBeforeTheNextInput() throws {
        var reader = Reader()
        let first: [UInt8] = [0xC0, 0, 0xD0, 0, 0x40, 2, 0, 1, 0x50, 2]
        let stopped = reader.read(first, limit: 1)
        #expect(stopped == 2)
        reader.keep(first, from: stopped)
        #expect(reader.decoder.bufferedByteCount == 8)
        reader.read([], limit: 1)
        #expect(reader.outcome.frames == [[0xC0, 0], [0xD0, 0]])
        let second: [UInt8] = [0, 2, 0xE0, 0]
        #expect(reader.read(second, limit: 1) == 0, "kept bytes sufficed: the input is untouched")
        reader.keep(second, from: 0)
        reader.read([])
        #expect(
            reader.outcome
                == Outcome(frames: [[0xC0, 0], [0xD0, 0], [0x40, 2, 0, 1], [0x50, 2, 0, 2], [0xE0, 0]]))
        #expect(reader.decoder.bufferedByteCount == 0)
    }

    /// A half-read packet stands before what is kept, and what is kept before the input.
    @Test func aHalfReadPacketComesBeforeKeptBytes() {
        var reader = Reader()
        reader.read([0x40, 2])
        reader.keep([0xFF, 0, 1, 0x50], from: 1)
        #expect(reader.decoder.bufferedByteCount == 5)
        reader.read([2, 0, 2])
        #expect(reader.outcome == Outcome(frames: [[0x40, 2, 0, 1], [0x50, 2, 0, 2]]))
    }

    @Test func keptBytesAreCheckedToo() {
        var reader = Reader(maximumPacketByteCount: 4)
        reader.keep([0xC0, 0, 0x40, 3, 0, 1, 0], from: 0)
        reader.read([])
        #expect(reader.outcome == Outcome(frames: [[0xC0, 0]], error: .packetTooLarge))
    }

    @Test func keepingNothingChangesNothing() {
        var reader = Reader()
        reader.keep([0xC0], from: 1)
        reader.read(stream)
        #expect(reader.outcome == Outcome(frames: frames))
        #expect(reader.decoder.reservedByteCount == 0)
    }

    /// The owner pauses and resumes at will, keeps what it has not read and what arrives meanwhile.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func pausingAtRandomLosesNothing(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var reader = Reader()
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + Int.random(in: 0...80, using: &random))
            let input = Array(stream[start..<end])
            let stopped =
                Bool.random(using: &random) ? 0 : reader.read(input, limit: Int.random(in: 0...5, using: &random))
            reader.keep(input, from: stopped)
            if Bool.random(using: &random) { reader.read([], limit: Int.random(in: 0...5, using: &random)) }
            start = end
        }
        reader.read([])
        #expect(reader.outcome == Outcome(frames: frames))
        #expect(reader.decoder.bufferedByteCount == 0)
    }

    /// While the owner lags behind, the storage stays in proportion to what is unread.
    @Test func keptStorageIsReclaimedWhileSomeIsUnread() {
        var reader = Reader()
        reader.keep(frames[0] + frames[0], from: 0)
        for _ in 0..<10_000 {
            reader.keep(frames[0], from: 0)
            reader.read([], limit: 1)
        }
        #expect(reader.outcome.frames.count == 10_000)
        #expect(reader.decoder.bufferedByteCount == 2 * frames[0].count)
        #expect(reader.decoder.reservedByteCount < 1000)
        reader.read([])
        #expect(reader.outcome == Outcome(frames: [[UInt8]](repeating: frames[0], count: 10_002)))
    }
}

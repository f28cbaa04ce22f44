import Bytes
import Glibc
import Journal
import Testing

/// Whatever becomes of the files: nothing comes out that was not written, and what may be old says so.
@Suite struct DamageTests {
    /// Some hundred records, in several segments; those before them are gone already.
    static let journal: KeptJournal = {
        var journal = KeptJournal(segmentByteCount: 2_500)
        var numbers = SeededNumbers(seed: 11)
        for round in 0..<300 {
            let key = octets("c\(numbers.below(90))")
            let value = numbers.below(6) == 0 ? nil : octets("\(round)")
            let other = octets("d\(numbers.below(8))")
            journal.write([(key, value), (other, octets("\(round)"))], rewriting: round % 12 == 0 ? 20 : 0)
        }
        return journal
    }()

    /// Every length of the last segment, with and without zeros behind it.
    @Test func everyPrefixIsTheLastWholeBatch() throws {
        let disk = Self.journal.disk
        let last = try #require(disk.segments.last)
        #expect(disk.segments.count > 3 && last.octets.count > 1_000)
        var batchCounts: Set<Int> = []
        for count in 0...last.octets.count {
            for zeroCount in [0, 700] {
                var torn = Self.journal.diskBeforeLastSegment
                torn.files[last.name] = last.octets.prefix(count) + [UInt8](repeating: 0, count: zeroCount)
                let found = try torn.recover()
                let sequence = found.nextSequence - 1
                #expect(found.values == Self.journal.history[sequence], "\(count) octets")
                #expect(found.damages.isEmpty && !found.hasDoubt, "\(count) octets")
                #expect(zeroCount == 0 || count == last.octets.count || !found.cuts.isEmpty)
                batchCounts.insert(found.batchCount)
            }
        }
        let all = try disk.recover()
        #expect(batchCounts.max() == all.batchCount && batchCounts.count > 10)
    }

    /// The blocks of the last batch may be there in any order: what is behind the last whole one was never promised.
    @Test func aBatchWithAHoleIsCutOff() throws {
        let long = [UInt8](repeating: 0x53, count: 3_500_000)
        for isWhole in [false, true] {
            var journal = KeptJournal(segmentByteCount: 16 << 20)
            journal.write([(octets("a"), octets("1")), (octets("b"), octets("2"))])
            let write = journal.makeWrite([(octets("a"), long)], isWhole: isWhole)
            for offset in [700, 1_100_000, 2_500_000, 3_400_000] {
                var disk = journal.disk
                disk.perform(write, kept: write.octets.count)
                let name = write.newSegment ?? 1
                let start = try #require(disk.files[name]).count - write.octets.count
                let hole = start + offset..<start + offset + 512
                disk.files[name]?.replaceSubrange(hole, with: repeatElement(0, count: 512))
                let found = try disk.recover()
                #expect(found.values == journal.history[1] && found.nextSequence == 2)
                #expect(found.damages.isEmpty && !found.hasDoubt && !found.cuts.isEmpty)
                // What the next life writes in its place counts, and what is left of that batch does not.
                for name in found.emptySegments { disk.files[name] = nil }
                var next = journal
                (next.disk, next.values) = (disk, found.values)
                next.writer = JournalWriter(continuing: found, gatewayID: 1, newStoreID: 9)
                next.write([(octets("c"), octets("3"))])
                let again = try next.disk.recover()
                #expect(again.values == next.values && again.damages.isEmpty && !again.hasDoubt)
            }
        }
    }

    /// What a reading of damaged segments must keep to; nil where it does.
    static func fault(in found: RecoveredJournal, of journal: KeptJournal) -> String? {
        let last = found.nextSequence - 1
        guard let model = journal.history[last] else { return "it ends with a batch that was never written: \(last)" }
        for entry in found.entries {
            guard journal.history[entry.sequence]?[entry.key] == entry.value else {
                return "\(entry.key) never had this value"
            }
            if !entry.isUncertain, model[entry.key] != entry.value { return "\(entry.key) is believed to be new" }
        }
        let kept = Set(found.entries.map(\.key))
        let isAnythingLost = found.damages.contains { !$0.lost.isEmpty }
        for key in model.keys where !kept.contains(key) && !isAnythingLost { return "\(key) is missing in silence" }
        return nil
    }

    /// One flipped bit in each three octets, each time another one; SWIFTLET_JOURNAL_BITS=all flips every bit.
    @Test func aFlippedBitCostsOneBatch() throws {
        let journal = Self.journal
        let segments = journal.disk.segments
        let whole = try journal.disk.recover()
        let flipsAll = getenv("SWIFTLET_JOURNAL_BITS") != nil
        // Where each segment begins, what was read before.
        let listed = segments.map { JournalReader.Listed(name: $0.name, head: Array($0.octets.prefix(64))) }
        var reader = try JournalReader(listed, gatewayID: 1)
        var (flipCount, batchCount, lost, cut, uncertainCount) = (0, 0, 0, 0, 0)
        for (index, segment) in segments.enumerated() {
            for offset in 0..<segment.octets.count {
                for bit in 0..<8 where flipsAll || offset % 3 == 0 && bit == offset / 3 % 8 {
                    var octets = segment.octets
                    octets[offset] ^= 1 << bit
                    let found = try Self.read(octets, at: index, of: segments, reader)
                    flipCount += 1
                    batchCount += found.batchCount
                    if found.damages.contains(where: { !$0.lost.isEmpty }) { lost += 1 }
                    if !found.cuts.isEmpty { cut += 1 }
                    if found.hasDoubt { uncertainCount += 1 }
                    if let fault = Self.fault(in: found, of: journal) {
                        Issue.record("bit \(bit) of octet \(offset) of \(segment.name): \(fault)")
                    }
                    let costs = whole.batchCount - found.batchCount
                    if costs > 1 || found.damages.isEmpty && found.cuts.isEmpty {
                        Issue.record("bit \(bit) of octet \(offset) of \(segment.name) costs \(costs) batches")
                    }
                }
            }
            let span = segment.octets.span
            reader.read(span.bytes, of: segment.name)
        }
        print(
            "\(flipCount) flipped bits in \(whole.batchCount) batches of \(segments.count) segments:",
            "\(batchCount) batches read, \(lost) losses reported, \(cut) ends cut off, \(uncertainCount) with doubt")
        #expect(flipCount > 4_000 && lost > 0 && cut > 0 && uncertainCount > 0)
    }

    private static func read(
        _ octets: [UInt8], at index: Int, of segments: SimulatedDisk.Segments, _ before: JournalReader
    ) throws -> RecoveredJournal {
        var reader = before
        for later in index..<segments.count {
            let span = (later == index ? octets : segments[later].octets).span
            reader.read(span.bytes, of: segments[later].name)
        }
        return reader.finish()
    }

    /// The head is there twice.
    @Test func everyBitOfAHeadMayBeWrong() throws {
        for bit in 0..<SegmentHead.byteCount * 8 {
            for index in Self.journal.disk.segments.indices {
                var disk = Self.journal.disk
                let name = disk.segments[index].name
                disk.files[name]?[bit / 8] ^= 1 << (bit % 8)
                let found = try disk.recover()
                #expect(found.values == Self.journal.values && !found.hasDoubt)
                #expect(found.damages.map(\.kind) == [.head] && found.damages[0].segment == name)
            }
        }
    }

    @Test func aSegmentThatIsMissingIsReported() throws {
        let segments = Self.journal.disk.segments
        #expect(segments.count >= 4)
        for (index, segment) in segments.enumerated() {
            for content in [nil, [], [UInt8](repeating: 0, count: 900), octets("no journal at all") + segment.octets] {
                var disk = Self.journal.disk
                disk.files[segment.name] = content
                let found = try disk.recover()
                let isLast = index == segments.count - 1
                #expect(Self.fault(in: found, of: Self.journal) == nil, "\(segment.name)")
                if content?.count ?? 0 > 1_000 {
                    // Both heads are gone, and the records are found all the same.
                    #expect(found.values == Self.journal.values && !found.damages.isEmpty)
                } else {
                    #expect(isLast || found.damages.contains { !$0.lost.isEmpty }, "\(segment.name)")
                    #expect(isLast || index == 0 || found.hasDoubt)
                }
            }
        }
    }

    /// What a client publishes never passes for a record, wherever a reader looks for one.
    @Test func aRecordInsideAValueIsNone() throws {
        var forger = KeptJournal(storeID: 5)
        forger.write([(octets("victim"), octets("forged"))])
        var own = KeptJournal()
        own.write([(octets("victim"), octets("forged, and written before"))])
        for forged in [forger.disk.files[1] ?? []] {
            var journal = KeptJournal()
            journal.write([(octets("attacker"), forged.dropFirst(64) + forged)])
            journal.write([(octets("victim"), octets("right"))])
            for offset in 64..<200 {
                var disk = journal.disk
                disk.files[1]?[offset] ^= 0x55
                #expect(try disk.recover().values[octets("victim")] == octets("right"))
            }
        }
    }

    @Test func aStoreOfAnotherGatewayNeedsTheOwnersWord() throws {
        let disk = Self.journal.disk
        #expect(throws: JournalRefusal.anotherGateway(1)) { try disk.recover(gatewayID: 2) }
        let found = try disk.recover(gatewayID: 2, acceptsForeign: true)
        #expect(found.values == Self.journal.values)
        // From the first batch on it is this one's.
        var journal = Self.journal
        journal.writer = JournalWriter(continuing: found, gatewayID: 2, newStoreID: 8, segmentByteCount: 2_500)
        journal.write([(octets("x"), octets("y"))])
        #expect(try journal.disk.recover(gatewayID: 2).values == journal.values)
    }

    /// What a newer version has written is refused, or left as it is and passed over.
    @Test func aNewerVersionNeedsTheOwnersWord() throws {
        var head = octets("SWFTJRNL") + [0, 2, 1, 0] + [UInt8](repeating: 3, count: 16)
        let checked = head
        var checksum = CRC32C()
        let span = checked.span
        checksum.update(span.bytes)
        let value = checksum.value
        head += (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        var disk = Self.journal.disk
        disk.files[9_999] = head + head + octets("what it has in it")
        #expect(throws: JournalRefusal.newerVersion(2)) { try disk.recover() }
        let found = try disk.recover(acceptsForeign: true)
        #expect(found.values == Self.journal.values && found.damages.map(\.kind) == [.newerVersion])
        #expect(found.emptySegments == [9_999])
    }

    /// One segment of another store among ours is set aside, and what it says counts for nothing.
    @Test func aSegmentOfAnotherStoreIsSetAside() throws {
        var other = KeptJournal(segmentByteCount: 2_500, storeID: 77)
        for round in 0..<100 { other.write([(octets("c1"), octets("other \(round)"))]) }
        var disk = Self.journal.disk
        let replaced = try #require(disk.segments.dropLast().last)
        disk.files[replaced.name] = other.disk.segments.first?.octets
        let found = try disk.recover()
        #expect(Self.fault(in: found, of: Self.journal) == nil)
        #expect(found.damages.contains { $0.kind == .foreign && $0.segment == replaced.name })
        #expect(found.hasDoubt)
    }

    /// Damaged segments are set aside when nothing in them is needed any more, and not deleted.
    @Test func whatIsDamagedIsSetAside() throws {
        var journal = Self.journal
        let name = journal.disk.segments[1].name
        journal.disk.files[name]?[200] ^= 1
        let found = try journal.disk.recover()
        journal.values = found.values
        journal.writer = JournalWriter(continuing: found, gatewayID: 1, newStoreID: 8, segmentByteCount: 2_500)
        let damaged = journal.disk.files[name]
        journal.write([], rewriting: 1 << 20)
        #expect(journal.disk.aside == [name: damaged ?? []] && journal.disk.files.count == 1)
        let again = try journal.disk.recover()
        #expect(again.values == found.values && again.damages.isEmpty && !again.hasDoubt)
    }
}

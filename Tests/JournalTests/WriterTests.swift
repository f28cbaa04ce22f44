import Bytes
import Journal
import Testing

/// What is written is read again, and what is not needed any more goes.
@Suite struct WriterTests {
    /// RFC 3720 §B.4 and the check value of the catalogue of CRCs, however the octets are cut.
    @Test func theChecksumIsTheWellKnownOne() {
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ((0..<32).map { UInt8($0) }, 0x46DD_794E), (octets("123456789"), 0xE306_9283), ([], 0),
        ]
        for (input, expected) in vectors {
            for cut in 0...input.count {
                var checksum = CRC32C()
                let span = input.span
                checksum.update(span.bytes.extracting(0..<cut))
                checksum.update(span.bytes.extracting(cut..<input.count))
                #expect(checksum.value == expected)
            }
        }
    }

    @Test func batchesComeBackInTheOrderOfWriting() throws {
        var journal = KeptJournal()
        journal.write([(octets("a"), octets("1")), (octets("b"), octets("2"))])
        journal.write([(octets("a"), octets("3")), (octets("c"), []), ([], octets("the gateway's own"))])
        journal.write([(octets("b"), nil)])
        let found = try journal.disk.recover()
        #expect(found.entries.map(\.key) == [octets("a"), octets("c"), []])
        #expect(found.values == journal.values)
        #expect(found.entries.map(\.moment) == [moment(1), moment(1), moment(1)])
        #expect(found.lastMoment == moment(2) && !found.isClosed)
        #expect((found.batchCount, found.recordCount, found.nextSequence) == (3, 3, 4))
        #expect(found.storeID == 0x0123_4567_89AB_CDEF && found.gatewayID == 1)
        #expect(found.damages.isEmpty && found.cuts.isEmpty && !found.hasDoubt)
    }

    @Test func aValueOfAnEarlierLifeKeepsItsMoment() throws {
        var journal = KeptJournal()
        var batch = JournalBatch()
        batch.put(octets("a"), octets("1"), asOf: moment(5))
        batch.put(octets("b"), octets("2"))
        batch.close()
        journal.disk.perform(journal.writer.append(batch, at: moment(60)))
        let found = try journal.disk.recover()
        #expect(found.entries.map(\.moment) == [moment(5), moment(60)] && found.isClosed)
        #expect(moment(60).since(moment(5)) == 55_000_000_000)
        // Another start of the machine, whose wall clock is behind: nobody knows.
        var later = moment(0)
        later.boot.low = 10
        #expect(later.since(moment(5)) == nil && moment(5).since(later) == 5_000_000_000)
    }

    /// A batch of any length is one: it is cut into records of at most 1 MiB.
    @Test func aLongBatchIsWholeOrNotThere() throws {
        var journal = KeptJournal(segmentByteCount: 16 << 20)
        journal.write([(octets("a"), octets("1"))])
        let long = [UInt8](repeating: 0x53, count: 2_500_000)
        journal.write([(octets("a"), long), (octets("b"), long)])
        let found = try journal.disk.recover()
        #expect(found.values == journal.values && found.recordCount == 6 && found.nextSequence == 7)
        var torn = journal.disk
        torn.files[1]?.removeLast(1)
        let kept = try torn.recover()
        #expect(kept.values == [octets("a"): octets("1")] && kept.nextSequence == 2 && kept.damages.isEmpty)
        #expect(kept.cuts.count == 1 && kept.cutByteCount > 5_000_000)
    }

    /// As long as its owner rewrites what it is asked for, a journal is at most twice what lives and two segments.
    @Test func whatIsNotNeededGoes() throws {
        var journal = KeptJournal(segmentByteCount: 2_000)
        var numbers = SeededNumbers(seed: 1)
        var largest = 0
        for round in 0..<2_000 {
            // Some keys change all the time, others never again.
            let key = octets(round < 40 ? "old \(round)" : "busy \(numbers.below(5))")
            journal.write([(key, [UInt8](repeating: UInt8(round & 0xFF), count: 60))], rewriting: 400)
            largest = max(largest, journal.writer.byteCount - 2 * journal.writer.liveByteCount)
            #expect(journal.disk.files.values.reduce(0) { $0 + $1.count } == journal.writer.byteCount)
        }
        #expect(largest <= 3 * 2_000 && journal.writer.keyCount == 45)
        let found = try journal.disk.recover()
        #expect(found.values == journal.values && found.damages.isEmpty && found.segments.count < 8)
    }

    /// Another life appends to nothing that it finds, and rewrites it in portions until it is gone.
    @Test func anotherLifeBeginsASegment() throws {
        var journal = KeptJournal(segmentByteCount: 3_000)
        for number in 0..<100 { journal.write([(octets("key \(number)"), octets("value \(number)"))]) }
        let found = try journal.disk.recover()
        let old = Set(journal.disk.files.keys)
        journal.writer = JournalWriter(continuing: found, gatewayID: 1, newStoreID: 99, segmentByteCount: 3_000)
        #expect(journal.writer.liveByteCount == found.entries.reduce(0) { $0 + $1.byteCount })
        var rounds = 0
        while !old.isDisjoint(with: journal.disk.files.keys), rounds < 100 {
            journal.write([(octets("new"), octets("\(rounds)"))], rewriting: 200)
            rounds += 1
        }
        #expect(5..<30 ~= rounds)
        #expect(journal.writer.keysToRewrite(byteCount: 1_000).isEmpty)
        let after = try journal.disk.recover()
        #expect(after.values == journal.values && after.storeID == found.storeID && after.damages.isEmpty)
    }

    /// After an error a batch with everything stands for all that may be missing before it.
    @Test func aWholeBatchNeedsNothingBeforeIt() throws {
        var journal = KeptJournal()
        for number in 0..<10 { journal.write([(octets("key \(number)"), octets("1"))]) }
        // This one is lost.
        _ = journal.makeWrite([(octets("key 3"), nil), (octets("key 4"), octets("2"))])
        let whole = journal.makeWrite([(octets("key 5"), octets("3"))], isWhole: true)
        #expect(whole.isWhole && whole.newSegment != nil && whole.obsolete == [1])
        var beforeDeletion = journal.disk
        beforeDeletion.files[whole.newSegment ?? 0] = whole.octets
        journal.disk.perform(whole)
        for disk in [journal.disk, beforeDeletion] {
            let found = try disk.recover()
            #expect(found.values == journal.values && !found.hasDoubt)
        }
    }

    /// As long as the disk fails, each such batch takes over once what those before it would have let go.
    @Test func failedBatchesOfEverythingDoNotPileUp() throws {
        var journal = KeptJournal(segmentByteCount: 200)
        for number in 0..<10 { journal.write([(octets("key \(number)"), octets("value"))]) }
        let names = journal.writer.segmentNames
        #expect(names.count > 1)
        var failed: [UInt64] = []
        for _ in 0..<30 {
            let whole = journal.makeWrite([], isWhole: true)
            try #require(whole.obsolete.sorted() == names + failed)
            failed.append(try #require(whole.newSegment))
        }
        #expect(journal.writer.segmentNames == [failed[29]])
    }

    @Test func namesOfFilesAreReadAgain() {
        #expect(JournalSegment.fileName(0xAB) == "journal-00000000000000ab.log")
        #expect(JournalSegment.name(ofFile: "journal-00000000000000ab.log") == 0xAB)
        for name in ["journal-ab.log", "journal-00000000000000AB.log", "journal-00000000000000ab.log.damaged", "lock"] {
            #expect(JournalSegment.name(ofFile: name) == nil)
        }
    }
}

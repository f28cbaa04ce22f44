import Bytes
import Journal
import Testing

/// Crashes at random moments, with any whole number of unsynced blocks left, against a dictionary.
@Suite struct CrashTests {
    /// What happens between two starts.
    private struct Life {
        var journal: KeptJournal
        var numbers: SeededNumbers
        var waiting: [JournalWrite] = []
        /// The last batch that was durable.
        var persisted: UInt64

        mutating func change() {
            var changes: [(key: [UInt8], value: [UInt8]?)] = []
            for _ in 0...numbers.below(4) {
                let key = octets("client \(numbers.below(12))")
                let count = numbers.below(8) == 0 ? 1_500 : numbers.below(120)
                let value = (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
                changes.append((key, numbers.below(5) == 0 ? nil : value))
            }
            waiting.append(journal.makeWrite(changes, rewriting: numbers.below(2) * 300))
        }

        /// All that waits becomes durable, or an error comes and the next batch has everything.
        mutating func commit() {
            if numbers.below(25) == 0 {
                waiting = [journal.makeWrite([], isWhole: true)]
                return
            }
            for write in waiting { journal.disk.perform(write) }
            guard let last = waiting.last else { return }
            persisted = last.sequence
            journal.writer.confirm(upTo: persisted)
            waiting = []
        }

        /// Some of what waits is there, up to a block of one of them.
        mutating func crash() {
            let wholeCount = numbers.below(waiting.count + 1)
            for write in waiting.prefix(wholeCount) { journal.disk.perform(write, kept: write.octets.count) }
            guard wholeCount < waiting.count else { return }
            let torn = waiting[wholeCount]
            let kept = journal.disk.blocks(of: torn).randomElement(using: &numbers) ?? 0
            // Of a file that was not synced there may be no name, or nothing but a name.
            if torn.newSegment == nil || numbers.below(3) > 0 { journal.disk.perform(torn, kept: kept) }
        }
    }

    @Test(arguments: 0..<120) func aCrashLeavesAWholeBatch(seed: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(seed))
        var journal = KeptJournal(segmentByteCount: 1_000 + numbers.below(6_000))
        var persisted: UInt64 = 0
        for _ in 0..<6 {
            var life = Life(journal: journal, numbers: numbers, persisted: persisted)
            for _ in 0..<numbers.below(60) {
                life.change()
                if life.numbers.below(3) == 0 { life.commit() }
            }
            life.crash()
            (journal, numbers) = (life.journal, life.numbers)
            let found = try journal.disk.recover()
            let sequence = found.nextSequence - 1
            let expected = journal.history[sequence]
            // What was promised is there, or something newer, whole, also where numbers are missing behind an error.
            #expect(sequence >= life.persisted)
            #expect(found.values == expected, "behind batch \(sequence)")
            #expect(found.damages.isEmpty && !found.hasDoubt, "\(found.damages) \(found.segments)")
            for name in found.emptySegments { journal.disk.files[name] = nil }
            journal.values = found.values
            journal.history[sequence] = found.values
            persisted = sequence
            journal.writer = JournalWriter(
                continuing: found, gatewayID: 1, newStoreID: 3, segmentByteCount: 1_000 + numbers.below(6_000))
        }
    }
}

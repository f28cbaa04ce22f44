package import Journal
package import Transports

/// The store of one gateway: a journal in a directory that it alone holds, and the thread that writes to it.
///
/// - *At the start* `recovered` has what an earlier life has left. What its owner does not take up, it removes with the
///   first batch, or puts there as it was (`JournalBatch.put(_:_:asOf:)`): see `keysToRewrite`.
/// - *In a turn* the owner makes one batch of all that has changed, adds what `keysToRewrite` asks for, and writes it;
///   what the batch promises may be said when `persisted` has reached the number that `write` returned.
/// - *After an error* of the delegate's `storeFailed`, nothing that is written counts until `write(_:isWhole: true)`
///   has come with everything.
package final class SessionStore {
    private var journal: JournalWriter
    private let writer: StoreWriter
    /// The directory, which stays locked as long as this is there.
    package let directory: StoreDirectory
    /// What was found at the start; `forgetRecovered` lets go of it.
    package private(set) var recovered: RecoveredJournal
    /// The names of files that were set aside at the start.
    package private(set) var setAside: [String] = []

    /// Opens the directory at `path`, reads what is in it and starts the writer.
    ///
    /// - Parameters:
    ///   - path: Of a directory; its parent must exist.
    ///   - gatewayID: The GwId.
    ///   - segmentByteCount: Octets of a segment.
    ///   - acceptsForeign: The owner's word that the store of another gateway is taken over, and that of a newer
    ///     version set aside.
    ///   - limits: How much may wait to be durable.
    ///   - forgetsOnError: Whether the owner goes on after an error as if nothing had been: then no segment stays that
    ///     another life would believe.
    ///   - loop: Where the delegate is told what became of batches.
    /// - Throws: why the store cannot be had; nothing was changed then but the directory's mode.
    package init(
        path: String, gatewayID: UInt8, segmentByteCount: Int = 4 << 20, acceptsForeign: Bool = false,
        limits: StoreWriter.Limits = StoreWriter.Limits(), forgetsOnError: Bool = false, loop: EventLoop
    ) throws(StoreRefusal) {
        do throws(StoreError) {
            directory = try StoreDirectory(path: path)
        } catch {
            throw .store(error)
        }
        let found = try StoreReading.recover(directory.files, gatewayID: gatewayID, acceptsForeign: acceptsForeign)
        let damaged = Set(found.damages.compactMap(\.segment))
        let directory = directory
        var aside: [String] = []
        // The next segment may have the name of one in which nothing is.
        for name in found.emptySegments {
            let file = JournalSegment.fileName(name)
            try StoreReading.inStore { () throws(IOError) in
                guard damaged.contains(name) else { return try directory.remove(file) }
                if let new = try directory.setAside(file) { aside.append(new) }
            }
        }
        (recovered, setAside) = (found, aside)
        journal = JournalWriter(
            continuing: found, gatewayID: gatewayID, newStoreID: .random(in: .min ... .max),
            segmentByteCount: segmentByteCount)
        writer = try StoreReading.inStore { () throws(IOError) in
            try StoreWriter(
                directory, loop: loop, limits: limits,
                isDistrusted: { forgetsOnError && JournalSegment.name(ofFile: $0) != nil })
        }
    }

    /// Told what becomes of batches.
    package weak var delegate: (any StoreWriterDelegate)? {
        get { writer.delegate }
        set { writer.delegate = newValue }
    }

    /// Lets go of the values that were found.
    package func forgetRecovered() { recovered = RecoveredJournal() }

    // MARK: Writing

    /// The keys whose values the next batch should hold once more, or remove: about `byteCount` octets of them.
    package func keysToRewrite(byteCount: Int = 65_536) -> [[UInt8]] { journal.keysToRewrite(byteCount: byteCount) }

    /// Hands the batch to the thread.
    ///
    /// - Parameters:
    ///   - batch: All that has changed in the turn.
    ///   - isWhole: The batch has everything that there is; what it does not put is no longer there.
    ///   - moment: When its values are true.
    /// - Returns: the number that `persisted` reaches when the batch is durable.
    @discardableResult
    package func write(_ batch: JournalBatch, isWhole: Bool = false, at moment: ClockReading = .now) -> UInt64 {
        journal.confirm(upTo: persisted)
        let write = journal.append(batch, at: moment, isWhole: isWhole)
        writer.submit(
            StoreWrite(
                newFile: write.newSegment.map(JournalSegment.fileName), octets: write.octets,
                sequence: write.sequence, isWhole: write.isWhole,
                obsolete: write.obsolete.map(JournalSegment.fileName),
                damaged: write.damaged.map(JournalSegment.fileName)))
        return write.sequence
    }

    /// All batches up to this one are durable.
    package var persisted: UInt64 { writer.persistedSequence }

    /// Whether as much waits for the device as may: then the owner should take in nothing that changes sessions.
    package var isFull: Bool { writer.isFull }

    /// Before an end: no batch waits for others any more.
    package func hurry() { writer.hurry() }

    /// Waits for news of batches, and tells the delegate.
    ///
    /// - Returns: whether there were any within `milliseconds`.
    package func wait(milliseconds: Int32) -> Bool { writer.wait(milliseconds: milliseconds) }

    /// Waits until everything is durable or given up, and ends the thread.
    ///
    /// - Returns: whether that was so within `milliseconds`.
    @discardableResult
    package func close(within milliseconds: Int32 = 4_000) -> Bool { writer.close(within: milliseconds) }

    // MARK: Figures

    /// Octets of all segments, those of the values that count, and how many these are.
    package var byteCount: Int { journal.byteCount }
    package var liveByteCount: Int { journal.liveByteCount }
    package var keyCount: Int { journal.keyCount }
    /// Octets that wait to be durable.
    package var queuedByteCount: Int { writer.queuedByteCount }
    package var statistics: StoreStatistics { writer.statistics }
}

import Bytes

/// What is to be done with files for one batch, in this order; what it promises holds when all of it is durable.
package struct JournalWrite: Hashable, Sendable {
    /// The segment that begins with these octets; nil where they are appended to the one before.
    package var newSegment: UInt64?
    package var octets: [UInt8]
    /// Names the batch: the sequence number of its last record.
    package var sequence: UInt64
    /// Whether nothing that was written before is needed with it: with such a batch a writer goes on after an error.
    package var isWhole: Bool
    /// The segments to delete once the octets are durable, not before.
    package var obsolete: [UInt64] = []
    /// The segments to set aside then, as something in them could not be read.
    package var damaged: [UInt64] = []
}

/// Turns batches into the octets of segments, and decides when a segment begins and when old ones may go.
///
/// It holds no values. An old segment goes when no value in it counts any more; those that still do are written once
/// more by their owner, who asks for `keysToRewrite` before it writes what has changed anyhow. So tidying up comes in
/// portions, with the batches that there are. It begins when more octets are dead than alive, so that each octet that
/// is alive is copied at most once for each that has died, and all segments together are at most twice what is alive
/// and two segments more, as long as the owner rewrites as fast as it writes.
package struct JournalWriter: Sendable {
    private let storeID: UInt64
    private let gatewayID: UInt8
    private let segmentByteCount: Int
    private var nextSequence: UInt64
    /// Oldest first; the last one is written to, unless `mustBegin`.
    private var segments: [JournalSegment]
    private var keys = LiveKeys()
    /// What lies in segments before this one is to be written once more however much of it is dead.
    private var rewriteBefore: UInt64
    /// The names of segments that are set aside instead of deleted.
    private var damaged: Set<UInt64>
    private var mustBegin = true
    /// What was to go with writes of which nobody has said yet that they are durable: the batch that follows an error
    /// lets it go once more.
    private var unconfirmed: [(sequence: UInt64, obsolete: [UInt64], damaged: [UInt64])] = []

    /// Goes on with what was recovered, in a new segment: nothing is ever appended to what an earlier life has left.
    /// All of that is to be rewritten, in portions.
    ///
    /// - Parameters:
    ///   - journal: Of an empty directory, `RecoveredJournal()`.
    ///   - gatewayID: The GwId.
    ///   - newStoreID: Drawn at random; what a new store is called.
    ///   - segmentByteCount: Octets of a segment; one batch may exceed it.
    package init(
        continuing journal: RecoveredJournal, gatewayID: UInt8, newStoreID: UInt64, segmentByteCount: Int = 4 << 20
    ) {
        storeID = journal.storeID ?? newStoreID
        (self.gatewayID, self.segmentByteCount) = (gatewayID, segmentByteCount)
        nextSequence = journal.nextSequence
        rewriteBefore = nextSequence
        // One that holds no batch has the name that the next one gets, and is out of the way by then.
        segments = journal.segments.filter { $0.firstSequence < journal.nextSequence }
        damaged = Set(journal.damages.compactMap(\.segment))
        for entry in journal.entries { keys.put(entry.key, byteCount: entry.byteCount, in: entry.segment) }
    }

    /// The names of the segments that there are, with those that the last batches have made obsolete left out.
    package var segmentNames: [UInt64] { segments.map(\.name) }

    /// Octets of all segments.
    package var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

    /// Octets of the values that count, with what it takes to state them.
    package var liveByteCount: Int { keys.byteCount }

    /// How many keys there are.
    package var keyCount: Int { keys.count }

    /// The keys whose values their owner puts into the next batch as they are now, or removes, whichever they are:
    /// those written least recently, about `byteCount` octets of them. None as long as tidying up is not worth it.
    package func keysToRewrite(byteCount: Int) -> [[UInt8]] {
        guard let oldest = segments.first else { return [] }
        if oldest.firstSequence < rewriteBefore { return keys.oldest(before: rewriteBefore, byteCount: byteCount) }
        guard segments.count > 1, self.byteCount - liveByteCount > liveByteCount else { return [] }
        return keys.oldest(before: segments[1].firstSequence, byteCount: byteCount)
    }

    /// Makes the octets of a batch.
    ///
    /// - Parameters:
    ///   - batch: May be empty.
    ///   - moment: When its values are true.
    ///   - isWhole: It puts everything that there is, and what it does not put holds no longer. After an error of a
    ///     file the next batch must be such a one, since nobody knows what of the last ones is there.
    /// - Returns: what is to be done with files.
    package mutating func append(
        _ batch: JournalBatch, at moment: ClockReading, isWhole: Bool = false
    ) -> JournalWrite {
        var batch = batch
        let isFull = (segments.last?.byteCount ?? 0) + batch.byteCount > segmentByteCount
        var write = JournalWrite(octets: [], sequence: 0, isWhole: isWhole)
        if mustBegin || isWhole || isFull {
            let head = SegmentHead(gatewayID: gatewayID, storeID: storeID, firstSequence: nextSequence)
            head.write(to: &write.octets)
            write.newSegment = nextSequence
            segments.append(JournalSegment(name: nextSequence, firstSequence: nextSequence, byteCount: 0))
            mustBegin = false
        }
        if isWhole {
            keys = LiveKeys()
            for before in unconfirmed {
                write.obsolete += before.obsolete
                write.damaged += before.damaged
            }
            unconfirmed = []
        }
        let current = segments[segments.count - 1].firstSequence
        for change in batch.changes {
            if let byteCount = change.putByteCount {
                keys.put(change.key, byteCount: byteCount, in: current)
            } else {
                keys.remove(change.key)
            }
        }
        let goneCount = takeObsolete(before: keys.oldestSegment ?? current, &write)
        if goneCount > 0 || write.newSegment != nil { batch.begin(at: segments[0].firstSequence) }
        writeRecords(batch, moment, &write)
        segments[segments.count - 1].byteCount += write.octets.count
        if !write.obsolete.isEmpty || !write.damaged.isEmpty {
            unconfirmed.append((write.sequence, write.obsolete, write.damaged))
        }
        return write
    }

    /// Everything up to the batch `sequence` is durable, and was done.
    package mutating func confirm(upTo sequence: UInt64) { unconfirmed.removeAll { $0.sequence <= sequence } }

    /// Lets go of the segments in which no value counts.
    private mutating func takeObsolete(before oldest: UInt64, _ write: inout JournalWrite) -> Int {
        let gone = segments.prefix { $0.firstSequence < oldest }
        for segment in gone {
            if damaged.remove(segment.name) != nil {
                write.damaged.append(segment.name)
            } else {
                write.obsolete.append(segment.name)
            }
        }
        segments.removeFirst(gone.count)
        return gone.count
    }

    private mutating func writeRecords(_ batch: JournalBatch, _ moment: ClockReading, _ write: inout JournalWrite) {
        var body: [UInt8] = []
        body.reserveCapacity(ClockReading.byteCount + batch.entries.count)
        moment.write(to: &body)
        body += batch.entries
        var offset = 0
        while offset < body.count {
            let end = min(offset + RecordHead.maximumPayloadByteCount, body.count)
            let flags = (offset == 0 ? RecordHead.first : 0) | (end == body.count ? RecordHead.last : 0)
            let span = body.span
            RecordHead.write(
                span.bytes.extracting(offset..<end), flags: flags, sequence: nextSequence, storeID: storeID,
                to: &write.octets)
            write.sequence = nextSequence
            nextSequence += 1
            offset = end
        }
    }
}

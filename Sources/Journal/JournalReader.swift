import Bytes

/// Reads the segments of a journal, of which nothing is believed: whatever their octets are, what comes out was once
/// written, and what may be older than it should be says so.
///
/// - *The end.* What stands behind the last whole batch of the journal is what a crash leaves, and is cut off, whatever
///   numbers are missing in it. The same holds at the end of any segment behind which the next one goes on with the
///   sequence number that is due: an earlier life has cut it off there.
/// - *The middle.* Where sequence numbers are missing before a whole batch, something was lost that may have changed or
///   removed anything.
///   Every key whose last value was written before that and not behind it is **uncertain**. Who asks decides what an
///   uncertain value is good for.
/// - *Going on behind damage.* A record whose head is whole and whose content is not is stepped over. Behind other
///   damage the reader looks for the next head. All checksums begin with the store's random number, so that nothing
///   that a client has published passes for a record.
package struct JournalReader: Sendable {
    /// A segment that is to be read.
    package struct Listed: Sendable {
        /// The number in the file's name.
        package var name: UInt64
        /// Its first `SegmentHead.byteCount` octets, or all where it has fewer.
        package var head: [UInt8]

        package init(name: UInt64, head: [UInt8]) { (self.name, self.head) = (name, head) }
    }

    /// Octets that are no records; what they are shows when the next record or segment is read.
    struct Fault: Sendable {
        var segment: UInt64
        var offset: Int
        var byteCount: Int
    }

    /// Sequence numbers that are missing, and what is left of them: a loss once a whole batch stands behind it.
    struct Gap: Sendable {
        var lost: Range<UInt64>
        var faults: [Fault]
    }

    /// A batch of which the last record has not been read.
    struct OpenBatch: Sendable {
        var firstSequence: UInt64
        var offset: Int
        var octets: [UInt8]
    }

    var journal = RecoveredJournal()
    var faults: [Fault] = []
    /// Behind the last whole batch.
    var gaps: [Gap] = []
    var batch: OpenBatch?
    /// The sequence number that is due; nil before the first segment.
    var next: UInt64?
    /// Something was lost before this sequence number.
    var lostBefore: UInt64 = 0
    /// The segments before this one hold nothing that counts, as far as is known.
    var begins: UInt64 = 0
    /// By the order of writing; nil where a later one has taken the place of a value.
    var entries: [RecoveredJournal.Entry?] = []
    var indexByKey: [[UInt8]: Int] = [:]
    /// The segment that is being read.
    var segment = JournalSegment(name: 0, firstSequence: 0, byteCount: 0)

    /// Finds out whose journal it is: what the youngest segment says whose head can be read.
    ///
    /// - Parameters:
    ///   - segments: All that there are, in any order.
    ///   - gatewayID: Whose it should be; nil: anybody's.
    ///   - acceptsForeign: Whether it is read though it is another gateway's, or passed over where only a newer version
    ///     can read it.
    /// - Throws: why it is not read.
    package init(
        _ segments: [Listed], gatewayID: UInt8?, acceptsForeign: Bool = false
    ) throws(JournalRefusal) {
        let readings = segments.sorted { $0.name < $1.name }.map { listed in
            let span = listed.head.span
            return (name: listed.name, reading: SegmentHead.read(span.bytes))
        }
        for (_, reading) in readings.reversed() where journal.storeID == nil {
            switch reading {
            case .none: continue
            case .newerVersion(let version):
                if !acceptsForeign { throw .newerVersion(version) }
            case .head(let head, _):
                if let gatewayID, head.gatewayID != gatewayID, !acceptsForeign {
                    throw .anotherGateway(head.gatewayID)
                }
                (journal.storeID, journal.gatewayID) = (head.storeID, head.gatewayID)
            }
        }
        let storeID = journal.storeID
        let order = readings.map { name, reading in
            if case .head(let head, _) = reading, head.storeID == storeID { return (head.firstSequence, name) }
            return (name, name)
        }
        names = order.sorted { $0 < $1 }.map(\.1)
    }

    /// The names of the segments in the order in which they must be read.
    package let names: [UInt64]

    /// Reads the octets of the segment `name`: all but the last `unreadByteCount`, which the caller could not read.
    package mutating func read(_ octets: RawSpan, of name: UInt64, unreadByteCount: Int = 0) {
        segment = JournalSegment(
            name: name, firstSequence: name, byteCount: octets.byteCount + max(unreadByteCount, 0))
        readSegment(octets)
        if unreadByteCount > 0 { note(.unreadable, octets.byteCount, unreadByteCount) }
    }

    private mutating func readSegment(_ octets: RawSpan) {
        switch SegmentHead.read(octets) {
        case .newerVersion:
            journal.segments.append(segment)
            note(.newerVersion, 0, octets.byteCount)
        case .head(let head, let isDamaged):
            let isOurs = head.storeID == journal.storeID
            if isOurs { segment.firstSequence = head.firstSequence }
            journal.segments.append(segment)
            guard isOurs else { return note(.foreign, 0, octets.byteCount) }
            arriveAtSegment()
            if isDamaged { note(.head, 0, SegmentHead.byteCount) }
            readRecords(octets, from: SegmentHead.byteCount)
        case .none:
            journal.segments.append(segment)
            arriveAtSegment()
            if SegmentHead.isTorn(octets) { return fault(0..<octets.byteCount) }
            // Without anything else to tell whose it is, no record in it can be told from a forged one.
            guard journal.storeID != nil else { return note(.unreadable, 0, octets.byteCount) }
            note(.unreadable, 0, SegmentHead.byteCount)
            readRecords(octets, from: SegmentHead.byteCount)
        }
    }

    /// Reads the octets of one segment after the other.
    package static func recover(
        _ segments: [(name: UInt64, octets: [UInt8])], gatewayID: UInt8?, acceptsForeign: Bool = false
    ) throws(JournalRefusal) -> RecoveredJournal {
        let listed = segments.map { Listed(name: $0.name, head: Array($0.octets.prefix(SegmentHead.byteCount))) }
        var reader = try JournalReader(listed, gatewayID: gatewayID, acceptsForeign: acceptsForeign)
        for name in reader.names {
            guard let octets = segments.first(where: { $0.name == name })?.octets else { continue }
            let span = octets.span
            reader.read(span.bytes, of: name)
        }
        return reader.finish()
    }

    /// What all the segments say.
    package consuming func finish() -> RecoveredJournal {
        let end = gaps.first?.lost.lowerBound ?? batch?.firstSequence ?? next ?? 1
        cutOff()
        if let first = journal.segments.first?.firstSequence, first > begins, begins > 0 {
            journal.damages.insert(JournalDamage(kind: .missing, lost: begins..<first), at: 0)
        }
        // Nothing is lost with what holds no longer.
        let begins = begins
        let obsolete = Set(journal.segments.filter { $0.firstSequence < begins }.map(\.name))
        journal.damages.removeAll { damage in
            damage.segment.map(obsolete.contains) ?? (damage.lost.upperBound <= begins)
        }
        journal.nextSequence = max(end, 1)
        journal.emptySegments = journal.segments.filter { $0.firstSequence >= journal.nextSequence }.map(\.name)
        for case var entry? in entries where entry.segment >= begins {
            entry.isUncertain = entry.sequence < lostBefore
            journal.entries.append(entry)
        }
        return journal
    }
}

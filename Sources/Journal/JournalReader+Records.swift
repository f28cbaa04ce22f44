import Bytes

// The records of a segment, one after the other, and what is done where there is none.

extension JournalReader {
    mutating func readRecords(_ octets: RawSpan, from start: Int) {
        guard let storeID = journal.storeID else { return }
        var offset = start
        while offset < octets.byteCount {
            guard let head = RecordHead(octets, at: offset, storeID: storeID) else {
                let behind = nextHead(in: octets, from: offset + 1, storeID)
                fault(offset..<behind)
                offset = behind
                continue
            }
            let start = offset + RecordHead.byteCount
            let end = start + head.payloadByteCount
            guard end <= octets.byteCount else {
                fault(offset..<octets.byteCount)
                break
            }
            let payload = octets.extracting(start..<end)
            if RecordHead.checksum(of: payload, storeID) == head.payloadChecksum {
                arrive(at: head, offset)
                take(head, payload, offset)
            } else {
                fault(offset..<end)
            }
            offset = end
        }
        guard let batch else { return }
        faults.removeAll { $0.segment == segment.name && $0.offset >= batch.offset }
        fault(batch.offset..<octets.byteCount)
    }

    private func nextHead(in octets: RawSpan, from start: Int, _ storeID: UInt64) -> Int {
        var offset = RecordHead.candidate(in: octets, from: start)
        while offset < octets.byteCount, RecordHead(octets, at: offset, storeID: storeID) == nil {
            offset = RecordHead.candidate(in: octets, from: offset + 1)
        }
        return offset
    }

    /// These octets are no record.
    mutating func fault(_ range: ByteRange) {
        if let last = faults.last, last.segment == segment.name, last.offset + last.byteCount == range.lowerBound {
            faults[faults.count - 1].byteCount += range.count
        } else {
            faults.append(Fault(segment: segment.name, offset: range.lowerBound, byteCount: range.count))
        }
    }

    // MARK: Order

    /// A segment begins, which tells what the end of the one before it was.
    mutating func arriveAtSegment() {
        let first = segment.firstSequence
        let due = batch?.firstSequence ?? next ?? first
        batch = nil
        if gaps.first?.lost.lowerBound == first {
            next = first
            return cutOff()
        }
        next = max(due, first)
        // One that begins earlier was read before, as when a file is there twice.
        guard first >= due else { return }
        if first > due {
            lose(due..<first)
        } else {
            for fault in faults { cut(fault) }
        }
        faults = []
    }

    /// Nothing that was read behind the last whole batch was ever promised.
    mutating func cutOff() {
        for gap in gaps { for fault in gap.faults { cut(fault) } }
        for fault in faults { cut(fault) }
        (gaps, faults) = ([], [])
    }

    /// A whole record comes, which tells what the octets before it were.
    private mutating func arrive(at head: RecordHead, _ offset: Int) {
        let due = next ?? head.sequence
        // One that was read before, as when a file is there twice.
        guard head.sequence >= due else { return }
        let isExpected = head.sequence == due && (head.isFirst == (batch == nil))
        if isExpected {
            for fault in faults {
                if fault.segment == segment.name { damage(fault) } else { cut(fault) }
            }
        } else {
            // Without its beginning a batch is lost to its end.
            let behind = head.isFirst ? head.sequence : head.sequence + 1
            lose((batch?.firstSequence ?? due)..<behind)
            batch = nil
        }
        faults = []
        next = head.sequence
    }

    private mutating func take(_ head: RecordHead, _ payload: RawSpan, _ offset: Int) {
        guard head.sequence == next else { return }
        next = head.sequence + 1
        if head.isFirst { batch = OpenBatch(firstSequence: head.sequence, offset: offset, octets: []) }
        guard batch != nil else { return }
        journal.recordCount += 1
        batch?.octets.append(payload)
        guard head.isLast, let whole = batch else { return }
        batch = nil
        for gap in gaps { report(gap) }
        gaps = []
        apply(whole, sequence: head.sequence)
    }

    // MARK: What was lost

    /// The records are not there, and what could not be read is what is left of them.
    private mutating func lose(_ lost: Range<UInt64>) { gaps.append(Gap(lost: lost, faults: faults)) }

    private mutating func report(_ gap: Gap) {
        let (lost, faults) = (gap.lost, gap.faults)
        lostBefore = max(lostBefore, lost.upperBound)
        if faults.isEmpty {
            if let last = journal.damages.last, last.lost.upperBound == lost.lowerBound, !last.lost.isEmpty {
                // The rest of a batch whose beginning was lost.
                journal.damages[journal.damages.count - 1].lost = last.lost.lowerBound..<lost.upperBound
            } else {
                journal.damages.append(JournalDamage(kind: .missing, lost: lost))
            }
        }
        for (index, fault) in faults.enumerated() { damage(fault, lost: index == 0 ? lost : 0..<0) }
    }

    private mutating func damage(_ fault: Fault, lost: Range<UInt64> = 0..<0) {
        journal.damages.append(
            JournalDamage(
                kind: .unreadable, segment: fault.segment, offset: fault.offset, byteCount: fault.byteCount,
                lost: lost))
    }

    mutating func cut(_ fault: Fault) {
        journal.cuts.append(
            RecoveredJournal.Cut(segment: fault.segment, offset: fault.offset, byteCount: fault.byteCount))
    }

    mutating func note(_ kind: JournalDamage.Kind, _ offset: Int, _ byteCount: Int, lost: Range<UInt64> = 0..<0) {
        journal.damages.append(
            JournalDamage(kind: kind, segment: segment.name, offset: offset, byteCount: byteCount, lost: lost))
    }

    // MARK: What a batch says

    private mutating func apply(_ batch: OpenBatch, sequence: UInt64) {
        let span = batch.octets.span
        guard let moment = ClockReading(span.bytes, at: 0), let found = statements(of: span.bytes) else {
            lostBefore = max(lostBefore, sequence + 1)
            return note(.notUnderstood, batch.offset, batch.octets.count, lost: batch.firstSequence..<sequence + 1)
        }
        journal.batchCount += 1
        journal.lastMoment = moment
        journal.isClosed = false
        for (entry, byteCount) in found {
            switch entry {
            case .put(let key, let value, let asOf):
                drop(key)
                indexByKey[key] = entries.count
                entries.append(
                    RecoveredJournal.Entry(
                        key: key, value: value, moment: asOf ?? moment, sequence: sequence, isUncertain: false,
                        segment: segment.firstSequence, byteCount: byteCount))
            case .remove(let key): drop(key)
            case .begins(let first): begins = max(begins, first)
            case .closed: journal.isClosed = true
            }
        }
    }

    /// Nil where anything is not known here: a batch counts as a whole or not at all.
    private func statements(of octets: RawSpan) -> [(entry: JournalEntry, byteCount: Int)]? {
        var found: [(entry: JournalEntry, byteCount: Int)] = []
        var offset = ClockReading.byteCount
        while offset < octets.byteCount {
            let start = offset
            guard let entry = JournalEntry(octets, at: &offset) else { return nil }
            found.append((entry, offset - start))
        }
        return found
    }

    private mutating func drop(_ key: [UInt8]) {
        if let index = indexByKey.removeValue(forKey: key) { entries[index] = nil }
    }
}

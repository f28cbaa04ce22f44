import Time

// What of a client's exchanges must outlive the process.

extension Uplink {
    /// The open exchanges, the ended ones, and what may be left in the broker's session of an earlier life.
    struct Record: Hashable, Sendable {
        var open: [UplinkExchange.Record]
        var ended: [EndedExchanges.Record]
        var inheritance: Inheritance
    }

    func record(at now: Instant) -> Record {
        Record(open: open.record(at: now), ended: ended.record(at: now), inheritance: inheritance.recorded)
    }

    init(_ record: Record, at now: Instant) {
        self.init(
            open: UplinkTable(record.open, at: now), ended: EndedExchanges(record.ended, at: now),
            inheritance: record.inheritance)
    }
}

extension Uplink.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(open, ended, inheritance) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(open: reader.next(), ended: reader.next(), inheritance: reader.next())
    }
}

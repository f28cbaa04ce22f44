import Bytes

/// What changes at once: all of a batch is found again after a crash, or nothing of it.
///
/// A key is a client's name. The empty key is no client's, and so free for what the gateway has of its own.
package struct JournalBatch: Sendable {
    /// What a statement does to what is kept, for the writer's books.
    struct Change: Sendable {
        var key: [UInt8]
        /// Octets of the statement; nil where it is a removal.
        var putByteCount: Int?
    }

    /// The statements in their order.
    private(set) var entries: [UInt8] = []
    private(set) var changes: [Change] = []

    package init() {}

    /// Whether it says nothing, and need not be written.
    package var isEmpty: Bool { entries.isEmpty }

    /// Octets of its statements.
    package var byteCount: Int { entries.count }

    /// From now on `value` stands at `key`.
    ///
    /// - Parameters:
    ///   - key: Of at most 65,535 octets.
    ///   - value: Of at most 2³² − 1 octets.
    ///   - moment: When the value was true, where that is not the moment of the batch: for one that is copied from an
    ///     earlier life, as it may hold ages.
    package mutating func put(_ key: [UInt8], _ value: [UInt8], asOf moment: ClockReading? = nil) {
        precondition(key.count <= 0xFFFF && value.count <= 0xFFFF_FFFF, "a key comes out of a datagram")
        let start = entries.count
        entries.append(moment == nil ? JournalEntry.Kind.put : JournalEntry.Kind.putAsOf)
        moment?.write(to: &entries)
        entries.append(bigEndian: UInt16(key.count))
        entries += key
        entries.append(bigEndian: UInt32(value.count))
        entries += value
        changes.append(Change(key: key, putByteCount: entries.count - start))
    }

    /// From now on nothing stands at `key`, of at most 65,535 octets.
    package mutating func remove(_ key: [UInt8]) {
        precondition(key.count <= 0xFFFF, "a key comes out of a datagram")
        entries.append(JournalEntry.Kind.remove)
        entries.append(bigEndian: UInt16(key.count))
        entries += key
        changes.append(Change(key: key, putByteCount: nil))
    }

    /// The gateway ends as it should, and this is the last that it writes.
    package mutating func close() { entries.append(JournalEntry.Kind.closed) }

    /// What segments that begin before `sequence` say holds no longer.
    mutating func begin(at sequence: UInt64) {
        entries.append(JournalEntry.Kind.begins)
        entries.append(bigEndian: sequence)
    }
}

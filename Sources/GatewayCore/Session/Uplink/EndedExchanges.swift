import MQTTSN
import Time

/// The client's QoS 2 exchanges that have come to their end, by message id, so that a copy that comes late is not taken
/// for something new.
///
/// Entries are in the order of their ends, and nothing renews one, so those whose time is over are always the first. An
/// id has one entry at the most; one that is used anew leaves a hole behind. Most clients never have such an exchange,
/// so the room is taken with the first; with more than a few, an index leads to an id's entry.
struct EndedExchanges: Sendable {
    /// How an exchange ended.
    enum End: UInt8, Hashable, Sendable {
        /// With the broker's PUBCOMP, or in another way with the message at the broker.
        case finished
        /// With 0x01: there was no room for it.
        case refused
        /// With 0x02: its topic id was not known.
        case denied
    }

    struct Entry: Hashable, Sendable {
        /// 0 in a hole.
        fileprivate(set) var messageID: MessageID
        fileprivate(set) var end: End
        fileprivate(set) var digest: MessageDigest
        fileprivate(set) var endedAt: Instant
    }

    private var entries: [Entry] = []
    /// The oldest entry that counts.
    private var first: Int32 = 0
    /// Positions in `entries`, once there are so many that looking through them would take long.
    private var positions: [MessageID: Int32] = [:]
    private var liveCount: Int32 = 0

    private static let few = 16

    /// Entries that count.
    var count: Int { Int(liveCount) }

    /// The end of the exchange under `messageID`, if that was within `patience` before `now`.
    func entry(_ messageID: MessageID, within patience: TimeSpan, before now: Instant) -> Entry? {
        guard let position = position(of: messageID), now.since(entries[position].endedAt) < patience else {
            return nil
        }
        return entries[position]
    }

    /// Notes that the exchange under `messageID` has ended.
    mutating func note(_ messageID: MessageID, _ end: End, _ digest: MessageDigest, at now: Instant) {
        forget(messageID)
        if entries.count > 2 * (count + Self.few) { compact() }
        if entries.isEmpty { entries.reserveCapacity(8) }
        entries.append(Entry(messageID: messageID, end: end, digest: digest, endedAt: now))
        liveCount += 1
        // Once in use, the index has to know every entry, however few there are meanwhile.
        if !positions.isEmpty {
            positions[messageID] = Int32(entries.count - 1)
        } else if entries.count - Int(first) > Self.few {
            indexAll()
        }
    }

    /// The id is used for something new.
    mutating func forget(_ messageID: MessageID) {
        guard let position = position(of: messageID) else { return }
        remove(at: position)
        skipHoles()
    }

    /// Forgets those whose message could not be told from another one.
    mutating func forgetUnknown() {
        for entry in all where entry.digest == .unknown { forget(entry.messageID) }
    }

    /// Forgets those whose time is over.
    mutating func expire(after patience: TimeSpan, at now: Instant) {
        while first < entries.count, now.since(entries[Int(first)].endedAt) >= patience {
            remove(at: Int(first))
            skipHoles()
        }
    }

    mutating func removeAll() { self = EndedExchanges() }

    private func position(of messageID: MessageID) -> Int? {
        guard positions.isEmpty else { return positions[messageID].map { Int($0) } }
        var position = entries.count
        while position > first {
            position &-= 1
            if entries[position].messageID == messageID { return position }
        }
        return nil
    }

    private mutating func remove(at position: Int) {
        if !positions.isEmpty { positions[entries[position].messageID] = nil }
        entries[position].messageID = 0
        liveCount -= 1
    }

    private mutating func skipHoles() {
        while first < entries.count, entries[Int(first)].messageID == 0 { first += 1 }
        guard first == entries.count else { return }
        entries.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        first = 0
    }

    /// Closes the holes, so that the list stays as short as its entries.
    private mutating func compact() {
        entries.removeAll { $0.messageID == 0 }
        first = 0
        positions.removeAll(keepingCapacity: true)
        if entries.count > Self.few { indexAll() }
    }

    private mutating func indexAll() {
        positions.removeAll(keepingCapacity: true)
        for position in entries.indices where entries[position].messageID != 0 {
            positions[entries[position].messageID] = Int32(position)
        }
    }

    /// What does not hold of these entries; nil where all does.
    func checkInvariants() -> String? {
        let live = entries[Int(first)...].filter { $0.messageID != 0 }
        if live.count != count { return "ended exchanges are counted wrong" }
        if Set(live.map(\.messageID)).count != count { return "an id has two ended exchanges" }
        if zip(live, live.dropFirst()).contains(where: { $0.endedAt > $1.endedAt }) { return "ends are out of order" }
        if !positions.isEmpty, positions.count != count { return "the index of ended exchanges is wrong" }
        return nil
    }

    /// All of them, first to last.
    var all: [Entry] { entries[Int(first)...].filter { $0.messageID != 0 } }
}

extension EndedExchanges: Hashable {
    static func == (left: EndedExchanges, right: EndedExchanges) -> Bool { left.all == right.all }

    func hash(into hasher: inout Hasher) { hasher.combine(all) }
}

// MARK: - Record

extension EndedExchanges {
    /// An ended exchange, with its age.
    struct Record: Hashable, Sendable {
        var messageID: MessageID
        var end: End
        var digest: MessageDigest
        var endedAgo: TimeSpan
    }

    func record(at now: Instant) -> [Record] {
        all.map {
            Record(
                messageID: $0.messageID, end: $0.end, digest: $0.digest, endedAgo: now.since($0.endedAt))
        }
    }

    init(_ record: [Record], at now: Instant) {
        entries = record.map {
            Entry(messageID: $0.messageID, end: $0.end, digest: $0.digest, endedAt: now - $0.endedAgo)
        }
        liveCount = Int32(clamping: entries.count)
        if entries.count > Self.few { indexAll() }
    }
}

extension EndedExchanges.End: RecordPart {}

extension EndedExchanges.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(messageID, end, digest, endedAgo) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            messageID: reader.next(), end: reader.next(), digest: reader.next(), endedAgo: reader.next())
    }
}

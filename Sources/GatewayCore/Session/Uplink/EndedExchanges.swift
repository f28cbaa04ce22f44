import MQTTSN
import Time

/// The client's QoS 2 exchanges that have come to their end, by message id, so that a copy that comes late is not taken
/// for something new.
///
/// Entries are in the order of their ends, and nothing renews one, so those whose time is over are always the first. An
/// id has one entry at the most; one that is used anew leaves a hole behind. Most clients never have such an exchange,
/// so the room is taken with the first; with more than a few, chains of those whose ids end alike lead to an id's
/// entry, the latest first, and end where entries no longer count.
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
        /// The position of an older entry whose id ends alike.
        fileprivate var older: Int32 = -1
        fileprivate(set) var endedAt: Instant

        static func == (left: Entry, right: Entry) -> Bool {
            (left.messageID, left.end, left.digest, left.endedAt)
                == (right.messageID, right.end, right.digest, right.endedAt)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(messageID)
            hasher.combine(end)
            hasher.combine(digest)
            hasher.combine(endedAt)
        }
    }

    private var entries: [Entry] = []
    /// The oldest entry that counts.
    private var first: Int32 = 0
    /// Where each chain begins, a power of two of them; none while there are so few entries that looking through them
    /// is as quick.
    private var chains: [Int32] = []
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

    /// Whether the message of one of them has come to the broker, and that within `patience` before `now`.
    func hasFinished(within patience: TimeSpan, before now: Instant) -> Bool {
        var position = entries.count - 1
        while position >= first, now.since(entries[position].endedAt) < patience {
            if entries[position].messageID != 0, entries[position].end == .finished { return true }
            position -= 1
        }
        return false
    }

    /// Notes that the exchange under `messageID` has ended.
    mutating func note(_ messageID: MessageID, _ end: End, _ digest: MessageDigest, at now: Instant) {
        forget(messageID)
        if entries.count > 2 * (count + Self.few) { compact() }
        if entries.isEmpty { entries.reserveCapacity(8) }
        entries.append(Entry(messageID: messageID, end: end, digest: digest, endedAt: now))
        liveCount += 1
        if entries.count - Int(first) > max(Self.few, 2 * chains.count) {
            chainAll()
        } else if !chains.isEmpty {
            chain(entries.count - 1)
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
        var position = chains.isEmpty ? Int32(entries.count - 1) : chains[chain(of: messageID)]
        while position >= first {
            if entries[Int(position)].messageID == messageID { return Int(position) }
            position = chains.isEmpty ? position - 1 : entries[Int(position)].older
        }
        return nil
    }

    private func chain(of messageID: MessageID) -> Int { Int(messageID) & (chains.count - 1) }

    /// The latest entry becomes the first of its chain.
    private mutating func chain(_ position: Int) {
        let chain = chain(of: entries[position].messageID)
        entries[position].older = chains[chain]
        chains[chain] = Int32(position)
    }

    /// A hole stays in its chain, as it hides nothing.
    private mutating func remove(at position: Int) {
        entries[position].messageID = 0
        liveCount -= 1
    }

    private mutating func skipHoles() {
        while first < entries.count, entries[Int(first)].messageID == 0 { first += 1 }
        guard first == entries.count else { return }
        entries.removeAll(keepingCapacity: true)
        emptyChains(entryCount: 0)
        first = 0
    }

    /// Closes the holes, so that the list stays as short as its entries.
    private mutating func compact() {
        entries.removeAll { $0.messageID == 0 }
        first = 0
        if !chains.isEmpty || entries.count > Self.few { chainAll() }
    }

    /// Makes the chains anew, as many as there are entries or more.
    private mutating func chainAll() {
        emptyChains(entryCount: entries.count - Int(first))
        for position in Int(first)..<entries.count where entries[position].messageID != 0 { chain(position) }
    }

    /// Their room is kept unless there is far too much of it.
    private mutating func emptyChains(entryCount: Int) {
        var count = 4 * Self.few
        while count < entryCount { count *= 4 }
        if chains.count == count || chains.count == 4 * count {
            for index in chains.indices { chains[index] = -1 }
        } else if entryCount > 0 {
            chains = [Int32](repeating: -1, count: count)
        } else {
            chains = []
        }
    }

    /// What does not hold of these entries; nil where all does.
    func checkInvariants() -> String? {
        let live = entries[Int(first)...].filter { $0.messageID != 0 }
        if live.count != count { return "ended exchanges are counted wrong" }
        if Set(live.map(\.messageID)).count != count { return "an id has two ended exchanges" }
        if zip(live, live.dropFirst()).contains(where: { $0.endedAt > $1.endedAt }) { return "ends are out of order" }
        if live.contains(where: { position(of: $0.messageID).map { entries[$0] } != $0 }) {
            return "an ended exchange is not found"
        }
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
        if entries.count > Self.few { chainAll() }
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

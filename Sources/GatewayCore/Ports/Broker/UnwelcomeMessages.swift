import Time

/// Messages on which the broker may have closed a connection, so that a client which says one again and again does not
/// lose its connection as often (AMB-35).
///
/// It owns a bounded list of what was on its way, unanswered, when a broker closed; the oldest entry makes room. It
/// outlives sessions, as a clean one may end with the connection. An entry is good for an hour: what a broker forbids
/// may be allowed one day. Where the list is full or forgotten, the message is only tried once or twice more.
/// Invariant: a message has one entry at the most.
struct UnwelcomeMessages {
    private struct Entry {
        var key: UInt64
        var closingCount: UInt8
        var closedAt: Instant
    }

    private static let memory = TimeSpan.seconds(3_600)

    /// Beyond it the oldest go, one for each that comes.
    var limit: Int
    /// The oldest first.
    private var entries: [Entry] = []

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { entries.isEmpty }

    /// How often the broker has closed while this message of the client was on its way.
    func closingCount(_ clientID: ClientID, _ digest: MessageDigest, at now: Instant) -> Int {
        let key = Self.key(clientID, digest)
        guard let entry = entries.last(where: { $0.key == key }), now.since(entry.closedAt) < Self.memory else {
            return 0
        }
        return Int(entry.closingCount)
    }

    /// The broker has closed while this message of the client was on its way; not `isUnasked` where it was told to.
    mutating func brokerClosed(_ clientID: ClientID, _ digest: MessageDigest, isUnasked: Bool, at now: Instant) {
        guard limit > 0 else { return }
        let count = closingCount(clientID, digest, at: now)
        let key = Self.key(clientID, digest)
        entries.removeAll { $0.key == key || now.since($0.closedAt) >= Self.memory }
        if entries.count >= limit { entries.removeFirst() }
        entries.append(
            Entry(key: key, closingCount: UInt8(isUnasked ? min(2, count + 1) : max(1, count)), closedAt: now))
    }

    /// The broker has taken the message after all.
    mutating func brokerTook(_ clientID: ClientID, _ digest: MessageDigest) {
        let key = Self.key(clientID, digest)
        entries.removeAll { $0.key == key }
    }

    /// FNV-1a over the ClientId, and the message behind it.
    private static func key(_ clientID: ClientID, _ digest: MessageDigest) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in clientID.bytes { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return (hash ^ UInt64(digest.rawValue)) &* 0x100_0000_01B3
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        if entries.count > limit { return "more unwelcome messages than the limit" }
        return Set(entries.map(\.key)).count == entries.count ? nil : "an unwelcome message has two entries"
    }
}

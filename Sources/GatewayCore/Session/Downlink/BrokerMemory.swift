import Time

/// What the broker knows, or may know, of messages that are not in the queue, and how far its word can be waited for.
///
/// - A message that is *settled* here: dropped at QoS 2, so that the broker's PUBREL is still to come, of which the
///   client knows nothing; or answered by the client before the broker has named it in this connection, as it will.
/// - Messages that were *given up* for a client that does not take them, should the broker not have heard of it.
/// - Messages that were *left* to the broker when the client went away, and that it may lose; of some at QoS 2 the
///   client has heard nothing (*unheard*).
/// - The *doubt* whether its session is still the one that the waiting messages came from, as the answer that would
///   have told was lost: a broker that has the session sends again at once what it waits for, so that the doubt ends.
/// - A PUBREL that lies *behind* what there is no room to read.
///
/// It holds no more tokens than the broker has packet identifiers, in 10 KiB at the most, and as a rule no more than
/// the broker has in flight.
struct BrokerMemory: Sendable {
    /// So many tokens are looked through; those that come then have bits.
    private static let few = 256

    private var fewSettledTokens: [BrokerToken] = []
    private var moreSettledTokens = TokenBits()
    var givenUp = GivenUpMessages()
    private var left = MissedMessages()
    private var unheard: [BrokerToken] = []
    /// Messages that a client which is away will not get, as far as they have been looked at.
    private var missed = MissedMessages()
    /// When a broker that has the session would have named every token that it knows; nil without a connection.
    private(set) var doubtEnds: Instant?
    /// Since when the PUBREL for the first message cannot be read.
    private(set) var releaseBlockedSince: Instant?

    /// The client need not hear of the message any more.
    mutating func noteSettled(_ token: BrokerToken) {
        guard !isSettled(token) else { return }
        if fewSettledTokens.count < Self.few { fewSettledTokens.append(token) } else { moreSettledTokens.insert(token) }
    }

    func isSettled(_ token: BrokerToken) -> Bool {
        moreSettledTokens.contains(token) || fewSettledTokens.contains(token)
    }

    /// Forgets what is known of the message with this token.
    ///
    /// - Returns: whether it was settled.
    mutating func forgetSettled(_ token: BrokerToken) -> Bool {
        _ = takeUnheard(token)
        if moreSettledTokens.contains(token) {
            moreSettledTokens.remove(token)
            return true
        }
        guard let index = fewSettledTokens.firstIndex(of: token) else { return false }
        fewSettledTokens.remove(at: index)
        return true
    }

    /// The broker sends a message that does not wait here and is not settled.
    ///
    /// - Returns: whether it was given up, so that it is settled now.
    mutating func wasGivenUp(_ publish: Publication, of packet: RawSpan) -> Bool {
        guard givenUp.isRepeated(publish, of: packet) else { return false }
        if publish.qos == .exactlyOnce { noteSettled(publish.token) }
        return true
    }

    /// Of those at QoS 2 that are `newlyUnheard` the client has heard nothing in this session; of more than few that is
    /// not known when they come again.
    mutating func noteLeft(_ more: MissedMessages, _ newlyUnheard: [BrokerToken]) {
        left += more
        for token in newlyUnheard where unheard.count < Self.few && !unheard.contains(token) { unheard.append(token) }
    }

    /// - Returns: whether the message with this token was left so.
    mutating func takeUnheard(_ token: BrokerToken) -> Bool {
        guard let index = unheard.firstIndex(of: token) else { return false }
        unheard.remove(at: index)
        return true
    }

    mutating func noteMissed(_ more: MissedMessages) { missed += more }

    /// Whether the broker has messages that it sends again when the client is back.
    var hasLeft: Bool { left.count > 0 }

    /// - Returns: how many the client will not get; from now on none counts.
    mutating func takeMissed() -> MissedMessages {
        defer { missed = MissedMessages() }
        return missed
    }

    /// - Returns: how many messages only the broker had; from now on none counts.
    mutating func takeLeft() -> MissedMessages {
        defer { left = MissedMessages() }
        return left
    }

    /// The broker may have begun a new session. What was given up is told by its content, too.
    mutating func doubtTokens() {
        fewSettledTokens = []
        moreSettledTokens = TokenBits()
        unheard = []
        doubtEnds = nil
    }

    /// The broker has begun a new session.
    mutating func forgetTokens() {
        doubtTokens()
        givenUp = GivenUpMessages()
    }

    mutating func expectNamedTokens(until end: Instant) { doubtEnds = end }

    mutating func releaseIsBlocked(at now: Instant) { releaseBlockedSince = releaseBlockedSince ?? now }
    mutating func releaseIsNotBlocked() { releaseBlockedSince = nil }
}

extension BrokerMemory {
    /// What must outlive the process, and with it the connection.
    struct Record: Hashable, Sendable {
        var settledTokens: [BrokerToken]
        var left: MissedMessages
        var givenUp = GivenUpMessages()
        fileprivate(set) var unheard: [BrokerToken] = []

        /// Whether there is nothing to keep.
        var isNone: Bool { settledTokens.isEmpty && left.count == 0 && givenUp.isEmpty && unheard.isEmpty }

        /// The client has heard nothing of the message with this token.
        mutating func noteUnheard(_ token: BrokerToken) {
            if unheard.count < BrokerMemory.few, !unheard.contains(token) { unheard.append(token) }
        }

        /// The broker may have begun a new session.
        mutating func forgetTokens() { (settledTokens, givenUp, unheard) = ([], GivenUpMessages(), []) }

        /// What the broker could not know; nil where it could.
        var fault: String? {
            if unheard.count > BrokerMemory.few || !isOnce(unheard) { return "a token is unheard twice, or too many" }
            return isOnce(settledTokens) ? givenUp.fault : "a token is settled twice, or none"
        }

        private func isOnce(_ tokens: [BrokerToken]) -> Bool {
            Set(tokens).count == tokens.count && !tokens.contains(.none)
        }
    }

    var record: Record {
        Record(
            settledTokens: fewSettledTokens + moreSettledTokens.all, left: left, givenUp: givenUp.record,
            unheard: unheard)
    }

    init(_ record: Record) {
        for token in record.settledTokens { noteSettled(token) }
        (left, givenUp, unheard) = (record.left, record.givenUp, record.unheard)
    }
}

extension BrokerMemory.Record: RecordPart {
    func write(to bytes: inout [UInt8]) {
        // No broker has more in flight than it has packet identifiers, so each count has two octets.
        let (twice, once) = (UInt16(clamping: left.exactlyOnce), UInt16(clamping: left.atLeastOnce))
        bytes.write(settledTokens, UInt32(twice) << 16 | UInt32(once))
    }

    /// What stands apart from the rest, as older records have none of it.
    mutating func readUnheard(from reader: inout RecordReader) throws(SessionRecordError) {
        unheard = try reader.next { !$0.isEmpty }
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        settledTokens = try reader.next()
        let counts: UInt32 = try reader.next()
        left = MissedMessages(atLeastOnce: counts & 0xFFFF, exactlyOnce: counts >> 16)
    }
}

/// How often it is said that messages for a client are dropped because too many wait: once a minute, with their number.
struct DropReports: Sendable {
    private var dropsSinceReport = 0
    private var nextReport = Instant(nanoseconds: 0)

    /// - Returns: how many there are to report; nil where it is too early.
    mutating func noteDrop(at now: Instant) -> Int? {
        dropsSinceReport += 1
        guard now >= nextReport else { return nil }
        defer { dropsSinceReport = 0 }
        nextReport = now + .seconds(60)
        return dropsSinceReport
    }
}

import MQTTSN
import Time

/// Deliveries of QoS 1 and 2 that let the others pass: the client is there and does not answer, or no topic id can be
/// given to their topic for now. The broker still waits for them.
///
/// They are tried again when there is hope: the client answers something like them, learns the topic, or connects anew;
/// and in time, as a topic id may have become free. What was not answered holds up the rest when it is tried, so time
/// alone brings that about only now and then. Invariant: nothing of QoS 0 is here.
struct SetAside: Sendable {
    private var queue = DeliveryQueue()
    private var nextRound: Instant?
    /// When what was not answered is tried again, too.
    private var nextWholeRound = Instant(nanoseconds: 0)
    /// Whether it has been said that the client misses messages.
    private var hasWarned = false
    /// Wake-ups in a row that ended without an answer.
    private var fruitlessWakeUps: UInt16 = 0

    var count: Int { queue.count }
    var byteCount: Int { queue.byteCount }
    /// What was set aside last; nil where nothing is here.
    var newest: StoredMessageIndex? { queue.newest }
    /// When they are tried again; nil where nothing is here.
    var nextAttempt: Instant? { queue.isEmpty ? nil : nextRound }

    mutating func append(
        _ message: StoredMessageIndex, at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) {
        if queue.isEmpty {
            nextRound = now + patience
            nextWholeRound = now + patience * 10
        }
        fruitlessWakeUps = 0
        queue.append(message, in: &store)
    }

    /// The oldest, where there are more than `limit`; it stays in the store.
    mutating func takeExcess(limit: Int, in store: inout MessageStore) -> StoredMessageIndex? {
        queue.count > limit ? queue.takeFirst(in: &store) : nil
    }

    /// All of them, to be sorted by whoever tries again.
    mutating func takeAll() -> DeliveryQueue {
        let all = queue
        queue = DeliveryQueue()
        return all
    }

    /// What stays here.
    mutating func putBack(_ rest: DeliveryQueue) { queue = rest }

    /// Time brings another attempt about. What was not answered goes before all others, so they must have had their
    /// turn since the last time (`isRestEmpty`).
    ///
    /// - Returns: whether it is one for what was not answered, too.
    mutating func beginRound(at now: Instant, patience: TimeSpan, isRestEmpty: Bool) -> Bool {
        nextRound = now + patience
        guard now >= nextWholeRound, isRestEmpty else { return false }
        nextWholeRound = now + patience * 10
        return true
    }

    func message(withToken token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        queue.message(withToken: token, in: store)
    }

    func holds(exactlyOnce messageID: MessageID, in store: borrowing MessageStore) -> Bool {
        queue.holds(exactlyOnce: messageID, in: store)
    }

    func forEach(in store: inout MessageStore, _ change: (inout StoredMessage) -> Void) {
        queue.forEachAcknowledged(in: &store, change)
    }

    func indices(in store: borrowing MessageStore) -> [StoredMessageIndex] { queue.indices(in: store) }

    /// - Returns: true the first time.
    mutating func mayWarn() -> Bool {
        defer { hasWarned = true }
        return !hasWarned
    }

    /// A wake-up has ended without an answer.
    ///
    /// - Returns: how many have, one after the other.
    mutating func noteFruitlessWakeUp() -> Int {
        fruitlessWakeUps += fruitlessWakeUps < .max ? 1 : 0
        return Int(fruitlessWakeUps)
    }

    mutating func noteAnswer() { fruitlessWakeUps = 0 }

    /// - Returns: what does not hold; nil where everything does.
    func checkInvariants(in store: borrowing MessageStore) -> String? {
        if queue.atMostOnceCount > 0 { return "QoS 0 is set aside" }
        return queue.checkInvariants(in: store)
    }
}

// MARK: - Record

extension SetAside {
    /// What must outlive the process.
    struct Record: Hashable, Sendable {
        var messages: [StoredMessage.Record]
        /// How long until they are tried again; nil where nothing is here.
        var nextRoundIn: TimeSpan?
        var nextWholeRoundIn: TimeSpan
        var hasWarned: Bool
        var fruitlessWakeUps: UInt16

        /// Whether there is nothing to keep.
        var isNone: Bool { messages.isEmpty && !hasWarned && fruitlessWakeUps == 0 }

        /// What could not be set aside; nil where it could.
        var fault: String? {
            if messages.contains(where: { $0.qos == .atMostOnce }) { return "QoS 0 is set aside" }
            return messages.isEmpty == (nextRoundIn == nil) ? nil : "what is set aside is never tried again"
        }
    }

    func record(
        at now: Instant, in store: borrowing MessageStore, _ names: borrowing TopicNameTable
    ) -> Record {
        Record(
            messages: queue.record(in: store, names), nextRoundIn: nextAttempt.map { $0.since(now) },
            nextWholeRoundIn: queue.isEmpty ? .zero : nextWholeRound.since(now), hasWarned: hasWarned,
            fruitlessWakeUps: fruitlessWakeUps)
    }

    init(_ record: Record, at now: Instant, in store: inout MessageStore, _ names: inout TopicNameTable) {
        for message in record.messages { queue.append(store.insert(message, in: &names, at: now), in: &store) }
        nextRound = record.nextRoundIn.map { now + $0 }
        nextWholeRound = now + record.nextWholeRoundIn
        hasWarned = record.hasWarned
        fruitlessWakeUps = record.fruitlessWakeUps
    }
}

extension SetAside.Record: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(messages, nextRoundIn, nextWholeRoundIn, hasWarned, fruitlessWakeUps)
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            messages: reader.next(), nextRoundIn: reader.next(), nextWholeRoundIn: reader.next(),
            hasWarned: reader.next(), fruitlessWakeUps: reader.next())
    }
}

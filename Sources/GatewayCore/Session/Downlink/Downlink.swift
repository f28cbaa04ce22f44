import MQTTSN

/// What one client has still to get from the broker: the deliveries that wait, the one under way, and the numbers under
/// which the client gets them (MQTT-SN 1.2 §6.10, GW-88).
///
/// Deliveries go one after the other, in the order of the broker. How far each is stands with it (`DeliveryState`); the
/// `underWay` here only says what the client, or the broker, has to do next for the first of them, and `RetryClock` when
/// it is said again. What the broker is told of a delivery is told when the client has had its say, never before.
///
/// Awkward cases, and who settles them here:
/// - *A client that is heard and does not answer* must not stop the others: its delivery is set aside, unacknowledged,
///   and taken back when there is hope. So is what no topic id can be given to for now.
/// - *The broker sends a message again* after a reconnect: the token tells that it waits here, first or set aside.
/// - *The broker may have forgotten its session*, as the answer that would have told was lost: until the broker names a
///   token again it is doubtful, nothing is acknowledged under it, and a message that the client has waits for the
///   PUBREL only for so long.
/// - *A message was dropped at QoS 2*: its PUBREL is answered without the client, who knows nothing of it.
///
/// Invariants: a delivery is under way for the first message only; nothing but QoS 1 and 2 is set aside; no two messages
/// that the broker waits for have the same token; what is with the client has a number.
///
/// What few sessions ever need lies in one place that takes no room before.
struct Downlink {
    private enum UnderWay: Equatable, Sendable {
        case nothing
        /// The end of the pause before the next message is awaited, and nothing else.
        case pause
        /// REGISTER for the topic of the first message, which may have had to make room since.
        case registration(topicID: TopicID, messageID: MessageID)
        /// The first message itself; its state says what has to come.
        case delivery
    }

    private struct Rarities {
        /// Deliveries that the client does not take, oldest first; the broker still waits for them.
        var aside = DeliveryQueue()
        /// When they are tried again, and how often they have been.
        var nextAttempt: Instant?
        var attempts: UInt32 = 0
        /// QoS 2 messages that were dropped here and whose PUBREL is to come.
        var discardedTokens: [BrokerToken] = []
        /// Since when the broker's PUBREL for the first message lies behind what there is no room to read.
        var releaseBlockedSince: Instant?
        /// When a broker that has the session would have sent again what it waits for; nil without a connection.
        var doubtEnds: Instant?
        /// Messages dropped from the queue since the last one of them was reported, and when the next may be.
        var dropsSinceReport = 0
        var nextDropReport = Instant(nanoseconds: 0)
        /// Messages that only the broker has kept while the client was away.
        var leftToBrokerCount = 0
        /// Whether it has been said that the client misses messages.
        var hasWarned = false
        /// Wake-ups in a row that ended without an answer.
        var fruitlessWakeUps = 0
    }

    private var queue = DeliveryQueue()
    private var underWay = UnderWay.nothing
    /// How often the first message's topic id has been told again because the client did not know it.
    private var renewals: UInt8 = 0
    private var deliveriesSinceWakeUp: UInt32 = 0
    private var numbers: DeliveryNumbers
    /// One, or none as long as there is nothing to say.
    private var rarities: [Rarities] = []

    init(numbersAfter last: MessageID) { numbers = DeliveryNumbers(after: last) }

    private mutating func withRarities<Outcome>(_ change: (inout Rarities) -> Outcome) -> Outcome {
        if rarities.isEmpty { rarities.append(Rarities()) }
        return change(&rarities[0])
    }

    // MARK: What waits

    /// Without what is set aside.
    var isEmpty: Bool { queue.isEmpty }
    var count: Int { queue.count }
    var byteCount: Int { queue.byteCount }
    var atMostOnceCount: Int { queue.atMostOnceCount }
    var atMostOnceByteCount: Int { queue.atMostOnceByteCount }
    var asideCount: Int { rarities.first?.aside.count ?? 0 }
    var asideByteCount: Int { rarities.first?.aside.byteCount ?? 0 }

    /// The next to be delivered, or the one that is; `none` where nothing waits.
    var first: StoredMessageIndex { queue.first }
    var newest: StoredMessageIndex? { queue.newest }

    mutating func append(_ message: StoredMessageIndex, in store: inout MessageStore) {
        queue.append(message, in: &store)
    }

    /// The waiting message that the broker knows by `token`, wherever it is.
    func message(withToken token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        queue.message(withToken: token, in: store) ?? rarities.first?.aside.message(withToken: token, in: store)
    }

    /// Takes the oldest message of QoS 0 out, gives its room back and leaves its topic name to the caller.
    mutating func dropOldestAtMostOnce(in store: inout MessageStore) -> StoredMessage? {
        guard let (index, _) = queue.takeAtMostOnce(behind: .none, in: &store) else { return nil }
        let message = store[index]
        store.remove(index)
        return message
    }

    /// Takes a message of QoS 0 out that need not wait for what is first; `putBack` where it has to, after all.
    mutating func takeAtMostOnce(
        behind start: StoredMessageIndex, in store: inout MessageStore
    ) -> (message: StoredMessageIndex, previous: StoredMessageIndex)? {
        queue.takeAtMostOnce(behind: start == .none ? queue.first : start, in: &store)
    }

    mutating func putBack(
        _ message: StoredMessageIndex, behind previous: StoredMessageIndex, in store: inout MessageStore
    ) {
        queue.putBack(message, behind: previous, in: &store)
    }

    // MARK: What is under way

    var isIdle: Bool { underWay == .nothing }
    var isPausing: Bool { underWay == .pause }

    /// The REGISTER that the client has not answered.
    var registration: (topicID: TopicID, messageID: MessageID)? {
        guard case .registration(let topicID, let messageID) = underWay else { return nil }
        return (topicID, messageID)
    }

    /// How far the delivery is that is under way; nil where none is.
    func stateUnderWay(in store: borrowing MessageStore) -> DeliveryState? {
        underWay == .delivery ? store[queue.first].state : nil
    }

    /// Whether nothing more can be said for the first message until the broker's PUBREL.
    func awaitsBroker(in store: borrowing MessageStore) -> Bool {
        if case .received = stateUnderWay(in: store) { true } else { false }
    }

    /// Whether something has been sent to the client that it has not answered.
    func awaitsClient(in store: borrowing MessageStore) -> Bool {
        switch underWay {
        case .nothing, .pause: false
        case .registration: true
        case .delivery: !awaitsBroker(in: store)
        }
    }

    mutating func beginPause() { underWay = .pause }
    mutating func beginDelivery() { underWay = .delivery }

    /// - Returns: the message id of the REGISTER.
    mutating func beginRegistration(of topicID: TopicID) -> MessageID {
        let messageID = numbers.nextRegistration()
        underWay = .registration(topicID: topicID, messageID: messageID)
        return messageID
    }

    /// Nothing is asked any more; the first message keeps its state.
    mutating func cease() { underWay = .nothing }

    /// The first message, of QoS 1 or 2, is about to be sent.
    ///
    /// - Returns: its message id, and whether the client may have it already.
    mutating func numberFirst(
        at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) -> (messageID: MessageID, isRepetition: Bool) {
        let message = store[queue.first]
        if let messageID = message.state.messageID { return (messageID, true) }
        let messageID =
            message.qos == .atLeastOnce
            ? numbers.nextOwn() : numberExactlyOnce(message.token, at: now, patience: patience, in: store)
        store[queue.first].state = .sent(messageID)
        return (messageID, message.state == .announced)
    }

    private mutating func numberExactlyOnce(
        _ token: BrokerToken, at now: Instant, patience: TimeSpan, in store: borrowing MessageStore
    ) -> MessageID {
        numbers.noteUse()
        var messageID = numbers.following(token)
        if token.isNone || numbers.hasEnded(messageID, within: patience, before: now) {
            messageID = numbers.nextOwnExactlyOnce(at: now, patience: patience)
        }
        // Only where the broker has forgotten a session can older messages wait under the same number.
        while numbers.mayMeetOlder, isTaken(messageID, in: store) {
            messageID = numbers.nextOwnExactlyOnce(at: now, patience: patience)
        }
        return messageID
    }

    private func isTaken(_ messageID: MessageID, in store: borrowing MessageStore) -> Bool {
        for queue in [queue, rarities.first?.aside ?? DeliveryQueue()] {
            var index = queue.first
            while index != .none {
                if store[index].qos == .exactlyOnce, store[index].state.messageID == messageID { return true }
                index = store[index].next
            }
        }
        return false
    }

    /// The client may have a message that the broker repeats from an earlier connection, of which nothing is left here:
    /// at QoS 2 it must have the number by which the client then knows it, whatever becomes of the broker's session.
    /// Where an exchange of this very session ended under that number just now, the client has another one.
    mutating func expectKnown(
        _ index: StoredMessageIndex, at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) {
        store[index].state = .announced
        guard store[index].qos == .exactlyOnce else { return }
        numbers.noteUse()
        let messageID = numbers.following(store[index].token)
        if !numbers.hasEnded(messageID, within: patience, before: now) { store[index].state = .sent(messageID) }
    }

    /// Whether the first message's topic id may be told once more.
    mutating func mayRenew(limit: Int) -> Bool {
        guard Int(renewals) < limit, renewals < .max else { return false }
        renewals += 1
        return true
    }

    /// QoS 2: the client has the first message.
    ///
    /// - Returns: where PUBREC goes; nil where the broker is not to hear of it.
    mutating func clientReceivedFirst(in store: inout MessageStore) -> BrokerToken? {
        let message = store[queue.first]
        guard case .sent(let messageID) = message.state else { return nil }
        store[queue.first].state = message.token.isNone ? .released(messageID) : .received(messageID)
        if !rarities.isEmpty { rarities[0].releaseBlockedSince = nil }
        return message.tokenToAnswer
    }

    /// Takes the first message out and gives its room back; its topic name is left to the caller.
    mutating func removeFirst(
        at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) -> StoredMessage {
        let index = queue.takeFirst(in: store)
        let message = store[index]
        store.remove(index)
        if message.qos == .exactlyOnce, let messageID = message.state.messageID {
            numbers.noteEnd(messageID, at: now, patience: patience)
        }
        renewals = 0
        if !rarities.isEmpty { rarities[0].fruitlessWakeUps = 0 }
        underWay = .nothing
        return message
    }

    // MARK: Wake-ups

    mutating func beginWakeUp() { deliveriesSinceWakeUp = 0 }
    mutating func noteDelivery() { deliveriesSinceWakeUp &+= 1 }
    func hasDelivered(sinceWakeUp maximum: Int) -> Bool { Int(deliveriesSinceWakeUp) >= maximum }

    /// A wake-up has ended without an answer.
    ///
    /// - Returns: how many have, one after the other.
    mutating func noteFruitlessWakeUp() -> Int {
        withRarities {
            $0.fruitlessWakeUps += 1
            return $0.fruitlessWakeUps
        }
    }

    // MARK: What the client does not take

    /// The first message, of QoS 1 or 2, lets the others pass; the broker keeps waiting for it.
    mutating func setFirstAside(
        isUnanswered: Bool, nextAttempt: Instant, in store: inout MessageStore
    ) {
        let index = queue.takeFirst(in: store)
        store[index].isUnanswered = isUnanswered
        renewals = 0
        underWay = .nothing
        withRarities {
            $0.fruitlessWakeUps = 0
            $0.nextAttempt = $0.nextAttempt ?? nextAttempt
            $0.aside.append(index, in: &store)
        }
    }

    /// The oldest message that has been set aside, where those are more than `limit`; it gives its room back, and its
    /// topic name is left to the caller.
    mutating func takeExcessAside(limit: Int, in store: inout MessageStore) -> StoredMessage? {
        guard asideCount > limit else { return nil }
        let index = rarities[0].aside.takeFirst(in: store)
        let message = store[index]
        store.remove(index)
        return message
    }

    /// When what is set aside is tried again.
    var nextAttempt: Instant? { asideCount > 0 ? rarities[0].nextAttempt : nil }

    /// Takes out what is set aside, to be sorted by whoever tries again.
    mutating func takeAside() -> DeliveryQueue {
        guard !rarities.isEmpty else { return DeliveryQueue() }
        let aside = rarities[0].aside
        rarities[0].aside = DeliveryQueue()
        return aside
    }

    /// What is to be tried again goes before all others, but for one that is under way; the rest stays aside.
    mutating func putBack(
        _ tried: DeliveryQueue, aside: DeliveryQueue, nextAttempt: Instant, in store: inout MessageStore
    ) {
        let behindFirst = underWay != .nothing && underWay != .pause
        queue.insert(tried, behindFirst: behindFirst, in: &store)
        withRarities {
            $0.aside = aside
            $0.nextAttempt = aside.isEmpty ? nil : nextAttempt
            $0.attempts &+= 1
        }
    }

    /// Whether, now and then, also what was not answered is tried again.
    var isTurnOfUnanswered: Bool { (rarities.first?.attempts ?? 0) % 10 == 9 }

    /// - Returns: true the first time.
    mutating func mayWarn() -> Bool {
        guard rarities.first?.hasWarned != true else { return false }
        withRarities { $0.hasWarned = true }
        return true
    }

    // MARK: The broker's word

    /// What a PUBREL of the broker means.
    enum Release {
        /// The client is to be told; now, if nothing else is under way.
        case passedOn
        /// It has been told already.
        case known
        /// The client knows nothing of the message.
        case discarded
        /// The message belongs to an exchange that an earlier connection began.
        case unknown(MessageID)
    }

    mutating func brokerReleased(_ token: BrokerToken, in store: inout MessageStore) -> Release {
        if let index = message(withToken: token, in: store) {
            store[index].isDoubtful = false
            guard case .received(let messageID) = store[index].state else { return .known }
            store[index].state = .released(messageID)
            if index == queue.first, underWay == .delivery { underWay = .nothing }
            return .passedOn
        }
        if forgetDiscarded(token) { return .discarded }
        numbers.noteUse()
        return .unknown(numbers.following(token))
    }

    /// A message was dropped, and the broker was told that it is here.
    mutating func noteDiscarded(_ token: BrokerToken) {
        guard rarities.first?.discardedTokens.contains(token) != true else { return }
        withRarities { $0.discardedTokens.append(token) }
    }

    /// - Returns: whether a message with this token had been dropped.
    @discardableResult
    mutating func forgetDiscarded(_ token: BrokerToken) -> Bool {
        guard let index = rarities.first?.discardedTokens.firstIndex(of: token) else { return false }
        rarities[0].discardedTokens.remove(at: index)
        return true
    }

    /// The broker may have begun a new session: what waits may mean nothing to it, and its tokens other messages.
    mutating func doubtTokens(in store: inout MessageStore) {
        forEachMessage(in: &store) { if !$0.token.isNone { $0.isDoubtful = true } }
        if !rarities.isEmpty {
            rarities[0].doubtEnds = nil
            rarities[0].discardedTokens = []
        }
    }

    /// A connection is open whose broker has a session: until `end` it would have named every token that it knows.
    mutating func expectNamedTokens(until end: Instant, in store: inout MessageStore) {
        var isInDoubt = false
        forEachMessage(in: &store) { isInDoubt = isInDoubt || $0.isDoubtful }
        if isInDoubt { withRarities { $0.doubtEnds = end } }
    }

    /// When the client's PUBREC of a doubtful message goes without the broker; nil where it does not.
    func doubtEnds(in store: borrowing MessageStore) -> Instant? {
        guard let ends = rarities.first?.doubtEnds, queue.first != .none, store[queue.first].isDoubtful else {
            return nil
        }
        return ends
    }

    /// The broker does not know the first message any more, which the client has.
    mutating func releaseFirst(in store: inout MessageStore) {
        guard case .received(let messageID) = store[queue.first].state else { return }
        store[queue.first].state = .released(messageID)
        store[queue.first].token = .none
        store[queue.first].isDoubtful = false
        underWay = .nothing
    }

    /// The broker has begun a new session: nothing that waits is acknowledged to it, and what the client has is
    /// released without it.
    ///
    /// - Returns: how many messages that were left to the broker it has lost.
    mutating func brokerForgot(in store: inout MessageStore) -> Int {
        if awaitsBroker(in: store) { underWay = .nothing }
        forEachMessage(in: &store) {
            $0.token = .none
            $0.isDoubtful = false
            if case .received(let messageID) = $0.state { $0.state = .released(messageID) }
        }
        numbers.brokerForgot()
        guard !rarities.isEmpty else { return 0 }
        rarities[0].discardedTokens = []
        rarities[0].doubtEnds = nil
        return takeLeftToBroker()
    }

    /// The broker uses the token for another message: it has forgotten the one that waits, and perhaps all of them.
    mutating func brokerReplaced(_ index: StoredMessageIndex, in store: inout MessageStore) {
        doubtTokens(in: &store)
        store[index].token = .none
        store[index].isDoubtful = false
        if awaitsBroker(in: store) { underWay = .nothing }
        forEachMessage(in: &store) {
            if case .received(let messageID) = $0.state { $0.state = .released(messageID) }
        }
    }

    private mutating func forEachMessage(in store: inout MessageStore, _ change: (inout StoredMessage) -> Void) {
        for start in [queue.first, rarities.first?.aside.first ?? .none] {
            var index = start
            while index != .none {
                change(&store[index])
                index = store[index].next
            }
        }
    }

    // MARK: Reading from the broker

    /// The broker's PUBREL for the first message is, or is not, behind what there is no room to read.
    mutating func noteRelease(isBlocked: Bool, at now: Instant) {
        if isBlocked {
            withRarities { $0.releaseBlockedSince = $0.releaseBlockedSince ?? now }
        } else if !rarities.isEmpty {
            rarities[0].releaseBlockedSince = nil
        }
    }

    var releaseBlockedSince: Instant? { rarities.first?.releaseBlockedSince }

    /// Every drop is counted; a report comes once per client and minute.
    ///
    /// - Returns: how many there are to report; nil where it is too early.
    mutating func noteDrop(at now: Instant) -> Int? {
        withRarities {
            $0.dropsSinceReport += 1
            guard now >= $0.nextDropReport else { return nil }
            let count = $0.dropsSinceReport
            $0.dropsSinceReport = 0
            $0.nextDropReport = now + .seconds(60)
            return count
        }
    }

    // MARK: Absence, and ends

    /// The client is away: what the broker has kept it will send again, with DUP, and QoS 0 does not wait for who is
    /// not there. Only what the broker would not send again stays, and what the client must know again by a message id
    /// that it would not get again.
    ///
    /// - Returns: how many messages of QoS 0 it has missed.
    mutating func leaveToBroker(in store: inout MessageStore, names: inout TopicNameTable) -> Int {
        takeAllBack(in: &store)
        underWay = .nothing
        renewals = 0
        var leaving = queue
        queue = DeliveryQueue()
        var (missed, left) = (0, 0)
        while !leaving.isEmpty {
            let index = leaving.takeFirst(in: store)
            let message = store[index]
            if message.qos == .atMostOnce {
                missed += 1
            } else if mayLeave(message) {
                left += 1
            } else {
                queue.append(index, in: &store)
                continue
            }
            names.release(message.topicName)
            store.remove(index)
        }
        if left > 0 { withRarities { $0.leftToBrokerCount += left } }
        if !rarities.isEmpty { rarities[0].releaseBlockedSince = nil }
        return missed
    }

    private func mayLeave(_ message: StoredMessage) -> Bool {
        switch message.state {
        case .waiting, .announced: return !message.token.isNone
        case .sent(let messageID):
            let isKnownByOtherID = message.qos == .exactlyOnce && messageID != numbers.following(message.token)
            return !message.token.isNone && !isKnownByOtherID
        case .received, .released: return false
        }
    }

    private mutating func takeAllBack(in store: inout MessageStore) {
        let aside = takeAside()
        queue.insert(aside, behindFirst: false, in: &store)
    }

    /// - Returns: how many messages only the broker had kept; from now on none counts.
    @discardableResult
    mutating func takeLeftToBroker() -> Int {
        guard !rarities.isEmpty else { return 0 }
        defer { rarities[0].leftToBrokerCount = 0 }
        return rarities[0].leftToBrokerCount
    }

    /// The client's session is over, and the next one has nothing of it but the place where the numbers are.
    ///
    /// - Returns: how many messages the client has not got, as far as the gateway knows.
    mutating func forgetSession(in store: inout MessageStore, names: inout TopicNameTable) -> Int {
        takeAllBack(in: &store)
        underWay = .nothing
        renewals = 0
        var missed = 0
        while !queue.isEmpty {
            let index = queue.takeFirst(in: store)
            if !store[index].state.isWithClient { missed += 1 }
            names.release(store[index].topicName)
            store.remove(index)
        }
        numbers.forgetSession()
        rarities = []
        return missed
    }

    // MARK: Invariants

    /// All that waits, first what is to be delivered, then what is set aside; for checkers.
    func messages(in store: borrowing MessageStore) -> [StoredMessageIndex] {
        var messages: [StoredMessageIndex] = []
        for start in [queue.first, rarities.first?.aside.first ?? .none] {
            var index = start
            while index != .none {
                messages.append(index)
                index = store[index].next
            }
        }
        return messages
    }

    /// - Returns: what does not hold; nil where everything does.
    func checkInvariants(in store: borrowing MessageStore) -> String? {
        let aside = rarities.first?.aside ?? DeliveryQueue()
        let broken = queue.checkInvariants(in: store) ?? aside.checkInvariants(in: store) ?? numbers.checkInvariants()
        if let broken { return broken }
        switch underWay {
        case .nothing, .pause, .registration: break
        case .delivery: if queue.isEmpty || store[queue.first].state.messageID == nil { return "a delivery of nothing" }
        }
        var tokens: Set<BrokerToken> = []
        for index in messages(in: store) {
            let message = store[index]
            if message.qos == .atMostOnce, message.state != .waiting || !message.token.isNone {
                return "QoS 0 is waited for"
            }
            if message.state.isWithClient, message.qos != .exactlyOnce { return "PUBREC at another QoS than 2" }
            if message.isDoubtful, message.token.isNone { return "a doubt without reason" }
            if !message.token.isNone, !tokens.insert(message.token).inserted { return "a token is used twice" }
        }
        if aside.atMostOnceCount > 0 { return "QoS 0 is set aside" }
        return nil
    }
}

extension StoredMessage {
    /// Where an answer to the broker goes; nil where it would mean nothing to it, or another message.
    var tokenToAnswer: BrokerToken? { token.isNone || isDoubtful ? nil : token }
}

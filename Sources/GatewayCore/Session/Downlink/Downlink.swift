import Bytes
import MQTTSN
import Time

/// What one client has still to get from the broker: the deliveries that wait, the one under way, and the numbers under
/// which the client gets them (MQTT-SN 1.2 §6.10, GW-88).
///
/// Deliveries go one after the other, in the order of the broker. How far each is stands with it (`DeliveryState`);
/// `underWay` only says what the client, or the broker, has to do next for the first of them, and `RetryClock` when it
/// is said again. What the broker is told of a delivery is told when the client has had its say, never before.
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
/// Invariants: a delivery is under way for the first message only; no two messages that the broker waits for have the
/// same token; what is with the client has a number. What few sessions ever need takes no room before.
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

    private var queue = DeliveryQueue()
    private var underWay = UnderWay.nothing
    /// What the first message is granted.
    var indulgence = Indulgence()
    private var deliveriesSinceWakeUp: UInt32 = 0
    private(set) var numbers: DeliveryNumbers
    private var rarities = DownlinkRarities()

    init(_ numbers: DeliveryNumbers) { self.numbers = numbers }

    mutating func inherit(_ former: DeliveryNumbers) { numbers.inherit(former) }

    /// Deliveries that let the others pass.
    var aside: SetAside {
        get { rarities.aside }
        _modify { yield &rarities.aside }
    }

    var asideCount: Int { rarities.asideCount }
    var nextAttempt: Instant? { rarities.nextAttempt }
    /// When more of QoS 0 goes past what the client does not answer.
    var passesOnAt: Instant? { rarities.passesOnAt }
    mutating func passOn(at instant: Instant?) { rarities.passesOnAt = instant }

    /// What the broker knows of messages that are not in the queue.
    var memory: BrokerMemory {
        get { rarities.memory }
        _modify { yield &rarities.memory }
    }

    var drops: DropReports {
        get { rarities.drops }
        _modify { yield &rarities.drops }
    }

    // MARK: What waits

    /// Without what is set aside.
    var isEmpty: Bool { queue.isEmpty }
    var waiting: DeliveryQueue { @inline(__always) _read { yield queue } }
    /// The next to be delivered, or the one that is; `none` where nothing waits.
    var first: StoredMessageIndex { queue.first }

    mutating func append(_ message: StoredMessageIndex, in store: inout MessageStore) {
        queue.append(message, in: &store)
    }

    /// The waiting message that the broker knows by `token`, wherever it is.
    func message(withToken token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        queue.message(withToken: token, in: store) ?? aside.message(withToken: token, in: store)
    }

    /// Takes the oldest message of QoS 0 out, gives its room back and leaves its topic name to the caller.
    mutating func dropOldestAtMostOnce(in store: inout MessageStore) -> StoredMessage? {
        let index = queue.oldestAtMostOnce
        guard index != .none else { return nil }
        let message = store[index]
        takeAtMostOnce(index, in: &store)
        store.remove(index)
        return message
    }

    /// Takes a message of QoS 0 out that need not wait for what is first; it stays in the store.
    mutating func takeAtMostOnce(_ message: StoredMessageIndex, in store: inout MessageStore) {
        queue.take(message, in: &store)
    }

    // MARK: What is under way

    var isIdle: Bool { underWay == .nothing }

    /// The REGISTER that the client has not answered.
    var registration: (topicID: TopicID, messageID: MessageID)? {
        if case .registration(let topicID, let messageID) = underWay { (topicID, messageID) } else { nil }
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
        var messageID = numbers.next(for: message, at: now, patience: patience)
        // Only where the broker has forgotten a session can older messages wait under the same number.
        while message.qos == .exactlyOnce, numbers.mayMeetOlder, isTaken(messageID, in: store) {
            messageID = numbers.nextOwnExactlyOnce(at: now, patience: patience)
        }
        store[queue.first].state = .sent(messageID)
        return (messageID, message.state == .announced)
    }

    /// The client may have a message that the broker repeats from an earlier connection, of which nothing is left here:
    /// at QoS 2 it must have the number by which the client then knows it, whatever becomes of the broker's session.
    /// Where an exchange of this very session ended under that number just now, the client has another one; what was
    /// left to the broker before the client heard of it is as any other.
    mutating func expectKnown(
        _ index: StoredMessageIndex, at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) {
        if !rarities.isEmpty, memory.takeUnheard(store[index].token) { return }
        let known = numbers.known(store[index], at: now, patience: patience)
        store[index].state = known.map { .sent($0) } ?? .announced
    }

    /// QoS 2: the client has the first message.
    ///
    /// - Returns: where PUBREC goes; nil where the broker is not to hear of it.
    mutating func clientReceivedFirst(in store: inout MessageStore) -> BrokerToken? {
        let message = store[queue.first]
        guard case .sent(let messageID) = message.state else { return nil }
        store[queue.first].state = message.token.isNone ? .released(messageID) : .received(messageID)
        if !rarities.isEmpty { memory.releaseIsNotBlocked() }
        return message.tokenToAnswer
    }

    /// Takes the first message out and gives its room back; its topic name is left to the caller.
    mutating func removeFirst(
        at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) -> StoredMessage {
        let index = queue.takeFirst(in: &store)
        let message = store[index]
        store.remove(index)
        settle(message)
        if message.qos == .exactlyOnce, let messageID = message.state.messageID {
            numbers.noteEnd(messageID, at: now, patience: patience)
        }
        indulgence = Indulgence()
        if !rarities.isEmpty { aside.noteAnswer() }
        underWay = .nothing
        return message
    }

    mutating func beginWakeUp() { deliveriesSinceWakeUp = 0 }
    mutating func noteDelivery() { deliveriesSinceWakeUp &+= 1 }
    func hasDelivered(sinceWakeUp maximum: Int) -> Bool { Int(deliveriesSinceWakeUp) >= maximum }

    // MARK: What the client does not take

    /// The first message, of QoS 1 or 2, lets the others pass; the broker keeps waiting for it.
    mutating func setFirstAside(
        isUnanswered: Bool, at now: Instant, patience: TimeSpan, in store: inout MessageStore
    ) {
        let index = queue.takeFirst(in: &store)
        if isUnanswered, store[index].timesUnanswered < .max { store[index].timesUnanswered += 1 }
        indulgence = Indulgence()
        underWay = .nothing
        aside.append(index, at: now, patience: patience, in: &store)
    }

    /// The client is as a new one.
    mutating func forgetUnanswered(in store: inout MessageStore) {
        forEachAcknowledged(in: &store) { $0.timesUnanswered = 0 }
    }

    /// What is to be tried again goes before all others, which may be of its topic, but for one that is under way.
    mutating func putBack(_ tried: DeliveryQueue, in store: inout MessageStore) {
        let behindFirst = underWay == .delivery
        if !behindFirst, !tried.isEmpty { indulgence = Indulgence() }
        queue.insert(tried, behindFirst: behindFirst, in: &store)
    }

    // MARK: The broker's word

    mutating func brokerReleased(_ token: BrokerToken, in store: inout MessageStore) -> BrokerRelease {
        if let index = message(withToken: token, in: store) {
            store[index].tokenStanding = .named
            guard case .received(let messageID) = store[index].state else { return .known }
            store[index].state = .released(messageID)
            if index == queue.first, underWay == .delivery { underWay = .nothing }
            return .passedOn
        }
        if !rarities.isEmpty, memory.forgetSettled(token) { return .settled }
        return .unknown(numbers.use(following: token))
    }

    /// A message has come to its end that the broker has not named in this connection; it will.
    mutating func settle(_ message: StoredMessage) {
        if message.qos == .exactlyOnce { numbers.noteSettled(message.state) }
        if message.tokenStanding == .unnamed { memory.noteSettled(message.token) }
    }

    /// The broker sends a message that does not wait here.
    ///
    /// - Returns: whether it repeats one that needs no delivery any more; QoS 2 is still to be released.
    mutating func isSettled(_ publish: Publication, of packet: RawSpan) -> Bool {
        guard !rarities.isEmpty else { return false }
        if publish.duplicate, publish.qos == .exactlyOnce {
            if memory.isSettled(publish.token) { return true }
        } else if memory.forgetSettled(publish.token), publish.duplicate {
            return true
        }
        return memory.wasGivenUp(publish, of: packet)
    }

    /// What waits is not acknowledged over another connection before the broker has repeated it there.
    mutating func brokerConnectionEnded(in store: inout MessageStore) {
        forEachAcknowledged(in: &store) { $0.brokerConnectionEnded() }
        if !rarities.isEmpty { memory.givenUp.brokerConnectionEnded() }
    }

    /// The broker may have begun a new session: what waits may mean nothing to it, and its tokens other messages.
    mutating func doubtTokens(in store: inout MessageStore) {
        forEachAcknowledged(in: &store) { if !$0.token.isNone { $0.tokenStanding = .doubtful } }
        if !rarities.isEmpty { memory.doubtTokens() }
    }

    /// A connection is open whose broker has a session: until `end` it would have named every token that it knows.
    mutating func expectNamedTokens(until end: Instant, in store: inout MessageStore) {
        var isInDoubt = false
        forEachAcknowledged(in: &store) { isInDoubt = isInDoubt || $0.isDoubtful }
        if isInDoubt { memory.expectNamedTokens(until: end) }
    }

    /// The broker does not know the first message any more, which the client has.
    mutating func releaseFirst(in store: inout MessageStore) {
        store[queue.first].brokerForgot()
        underWay = .nothing
    }

    /// The broker has begun a new session: nothing that waits is acknowledged to it, and what the client has is
    /// released without it.
    ///
    /// - Returns: how many messages that were left to the broker it has lost.
    mutating func brokerForgot(in store: inout MessageStore) -> MissedMessages {
        if awaitsBroker(in: store) { underWay = .nothing }
        forEachAcknowledged(in: &store) { $0.brokerForgot() }
        numbers.brokerForgot()
        guard !rarities.isEmpty else { return MissedMessages() }
        memory.forgetTokens()
        return memory.takeLeft()
    }

    /// The broker uses the token for another message: it has forgotten the one that waits, and where that was in doubt,
    /// the whole session that it came from.
    mutating func brokerReplaced(_ index: StoredMessageIndex, in store: inout MessageStore) {
        if awaitsBroker(in: store) { underWay = .nothing }
        guard store[index].isDoubtful else { return store[index].brokerForgot() }
        forEachAcknowledged(in: &store) { if $0.isDoubtful { $0.brokerForgot() } }
        numbers.brokerForgot()
    }

    private mutating func forEachAcknowledged(in store: inout MessageStore, _ change: (inout StoredMessage) -> Void) {
        queue.forEachAcknowledged(in: &store, change)
        if !rarities.isEmpty { aside.forEach(in: &store, change) }
    }

    /// The broker's PUBREL for the first message is, or is not, behind what there is no room to read.
    mutating func noteRelease(isBlocked: Bool, at now: Instant) {
        if isBlocked {
            memory.releaseIsBlocked(at: now)
        } else if !rarities.isEmpty {
            memory.releaseIsNotBlocked()
        }
    }

    // MARK: Absence, and ends

    /// The client is away: what the broker has kept it will send again, with DUP, and QoS 0 does not wait for who is
    /// not there. Only what the broker would not send again stays, and what the client must know again by a message id
    /// that it would not get again.
    ///
    /// A broker that does not keep the session (`isKept`) will not send anything again.
    ///
    /// - Returns: how many messages of QoS 0 it has missed; nil where there is more to look at, the next time.
    mutating func leaveToBroker(
        isKept: Bool, in store: inout MessageStore, names: inout TopicNameTable
    ) -> MissedMessages? {
        takeAllBack(in: &store)
        (underWay, indulgence) = (.nothing, Indulgence())
        var (missed, left, unheard) = (MissedMessages(), MissedMessages(), [BrokerToken]())
        let numbers = numbers
        let isDone = queue.remove(Remnants.portion, in: &store, names: &names) { message in
            if message.qos == .atMostOnce { missed.note(.atMostOnce) }
            guard isKept || message.qos == .atMostOnce else { return false }
            guard message.mayLeave(following: numbers.following(message.token)) else { return false }
            if message.qos != .atMostOnce { left.note(message.qos) }
            if message.qos == .exactlyOnce, message.state == .waiting { unheard.append(message.token) }
            return true
        }
        if left.count > 0 { memory.noteLeft(left, unheard) }
        if !isDone || !rarities.isEmpty { memory.noteMissed(missed) }
        guard isDone else { return nil }
        return rarities.isEmpty ? missed : takeMissed()
    }

    private mutating func takeAllBack(in store: inout MessageStore) {
        guard !rarities.isEmpty else { return }
        queue.insert(aside.takeAll(), behindFirst: false, in: &store)
    }

    /// The broker has what was left to it, and sends it again.
    mutating func takeLeftToBroker() { if !rarities.isEmpty { _ = memory.takeLeft() } }

    /// How many messages of QoS 0 an absent client has missed that have not been told of.
    mutating func takeMissed() -> MissedMessages { rarities.isEmpty ? MissedMessages() : memory.takeMissed() }

    mutating func clientReturned() { queue.lookAgain() }

    /// The client's session is over, and the next one has nothing of it but the place where the numbers are.
    ///
    /// - Returns: what has waited, to be removed by the caller.
    mutating func forgetSession(in store: inout MessageStore) -> DeliveryQueue {
        takeAllBack(in: &store)
        (underWay, indulgence) = (.nothing, Indulgence())
        queue.lookAgain()
        defer { queue = DeliveryQueue() }
        for number in queue.exactlyOnceNumbers(in: store) { numbers.noteGivenUp(number, isSettled: false) }
        numbers.forgetSession()
        rarities = DownlinkRarities()
        return queue
    }

    /// All that waits, first what is to be delivered, then what is set aside; for checkers.
    func messages(in store: borrowing MessageStore) -> [StoredMessageIndex] {
        queue.indices(in: store) + aside.indices(in: store)
    }

    /// - Returns: what does not hold; nil where everything does.
    func checkInvariants(in store: borrowing MessageStore) -> String? {
        let parts = queue.checkInvariants(in: store) ?? aside.checkInvariants(in: store) ?? numbers.checkInvariants()
        if let parts { return parts }
        if underWay == .delivery, queue.isEmpty || store[queue.first].state.messageID == nil {
            return "a delivery of nothing"
        }
        var tokens: Set<BrokerToken> = []
        for index in messages(in: store) {
            if let broken = store[index].checkInvariants() { return broken }
            let token = store[index].token
            if !token.isNone, !tokens.insert(token).inserted { return "a token is used twice" }
        }
        return nil
    }
}

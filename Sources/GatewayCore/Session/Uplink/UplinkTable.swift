import MQTTSN
import Time

/// The open exchanges of a client, and how to find one; what may be done to them stands in `Uplink`.
///
/// Invariants: a message id has one exchange at the most, and a token one.
struct UplinkTable: Hashable, Sendable {
    private var open: [UplinkExchange] = []

    subscript(_ index: Int) -> UplinkExchange {
        _read { yield open[index] }
        _modify { yield &open[index] }
    }

    /// Exchanges, also those that only the client has still to finish.
    var count: Int { open.count }

    /// Exchanges that wait for something of the broker, or the broker for something of them.
    var openCount: Int { open.count { $0.broker != .done } }

    /// Exchanges of this connection of which the broker has not said the last word.
    var underWayCount: Int { open.count { !$0.isCut && $0.broker != .done } }

    /// Whether the next packet of the broker is for one of them.
    var awaitsBroker: Bool {
        open.contains { !$0.isCut && $0.broker != .holds && $0.broker != .done }
    }

    /// Whether the broker is done with what the client, which has been told PUBREC, has not released.
    var isReleasedUnasked: Bool { open.contains { $0.isExactlyOnce && $0.client == .told && $0.broker == .done } }

    var hasRejected: Bool { open.contains(where: \.isRejected) }

    var needsBrokersMemory: Bool { open.contains(where: \.needsBrokersMemory) }

    /// What the broker has been told on this connection and not answered.
    var unanswered: [MessageDigest] { open.filter(\.isUnanswered).map(\.digest) }

    /// Whether the broker has answered everything that it has been told on this connection.
    var isQuiet: Bool { !open.contains { $0.isUnanswered || $0.broker == .owesNumber } }

    /// Whether a message is under way alone, because the broker may close on it.
    var isTrying: Bool { open.contains { ($0.isUnanswered || $0.broker == .owesNumber) && $0.isSuspect } }

    /// Whether the broker may be told a message now: one on which it may have closed is tried alone.
    func mayForward(_ conditions: UplinkConditions) -> Bool {
        guard !conditions.isTryingOther else { return false }
        return conditions.closingCount == 0 ? !isTrying : isQuiet
    }

    /// Whether it may be told a message again that it was told on an earlier connection, and takes one more on this.
    func mayForwardAgain(_ conditions: UplinkConditions) -> Bool {
        mayForward(conditions) && takesMore(conditions)
    }

    /// Whether the broker takes one more message on this connection.
    func takesMore(_ conditions: UplinkConditions) -> Bool { underWayCount < conditions.receiveMaximum }

    func uses(_ token: BrokerToken) -> Bool { open.contains { $0.token == token } }

    func index(of messageID: MessageID) -> Int? {
        messageID == 0 ? nil : open.firstIndex { $0.messageID == messageID }
    }

    func index(of token: BrokerToken) -> Int? { token.isNone ? nil : open.firstIndex { $0.token == token } }

    mutating func append(_ exchange: UplinkExchange) { open.append(exchange) }

    @discardableResult
    mutating func remove(at index: Int) -> UplinkExchange { open.remove(at: index) }

    mutating func removeAll(where isMeant: (UplinkExchange) -> Bool) {
        // Nearly always there is nothing to be removed, and a list that is nowhere changed stays as it is.
        if open.contains(where: isMeant) { open.removeAll(where: isMeant) }
    }

    /// PUBREL goes up.
    mutating func release(at index: Int) -> BrokerToken {
        open[index].broker = .owesComplete
        open[index].isCut = false
        return open[index].token
    }

    /// The client gives the exchange up: its answer will go to nobody.
    ///
    /// - Returns: what is to be released at the broker before anything else.
    mutating func letGo(_ index: Int, isOpen: Bool) -> BrokerToken {
        let exchange = open[index]
        let isWithBroker = exchange.broker != .done && (exchange.isExactlyOnce || !exchange.isCut)
        guard isWithBroker else {
            open.remove(at: index)
            return .none
        }
        open[index].client = .gone
        open[index].messageID = 0
        if exchange.broker == .owesNumber { open[index].broker = .owesComplete }
        let isReleased = exchange.broker == .holds || exchange.broker == .owesReceived && exchange.isCut
        return isReleased && isOpen ? release(at: index) : .none
    }

    /// The client has taken an id again for a message that is refused: what the broker says of the one before, at
    /// QoS 1, the client would take for an answer to that.
    mutating func letGoFormer(of message: UplinkMessage, isOpen: Bool) {
        guard let index = index(of: message.messageID), !open[index].isExactlyOnce,
            !open[index].digest.isSame(as: message.digest)
        else { return }
        _ = letGo(index, isOpen: isOpen)
    }

    /// The client is told that its message is not taken. At QoS 2 nobody knows whether the broker has it, and who does
    /// not hear of the refusal may repeat it whenever it wants: the exchange stays until its place is needed.
    ///
    /// - Returns: what is to be released at the broker before anything else.
    mutating func reject(_ index: Int, _ conditions: UplinkConditions) -> BrokerToken {
        guard open[index].isExactlyOnce else { return letGo(index, isOpen: conditions.isOpen) }
        clientWasHeard(of: index, at: conditions.now)
        open[index].broker = .owesComplete
        return conditions.isOpen ? release(at: index) : .none
    }

    /// Whether the message is a repetition of one that was refused so; the same one said anew begins anew.
    mutating func rejectsAgain(_ message: UplinkMessage, _ conditions: UplinkConditions) -> Bool {
        guard let index = index(of: message.messageID), open[index].isRejected,
            open[index].digest == message.digest
        else { return false }
        let isRepeated = message.isDuplicate || conditions.now.since(open[index].since) < conditions.retryInterval
        guard isRepeated || conditions.isUnwelcome else {
            _ = letGo(index, isOpen: conditions.isOpen)
            return false
        }
        clientWasHeard(of: index, at: conditions.now)
        return true
    }

    /// The client is there and still has the exchange.
    mutating func clientWasHeard(of index: Int, at now: Instant) {
        open[index].since = now
        open[index].reconnectionCount = 0
        open[index].isSleptOver = false
    }

    /// The oldest exchange that the client has given up comes to its end at the broker. Not before it is surely given
    /// up, as a gateway that starts anew and has forgotten the end would take a client that comes back for one with a
    /// new message.
    ///
    /// - Returns: what is to be released at the broker; none where nothing is left behind, or there is no connection.
    mutating func makeRoom(_ conditions: UplinkConditions) -> BrokerToken {
        guard conditions.isOpen else { return .none }
        if let index = open.firstIndex(where: {
            ($0.client == .told || $0.client == .gone) && $0.broker == .holds && conditions.isGivenUp($0)
        }) {
            return release(at: index)
        }
        // Of a message that may never have reached the broker nothing can be said to the client any more.
        let index = open.firstIndex {
            $0.client == .waiting && $0.isCut && !$0.isRejected && conditions.isGivenUp($0)
        }
        return index.map { letGo($0, isOpen: true) } ?? .none
    }

    /// A repetition under a number of which the broker has said that it holds a message that nothing here knows of: the
    /// client began it with an earlier life of the gateway, and the broker has it (AMB-23).
    ///
    /// - Returns: false where it is not that.
    mutating func takeUp(_ message: UplinkMessage, _ conditions: UplinkConditions) -> Bool {
        let token = BrokerToken(following: message.messageID)
        guard message.isExactlyOnce, message.isDuplicate, let index = index(of: token),
            open[index].broker == .holds, open[index].digest == .unknown
        else { return false }
        open[index] = UplinkExchange(message, token, at: conditions.now)
        (open[index].client, open[index].broker) = (.told, .holds)
        return true
    }

    mutating func forgetWhatIsOver(_ conditions: UplinkConditions) {
        // A late copy of a QoS 1 message may be published again in any case. Who has not heard how its QoS 2 message
        // ended may come back whenever it wants, and is waited for while there is a place for that.
        let isFull = open.count >= conditions.placeCount
        func isForgettable(_ exchange: UplinkExchange) -> Bool {
            exchange.isExactlyOnce ? isFull && exchange.broker == .done : exchange.isCut || exchange.broker == .done
        }
        removeAll { isForgettable($0) && conditions.now.since($0.since) >= conditions.patience }
    }

    // MARK: The connections on both sides

    mutating func brokerConnectionEnded() {
        for index in open.indices where open[index].broker != .done {
            // What was kept is kept no longer: the client repeats it when the number is free.
            if open[index].broker == .owesNumber { _ = letGo(index, isOpen: false) }
            open[index].isCut = true
        }
        removeAll { $0.client == .gone && !$0.isExactlyOnce }
    }

    /// The broker's session is no more, and with it all that it has at QoS 2. What is refused stays refused.
    mutating func brokerHasForgotten() {
        for index in open.indices where open[index].isRejected { open[index].brokerIsDone() }
        removeAll { $0.isExactlyOnce && $0.broker != .done }
    }

    /// Of what has been cut off, what is to be released once more; asked until it is none.
    mutating func takeOwedRelease() -> BrokerToken {
        let index = open.firstIndex {
            $0.isCut && ($0.broker == .owesComplete || $0.client == .gone && $0.broker == .owesReceived)
        }
        return index.map { release(at: $0) } ?? .none
    }

    /// What the broker has and the client has not released; asked until it is none.
    mutating func takeHeldRelease() -> BrokerToken {
        let index = open.firstIndex { $0.client == .told && $0.broker == .holds }
        return index.map { release(at: $0) } ?? .none
    }

    /// Who hears a CONNECT of its client counts it.
    mutating func clientReconnected() {
        for index in open.indices where open[index].client != .released || open[index].digest == .unknown {
            open[index].reconnectionCount = min(100, open[index].reconnectionCount + 1)
        }
    }

    mutating func clientFellAsleep() {
        for index in open.indices where open[index].messageID != 0 { open[index].isSleptOver = true }
    }

    /// What does not hold of the table; nil where all does.
    func checkInvariants() -> String? {
        let ids = open.map(\.messageID).filter { $0 != 0 }
        if Set(ids).count != ids.count { return "a message id has two exchanges" }
        let tokens = open.map(\.token).filter { !$0.isNone }
        if Set(tokens).count != tokens.count { return "a token has two exchanges" }
        return open.lazy.compactMap { $0.checkInvariants() }.first
    }
}

// MARK: - Record

extension UplinkTable {
    func record(at now: Instant) -> [UplinkExchange.Record] { open.map { $0.record(at: now) } }

    init(_ record: [UplinkExchange.Record], at now: Instant) { open = record.map { UplinkExchange($0, at: now) } }
}

import MQTTSN
import Time

/// The client's QoS 1 and 2 messages on their way to the broker: a table of exchanges with two ends, and one step from
/// what is said to what is to be said.
///
/// **What it owns.** One record for each message id that the client has open, and for each that another message has
/// taken over while the broker still owes something (`gone`); and, for a while, the ends of QoS 2 exchanges, so that
/// copies that come late find them. SUBSCRIBE and UNSUBSCRIBE have a table of their own, `BrokerRequests`.
///
/// **The promise.** A message is published exactly once, and acknowledged only when the broker has it, for every client
/// that uses a message id neither for another message within patience (Tretry × (Nretry + 1)), nor for an equal one
/// within Tretry of the first one's end. A message is the same by its id, topic and content, not by DUP: networks
/// double and overtake (AMB-24).
///
/// **Invariants.** A message id has one exchange at the most, and a token one. An exchange without a message id is
/// `gone`. Who is `gone`, or has said PUBREL, waits for the broker. What the broker has finished holds no token.
///
/// **Awkward cases.**
/// - An answer that comes after patience, or after the client has said CONNECT, is held: the client may use the id for
///   something else. A copy of its message brings it out.
/// - A client that gives exchanges up after the PUBREC takes the room of its new ones. The oldest is released in its
///   place, and still answered if the client comes back to it.
/// - Of a broker's session that an earlier life of the gateway began nobody knows which numbers it holds: one is
///   released before its first use, and the message goes up when the broker has said that it is free (`owesNumber`).
/// - The broker's memory of a QoS 2 message ends with its session: where that is gone before the PUBREL, nobody can say
///   whether the message was delivered, and the client is dismissed (AMB-30).
struct Uplink: Hashable, Sendable {
    private(set) var open = UplinkTable()
    private(set) var ended = EndedExchanges()
    private(set) var inheritance = Inheritance()

    // MARK: What is asked of it

    var openCount: Int { open.openCount }
    var count: Int { open.count }
    var awaitsBroker: Bool { open.awaitsBroker }
    var needsBrokersMemory: Bool { open.needsBrokersMemory }
    var unanswered: [MessageDigest] { open.unanswered }
    var isQuiet: Bool { open.isQuiet }
    func uses(_ token: BrokerToken) -> Bool { open.uses(token) }

    // MARK: What is said

    /// Takes note of what the client or the broker has said, and tells what is to be said.
    mutating func step(_ fact: UplinkFact, _ conditions: UplinkConditions) -> UplinkOutcome {
        switch fact {
        case .published(let message): published(message, conditions)
        case .released(let messageID): released(messageID, conditions)
        case .acknowledged(let token): brokerAcknowledged(token, conditions)
        case .received(let token): brokerReceived(token, conditions)
        case .completed(let token): brokerCompleted(token, conditions)
        case .refused(let token, let verdict): brokerRefused(token, verdict, conditions)
        }
    }

    private mutating func published(_ message: UplinkMessage, _ conditions: UplinkConditions) -> UplinkOutcome {
        if let rejection = rejected(message, conditions) { return rejection }
        guard let index = open.index(of: message.messageID) else { return publishedAnew(message, conditions) }
        let exchange = open[index]
        let isSame = exchange.digest.isSame(as: message.digest)
        var outcome: UplinkOutcome
        switch (exchange.client, isSame) {
        case (.waiting, true): outcome = publishedAgain(index, conditions)
        case (.told, true):
            open.clientWasHeard(of: index, at: conditions.now)
            outcome = UplinkOutcome(.received, to: exchange)
        case (.waiting, false), (.told, false): outcome = publishedAnother(message, over: index, conditions)
        case (.released, _), (.gone, _): outcome = UplinkOutcome()
        }
        return outcome.at(UplinkCell(isSame ? .publishedSame : message.row, exchange.client))
    }

    /// A message on which the broker has closed often enough is refused in its place, unless the broker has it after
    /// all.
    private mutating func rejected(_ message: UplinkMessage, _ conditions: UplinkConditions) -> UplinkOutcome? {
        if open.rejectsAgain(message, conditions) {
            return UplinkOutcome(.rejected, to: message).at(UplinkCell(.publishedSame, .waiting))
        }
        guard conditions.isUnwelcome else { return nil }
        var outcome = UplinkOutcome(.rejected, to: message)
        open.letGoFormer(of: message, isOpen: conditions.isOpen)
        if let index = open.index(of: message.messageID), open[index].digest == message.digest {
            guard open[index].client == .waiting, open[index].isCut else { return nil }
            outcome.release = open.reject(index, conditions)
        }
        return outcome
    }

    private mutating func publishedAgain(_ index: Int, _ conditions: UplinkConditions) -> UplinkOutcome {
        open.clientWasHeard(of: index, at: conditions.now)
        if open[index].broker == .done {
            defer { open.remove(at: index) }
            return UplinkOutcome(.acknowledged, to: open[index])
        }
        guard open[index].isCut, conditions.takesMessages else { return UplinkOutcome() }
        guard open.mayForwardAgain(conditions) else { return UplinkOutcome(turningAway: true) }
        open[index].isCut = false
        open[index].isSuspect = conditions.closingCount > 0
        return UplinkOutcome(forward: open[index].token, isAgain: true)
    }

    /// Another message comes under the id of one that is not finished.
    private mutating func publishedAnother(
        _ message: UplinkMessage, over index: Int, _ conditions: UplinkConditions
    ) -> UplinkOutcome {
        let isLeftBehind = conditions.isLeftBehind(open[index])
        guard isLeftBehind || !message.isDuplicate else { return UplinkOutcome() }
        if open[index].client == .told {
            // Not yet left behind: this is a late copy of something older.
            guard isLeftBehind else { return UplinkOutcome() }
            // Without PUBREL the broker would take the new message for the old one, and a refusal could not be
            // remembered beside it.
            guard open[index].broker != .holds || conditions.isOpen else { return UplinkOutcome(turningAway: true) }
        }
        // A client that has heard of a refusal may use the id at once.
        let isOver = open[index].isRejected
        let release = open.letGo(index, isOpen: conditions.isOpen)
        let isOutOfTheWay = isLeftBehind || isOver || !release.isNone
        var outcome = isOutOfTheWay ? publishedAnew(message, conditions) : refused(message, conditions)
        if outcome.release.isNone { outcome.release = release }
        return outcome
    }

    /// Nothing is open under the message's id.
    private mutating func publishedAnew(_ message: UplinkMessage, _ conditions: UplinkConditions) -> UplinkOutcome {
        let known =
            message.isExactlyOnce
            ? ended.entry(message.messageID, within: conditions.patience, before: conditions.now) : nil
        guard let known else { return begun(message, conditions) }
        // Of an earlier life of the gateway: while this may be a copy nothing is said; what comes longer is another.
        if known.digest == .unknown, !conditions.mayBeCopied(known) { return begun(message, conditions) }
        if known.digest == .unknown { return UplinkOutcome(turningAway: true).at(UplinkCell(message.row, known.end)) }
        let isSame = known.digest.isSame(as: message.digest)
        let isLate =
            isSame && (message.isDuplicate || conditions.now.since(known.endedAt) < conditions.retryInterval)
        var outcome: UplinkOutcome
        switch known.end {
        case .finished where isLate: outcome = UplinkOutcome(.received, to: message)
        case .refused where isLate || message.isDuplicate:
            // A refusal is not said so late that it may come when the message has been taken after all.
            outcome =
                conditions.mayBeCopied(known) ? UplinkOutcome(refusing: message) : UplinkOutcome(turningAway: true)
        // Who repeats it has learned the topic id meanwhile; a copy that the network made has not.
        case .denied where isLate && !message.isDuplicate: outcome = UplinkOutcome(turningAway: true)
        case .finished, .refused, .denied: outcome = begun(message, conditions)
        }
        return outcome.at(UplinkCell(isSame ? .publishedSame : message.row, known.end))
    }

    private mutating func begun(_ message: UplinkMessage, _ conditions: UplinkConditions) -> UplinkOutcome {
        if !message.isDuplicate { inheritance.clientBegins(under: message.messageID) }
        ended.expire(after: conditions.patience, at: conditions.now)
        open.forgetWhatIsOver(conditions)
        if open.takeUp(message, conditions) {
            return UplinkOutcome(.received, to: message).at(UplinkCell(message.row, nil))
        }
        guard open.mayForward(conditions) else {
            return UplinkOutcome(turningAway: true).at(UplinkCell(message.row, nil))
        }
        // At QoS 2 the number must say, also to another life of the gateway, which message it was: one that is taken
        // will be free again.
        guard
            !message.isExactlyOnce || conditions.token == BrokerToken(following: message.messageID)
                || !hasRoom(conditions)
        else { return UplinkOutcome(turningAway: true).at(UplinkCell(message.row, nil)) }
        let isRemembered = !message.isExactlyOnce || ended.count < conditions.endedLimit
        guard conditions.takesMessages, !conditions.token.isNone, hasRoom(conditions), isRemembered else {
            var outcome = refused(message, conditions)
            if !hasRoom(conditions) { outcome.release = makeRoom(conditions) }
            return outcome.at(UplinkCell(message.row, nil))
        }
        ended.forget(message.messageID)
        var exchange = UplinkExchange(message, conditions.token, at: conditions.now)
        exchange.isSuspect = conditions.closingCount > 0
        guard inheritance.mayHold(conditions.token, before: message, isJustBack: conditions.isJustBack) else {
            open.append(exchange)
            return UplinkOutcome(forward: conditions.token, isAgain: message.isDuplicate)
                .at(UplinkCell(message.row, nil))
        }
        return waitForNumber(exchange, conditions).at(UplinkCell(message.row, nil))
    }

    /// The broker may have an older message under the number: until it says that it has not, it would take this one for
    /// that. Where the message cannot be kept so long, its repetition finds the number free.
    private mutating func waitForNumber(_ exchange: UplinkExchange, _ conditions: UplinkConditions) -> UplinkOutcome {
        var outcome = UplinkOutcome(turningAway: !conditions.keepsMessages)
        outcome.release = exchange.token
        if conditions.keepsMessages {
            outcome.keep = exchange.token
            open.append(exchange)
            open[open.count - 1].broker = .owesNumber
        } else {
            open.append(UplinkExchange(freeing: exchange.token, at: conditions.now))
        }
        return outcome
    }

    /// There is no way to the broker, or no room. It may have a repeated QoS 2 message already: a refusal would let the
    /// client begin anew under another message id, and the message come twice. Unanswered, it comes again under this.
    private mutating func refused(_ message: UplinkMessage, _ conditions: UplinkConditions) -> UplinkOutcome {
        guard message.isExactlyOnce else { return UplinkOutcome(refusing: message) }
        // A refusal that is not remembered could not be told from a message that was never heard.
        guard !message.isDuplicate, ended.count < 2 * conditions.endedLimit else {
            return UplinkOutcome(turningAway: true)
        }
        ended.note(message.messageID, .refused, message.digest, at: conditions.now)
        return UplinkOutcome(refusing: message)
    }

    /// The client has been told that its message's topic id is not known, or that it may not say that.
    mutating func denied(_ message: UplinkMessage, _ conditions: UplinkConditions) {
        open.letGoFormer(of: message, isOpen: conditions.isOpen)
        guard message.isExactlyOnce, ended.count < 2 * conditions.endedLimit, open.index(of: message.messageID) == nil,
            ended.entry(message.messageID, within: conditions.patience, before: conditions.now) == nil
        else { return }
        ended.note(message.messageID, .denied, message.digest, at: conditions.now)
    }

    /// There is no room for another request of the client: what is to be released at the broker, so that there will be.
    mutating func makeRoom(_ conditions: UplinkConditions) -> BrokerToken { open.makeRoom(conditions) }

    private mutating func released(_ messageID: MessageID, _ conditions: UplinkConditions) -> UplinkOutcome {
        guard let index = open.index(of: messageID) else { return releasedAnew(messageID, conditions) }
        let exchange = open[index]
        var outcome = UplinkOutcome()
        switch (exchange.client, exchange.broker) {
        case (.told, .holds) where !conditions.isOpen, (.waiting, _), (.gone, _): break
        case (.told, .holds):
            open.clientWasHeard(of: index, at: conditions.now)
            open[index].client = .released
            outcome.release = open.release(at: index)
        case (.told, .owesComplete), (.told, .owesReceived), (.told, .owesNumber):
            open.clientWasHeard(of: index, at: conditions.now)
            open[index].client = .released
        case (.told, .done):
            open.clientWasHeard(of: index, at: conditions.now)
            outcome = finish(index, conditions)
        case (.released, _): open.clientWasHeard(of: index, at: conditions.now)
        }
        return outcome.at(UplinkCell(.released, exchange.client))
    }

    /// A PUBREL that no exchange waits for: the PUBCOMP was lost, or it belongs to an exchange that an earlier life of
    /// the gateway began, and the broker knows.
    private mutating func releasedAnew(_ messageID: MessageID, _ conditions: UplinkConditions) -> UplinkOutcome {
        let known = ended.entry(messageID, within: conditions.patience, before: conditions.now)
        var outcome = UplinkOutcome()
        if let known {
            if known.end == .finished { outcome = UplinkOutcome(.completed, to: messageID) }
        } else {
            outcome = released(ofEarlierLife: messageID, conditions)
        }
        return outcome.at(UplinkCell(.released, known?.end))
    }

    private mutating func released(
        ofEarlierLife messageID: MessageID, _ conditions: UplinkConditions
    ) -> UplinkOutcome {
        let token = BrokerToken(following: messageID)
        guard messageID != 0, conditions.isOpen else { return UplinkOutcome() }
        if let index = open.index(of: token) {
            guard open[index].client == .gone, open[index].broker == .holds else { return UplinkOutcome() }
            open.remove(at: index)
        } else {
            guard hasRoomForRequest(conditions) else { return UplinkOutcome(release: makeRoom(conditions)) }
            guard conditions.token == token else { return UplinkOutcome() }
        }
        open.append(UplinkExchange(releasedBefore: messageID, token, at: conditions.now))
        return UplinkOutcome(release: token)
    }

    /// QoS 2 has come to its end with the client.
    private mutating func finish(_ index: Int, _ conditions: UplinkConditions) -> UplinkOutcome {
        let exchange = open.remove(at: index)
        // No copy of it is under way any more, and the client may use the message id for something else.
        guard conditions.now.since(exchange.since) < conditions.patience else { return UplinkOutcome() }
        if exchange.digest != .unknown || conditions.isOfEarlierLife(exchange) {
            ended.note(exchange.messageID, .finished, exchange.digest, at: conditions.now)
        }
        return exchange.isSleptOver ? UplinkOutcome() : UplinkOutcome(.completed, to: exchange)
    }

    // MARK: What the broker says

    private mutating func brokerAcknowledged(_ token: BrokerToken, _ conditions: UplinkConditions) -> UplinkOutcome {
        guard let index = open.index(of: token), !open[index].isExactlyOnce, open[index].broker == .owesReceived
        else { return .unexpected(.acknowledged) }
        let exchange = open[index]
        var outcome = UplinkOutcome()
        if exchange.client == .waiting, conditions.isHeld(exchange) {
            open[index].broker = .done
            open[index].token = .none
        } else {
            open.remove(at: index)
            if exchange.client == .waiting { outcome = UplinkOutcome(.acknowledged, to: exchange) }
        }
        outcome.acknowledged = exchange.begunAt
        if exchange.isSuspect { outcome.cleared = exchange.digest }
        return outcome.at(UplinkCell(.acknowledged, exchange.client))
    }

    private mutating func brokerReceived(_ token: BrokerToken, _ conditions: UplinkConditions) -> UplinkOutcome {
        guard let index = open.index(of: token) else {
            // The broker has a message that nothing here knows of: its number is taken until somebody releases it.
            if hasRoomForRequest(conditions) { open.append(UplinkExchange(heldUnder: token, at: conditions.now)) }
            return .unexpected(.received)
        }
        let exchange = open[index]
        guard exchange.isExactlyOnce else { return .unexpected(.received) }
        var outcome = UplinkOutcome()
        if exchange.broker == .owesReceived {
            open[index].isSuspect = false
            if exchange.client == .gone {
                outcome.release = open.release(at: index)
            } else {
                open[index].client = .told
                open[index].broker = .holds
                if !conditions.isHeld(exchange) {
                    open[index].since = conditions.now
                    outcome = UplinkOutcome(.received, to: exchange)
                }
            }
            outcome.acknowledged = exchange.begunAt
        }
        if exchange.isSuspect { outcome.cleared = exchange.digest }
        return outcome.at(UplinkCell(.received, exchange.client))
    }

    private mutating func brokerCompleted(_ token: BrokerToken, _ conditions: UplinkConditions) -> UplinkOutcome {
        guard let index = open.index(of: token), open[index].isExactlyOnce else { return .unexpected(.completed) }
        let exchange = open[index]
        if exchange.broker == .owesNumber {
            open[index].broker = .owesReceived
            return UplinkOutcome(forward: exchange.token, isAgain: false).at(UplinkCell(.completed, exchange.client))
        }
        guard exchange.broker == .owesComplete else { return .unexpected(.completed) }
        var outcome = UplinkOutcome()
        switch exchange.client {
        case .told:
            open[index].brokerIsDone()
            open[index].since = conditions.now
        case .released: outcome = finish(index, conditions)
        case .waiting: open[index].brokerIsDone()
        case .gone: open.remove(at: index)
        }
        return outcome.at(UplinkCell(.completed, exchange.client))
    }

    /// Takes the exchange out whose message the broker has refused; nil where none waits for an answer under the token.
    mutating func take(refusedUnder token: BrokerToken) -> UplinkExchange? {
        guard let index = open.index(of: token), open[index].broker == .owesReceived else { return nil }
        return open.remove(at: index)
    }

    mutating func noteRefused(_ exchange: UplinkExchange, at now: Instant) {
        ended.note(exchange.messageID, .refused, exchange.digest, at: now)
    }

    // MARK: The connections on both sides

    /// The broker connection is no more.
    mutating func brokerConnectionEnded() { open.brokerConnectionEnded() }

    /// The broker has a session that an earlier life of the gateway began.
    mutating func brokerHasInherited() { inheritance = Inheritance(isThere: true) }

    /// The broker's session is no more.
    ///
    /// - Returns: false where a QoS 2 message of the client may be lost with it: also one that is released, as many a
    ///   broker passes a message on only when it hears the PUBREL.
    mutating func brokerHasForgotten() -> Bool {
        inheritance = Inheritance()
        defer { open.brokerHasForgotten() }
        return !needsBrokersMemory
    }

    /// After the broker has come back with its session: what is to be released once more; asked until it is none.
    mutating func takeOwedRelease() -> BrokerToken { open.takeOwedRelease() }

    /// The client leaves before it has released what the broker has: what is to be released in its place; asked until
    /// it is none. Whoever comes back for one finds it finished.
    mutating func takeHeldRelease() -> BrokerToken { open.takeHeldRelease() }

    /// The client has said CONNECT, and its session goes on.
    mutating func clientReconnected() {
        open.clientReconnected()
        ended.forgetUnknown()
    }

    mutating func clientFellAsleep() { open.clientFellAsleep() }

    /// Nothing of an earlier session survives.
    mutating func removeAll() { self = Uplink() }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        open.checkInvariants() ?? ended.checkInvariants() ?? inheritance.checkInvariants()
    }
}

import MQTTSN
import Time

// What the client does not take though it is there, and what no topic id can be given to (promise 1, GW-87): QoS 0 is
// dropped, QoS 1 and 2 stay unacknowledged at the broker, are tried again, and hold up nothing else.

extension ClientSession {
    /// The first message lets the others pass.
    mutating func setFirstAside(isUnanswered: Bool, in environment: inout Environment) {
        clock.stop()
        guard environment.store[downlink.first].qos != .atMostOnce else {
            discardFirst(Occurrence.messageDroppedNotRegistered, in: &environment)
            return warnOfMisses(in: &environment)
        }
        let patience = link(in: environment).patience
        downlink.setFirstAside(
            isUnanswered: isUnanswered, at: environment.now, patience: patience, in: &environment.store)
        let limit = environment.limits.undeliverablePerClient
        while let index = downlink.aside.takeExcess(limit: limit, in: &environment.store) {
            giveUp(index, in: &environment)
        }
    }

    /// The broker cannot keep any number of messages for a client that does not take them: the oldest is acknowledged
    /// in its place.
    private mutating func giveUp(_ index: StoredMessageIndex, in environment: inout Environment) {
        let message = environment.store[index]
        defer {
            environment.store.remove(index)
            environment.topicNames.release(message.topicName)
        }
        if message.isDoubtful || message.qos == .atLeastOnce { noteGivenUp(index, in: &environment) }
        if let token = message.tokenToAnswer {
            if case .released = message.state {
                environment.complete(token, on: upstream)
            } else if !message.state.isWithClient {
                acknowledgeToBroker(message.qos, token, in: &environment)
            }
        }
        downlink.settle(message)
        observe(
            .messageUndeliverable(QualityOfService(message.qos), octets: Int(message.payloadByteCount)),
            in: &environment)
        warnOfMisses(in: &environment)
    }

    /// What the broker may send again, though it is over for the client.
    mutating func noteGivenUp(_ index: StoredMessageIndex, in environment: inout Environment) {
        let (token, standing) = (environment.store[index].token, environment.store[index].tokenStanding)
        guard !token.isNone, standing != .unnamed else { return }
        downlink.noteGivenUp(token, digest(of: index, in: environment), in: environment.store)
    }

    private func digest(of index: StoredMessageIndex, in environment: borrowing Environment) -> MessageDigest {
        let name = environment.topicNames.name(environment.store[index].topicName)
        var payload: [UInt8] = []
        environment.store.appendPayload(of: index, to: &payload)
        return MessageDigest(of: payload.span.bytes, named: name.span.bytes)
    }

    /// A drop that the configuration allows is said once per client.
    private mutating func warnOfMisses(in environment: inout Environment) {
        if downlink.aside.mayWarn() { observe(.clientMissesMessages, in: &environment) }
    }

    /// The client is heard and does not answer what is under way: the others have their turn.
    mutating func passOver(in environment: inout Environment) {
        standAside(in: &environment)
        goOn(in: &environment)
    }

    /// What is under way does not hold up the rest any longer. An id that the client has had before a CONNECT it may
    /// well still have, though it does not answer a REGISTER: it is used, until the client denies it.
    mutating func standAside(in environment: inout Environment) {
        if let (topicID, _) = downlink.registration {
            topics.noteIgnored(topicID)
            stopAsking()
        } else {
            setFirstAside(isUnanswered: true, in: &environment)
        }
    }

    /// What needs no answer goes past what the client has not answered in time, where the client knows its topic; so
    /// much at a time that others have their turn.
    mutating func letPass(in environment: inout Environment) {
        downlink.passOn(at: nil)
        guard clock.isOverdue, state == .active, downlink.waiting.atMostOnceCount > 0 else { return }
        var index = downlink.waiting.oldestAtMostOnce
        var (lookedAtCount, sentCount) = (0, 0)
        while index != .none, lookedAtCount < Remnants.portion, sentCount < Self.messagesAtATime {
            let next = environment.store[index].nextOfKind
            if let reference = reference(to: environment.store[index].topicName, in: environment) {
                downlink.takeAtMostOnce(index, in: &environment.store)
                sendPassing(index, as: reference, in: &environment)
                sentCount += 1
            }
            index = next
            lookedAtCount += 1
        }
        if sentCount == Self.messagesAtATime { downlink.passOn(at: environment.now + Environment.breath) }
    }

    /// Puts older messages of the same topic before the first one, so that order holds inside a topic; not those that
    /// the client has left unanswered twice.
    ///
    /// - Returns: whether there were any.
    mutating func putOlderFirst(on name: TopicNameIndex, in environment: inout Environment) -> Bool {
        guard downlink.asideCount > 0 else { return false }
        let count = downlink.asideCount
        tryUndeliverable(in: &environment) { message, _, _ in message.topicName == name && message.timesUnanswered < 2 }
        return downlink.asideCount < count
    }

    // MARK: Another attempt

    /// The client has answered: what it did not answer once is worth another attempt, but no more than one, as it holds
    /// up the rest.
    mutating func tryUnanswered(in environment: inout Environment) {
        tryUndeliverable(in: &environment) { message, session, environment in
            message.timesUnanswered == 1 && session.reference(to: message.topicName, in: environment) != nil
        }
    }

    /// The client has answered a REGISTER: it may answer those that it did not answer before.
    mutating func tryUnregistered(in environment: inout Environment) {
        tryUndeliverable(in: &environment) { message, session, environment in
            message.timesUnanswered == 1 && session.reference(to: message.topicName, in: environment) == nil
        }
    }

    /// The client knows the name now, by its own request: it need not be told, and what waits for that goes on.
    mutating func tryUndeliverable(on topicID: TopicID, in environment: inout Environment) {
        let isBeingTold = downlink.registration?.topicID == topicID
        guard isBeingTold || downlink.asideCount > 0, let name = topics.entry(topicID)?.name else { return }
        if isBeingTold { stopAsking() }
        tryUndeliverable(in: &environment) { message, _, _ in message.topicName == name }
        deliver(in: &environment)
    }

    /// The client has begun anew, and may take everything.
    mutating func tryAllUndeliverable(in environment: inout Environment) {
        downlink.forgetUnanswered(in: &environment.store)
        tryUndeliverable(in: &environment) { _, _, _ in true }
    }

    /// Time has passed: there may be a topic id by now. What was not answered is tried only now and then, as it holds
    /// up the rest meanwhile.
    mutating func tryUndeliverableInTime(in environment: inout Environment) {
        guard let due = downlink.aside.nextAttempt, due <= environment.now else { return }
        let patience = link(in: environment).patience
        let isAll = downlink.aside.beginRound(
            at: environment.now, patience: patience, isRestEmpty: downlink.isEmpty)
        tryUndeliverable(in: &environment) { message, session, environment in
            if message.timesUnanswered > 0 { return isAll }
            return session.topicID(toDeliver: message.topicName, in: &environment) != nil
        }
    }

    private mutating func tryUndeliverable(
        in environment: inout Environment,
        where isTried: (StoredMessage, inout ClientSession, inout Environment) -> Bool
    ) {
        guard downlink.asideCount > 0 else { return }
        var waiting = downlink.aside.takeAll()
        var (tried, aside) = (DeliveryQueue(), DeliveryQueue())
        while !waiting.isEmpty {
            let index = waiting.takeFirst(in: &environment.store)
            if isTried(environment.store[index], &self, &environment) {
                askAgain(environment.store[index].topicName)
                tried.append(index, in: &environment.store)
            } else {
                aside.append(index, in: &environment.store)
            }
        }
        downlink.aside.putBack(aside)
        downlink.putBack(tried, in: &environment.store)
    }

    private mutating func askAgain(_ name: TopicNameIndex) {
        guard let topicID = topics.id(for: name), topics.entry(topicID)?.standing == .ignored else { return }
        topics.setStanding(.unknown, of: topicID)
    }
}

import Bytes
import MQTTSN

// PUBLISH and PUBREL from the client (MQTT-SN 1.2 §6.6), and the acknowledgements that the broker's bring about: end to
// end, the gateway never answers for the broker. What is to be said when stands in `Uplink`.

extension ClientSession {
    mutating func receivePublish(_ publish: Publish, _ datagram: RawSpan, in environment: inout Environment) {
        guard let qos = QoS(publish.flags.qos) else {
            return forwardQoSMinusOne(publish, datagram, in: &environment)
        }
        if qos != .atMostOnce, publish.messageID == 0 {
            refusePublish(publish, .notSupported, in: &environment)  // GW-43
            return
        }
        let payload = datagram.extracting(publish.data)
        guard qos.rawValue <= maximumQoS(in: environment) else {
            if !takesQoS(qos, in: environment) { exceedsRule(publish, in: &environment) }
            return deny(publish, qos, payload, .notSupported, in: &environment)
        }
        switch resolve(publish, in: environment) {
        case .name(let index):
            let name = environment.topicNames.name(index)
            forward(publish, qos, topicName: name.span.bytes, payload, in: &environment)
        case .shortName(let octets):
            forward(publish, qos, topicName: octets.span.bytes, payload, in: &environment)
        case .refused(let code): deny(publish, qos, payload, code, in: &environment)
        }
    }

    /// The QoS is none that the rule allows, whatever the topic; one without a name cannot be told.
    private mutating func exceedsRule(_ publish: Publish, in environment: inout Environment) {
        switch resolve(publish, in: environment) {
        case .name(let index):
            let name = environment.topicNames.name(index)
            environment.exceedsRule(name.span.bytes, clientID, identity, peer: route?.peer)
        case .shortName(let octets):
            environment.exceedsRule(octets.span.bytes, clientID, identity, peer: route?.peer)
        case .refused: observe(.requestRefusedByRule, in: &environment)
        }
    }

    /// The topic is none that the client may publish to, or the QoS none.
    private mutating func deny(
        _ publish: Publish, _ qos: QoS, _ payload: RawSpan, _ code: ReturnCode, in environment: inout Environment
    ) {
        refusePublish(publish, code, in: &environment)
        if qos != .atMostOnce { uplink.denied(UplinkMessage(publish, payload), conditions(in: environment)) }
    }

    /// What a topic reference stands for.
    private enum ResolvedTopic {
        case name(TopicNameIndex)
        /// Nobody needs to hold this name for the client to publish to it.
        case shortName([2 of UInt8])
        case refused(ReturnCode)
    }

    /// The name behind the topic reference (GW-44, GW-46, GW-47, GW-48).
    @inline(__always)
    private mutating func resolve(_ publish: Publish, in environment: borrowing Environment) -> ResolvedTopic {
        let name: TopicNameIndex?
        switch publish.flags.topicIDType {
        case .normal: name = topics.nameUsedByClient(publish.topicID, at: environment.now)
        case .predefined: name = environment.predefinedTopics.name(for: publish.topicID, clientID: clientID)
        case .shortName:
            return Environment.shortName(publish.topicID).map { .shortName($0) } ?? .refused(.notSupported)
        case .reserved: return .refused(.notSupported)
        }
        return name.map { .name($0) } ?? .refused(.invalidTopicID)
    }

    private mutating func forward(
        _ publish: Publish, _ qos: QoS, topicName: RawSpan, _ payload: RawSpan, in environment: inout Environment
    ) {
        guard mayPublish(to: topicName, qos, in: &environment) else {
            return deny(publish, qos, payload, .notSupported, in: &environment)
        }
        let byteCount = topicName.byteCount + payload.byteCount
        guard qos != .atMostOnce else {
            return forwardAtMostOnce(publish, topicName: topicName, payload, in: &environment)
        }
        let message = UplinkMessage(publish, payload)
        var conditions = conditions(for: message, byteCount: byteCount, in: environment)
        if exceedsBroker(topicName, payload, qos, publish, in: &environment) { conditions.closingCount = 2 }
        let outcome = uplink.step(.published(message), conditions)
        environment.count(outcome.cell)
        if publish.flags.duplicate || outcome.cell?.row == .publishedSame { noteRepeated(qos, in: &environment) }
        if !outcome.release.isNone { environment.release(outcome.release, on: upstream) }
        if !outcome.forward.isNone {
            tokens.take(outcome.forward, for: publish.messageID)
            environment.publish(
                topicName, payload, qos: qos, retain: passesRetain(publish.flags, in: environment),
                duplicate: outcome.isForwardedAgain, token: outcome.forward, on: upstream)
            let topic = TopicReference(type: publish.flags.topicIDType, topicID: publish.topicID)
            // The first one may have been lost on its way here.
            if !outcome.isForwardedAgain || outcome.cell?.row == .publishedOtherDuplicate {
                noteForwarded(topic, qos, in: &environment)
            }
            noteSaid(qos, topic, in: environment)
        } else if qos == .exactlyOnce, outcome.answer == nil {
            noteRepetition(in: &environment)
        }
        if !outcome.keep.isNone {
            tokens.take(outcome.keep, for: publish.messageID)
            let retain = passesRetain(publish.flags, in: environment)
            keep(topicName, payload, retain: retain, token: outcome.keep, in: &environment)
        }
        if outcome.isTurnedAway { turnAway(byteCount, qos, in: &environment) }
        if let answer = outcome.answer {
            if answer.kind == .refused { turnAway(byteCount, qos, in: &environment) }
            if answer.kind == .rejected { observeRefusal(.notSupported, in: &environment) }
            say(answer, in: &environment)
        }
    }

    /// Whether the broker has said that it takes no such message: the client is told so, once and for good, instead of
    /// losing its connection (MQTT 5.0 §3.2.2.3).
    @inline(__always)
    private func exceedsBroker(
        _ topicName: RawSpan, _ payload: RawSpan, _ qos: QoS, _ publish: Publish, in environment: inout Environment
    ) -> Bool {
        let excess = environment.excess(
            of: topicName.byteCount, payload.byteCount, qos, retain: passesRetain(publish.flags, in: environment),
            on: upstream)
        guard let excess else { return false }
        observe(.messageExceedsBroker(excess, octets: payload.byteCount), in: &environment)
        return true
    }

    private mutating func forwardAtMostOnce(
        _ publish: Publish, topicName: RawSpan, _ payload: RawSpan, in environment: inout Environment
    ) {
        if exceedsBroker(topicName, payload, .atMostOnce, publish, in: &environment) {
            return refusePublish(publish, .notSupported, in: &environment)
        }
        let digest = MessageDigest(ofAtMostOnce: payload, publish.topicID, publish.flags)
        let closingCount =
            environment.unwelcome.isEmpty
            ? 0 : environment.unwelcome.closingCount(clientID, digest, at: environment.now)
        guard closingCount < 2 else { return refusePublish(publish, .notSupported, in: &environment) }
        if closingCount == 0, broker.isRestoring,
            keepAtMostOnce(publish, digest, topicName: topicName, payload, in: &environment)
        {
            return
        }
        let mayPass =
            closingCount == 0
            || !atMostOnce.isTrying && !environment.awaitsPingResponse(upstream) && uplink.isQuiet
        guard mayPass, environment.takes(topicName.byteCount + payload.byteCount, .atMostOnce, on: upstream) else {
            return refusePublish(publish, .congestion, in: &environment)
        }
        let retain = passesRetain(publish.flags, in: environment)
        environment.publish(topicName, payload, qos: .atMostOnce, retain: retain, on: upstream)
        let topic = TopicReference(type: publish.flags.topicIDType, topicID: publish.topicID)
        noteForwarded(topic, .atMostOnce, in: &environment)
        noteSaid(.atMostOnce, topic, in: environment)
        guard closingCount > 0 else { return atMostOnce.publish(digest) }
        atMostOnce.attempt(digest)
        environment.askForLife(upstream)
    }

    /// The broker has answered a PINGREQ, and so has taken what went before it.
    mutating func brokerAnsweredPing(in environment: inout Environment) {
        if let taken = atMostOnce.brokerAnswered() { environment.unwelcome.brokerTook(clientID, taken) }
    }

    /// Counts a message for which there is no way to the broker, or no room, just now.
    private func turnAway(_ byteCount: Int, _ qos: QoS, in environment: inout Environment) {
        _ = environment.takes(byteCount, qos, on: upstream)
        observeRefusal(.congestion, in: &environment)
    }

    /// What the table of exchanges depends on besides itself, for a message of `byteCount` octets.
    @inline(__always)
    private func conditions(
        for message: UplinkMessage, byteCount: Int, in environment: borrowing Environment
    ) -> UplinkConditions {
        var conditions = conditions(in: environment)
        conditions.token = nextToken(preferring: message.messageID)
        if !environment.unwelcome.isEmpty {
            conditions.closingCount = environment.unwelcome.closingCount(
                clientID, message.digest, at: environment.now)
            conditions.isTryingOther = atMostOnce.isTrying
        }
        conditions.takesMessages = environment.couldTake(byteCount, on: upstream)
        let keptByteCount = Limits.queuedByteCount(nameByteCount: 0, payloadByteCount: byteCount)
        conditions.keepsMessages = environment.store.byteCount + keptByteCount <= environment.limits.queuedByteCount
        return conditions
    }

    /// What the table of exchanges depends on besides itself, where no message is to be forwarded.
    @inline(__always)
    func conditions(in environment: borrowing Environment) -> UplinkConditions {
        let link = link(in: environment)
        return UplinkConditions(
            now: environment.now, connectedAt: supervision.connectedSince, patience: link.patience,
            retryInterval: link.retryInterval, limit: environment.limits.exchangesPerClient - requests.count,
            receiveMaximum: environment.receiveMaximum(on: upstream),
            endedLimit: environment.limits.endedExchangesPerClient, isOpen: environment.isOpen(upstream),
            takesMessages: false)
    }

    /// A token for a request of this client, that which goes with its own message id where that is free; none where no
    /// number is.
    @inline(__always)
    func nextToken(preferring messageID: MessageID) -> BrokerToken {
        tokens.next(preferring: messageID, uplink, requests)
    }

    /// A PUBACK with an error may answer a PUBLISH of any QoS and ends its exchange (GW-44, GW-45, AMB-18).
    private func refusePublish(_ publish: Publish, _ code: ReturnCode, in environment: inout Environment) {
        observeRefusal(code, in: &environment)
        let answer = PublishAcknowledgement(
            topicID: publish.topicID, messageID: publish.messageID, returnCode: code)
        send(.publishAcknowledgement(answer), in: &environment)
    }

    /// GW-41, GW-42, GW-45.
    @inline(__always)
    private func say(_ answer: UplinkAnswer, in environment: inout Environment) {
        switch answer.kind {
        case .acknowledged, .refused, .rejected:
            let code: ReturnCode =
                switch answer.kind {
                case .refused: .congestion
                case .rejected: .notSupported
                case .acknowledged, .received, .completed: .accepted
                }
            let acknowledgement = PublishAcknowledgement(
                topicID: answer.topicID, messageID: answer.messageID, returnCode: code)
            send(.publishAcknowledgement(acknowledgement), in: &environment)
        case .received: send(.publishReceived(answer.messageID), in: &environment)
        case .completed: send(.publishComplete(answer.messageID), in: &environment)
        }
    }

    // MARK: QoS 2, step by step between client and broker (GW-42)

    /// A PUBREL that no exchange waits for belongs to one that an earlier connection began: the broker knows.
    mutating func receivePublishRelease(_ messageID: MessageID, in environment: inout Environment) {
        guard messageID != 0 else { return observeUnexpected(.publishRelease(messageID), in: &environment) }
        var conditions = conditions(in: environment)
        conditions.token = nextToken(preferring: messageID)
        carryOut(uplink.step(.released(messageID), conditions), in: &environment)
    }

    /// What the broker says of the client's messages.
    ///
    /// - Returns: false where it answers nothing that is open.
    mutating func brokerAnswered(_ fact: UplinkFact, in environment: inout Environment) -> Bool {
        if fact.isOfExactlyOnce { broker.conduct.exactlyOnceAnswered() }
        if case .refused(let token, _) = fact, uplink.isExactlyOnce(token) { broker.conduct.exactlyOnceAnswered() }
        let outcome = uplink.step(fact, conditions(in: environment))
        carryOut(outcome, in: &environment)
        if let begunAt = outcome.acknowledged {
            let isExactlyOnce = if case .received = fact { true } else { false }
            observe(
                .messageAcknowledged(
                    isExactlyOnce ? .exactlyOnce : .atLeastOnce, after: begunAt.age(at: environment.now)),
                in: &environment)
        }
        if case .refused = fact, let kind = outcome.answer?.kind {
            observeRefusal(kind == .rejected ? .notSupported : .congestion, in: &environment)
        }
        if case .completed(let token) = fact {
            numberIsFree(token, isWanted: !outcome.forward.isNone, in: &environment)
        }
        return !outcome.isUnexpected
    }

    /// Says what a step that forwards nothing asks for.
    private mutating func carryOut(_ outcome: UplinkOutcome, in environment: inout Environment) {
        environment.count(outcome.cell)
        if let cleared = outcome.cleared { environment.unwelcome.brokerTook(clientID, cleared) }
        if !outcome.release.isNone { environment.release(outcome.release, on: upstream) }
        if let answer = outcome.answer { say(answer, in: &environment) }
        brokerMayBeLeft(in: &environment)
    }

    /// Something of the client has come to its end at the broker: what waits for that goes on.
    private mutating func brokerMayBeLeft(in environment: inout Environment) {
        if isLeaving {
            goOnLeaving(in: &environment)
        } else if setUp.isAwaitingRest {
            releaseHeld(in: &environment)
            if !canLoseMessage { restIsOver(in: &environment) }
        } else {
            keepSessionAtBroker(in: &environment)
        }
    }

    /// Where there is no room for another request, an exchange that the client has left behind makes way.
    mutating func makeRoomForRequest(in environment: inout Environment) {
        let token = uplink.makeRoom(conditions(in: environment))
        if !token.isNone { environment.release(token, on: upstream) }
    }

    /// Whether the client may have one more request open at the broker.
    @inline(__always)
    func hasRoomForRequest(in environment: borrowing Environment) -> Bool {
        uplink.hasRoomForRequest(conditions(in: environment))
    }

    // MARK: The broker connection

    /// What the broker has and the client has not released is released in its place: the client, when it comes back
    /// for it, finds it finished.
    mutating func releaseHeld(in environment: inout Environment) {
        while true {
            let token = uplink.takeHeldRelease()
            guard !token.isNone else { return }
            environment.release(token, on: upstream)
        }
    }

    /// After the broker has come back with its session: what may not have reached it is said again.
    mutating func releaseAgain(in environment: inout Environment) {
        while true {
            let token = uplink.takeOwedRelease()
            guard !token.isNone else { return }
            environment.release(token, on: upstream)
        }
    }
}

import Bytes
import MQTTSN

// PUBLISH from the client (MQTT-SN 1.2 §6.6) and the acknowledgements that the broker's bring about: end to end, the
// gateway never answers for the broker.

extension ClientSession {
    mutating func receivePublish(_ publish: Publish, _ datagram: RawSpan, in environment: inout Environment) {
        guard let qos = QoS(publish.flags.qos) else {
            environment.forwardQoSMinusOne(publish, datagram, clientID: clientID, peer: route?.peer)
            return
        }
        if qos != .atMostOnce, publish.messageID == 0 {
            refusePublish(publish, .notSupported, in: &environment)  // GW-43
            return
        }
        if qos != .atMostOnce, answerRepetition(publish, qos, datagram, in: &environment) { return }
        let payload = datagram.extracting(publish.data)
        switch resolve(publish, in: environment) {
        case .name(let index):
            let name = environment.topicNames.name(index)
            forward(publish, qos, topicName: name.span.bytes, payload, in: &environment)
        case .shortName(let octets):
            forward(publish, qos, topicName: octets.span.bytes, payload, in: &environment)
        case .refused(let code): refusePublish(publish, code, in: &environment)
        }
    }

    /// What a topic reference stands for.
    private enum ResolvedTopic {
        case name(TopicNameIndex)
        /// Nobody needs to hold this name for the client to publish to it.
        case shortName([2 of UInt8])
        case refused(ReturnCode)
    }

    /// The name behind the topic reference (GW-44, GW-46, GW-47, GW-48).
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
        _ publish: Publish, _ qos: QoS, topicName: RawSpan, _ payload: RawSpan,
        in environment: inout Environment
    ) {
        // Where one is open under the message id, the connection has ended before the PUBREC, and the message is sent
        // again.
        let interrupted = qos == .atMostOnce ? nil : publishExchangeIndex(messageID: publish.messageID)
        guard qos == .atMostOnce || interrupted != nil || !hasNoRoomForExchange(in: &environment),
            let token = token(for: publish, qos, interrupted)
        else {
            turnAway(publish, in: &environment)
            return
        }
        let isForwarded = environment.publish(
            topicName, payload, qos: qos, retain: publish.flags.retain, duplicate: publish.flags.duplicate,
            token: token, on: upstream)
        guard isForwarded else {
            turnAway(publish, in: &environment)
            return
        }
        observe(.messageForwarded, in: &environment)
        guard qos != .atMostOnce else { return }
        var exchange = ClientExchange(
            stage: qos == .atLeastOnce ? .awaitingPublishAcknowledgement : .awaitingPublishReceived,
            messageID: publish.messageID, token: token, topicID: publish.topicID)
        exchange.since = environment.now
        if qos == .exactlyOnce {
            exchange.digest = Self.digest(of: payload, publish.topicID)
            recentlyCompleted.forget(publish.messageID)
            recentlyRefused.forget(publish.messageID)
        }
        if let interrupted { exchanges[interrupted] = exchange } else { exchanges.append(exchange) }
    }

    /// There is no way to the broker just now. It may have a repeated QoS 2 message already: a refusal would let the
    /// client begin anew under another message id, and the message come twice. Unanswered, it comes again under this.
    private mutating func turnAway(_ publish: Publish, in environment: inout Environment) {
        guard publish.flags.qos == .exactlyOnce, publish.flags.duplicate else {
            return refusePublish(publish, .congestion, in: &environment)
        }
        observeRefusal(.congestion, in: &environment)
    }

    private mutating func token(for publish: Publish, _ qos: QoS, _ interrupted: Int?) -> BrokerToken? {
        if qos == .atMostOnce { return BrokerToken.none }
        return interrupted.map { exchanges[$0].token } ?? freeToken(preferring: publish.messageID)
    }

    // MARK: Repetitions

    /// Deals with a PUBLISH under a message id that is in use, or was until just now.
    ///
    /// - Returns: false where it is to be forwarded.
    private mutating func answerRepetition(
        _ publish: Publish, _ qos: QoS, _ datagram: RawSpan, in environment: inout Environment
    ) -> Bool {
        guard let index = publishExchangeIndex(messageID: publish.messageID) else {
            if isRefusedCopy(publish, qos, in: environment) {
                refusePublish(publish, .congestion, in: &environment)
                return true
            }
            guard isLateCopy(publish, qos, datagram, in: environment) else { return false }
            send(.publishReceived(publish.messageID), in: &environment)
            return true
        }
        let isRepeated = publish.flags.duplicate && qos == .exactlyOnce
        if !isRepeated, isLeftBehind(exchanges[index], in: environment) {
            // Another message: the old one must be out of the way, and the broker must not take this one for it.
            if completeForClient(at: index, in: &environment) { return false }
            refusePublish(publish, .congestion, in: &environment)
            return true
        }
        if exchanges[index].isInterrupted, exchanges[index].stage == .awaitingPublishReceived { return false }
        exchanges[index].isSleptOver = false
        if exchanges[index].stage == .awaitingPublishRelease {
            // The broker has answered, so the client is answered at once (GW-50).
            exchanges[index].since = environment.now
            send(.publishReceived(publish.messageID), in: &environment)
        }
        return true
    }

    /// Whether this is a copy of a QoS 2 message that has come to its end, sent before the PUBREC and late on its way.
    /// Forwarded, it would be delivered twice, and nobody would send its PUBREL.
    private func isLateCopy(
        _ publish: Publish, _ qos: QoS, _ datagram: RawSpan, in environment: borrowing Environment
    ) -> Bool {
        guard qos == .exactlyOnce, publish.flags.duplicate else { return false }
        return recentlyCompleted.contains(
            publish.messageID, digest: Self.digest(of: datagram.extracting(publish.data), publish.topicID),
            endedWithin: link(in: environment).patience, before: environment.now)
    }

    /// Whether this is a copy of a QoS 2 message that there was no room for just now. The client begins anew under
    /// another message id as soon as it hears of that: forwarded, the message would be delivered twice (AMB-24).
    private func isRefusedCopy(
        _ publish: Publish, _ qos: QoS, in environment: borrowing Environment
    ) -> Bool {
        guard qos == .exactlyOnce, publish.flags.duplicate else { return false }
        return recentlyRefused.contains(
            publish.messageID, endedWithin: link(in: environment).patience, before: environment.now)
    }

    /// A number by which a message is told from another one under the same message id (FNV-1a).
    private static func digest(of payload: RawSpan, _ topicID: TopicID) -> UInt32 {
        var digest = (0x811C_9DC5 ^ UInt32(topicID)) &* 0x0100_0193
        for index in 0..<payload.byteCount {
            digest = (digest ^ UInt32(payload[unchecked: index])) &* 0x0100_0193
        }
        return digest
    }

    /// A PUBACK with an error may answer a PUBLISH of any QoS and ends its exchange (GW-44, GW-45, AMB-18).
    private mutating func refusePublish(
        _ publish: Publish, _ code: ReturnCode, in environment: inout Environment
    ) {
        observeRefusal(code, in: &environment)
        if code == .congestion, publish.flags.qos == .exactlyOnce {
            recentlyRefused.note(publish.messageID, at: environment.now)
        }
        let answer = PublishAcknowledgement(
            topicID: publish.topicID, messageID: publish.messageID, returnCode: code)
        send(.publishAcknowledgement(answer), in: &environment)
    }

    // MARK: QoS 1, answered by the broker

    /// GW-41.
    mutating func brokerAcknowledged(_ token: BrokerToken, in environment: inout Environment) -> Bool {
        guard let index = exchangeIndex(token: token),
            exchanges[index].stage == .awaitingPublishAcknowledgement
        else { return false }
        let exchange = exchanges[index]
        exchanges.remove(at: index)
        let answer = PublishAcknowledgement(
            topicID: exchange.topicID, messageID: exchange.messageID, returnCode: .accepted)
        self.answer(exchange, .publishAcknowledgement(answer), in: &environment)
        return true
    }

    // MARK: QoS 2, step by step between client and broker (GW-42)

    mutating func brokerReceived(_ token: BrokerToken, in environment: inout Environment) -> Bool {
        guard let index = exchangeIndex(token: token) else { return false }
        switch exchanges[index].stage {
        case .awaitingPublishReceived:
            exchanges[index].stage = .awaitingPublishRelease
            exchanges[index].since = environment.now
            answer(exchanges[index], .publishReceived(exchanges[index].messageID), in: &environment)
            return true
        case .awaitingPublishRelease, .awaitingPublishComplete: return true
        case .awaitingPublishAcknowledgement, .awaitingSubscribeAcknowledgement, .awaitingUnsubscribeAcknowledgement,
            .awaitingResubscription:
            return false
        }
    }

    /// A PUBREL that no exchange waits for belongs to one that an earlier connection began: the broker knows.
    mutating func receivePublishRelease(_ messageID: MessageID, in environment: inout Environment) {
        guard messageID != 0 else { return observeUnexpected(.publishRelease(messageID), in: &environment) }
        var token = BrokerToken(following: messageID)
        if let index = publishExchangeIndex(messageID: messageID) {
            exchanges[index].isSleptOver = false
            guard exchanges[index].stage == .awaitingPublishRelease else { return }
            token = exchanges[index].token
            guard environment.release(token, on: upstream) else { return }
            exchanges[index].stage = .awaitingPublishComplete
            exchanges[index].isInterrupted = false
            return
        }
        // The PUBCOMP was lost, or a late copy of the PUBLISH has just been answered.
        if recentlyCompleted.contains(
            messageID, endedWithin: link(in: environment).patience, before: environment.now)
        {
            recentlyCompleted.settle(messageID, at: environment.now)
            send(.publishComplete(messageID), in: &environment)
            return
        }
        guard exchangeIndex(token: token) == nil, !hasNoRoomForExchange(in: &environment),
            environment.release(token, on: upstream)
        else { return }
        exchanges.append(
            ClientExchange(stage: .awaitingPublishComplete, messageID: messageID, token: token))
    }

    mutating func brokerCompleted(_ token: BrokerToken, in environment: inout Environment) -> Bool {
        guard let index = exchangeIndex(token: token), exchanges[index].stage == .awaitingPublishComplete
        else { return false }
        let exchange = exchanges.remove(at: index)
        guard exchange.messageID != 0 else { return true }
        recentlyCompleted.note(exchange.messageID, digest: exchange.digest, at: environment.now)
        answer(exchange, .publishComplete(exchange.messageID), in: &environment)
        return true
    }
}

import Bytes
import MQTTSN

// SUBSCRIBE and UNSUBSCRIBE (MQTT-SN 1.2 §6.9).

/// What a SUBSCRIBE or UNSUBSCRIBE names: the filter the broker is asked for, in use by its holder, and the id that the
/// SUBACK gives.
private struct SubscriptionTarget {
    var filter: TopicNameIndex
    var topicID: TopicID
}

extension ClientSession {
    mutating func receiveSubscribe(
        _ subscribe: Subscribe, _ datagram: RawSpan, in environment: inout Environment
    ) {
        guard let qos = QoS(subscribe.flags.qos), subscribe.messageID != 0 else {
            refuseSubscribe(subscribe.messageID, .notSupported, in: &environment)
            return
        }
        switch target(subscribe.flags.topicIDType, datagram.extracting(subscribe.topic), in: &environment) {
        case .failure(let refusal):
            refuseSubscribe(subscribe.messageID, refusal.code, topicID: refusal.topicID, in: &environment)
        case .success(let target):
            let wanted = ClientExchange.Stage.awaitingSubscribeAcknowledgement(filter: target.filter, qos: qos)
            if let index = requestIndex(messageID: subscribe.messageID) {
                if exchanges[index].stage == wanted {
                    exchanges[index].isSleptOver = false
                } else {
                    refuseSubscribe(subscribe.messageID, .congestion, in: &environment)
                }
                environment.topicNames.release(target.filter)
                return
            }
            if let index = answeredSubscription(to: target.filter, subscribe.messageID, qos, in: environment) {
                answer(subscriptions[index], in: &environment)
                environment.topicNames.release(target.filter)
                return
            }
            forwardSubscribe(subscribe.messageID, qos, target, in: &environment)
        }
    }

    /// The SUBSCRIBE or UNSUBSCRIBE under this message id that the broker has not answered yet. The same once more is a
    /// repetition, and asking twice would bring the retained messages twice (GW-79); another one must wait, as the
    /// answer could not tell which is meant (AMB-28).
    private func requestIndex(messageID: MessageID) -> Int? {
        exchanges.firstIndex { !$0.isPublish && $0.messageID == messageID }
    }

    /// The subscription whose SUBACK the client has missed.
    private func answeredSubscription(
        to filter: TopicNameIndex, _ messageID: MessageID, _ qos: QoS, in environment: borrowing Environment
    ) -> Int? {
        let patience = link(in: environment).patience
        return subscriptions.firstIndex {
            $0.filter == filter && $0.messageID == messageID && $0.requestedQoS == qos
                && environment.now.since($0.answeredAt) < patience
        }
    }

    private mutating func forwardSubscribe(
        _ messageID: MessageID, _ qos: QoS, _ target: SubscriptionTarget, in environment: inout Environment
    ) {
        let isNew = !subscriptions.contains { $0.filter == target.filter }
        guard !isNew || subscriptions.count + requestedSubscriptionCount < environment.limits.subscriptionsPerClient,
            !hasNoRoomForExchange(in: &environment), let token = freeToken(preferring: messageID),
            environment.subscribe(target.filter, qos: qos, token: token, on: upstream)
        else {
            environment.topicNames.release(target.filter)
            refuseSubscribe(messageID, .congestion, in: &environment)
            return
        }
        exchanges.append(
            ClientExchange(
                stage: .awaitingSubscribeAcknowledgement(filter: target.filter, qos: qos), messageID: messageID,
                token: token, topicID: target.topicID))
    }

    /// Subscriptions that the broker has not answered yet.
    private var requestedSubscriptionCount: Int {
        exchanges.count {
            if case .awaitingSubscribeAcknowledgement = $0.stage { true } else { false }
        }
    }

    /// Why a topic was not understood, and the id the SUBACK repeats.
    private struct TargetRefusal: Error {
        var code: ReturnCode
        var topicID: TopicID = 0
    }

    /// GW-51 to GW-54: a plain name gets an id now, so that the SUBACK can carry it.
    private mutating func target(_ type: TopicIDType, _ topic: RawSpan, in environment: inout Environment)
        -> Result<SubscriptionTarget, TargetRefusal>
    {
        switch type {
        case .normal: return namedTarget(topic, in: &environment)
        case .predefined:
            guard let topicID = topic.uint16(at: 0), topic.byteCount == 2 else {
                return .failure(TargetRefusal(code: .notSupported))
            }
            guard let name = environment.predefinedTopics.name(for: topicID, clientID: clientID) else {
                return .failure(TargetRefusal(code: .invalidTopicID, topicID: topicID))
            }
            environment.topicNames.use(name)
            return .success(SubscriptionTarget(filter: name, topicID: topicID))
        case .shortName:
            guard let short = topic.uint16(at: 0), topic.byteCount == 2, let name = environment.useShortName(short)
            else { return .failure(TargetRefusal(code: .notSupported)) }
            return .success(SubscriptionTarget(filter: name, topicID: 0))
        case .reserved: return .failure(TargetRefusal(code: .notSupported))
        }
    }

    private mutating func namedTarget(_ topic: RawSpan, in environment: inout Environment)
        -> Result<SubscriptionTarget, TargetRefusal>
    {
        guard TopicRules.isValidFilter(topic), topic.byteCount <= environment.limits.topicNameByteCount else {
            return .failure(TargetRefusal(code: .notSupported))
        }
        let filter = environment.topicNames.use(topic)
        // Messages of a wildcard or of a shared subscription come under other names: no id yet (AMB-07).
        if TopicRules.hasWildcards(topic) || Self.isShared(topic) {
            return .success(SubscriptionTarget(filter: filter, topicID: 0))
        }
        guard let topicID = topicID(askedFor: filter, in: &environment) else {
            environment.topicNames.release(filter)
            return .failure(TargetRefusal(code: .congestion))
        }
        return .success(SubscriptionTarget(filter: filter, topicID: topicID))
    }

    private static func isShared(_ filter: RawSpan) -> Bool {
        let prefix: StaticString = "$share/"
        guard filter.byteCount > prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where filter[unchecked: index] != prefix.utf8Start[index] {
            return false
        }
        return true
    }

    private func refuseSubscribe(
        _ messageID: MessageID, _ code: ReturnCode, topicID: TopicID = 0, in environment: inout Environment
    ) {
        observeRefusal(code, in: &environment)
        send(Self.refusal(messageID, code, topicID: topicID), in: &environment)
    }

    private static func refusal(_ messageID: MessageID, _ code: ReturnCode, topicID: TopicID = 0) -> Message {
        .subscribeAcknowledgement(
            SubscribeAcknowledgement(
                flags: Flags(), topicID: topicID, messageID: messageID, returnCode: code))
    }

    /// The SUBACK also tells the id of a plain name.
    private mutating func answer(_ subscription: Subscription, in environment: inout Environment) {
        if topics.entry(subscription.topicID)?.name == subscription.filter {
            topics.setStanding(.known, of: subscription.topicID)
        }
        let answer = SubscribeAcknowledgement(
            flags: Flags(qos: QualityOfService(subscription.grantedQoS)), topicID: subscription.topicID,
            messageID: subscription.messageID, returnCode: .accepted)
        send(.subscribeAcknowledgement(answer), in: &environment)
    }

    // MARK: Answers of the broker

    mutating func brokerSubscribed(_ token: BrokerToken, _ granted: QoS?, in environment: inout Environment) -> Bool {
        guard let index = exchangeIndex(token: token) else { return false }
        let exchange = exchanges[index]
        switch exchange.stage {
        case .awaitingResubscription(let filter):
            brokerResubscribed(filter, isGranted: granted != nil, in: &environment)
            return true
        case .awaitingSubscribeAcknowledgement(let filter, let qos):
            exchanges.remove(at: index)
            guard let granted else {
                environment.topicNames.release(filter)
                observeRefusal(.notSupported, in: &environment)
                answer(exchange, Self.refusal(exchange.messageID, .notSupported), in: &environment)
                return true
            }
            grant(exchange, filter, requested: qos, granted: granted, in: &environment)
            return true
        case .awaitingPublishAcknowledgement, .awaitingPublishReceived, .awaitingPublishRelease,
            .awaitingPublishComplete, .awaitingUnsubscribeAcknowledgement:
            return false
        }
    }

    /// The subscription takes over the exchange's use of the filter.
    private mutating func grant(
        _ exchange: ClientExchange, _ filter: TopicNameIndex, requested: QoS, granted: QoS,
        in environment: inout Environment
    ) {
        let subscription = Subscription(
            filter: filter, requestedQoS: requested, grantedQoS: granted, topicID: exchange.topicID,
            messageID: exchange.messageID, answeredAt: environment.now)
        if let old = subscriptions.firstIndex(where: { $0.filter == filter }) {
            environment.topicNames.release(filter)
            subscriptions[old] = subscription
        } else {
            subscriptions.append(subscription)
        }
        if awaitsAnswer(exchange) { answer(subscription, in: &environment) }
    }

    // MARK: Subscribing again

    /// Makes the subscriptions that the broker has lost once more.
    ///
    /// - Returns: false where one could not be asked for.
    mutating func resubscribe(in environment: inout Environment) -> Bool {
        for subscription in subscriptions where !subscription.isAtBroker {
            guard let token = freeToken(preferring: 0),
                environment.subscribe(
                    subscription.filter, qos: subscription.requestedQoS, token: token, on: upstream)
            else { return false }
            environment.topicNames.use(subscription.filter)
            exchanges.append(
                ClientExchange(
                    stage: .awaitingResubscription(filter: subscription.filter), messageID: 0, token: token))
        }
        return true
    }

    /// A subscription that the client relies on and the broker no longer grants ends, and the client is told as far as
    /// MQTT-SN can tell it: it is dismissed.
    private mutating func brokerResubscribed(
        _ filter: TopicNameIndex, isGranted: Bool, in environment: inout Environment
    ) {
        if let index = exchanges.firstIndex(where: { $0.stage == .awaitingResubscription(filter: filter) }) {
            removeExchange(at: index, in: &environment)
        }
        guard let index = subscriptions.firstIndex(where: { $0.filter == filter }) else { return }
        subscriptions[index].isAtBroker = true
        guard !isGranted else { return }
        environment.topicNames.release(filter)
        subscriptions.remove(at: index)
        dismiss(in: &environment)
    }

    // MARK: Unsubscribing

    /// GW-55: every well-formed UNSUBSCRIBE is answered, also when nothing was subscribed.
    mutating func receiveUnsubscribe(
        _ unsubscribe: Unsubscribe, _ datagram: RawSpan, in environment: inout Environment
    ) {
        guard unsubscribe.messageID != 0 else {
            observeUnexpected(.unsubscribe(unsubscribe), in: &environment)
            return
        }
        guard let filter = filter(of: unsubscribe, datagram.extracting(unsubscribe.topic), in: &environment) else {
            send(.unsubscribeAcknowledgement(unsubscribe.messageID), in: &environment)
            return
        }
        let open = requestIndex(messageID: unsubscribe.messageID)
        if let open, exchanges[open].stage == .awaitingUnsubscribeAcknowledgement(filter: filter) {
            exchanges[open].isSleptOver = false
            environment.topicNames.release(filter)
            return
        }
        // Without room or broker, or where the id is taken, there is no answer: UNSUBACK has no code, and the client
        // will ask again.
        guard open == nil, !hasNoRoomForExchange(in: &environment),
            let token = freeToken(preferring: unsubscribe.messageID),
            environment.unsubscribe(filter, token: token, on: upstream)
        else {
            observe(.requestRefusedCongestion, in: &environment)
            environment.topicNames.release(filter)
            return
        }
        exchanges.append(
            ClientExchange(
                stage: .awaitingUnsubscribeAcknowledgement(filter: filter), messageID: unsubscribe.messageID,
                token: token))
    }

    /// The filter an UNSUBSCRIBE names, in use by the caller; nil where no subscription could have been made with it.
    private func filter(of unsubscribe: Unsubscribe, _ topic: RawSpan, in environment: inout Environment)
        -> TopicNameIndex?
    {
        switch unsubscribe.flags.topicIDType {
        case .normal: return TopicRules.isValidFilter(topic) ? environment.topicNames.use(topic) : nil
        case .predefined:
            guard topic.byteCount == 2, let topicID = topic.uint16(at: 0),
                let name = environment.predefinedTopics.name(for: topicID, clientID: clientID)
            else { return nil }
            environment.topicNames.use(name)
            return name
        case .shortName:
            guard topic.byteCount == 2, let short = topic.uint16(at: 0) else { return nil }
            return environment.useShortName(short)
        case .reserved: return nil
        }
    }

    mutating func brokerUnsubscribed(_ token: BrokerToken, in environment: inout Environment) -> Bool {
        guard let index = exchangeIndex(token: token),
            case .awaitingUnsubscribeAcknowledgement(let filter) = exchanges[index].stage
        else { return false }
        let exchange = exchanges[index]
        if let old = subscriptions.firstIndex(where: { $0.filter == filter }) {
            environment.topicNames.release(filter)
            subscriptions.remove(at: old)
        }
        removeExchange(at: index, in: &environment)
        // Message id 0: the gateway itself unsubscribed.
        if exchange.messageID != 0 {
            answer(exchange, .unsubscribeAcknowledgement(exchange.messageID), in: &environment)
        }
        return true
    }
}

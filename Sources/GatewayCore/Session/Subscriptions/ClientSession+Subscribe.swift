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
        guard let asked = QoS(subscribe.flags.qos), subscribe.messageID != 0 else {
            refuseSubscribe(subscribe.messageID, .notSupported, in: &environment)
            return
        }
        // The SUBACK tells what is granted (GW-53).
        let qos = QoS(rawValue: min(asked.rawValue, maximumQoS(in: environment))) ?? asked
        switch target(subscribe.flags.topicIDType, datagram.extracting(subscribe.topic), in: &environment) {
        case .failure(let refusal):
            refuseSubscribe(subscribe.messageID, refusal.code, topicID: refusal.topicID, in: &environment)
        case .success(let target):
            subscribeNamed(subscribe.messageID, qos, target, in: &environment)
        }
    }

    private mutating func subscribeNamed(
        _ messageID: MessageID, _ qos: QoS, _ target: SubscriptionTarget, in environment: inout Environment
    ) {
        switch requests.standing(messageID, .subscribe(qos: qos), target.filter) {
        case .same: requests.heardAgain(messageID)
        case .taken: refuseSubscribe(messageID, .congestion, in: &environment)
        case .free:
            let answered = subscriptions.answered(
                target.filter, messageID, qos, within: link(in: environment).patience, before: environment.now)
            if let answered {
                answer(answered, in: &environment)
            } else {
                forwardSubscribe(messageID, qos, target, in: &environment)
            }
        }
        environment.topicNames.release(target.filter)
    }

    private mutating func forwardSubscribe(
        _ messageID: MessageID, _ qos: QoS, _ target: SubscriptionTarget, in environment: inout Environment
    ) {
        if exceedsBroker(target.filter, in: &environment) {
            return refuseSubscribe(messageID, .notSupported, in: &environment)
        }
        guard maySubscribe(target.filter, in: environment), hasRoomForRequest(in: environment) else {
            makeRoomForRequest(in: &environment)
            return refuseSubscribe(messageID, .congestion, in: &environment)
        }
        let token = nextToken(preferring: messageID)
        guard hasRoom(for: target.filter, in: environment), !token.isNone,
            environment.subscribe(target.filter, qos: qos, token: token, on: upstream)
        else { return refuseSubscribe(messageID, .congestion, in: &environment) }
        add(
            BrokerRequest(
                kind: .subscribe(qos: qos), filter: target.filter, messageID: messageID, token: token,
                topicID: target.topicID), in: &environment)
    }

    /// Whether the broker has said that it takes no packet as long as a request with that filter, or no filter of its
    /// kind, or it is longer than any.
    @inline(__always)
    private func exceedsBroker(_ filter: TopicNameIndex, in environment: inout Environment) -> Bool {
        let byteCount = environment.topicNames.byteCount(of: filter)
        let limits = environment.brokerLimits(on: upstream)
        let lack = limits.takesAnyKind ? nil : limits.lack(of: environment.topicNames.name(filter).span.bytes)
        guard let excess = lack ?? environment.excess(ofFilterByteCount: byteCount, on: upstream) else { return false }
        observe(.messageExceedsBroker(excess, octets: byteCount), in: &environment)
        return true
    }

    private mutating func add(_ request: BrokerRequest, in environment: inout Environment) {
        tokens.take(request.token, for: request.messageID)
        broker.conduct.said(request.kind == .unsubscribe ? .unsubscribe : .subscribe, at: environment.now)
        environment.topicNames.hold(request.filter)
        requests.add(request)
    }

    /// Whether the client may have one more subscription, or changes one that it has.
    @inline(__always)
    private func maySubscribe(_ filter: TopicNameIndex, in environment: borrowing Environment) -> Bool {
        subscriptions.contains(filter)
            || subscriptions.count + requests.subscribeCount < environment.limits.subscriptionsPerClient
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
            guard maySubscribe(to: environment.topicNames.name(name).span.bytes, in: &environment) else {
                return .failure(TargetRefusal(code: .notSupported, topicID: topicID))
            }
            environment.topicNames.use(name)
            return .success(SubscriptionTarget(filter: name, topicID: topicID))
        case .shortName:
            guard let short = topic.uint16(at: 0), topic.byteCount == 2, maySubscribe(to: topic, in: &environment),
                let name = environment.useShortName(short)
            else { return .failure(TargetRefusal(code: .notSupported)) }
            return .success(SubscriptionTarget(filter: name, topicID: 0))
        case .reserved: return .failure(TargetRefusal(code: .notSupported))
        }
    }

    private mutating func namedTarget(_ topic: RawSpan, in environment: inout Environment)
        -> Result<SubscriptionTarget, TargetRefusal>
    {
        guard TopicRules.isValidFilter(topic, environment.limits), hasRoomBehindPrefix(topic, in: environment),
            maySubscribe(to: topic, in: &environment)
        else {
            return .failure(TargetRefusal(code: .notSupported))
        }
        let filter = environment.topicNames.use(topic)
        // Messages of a wildcard or of a shared subscription come under other names: no id yet (AMB-07).
        if TopicRules.hasWildcards(topic) || TopicRules.isShared(topic) {
            return .success(SubscriptionTarget(filter: filter, topicID: 0))
        }
        guard let topicID = topicID(askedFor: filter, in: &environment) else {
            environment.topicNames.release(filter)
            return .failure(TargetRefusal(code: .congestion))
        }
        return .success(SubscriptionTarget(filter: filter, topicID: topicID))
    }

    /// Whether the octets of names leave room for a request. Where what is for all is used up, a filter must fit the
    /// client's share; one that it has subscribed to takes no more than the request, and those are few.
    @inline(__always)
    private func hasRoom(for filter: TopicNameIndex, in environment: borrowing Environment) -> Bool {
        guard environment.topicNames.isFull(for: filter, environment.limits), !subscriptions.contains(filter) else {
            return true
        }
        let byteCount =
            topics.id(for: filter) == nil ? environment.topicNames.heldByteCount(of: filter) : Limits.nameUseByteCount
        let ownByteCount = topics.byteCount(in: environment.topicNames) + filterByteCount(in: environment)
        return ownByteCount + byteCount <= environment.limits.topicNamesShare
    }

    /// Octets of what the client has subscribed to and asked for, besides those of its topic ids' names.
    @inline(__always)
    func filterByteCount(in environment: borrowing Environment) -> Int {
        topics.byteCount(ofFilters: subscriptions.filters + requests.filters, in: environment.topicNames)
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
        tryUndeliverable(on: subscription.topicID, in: &environment)
    }

    // MARK: Answers of the broker

    /// `refusal` is what the client is told where nothing is granted.
    mutating func brokerSubscribed(
        _ token: BrokerToken, _ granted: QoS?, refusal: ReturnCode = .notSupported, in environment: inout Environment
    ) -> Bool {
        guard let request = requests.take(token, where: { $0 != .unsubscribe && $0 != .giveUp }) else { return false }
        guard case .subscribe(let qos) = request.kind else {
            let isPutOff = granted == nil && refusal == .congestion
            brokerResubscribed(request, isGranted: granted != nil, isPutOff: isPutOff, in: &environment)
            return true
        }
        guard let granted else {
            environment.topicNames.letGo(request.filter)
            observeRefusal(refusal, in: &environment)
            observe(.subscriptionRefused, in: &environment)
            answer(request, Self.refusal(request.messageID, refusal), in: &environment)
            return true
        }
        // The subscription takes over the request's hold of the filter.
        let subscription = Subscription(
            filter: request.filter, requestedQoS: qos, grantedQoS: granted, topicID: request.topicID,
            messageID: request.messageID, answeredAt: environment.now)
        if subscriptions.grant(subscription) { environment.topicNames.letGo(request.filter) }
        if !request.isSleptOver { answer(subscription, in: &environment) }
        return true
    }

    /// Tells the client how its request went; one that has fallen asleep over it hears nothing and will ask again
    /// (GW-69).
    private func answer(_ request: BrokerRequest, _ message: Message, in environment: inout Environment) {
        if !request.isSleptOver { send(message, in: &environment) }
    }

    // MARK: Subscribing again

    /// Makes the subscriptions that the broker has lost once more.
    ///
    /// - Returns: false where one could not be asked for.
    mutating func resubscribe(in environment: inout Environment) -> Bool {
        for subscription in subscriptions.doubted {
            // It ends, or every later CONNECT would come to the same.
            guard !exceedsBroker(subscription.filter, in: &environment) else {
                end(subscriptionTo: subscription.filter, in: &environment)
                return false
            }
            let token = nextToken(preferring: 0)
            guard !token.isNone,
                environment.subscribe(
                    subscription.filter, qos: subscription.requestedQoS, token: token, on: upstream)
            else { return false }
            add(
                BrokerRequest(kind: .resubscribe, filter: subscription.filter, messageID: 0, token: token),
                in: &environment)
        }
        return true
    }

    /// A subscription that the client relies on and the broker no longer grants ends, and the client is told as far as
    /// MQTT-SN can tell it: it is dismissed. One that is only put off (0x91, 0x97) is asked for again, over another
    /// connection and after a pause, for as long as one that was lost is restored.
    private mutating func brokerResubscribed(
        _ request: BrokerRequest, isGranted: Bool, isPutOff: Bool, in environment: inout Environment
    ) {
        defer { environment.topicNames.letGo(request.filter) }
        if isPutOff { return comeBackLater(in: &environment) }
        guard subscriptions.contains(request.filter) else { return }
        subscriptions.confirm(request.filter)
        guard !isGranted else { return }
        end(subscriptionTo: request.filter, in: &environment)
        dismiss(in: &environment)
    }

    /// Forgets a subscription.
    private mutating func end(subscriptionTo filter: TopicNameIndex, in environment: inout Environment) {
        if subscriptions.remove(filter) { environment.topicNames.letGo(filter) }
    }

    /// The client does not want messages of a name any more: the broker is told, and the subscription is over.
    mutating func giveUp(subscriptionTo filter: TopicNameIndex, in environment: inout Environment) {
        guard subscriptions.contains(filter) else { return }
        let token = nextToken(preferring: 0)
        if !token.isNone, !exceedsBroker(filter, in: &environment),
            environment.unsubscribe(filter, token: token, on: upstream)
        {
            add(BrokerRequest(kind: .giveUp, filter: filter, messageID: 0, token: token), in: &environment)
        }
        end(subscriptionTo: filter, in: &environment)
    }

    // MARK: Unsubscribing

    /// GW-55: every well-formed UNSUBSCRIBE is answered, also when nothing was subscribed, and under message id 0:
    /// UNSUBACK has no code for a refusal (AMB-28).
    mutating func receiveUnsubscribe(
        _ unsubscribe: Unsubscribe, _ datagram: RawSpan, in environment: inout Environment
    ) {
        guard let filter = filter(of: unsubscribe, datagram.extracting(unsubscribe.topic), in: &environment) else {
            send(.unsubscribeAcknowledgement(unsubscribe.messageID), in: &environment)
            return
        }
        // Without room or broker, or where the id is taken, there is no answer: UNSUBACK has no code, and the client
        // will ask again.
        switch requests.standing(unsubscribe.messageID, .unsubscribe, filter) {
        case .same: requests.heardAgain(unsubscribe.messageID)
        case .taken: observe(.requestRefusedCongestion, in: &environment)
        // This broker has none such; another one, or this one before, may have had it.
        case .free where exceedsBroker(filter, in: &environment):
            end(subscriptionTo: filter, in: &environment)
            send(.unsubscribeAcknowledgement(unsubscribe.messageID), in: &environment)
        case .free:
            if !forwardUnsubscribe(unsubscribe.messageID, filter, in: &environment) {
                observe(.requestRefusedCongestion, in: &environment)
            }
        }
        environment.topicNames.release(filter)
    }

    /// - Returns: false where the broker could not be asked.
    private mutating func forwardUnsubscribe(
        _ messageID: MessageID, _ filter: TopicNameIndex, in environment: inout Environment
    ) -> Bool {
        guard hasRoomForRequest(in: environment) else {
            makeRoomForRequest(in: &environment)
            return false
        }
        let token = nextToken(preferring: messageID)
        guard hasRoom(for: filter, in: environment), !token.isNone,
            environment.unsubscribe(filter, token: token, on: upstream)
        else { return false }
        add(
            BrokerRequest(kind: .unsubscribe, filter: filter, messageID: messageID, token: token), in: &environment)
        return true
    }

    /// The filter an UNSUBSCRIBE names, in use by the caller; nil where no subscription could have been made with it.
    @inline(__always)
    private func filter(of unsubscribe: Unsubscribe, _ topic: RawSpan, in environment: inout Environment)
        -> TopicNameIndex?
    {
        switch unsubscribe.flags.topicIDType {
        case .normal:
            return TopicRules.isValidFilter(topic, environment.limits) ? environment.topicNames.use(topic) : nil
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
        guard let request = requests.take(token, where: { $0 == .unsubscribe || $0 == .giveUp }) else { return false }
        end(subscriptionTo: request.filter, in: &environment)
        environment.topicNames.letGo(request.filter)
        if request.kind == .unsubscribe {
            answer(request, .unsubscribeAcknowledgement(request.messageID), in: &environment)
        }
        return true
    }
}

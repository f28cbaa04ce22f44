// SUBSCRIBE and UNSUBSCRIBE, one at a time (MQTT-SN 1.2 §6.9).

import MQTTSN

extension SimulatedClient {
    /// Sends the first request that waits, unless one is open.
    mutating func continueSubscribing(into effects: inout ClientEffects) {
        guard state == .active, subscribing == nil, !subscriptionRequests.isEmpty,
            let messageID = newMessageID()
        else { return }
        let open = request(ClientSubscribeStep.request, messageID: messageID)
        subscribing = open
        sendSubscribeStep(open, duplicate: false, into: &effects)
    }

    /// Sends the request, for the first time or again.
    mutating func sendSubscribeStep(
        _ open: ClientRequest<ClientSubscribeStep>, duplicate: Bool, into effects: inout ClientEffects
    ) {
        guard open.step == .request, let wanted = subscriptionRequests.first else { return }
        let (type, topic) = Self.field(for: wanted.topic)
        let flags = Flags(duplicate: duplicate, qos: wanted.qos ?? .atMostOnce, topicIDType: type)
        let range = 0..<topic.count
        if wanted.qos == nil {
            send(
                .unsubscribe(Unsubscribe(flags: flags, messageID: open.messageID, topic: range)), topic, into: &effects)
        } else {
            send(.subscribe(Subscribe(flags: flags, messageID: open.messageID, topic: range)), topic, into: &effects)
        }
    }

    /// The whole name, or the two octets that stand for it.
    private static func field(for topic: ClientTopic) -> (TopicIDType, [UInt8]) {
        func octets(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
        return switch topic {
        case .name(let name): (.normal, name)
        case .predefined(let topicID): (.predefined, octets(topicID))
        case .shortName(let name): (.shortName, octets(name))
        }
    }

    // MARK: Answers of the gateway

    mutating func receiveSubscribeAcknowledgement(
        _ answer: SubscribeAcknowledgement, into effects: inout ClientEffects
    ) {
        guard let wanted = open(answer.messageID), wanted.qos != nil else {
            effects.observe(.unexpectedMessage(.subscribeAcknowledgement))
            return
        }
        switch answer.returnCode {
        case .accepted:
            learn(answer.topicID, for: wanted.topic)
            finishSubscription(.subscribed(wanted.topic, answer.flags.qos), into: &effects)
        case .congestion:
            endSubscribeRequest()
            subscribing = pause(.pause)
        default: finishSubscription(.subscriptionRefused(wanted.topic, answer.returnCode), into: &effects)
        }
    }

    /// The id of a plain name; what comes with a filter means nothing (AMB-07).
    private mutating func learn(_ topicID: TopicID, for topic: ClientTopic) {
        guard case .name(let name) = topic, topicID != 0 else { return }
        let isFilter = name.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
        if !isFilter { topics.insert(name, topicID) }
    }

    mutating func receiveUnsubscribeAcknowledgement(_ messageID: MessageID, into effects: inout ClientEffects) {
        guard let wanted = open(messageID), wanted.qos == nil else {
            effects.observe(.unexpectedMessage(.unsubscribeAcknowledgement))
            return
        }
        finishSubscription(.unsubscribed(wanted.topic), into: &effects)
    }

    /// The first request, if it is open under this message id.
    private func open(_ messageID: MessageID) -> ClientSubscriptionRequest? {
        guard let subscribing, subscribing.step == .request, subscribing.messageID == messageID else { return nil }
        return subscriptionRequests.first
    }

    private mutating func finishSubscription(_ observation: ClientObservation, into effects: inout ClientEffects) {
        subscriptionRequests.removeFirst()
        endSubscribeRequest()
        effects.observe(observation)
        continueSubscribing(into: &effects)
    }

    /// The answer has come, or it is awaited no longer.
    mutating func endSubscribeRequest() {
        if let subscribing { messageIDs.end(subscribing.messageID, at: now) }
        subscribing = nil
    }
}

import MQTTSN
import Time

/// Subscribing, and the messages that it brings (MQTT-SN 1.2 §6.9, §6.10).
extension SensorClient {
    mutating func sendSubscribe(_ subscription: Subscription, at now: Instant) {
        let messageID = nextMessageID()
        let topic: [UInt8]
        switch subscription.topic {
        case .name(let name): topic = name
        case .predefined(let id), .shortName(let id): topic = [UInt8(id >> 8), UInt8(id & 0xFF)]
        }
        let flags = Flags(qos: subscription.qos, topicIDType: subscription.topic.type)
        send(
            .subscribe(Subscribe(flags: flags, messageID: messageID, topic: 0..<topic.count)), from: topic,
            for: .subscribe, messageID: messageID, about: .subscribe(subscription), at: now)
    }

    mutating func subscriptionAnswered(_ acknowledgement: SubscribeAcknowledgement, at now: Instant) {
        guard let open = pending, open.exchange == .subscribe, open.messageID == acknowledgement.messageID,
            case .subscribe(let subscription) = open.request
        else { return }
        guard acknowledgement.returnCode == .accepted else {
            end(.failed(.refused(.subscribe, acknowledgement.returnCode)))
            return
        }
        if case .name(let name) = subscription.topic, !subscription.topic.hasWildcard, acknowledgement.topicID != 0 {
            remember(name, as: acknowledgement.topicID)
        }
        subscriptions.append(subscription)
        events.append(.subscribed(subscription, granted: acknowledgement.flags.qos))
        complete(at: now)
    }

    /// REGISTER of the gateway: the name of a topic that a message will come on (§6.10).
    mutating func topicNamed(_ register: Register, _ name: [UInt8], at now: Instant) {
        let hasRoom = remember(name, as: register.topicID)
        reply(
            .registerAcknowledgement(
                RegisterAcknowledgement(
                    topicID: register.topicID, messageID: register.messageID,
                    returnCode: hasRoom ? .accepted : .congestion)), at: now)
    }

    /// Takes note of the name of an id; false where there is no room for it.
    @discardableResult
    mutating func remember(_ name: [UInt8], as topicID: TopicID) -> Bool {
        let byteCount = nameByteCount - (namesByID[topicID]?.count ?? 0) + name.count
        guard byteCount <= Self.maximumNameByteCount else { return false }
        nameByteCount = byteCount
        namesByID[topicID] = name
        return true
    }

    mutating func deliver(_ publish: Publish, _ data: [UInt8], at now: Instant) {
        guard phase != .idle, phase != .connecting else { return }
        guard let topic = topic(of: publish) else {
            events.append(.unknownTopic(publish.topicID))
            reply(
                .publishAcknowledgement(
                    PublishAcknowledgement(
                        topicID: publish.topicID, messageID: publish.messageID, returnCode: .invalidTopicID)), at: now)
            return
        }
        switch publish.flags.qos {
        case .minusOne, .atMostOnce: break
        case .atLeastOnce:
            reply(
                .publishAcknowledgement(
                    PublishAcknowledgement(
                        topicID: publish.topicID, messageID: publish.messageID, returnCode: .accepted)), at: now)
        case .exactlyOnce:
            reply(.publishReceived(publish.messageID), at: now)
            guard !received.contains(publish.messageID) else { return }
            received.append(publish.messageID)
            if received.count > Self.maximumReceivedCount { received.removeFirst() }
        }
        events.append(
            .message(
                DeliveredMessage(
                    topic: topic, qos: publish.flags.qos, retain: publish.flags.retain,
                    duplicate: publish.flags.duplicate, messageID: publish.messageID, data: data)))
    }

    private func topic(of publish: Publish) -> ClientTopic? {
        switch publish.flags.topicIDType {
        case .normal: namesByID[publish.topicID].map { .name($0) }
        case .predefined: .predefined(publish.topicID)
        case .shortName: .shortName(publish.topicID)
        case .reserved: nil
        }
    }

    mutating func deliveryReleased(_ messageID: MessageID, at now: Instant) {
        received.removeAll { $0 == messageID }
        reply(.publishComplete(messageID), at: now)
        advance(at: now)
    }
}

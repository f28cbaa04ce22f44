import Bytes
import MQTTSN
import Time

// PUBLISH to the client (MQTT-SN 1.2 §6.10): one exchange at a time, in the order of the broker, and each broker
// message acknowledged only when the client has acknowledged it.

/// How a PUBLISH names its topic.
struct TopicReference: Equatable {
    var type: TopicIDType
    var topicID: TopicID
}

extension ClientSession {
    // MARK: From the broker

    mutating func brokerPublished(_ publish: Publication, _ packet: RawSpan, in environment: inout Environment) {
        if publish.qos != .atMostOnce, answerKnownDuplicate(publish, packet, in: &environment) { return }
        let name = environment.topicNames.use(packet.extracting(publish.topicName))
        defer { environment.topicNames.release(name) }
        let payload = packet.extracting(publish.payload)
        if let obstacle = obstacle(to: name, payload, in: environment) {
            observe(obstacle, detail: payload.byteCount, in: &environment)
            acknowledgeToBroker(publish.qos, publish.token, in: &environment)
            return
        }
        if publish.qos == .atMostOnce, queue.isEmpty, open.isClosed, state == .active,
            let reference = reference(to: name, in: environment)
        {
            sendDirectly(publish, reference, payload, in: &environment)
            return
        }
        enqueue(publish, name, payload, in: &environment)
        deliver(in: &environment)
    }

    /// What keeps a message from ever reaching the client.
    private func obstacle(to name: TopicNameIndex, _ payload: RawSpan, in environment: borrowing Environment)
        -> ObservationKind?
    {
        if let topicID = topics.id(for: name), topics.entry(topicID)?.standing == .rejected {
            return .messageDroppedNotRegistered
        }
        if !canRegister(name, in: environment), reference(to: name, in: environment) == nil {
            return .messageDroppedTooLong
        }
        return fits(payload.byteCount, in: environment) ? nil : .messageDroppedTooLong
    }

    /// Whether a PUBLISH with so much payload fits the client's link (GW-59).
    private func fits(_ payloadByteCount: Int, in environment: borrowing Environment) -> Bool {
        Message.encodedByteCount(bodyByteCount: 5 + payloadByteCount) <= messageRoom(in: environment)
    }

    /// A QoS 1 or 2 message the broker repeats after a reconnect and that waits here already. Another message under the
    /// same packet identifier shows that the broker has forgotten the one that waits.
    private mutating func answerKnownDuplicate(
        _ publish: Publication, _ packet: RawSpan, in environment: inout Environment
    ) -> Bool {
        guard let index = queue.message(withToken: publish.token, in: environment.store) else { return false }
        guard publish.duplicate, isSame(index, publish, packet, in: environment) else {
            environment.store[index].token = .none
            releaseReceived(in: &environment)
            return false
        }
        switch environment.store[index].stage {
        case .unsent, .sent: break
        case .received, .released: environment.acknowledgeReceipt(of: publish.token, on: upstream)
        }
        return true
    }

    private func isSame(
        _ index: StoredMessageIndex, _ publish: Publication, _ packet: RawSpan, in environment: borrowing Environment
    ) -> Bool {
        let message = environment.store[index]
        var payload: [UInt8] = []
        environment.store.appendPayload(of: index, to: &payload)
        return environment.topicNames.find(packet.extracting(publish.topicName)) == message.topicName
            && message.qos == publish.qos && packet.equals(payload.span.bytes, in: publish.payload)
    }

    /// What the client has received is released without the broker, which may not know of it any more.
    mutating func releaseReceived(in environment: inout Environment) {
        var index = queue.first
        while index != .none {
            if environment.store[index].stage == .received { environment.store[index].stage = .released }
            index = environment.store[index].next
        }
        if open.kind == .brokerRelease { open = OpenExchange() }
    }

    /// The common case: nothing waits and the client knows the id, so the payload goes from packet to datagram.
    private mutating func sendDirectly(
        _ publish: Publication, _ reference: TopicReference, _ payload: RawSpan, in environment: inout Environment
    ) {
        guard let route else { return }
        if reference.type == .normal { topics.noteUse(reference.topicID, at: environment.now) }
        let flags = Flags(retain: publish.retain, topicIDType: reference.type)
        let start = environment.beginDatagram(to: route)
        environment.effects.bytes.appendPublish(
            flags: flags, topicID: reference.topicID, messageID: 0, data: payload)
        environment.endDatagram(start, to: route)
        observe(.messageDelivered, in: &environment)
    }

    // MARK: To the client

    /// Sends what waits, as far as it can go without an answer of the client.
    mutating func deliver(in environment: inout Environment) {
        guard state.isListening else { return }
        while open.isClosed, !queue.isEmpty, !hasHadEnough(in: environment) {
            sendFirst(in: &environment)
        }
        guard state == .awake, open.isClosed else { return }
        // What the broker sent before it was not read any more belongs to this wake-up; it is read next.
        guard hasHadEnough(in: environment) || !environment.hasKeptBytes(upstream) else { return }
        finishWakeUp(in: &environment)
    }

    /// Sends the next message, after the pause that an awake client may need.
    mutating func goOn(in environment: inout Environment) {
        pauseBetweenMessages(in: &environment)
        deliver(in: &environment)
    }

    private mutating func pauseBetweenMessages(in environment: inout Environment) {
        let pacing = environment.configuration.sleep.pacing
        guard state == .awake, !pacing.isZero, !queue.isEmpty, !hasHadEnough(in: environment) else { return }
        open = OpenExchange(retryAt: environment.now + pacing, kind: .pause)
    }

    private mutating func sendFirst(in environment: inout Environment) {
        let message = environment.store[queue.first]
        switch message.stage {
        case .unsent, .sent:
            // The client may have moved to a narrower link since the message came.
            if !fits(Int(message.payloadByteCount), in: environment) {
                discardFirst(.messageDroppedTooLong, in: &environment)
            } else if let reference = reference(to: message.topicName, in: environment) {
                sendFirst(as: reference, in: &environment)
            } else {
                registerTopic(message.topicName, in: &environment)
            }
        case .received: awaitBrokerRelease(in: &environment)
        case .released: sendRelease(in: &environment)
        }
    }

    /// The reference by which the client knows the name; nil where it must be told one first (GW-56, AMB-05).
    private func reference(to name: TopicNameIndex, in environment: borrowing Environment) -> TopicReference? {
        let normal = topics.id(for: name)
        if let normal, topics.entry(normal)?.standing == .known {
            return TopicReference(type: .normal, topicID: normal)
        }
        if let predefined = environment.predefinedTopics.id(for: name, clientID: clientID) {
            return TopicReference(type: .predefined, topicID: predefined)
        }
        if normal == nil, let short = environment.shortName(of: name) {
            return TopicReference(type: .shortName, topicID: short)
        }
        return nil
    }

    private mutating func registerTopic(_ name: TopicNameIndex, in environment: inout Environment) {
        guard canRegister(name, in: environment) else {
            discardFirst(.messageDroppedTooLong, in: &environment)
            return
        }
        guard let topicID = topicID(toDeliver: name, in: &environment), topics.entry(topicID)?.standing != .rejected
        else {
            discardFirst(.messageDroppedNotRegistered, in: &environment)
            return
        }
        sendRegister(topicID, name: name, in: &environment)
    }

    private mutating func sendFirst(as reference: TopicReference, in environment: inout Environment) {
        let index = queue.first
        sendPublish(index, as: reference, in: &environment)
        if environment.store[index].qos == .atMostOnce {
            finishFirst(in: &environment)
            pauseBetweenMessages(in: &environment)
        } else {
            let isRepetition = environment.store[index].stage == .sent
            environment.store[index].stage = .sent
            openExchange(.publish, isRepetition: isRepetition, in: &environment)
        }
    }

    private mutating func sendPublish(
        _ index: StoredMessageIndex, as reference: TopicReference, in environment: inout Environment
    ) {
        guard let route else { return }
        if environment.store[index].qos != .atMostOnce, environment.store[index].messageID == 0 {
            environment.store[index].messageID = newMessageID(
                preferring: environment.store[index].token, in: environment)
            hasUsedMessageIDHalf = true
        }
        if reference.type == .normal { topics.noteUse(reference.topicID, at: environment.now) }
        let message = environment.store[index]
        let flags = Flags(
            duplicate: message.stage == .sent, qos: QualityOfService(message.qos), retain: message.retain,
            topicIDType: reference.type)
        let start = environment.beginDatagram(to: route)
        environment.effects.bytes.appendPublishHeader(
            flags: flags, topicID: reference.topicID, messageID: message.messageID,
            dataByteCount: Int(message.payloadByteCount))
        environment.store.appendPayload(of: index, to: &environment.effects.bytes)
        environment.endDatagram(start, to: route)
    }

    /// The id that goes with the broker's packet identifier (AMB-23), unless a message has just ended under it: many a
    /// broker uses an identifier again at once, and a second answer to the old message would acknowledge the new one.
    private mutating func newMessageID(
        preferring token: BrokerToken, in environment: borrowing Environment
    ) -> MessageID {
        let patience = link(in: environment).patience
        var messageID =
            token.isNone
            ? Self.messageID(of: nextMessageID() ^ Self.quarter, messageIDHalf)
            : Self.messageID(of: token, messageIDHalf)
        while recentlyDelivered.contains(messageID, endedWithin: patience, before: environment.now) {
            messageID = Self.messageID(of: nextMessageID() ^ Self.quarter, messageIDHalf)
        }
        return messageID
    }

    /// The broker's number itself, or, after the broker has forgotten its session and counts anew, that in the other
    /// half of the numbers.
    static func messageID(of token: BrokerToken, _ half: MessageID) -> MessageID {
        messageID(of: token.followingMessageID, half)
    }

    private static func messageID(of number: MessageID, _ half: MessageID) -> MessageID {
        let messageID = number ^ half
        return messageID == 0 ? Self.quarter : messageID
    }

    /// From now on the broker's packet identifiers are those of another session.
    mutating func changeMessageIDHalf() {
        guard hasUsedMessageIDHalf else { return }
        messageIDHalf ^= 0x8000
        hasUsedMessageIDHalf = false
    }

    /// On top of the gateway's own numbers, for messages that the broker no longer knows or whose number is taken.
    private static var quarter: MessageID { 0x4000 }

    /// Sends the first message again, with DUP and under the same message id.
    mutating func repeatPublish(in environment: inout Environment) {
        let message = environment.store[queue.first]
        guard let reference = reference(to: message.topicName, in: environment),
            fits(Int(message.payloadByteCount), in: environment)
        else {
            // Meanwhile the client has denied the id, what it was told of it is forgotten, or its link became narrower.
            open = OpenExchange()
            return deliver(in: &environment)
        }
        sendPublish(queue.first, as: reference, in: &environment)
    }

    private mutating func sendRelease(in environment: inout Environment) {
        send(.publishRelease(environment.store[queue.first].messageID), in: &environment)
        openExchange(.release, in: &environment)
    }

    private mutating func awaitBrokerRelease(in environment: inout Environment) {
        openExchange(.brokerRelease, in: &environment)
        // Only a client that stays awake for it makes this wait worth bounding.
        if state != .awake { open.retryAt = nil }
    }

    /// The client has the first message, as far as its QoS can tell.
    mutating func finishFirst(in environment: inout Environment) {
        observe(.messageDelivered, in: &environment)
        deliveriesSinceWakeUp += 1
        removeFirst(in: &environment)
    }

    private mutating func removeFirst(in environment: inout Environment) {
        let messageID = environment.store[queue.first].messageID
        if messageID != 0 { recentlyDelivered.note(messageID, at: environment.now) }
        environment.topicNames.release(environment.store[queue.first].topicName)
        queue.removeFirst(in: &environment.store)
        renewals = 0
    }

    /// Gives a message up for good and lets the broker forget it.
    mutating func discardFirst(_ reason: ObservationKind, in environment: inout Environment) {
        let message = environment.store[queue.first]
        observe(reason, detail: Int(message.payloadByteCount), in: &environment)
        acknowledgeToBroker(message.qos, message.token, in: &environment)
        removeFirst(in: &environment)
    }

    /// Lets the broker forget a message that will not be delivered, or that is.
    mutating func acknowledgeToBroker(
        _ qos: QoS, _ token: BrokerToken, in environment: inout Environment
    ) {
        guard !token.isNone else { return }
        switch qos {
        case .atMostOnce: break
        case .atLeastOnce: environment.acknowledge(token, on: upstream)
        case .exactlyOnce:
            guard environment.acknowledgeReceipt(of: token, on: upstream) else { return }
            if !discardedTokens.contains(token) { discardedTokens.append(token) }
        }
    }
}

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

    mutating func brokerPublished(_ said: Publication, _ packet: RawSpan, in environment: inout Environment) {
        var publish = said
        let ownTopic = ownTopic(said.topicName, of: packet, in: environment)
        // No topic is the same as none.
        publish.topicName = ownTopic ?? said.topicName.lowerBound..<said.topicName.lowerBound
        if publish.qos != .atMostOnce, answerKnownDuplicate(publish, packet, in: &environment) { return }
        guard ownTopic != nil, environment.identities.mayHear(identity, packet.extracting(publish.topicName)) else {
            return dropByRule(said, packet, in: &environment)
        }
        let name = environment.topicNames.use(packet.extracting(publish.topicName))
        defer { environment.topicNames.release(name) }
        let payload = packet.extracting(publish.payload)
        if let obstacle = obstacle(to: name, payload, publish.qos, in: environment) {
            observe(obstacle, in: &environment)
            acknowledgeToBroker(publish.qos, publish.token, in: &environment)
            return
        }
        if publish.qos == .atMostOnce, downlink.isEmpty, downlink.isIdle, state == .active,
            let reference = reference(to: name, in: environment)
        {
            sendDirectly(publish, reference, payload, in: &environment)
            return
        }
        enqueue(publish, name, payload, in: &environment)
        deliver(in: &environment)
        letPass(in: &environment)
    }

    /// What keeps a message from ever reaching the client.
    @inline(__always)
    private func obstacle(
        to name: TopicNameIndex, _ payload: RawSpan, _ qos: QoS, in environment: borrowing Environment
    ) -> Occurrence? {
        if let topicID = topics.id(for: name), topics.entry(topicID)?.standing == .rejected {
            return .messageDroppedNotRegistered(QualityOfService(qos), octets: payload.byteCount)
        }
        if !canRegister(name, in: environment), reference(to: name, in: environment) == nil {
            return .messageDroppedTooLong(QualityOfService(qos), octets: payload.byteCount)
        }
        guard !fits(payload.byteCount, in: environment) else { return nil }
        return .messageDroppedTooLong(QualityOfService(qos), octets: payload.byteCount)
    }

    /// Whether a PUBLISH with so much payload fits the client's link (GW-59).
    @inline(__always)
    private func fits(_ payloadByteCount: Int, in environment: borrowing Environment) -> Bool {
        Message.encodedByteCount(bodyByteCount: 5 + payloadByteCount) <= messageRoom(in: environment)
    }

    /// A QoS 1 or 2 message the broker repeats after a reconnect and that waits here already. Another message under the
    /// same packet identifier shows that the broker has forgotten the one that waits.
    private mutating func answerKnownDuplicate(
        _ publish: Publication, _ packet: RawSpan, in environment: inout Environment
    ) -> Bool {
        guard let index = downlink.message(withToken: publish.token, in: environment.store) else {
            guard downlink.isSettled(publish, of: packet) else { return false }
            if publish.qos == .atLeastOnce { environment.acknowledge(publish.token, on: upstream) }
            if publish.qos == .exactlyOnce { environment.acknowledgeReceipt(of: publish.token, on: upstream) }
            return true
        }
        guard publish.duplicate, isSame(index, publish, packet, in: environment) else {
            downlink.brokerReplaced(index, in: &environment.store)
            return false
        }
        environment.store[index].tokenStanding = .named
        downlink.noteRepeated(publish.token)
        // It may have been long on its way the first time, without the broker's counting that.
        environment.store[index].expiry = Expiry.sooner(environment.store[index].expiry, publish.expiry)
        if environment.store[index].state.isWithClient {
            environment.acknowledgeReceipt(of: publish.token, on: upstream)
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

    /// The common case: nothing waits and the client knows the id, so the payload goes from packet to datagram.
    private mutating func sendDirectly(
        _ publish: Publication, _ reference: TopicReference, _ payload: RawSpan, in environment: inout Environment
    ) {
        guard let route else { return }
        // It may have been read ahead of a pause.
        if publish.expiry?.isOver(at: environment.now) == true {
            return observe(.messageExpired(.atMostOnce, octets: payload.byteCount), in: &environment)
        }
        if reference.type == .normal { topics.noteUse(reference.topicID, at: environment.now) }
        let flags = Flags(retain: publish.retain, topicIDType: reference.type)
        let start = environment.beginDatagram(to: route)
        environment.effects.bytes.appendPublish(
            flags: flags, topicID: reference.topicID, messageID: 0, data: payload)
        environment.endDatagram(start, to: route)
        figures.speaks(of: reference)
        noteDelivered(.atMostOnce, after: .zero, in: &environment)
    }

    // MARK: To the client

    /// So many messages are sent to a client on one occasion, or found not to fit; then others have their turn.
    static var messagesAtATime: Int { 64 }

    /// Sends what waits, as far as it can go without an answer of the client.
    mutating func deliver(in environment: inout Environment) {
        guard state.isListening else { return }
        var count = 0
        while downlink.isIdle, !downlink.isEmpty, !hasHadEnough(in: environment) {
            guard count < Self.messagesAtATime else { return pause(for: Environment.breath, in: environment) }
            sendFirst(in: &environment)
            count += 1
        }
        guard state == .awake, downlink.isIdle else { return }
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
        guard state == .awake, !pacing.isZero, !downlink.isEmpty, !hasHadEnough(in: environment) else { return }
        pause(for: pacing, in: environment)
    }

    /// Nothing more is sent to the client for so long.
    mutating func pause(for span: TimeSpan, in environment: borrowing Environment) {
        downlink.beginPause()
        clock.wait(until: environment.now + span)
    }

    private mutating func sendFirst(in environment: inout Environment) {
        let message = environment.store[downlink.first]
        switch message.state {
        case .waiting, .announced, .sent:
            if message.mayExpire, message.expiry?.isOver(at: environment.now) == true {
                discardFirst(Occurrence.messageExpired, in: &environment)
                // The client may have moved to a narrower link since the message came.
            } else if !fits(Int(message.payloadByteCount), in: environment) {
                discardFirst(Occurrence.messageDroppedTooLong, in: &environment)
            } else if let reference = reference(to: message.topicName, in: environment) {
                guard message.qos == .atMostOnce || !putOlderFirst(on: message.topicName, in: &environment) else {
                    return
                }
                sendFirst(as: reference, in: &environment)
            } else {
                registerTopic(message.topicName, in: &environment)
            }
        case .received: awaitBrokerRelease(in: &environment)
        case .released: sendRelease(in: &environment)
        }
    }

    /// The reference by which the client knows the name; nil where it must be told one first (GW-56, AMB-05).
    @inline(__always)
    func reference(to name: TopicNameIndex, in environment: borrowing Environment) -> TopicReference? {
        let normal = topics.id(for: name)
        if let normal, topics.entry(normal)?.isUsable == true {
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
            discardFirst(Occurrence.messageDroppedTooLong, in: &environment)
            return
        }
        guard let topicID = topicID(toDeliver: name, in: &environment) else {
            setFirstAside(isUnanswered: false, in: &environment)
            return
        }
        switch topics.entry(topicID)?.standing {
        case .rejected: discardFirst(Occurrence.messageDroppedNotRegistered, in: &environment)
        case .ignored: setFirstAside(isUnanswered: true, in: &environment)
        case .known, .assumed, .unknown, nil:
            let isOrdered = environment.store[downlink.first].qos != .atMostOnce
            guard !isOrdered || !putOlderFirst(on: name, in: &environment) else { return }
            sendRegister(topicID, name: name, in: &environment)
        }
    }

    private mutating func sendFirst(as reference: TopicReference, in environment: inout Environment) {
        guard environment.store[downlink.first].qos != .atMostOnce else {
            sendPublish(downlink.first, as: reference, messageID: 0, isRepetition: false, in: &environment)
            finishFirst(in: &environment)
            pauseBetweenMessages(in: &environment)
            return
        }
        let isRepetition = numberAndSendFirst(as: reference, in: &environment)
        downlink.beginDelivery()
        awaitAnswer(isRepetition: isRepetition, in: environment)
    }

    /// - Returns: whether the client may have had it already.
    @discardableResult
    private mutating func numberAndSendFirst(
        as reference: TopicReference, in environment: inout Environment
    ) -> Bool {
        let patience = link(in: environment).patience
        let (messageID, isRepetition) = downlink.numberFirst(
            at: environment.now, patience: patience, in: &environment.store)
        sendPublish(
            downlink.first, as: reference, messageID: messageID, isRepetition: isRepetition, in: &environment)
        return isRepetition
    }

    private mutating func sendPublish(
        _ index: StoredMessageIndex, as reference: TopicReference, messageID: MessageID, isRepetition: Bool,
        in environment: inout Environment
    ) {
        guard let route else { return }
        if reference.type == .normal { topics.noteUse(reference.topicID, at: environment.now) }
        figures.speaks(of: reference)
        if isRepetition { noteSentAgain(in: &environment) }
        let message = environment.store[index]
        let flags = Flags(
            duplicate: isRepetition && !downlink.indulgence.goesWithoutDuplicateFlag,
            qos: QualityOfService(message.qos), retain: message.retain,
            topicIDType: reference.type)
        let start = environment.beginDatagram(to: route)
        environment.effects.bytes.appendPublishHeader(
            flags: flags, topicID: reference.topicID, messageID: messageID,
            dataByteCount: Int(message.payloadByteCount))
        environment.store.appendPayload(of: index, to: &environment.effects.bytes)
        environment.endDatagram(start, to: route)
    }

    /// Sends a message of QoS 0 past what waits.
    mutating func sendPassing(
        _ index: StoredMessageIndex, as reference: TopicReference, in environment: inout Environment
    ) {
        let octets = Int(environment.store[index].payloadByteCount)
        if environment.store[index].expiry?.isOver(at: environment.now) == true {
            observe(.messageExpired(.atMostOnce, octets: octets), in: &environment)
            // The client may have moved to a narrower link since the message came.
        } else if !fits(octets, in: environment) {
            observe(.messageDroppedTooLong(.atMostOnce, octets: octets), in: &environment)
        } else {
            sendPublish(index, as: reference, messageID: 0, isRepetition: false, in: &environment)
            noteDelivered(
                .atMostOnce, after: environment.store[index].arrivedAt.age(at: environment.now), in: &environment)
        }
        environment.topicNames.release(environment.store[index].topicName)
        environment.store.remove(index)
    }

    /// Sends the first message again, with DUP and under the same message id.
    mutating func repeatPublish(in environment: inout Environment) {
        let message = environment.store[downlink.first]
        guard let reference = reference(to: message.topicName, in: environment),
            fits(Int(message.payloadByteCount), in: environment)
        else {
            // Meanwhile the client has denied the id, what it was told of it is forgotten, or its link became narrower.
            stopAsking()
            return deliver(in: &environment)
        }
        numberAndSendFirst(as: reference, in: &environment)
    }

    private mutating func sendRelease(in environment: inout Environment) {
        guard case .released(let messageID) = environment.store[downlink.first].state else { return }
        send(.publishRelease(messageID), in: &environment)
        downlink.beginDelivery()
        awaitAnswer(in: environment)
    }

    private mutating func awaitBrokerRelease(in environment: inout Environment) {
        downlink.beginDelivery()
        // Only a client that stays awake for it makes this wait worth bounding.
        clock.wait(until: state == .awake ? environment.now + retryInterval(after: 0, in: environment) : nil)
    }

    /// The client has the first message, as far as its QoS can tell.
    mutating func finishFirst(in environment: inout Environment) {
        let (qos, arrivedAt) = (environment.store[downlink.first].qos, environment.store[downlink.first].arrivedAt)
        noteDelivered(qos, after: arrivedAt.age(at: environment.now), in: &environment)
        downlink.noteDelivery()
        _ = removeFirst(in: &environment)
    }

    private mutating func removeFirst(in environment: inout Environment) -> StoredMessage {
        let patience = link(in: environment).patience
        let message = downlink.removeFirst(at: environment.now, patience: patience, in: &environment.store)
        environment.topicNames.release(message.topicName)
        return message
    }

    /// Gives a message up for good and lets the broker forget it.
    mutating func discardFirst(
        _ reason: (QualityOfService, Int) -> Occurrence, in environment: inout Environment
    ) {
        if environment.store[downlink.first].isDoubtful { noteGivenUp(downlink.first, in: &environment) }
        let message = removeFirst(in: &environment)
        observe(reason(QualityOfService(message.qos), Int(message.payloadByteCount)), in: &environment)
        if let token = message.tokenToAnswer { acknowledgeToBroker(message.qos, token, in: &environment) }
    }

    /// Lets the broker forget a message that will not be delivered, or that is.
    mutating func acknowledgeToBroker(
        _ qos: QoS, _ token: BrokerToken, in environment: inout Environment
    ) {
        switch qos {
        case .atMostOnce: break
        case .atLeastOnce: environment.acknowledge(token, on: upstream)
        case .exactlyOnce:
            guard environment.acknowledgeReceipt(of: token, on: upstream) else { return }
            downlink.memory.noteSettled(token)
        }
    }
}

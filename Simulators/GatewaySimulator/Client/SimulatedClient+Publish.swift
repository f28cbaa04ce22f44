// A client's own messages: registration and PUBLISH at QoS −1, 0, 1 and 2 (MQTT-SN 1.2 §6.5, §6.6, §6.8).

import Bytes
import MQTTSN

extension SimulatedClient {
    mutating func publish(_ publication: ClientPublication, into effects: inout ClientEffects) {
        if publication.qos == .minusOne {
            publishWithoutConnection(publication, into: &effects)
            return
        }
        publications.append(WaitingPublication(publication: publication))
        continuePublishing(into: &effects)
    }

    /// QoS −1 needs no connection and gets no answer; a name would have to be registered first.
    private mutating func publishWithoutConnection(
        _ publication: ClientPublication, into effects: inout ClientEffects
    ) {
        guard let reference = reference(to: publication.topic), reference.type != .normal else {
            effects.observe(.publicationRefused(publication.number, .notSupported))
            return
        }
        sendPublish(publication, reference, messageID: 0, duplicate: false, into: &effects)
        effects.observe(.published(publication.number))
    }

    /// Sends what waits, as far as it can go without an answer of the gateway.
    mutating func continuePublishing(into effects: inout ClientEffects) {
        while state == .active, registering == nil, openPublications.count < configuration.window,
            let waiting = publications.first
        {
            let publication = waiting.publication
            guard let reference = reference(to: publication.topic) else {
                guard case .name(let name) = publication.topic,
                    let messageID = newMessageID() ?? (waiting.messageID != 0 ? spareMessageID() : nil)
                else { return }
                registering = request(.register, messageID: messageID)
                registeringName = name
                return sendRegister(into: &effects)
            }
            if publication.qos == .atMostOnce {
                publications.removeFirst()
                sendPublish(publication, reference, messageID: 0, duplicate: false, into: &effects)
                effects.observe(.published(publication.number))
                continue
            }
            guard let messageID = waiting.messageID != 0 ? waiting.messageID : newMessageID() else { return }
            publications.removeFirst()
            let open = OpenPublication(waiting: waiting, request: request(.publish, messageID: messageID))
            openPublications.append(open)
            sendStep(of: open, duplicate: waiting.messageID != 0, into: &effects)
        }
    }

    /// Sends the REGISTER that is open, for the first time or again.
    mutating func sendRegister(into effects: inout ClientEffects) {
        guard let registering, registering.step == .register else { return }
        let register = Register(topicID: 0, messageID: registering.messageID, topicName: 0..<registeringName.count)
        send(.register(register), registeringName, into: &effects)
    }

    /// Sends the message of an open publication's step, for the first time or again.
    mutating func sendStep(of open: OpenPublication, duplicate: Bool, into effects: inout ClientEffects) {
        switch open.request.step {
        case .publish:
            guard let reference = reference(to: open.publication.topic) else { return }
            sendPublish(open.publication, reference, messageID: open.messageID, duplicate: duplicate, into: &effects)
        case .release: send(.publishRelease(open.messageID), into: &effects)
        }
    }

    /// How a PUBLISH names a topic; nil where the name must be registered first.
    func reference(to topic: ClientTopic) -> (type: TopicIDType, topicID: TopicID)? {
        switch topic {
        case .name(let name): topics.topicID(of: name).map { (.normal, $0) }
        case .predefined(let topicID): (.predefined, topicID)
        case .shortName(let octets): (.shortName, octets)
        }
    }

    private mutating func sendPublish(
        _ publication: ClientPublication, _ reference: (type: TopicIDType, topicID: TopicID), messageID: MessageID,
        duplicate: Bool, into effects: inout ClientEffects
    ) {
        let flags = Flags(
            duplicate: duplicate, qos: publication.qos, retain: publication.retain, topicIDType: reference.type)
        let publish = Publish(
            flags: flags, topicID: reference.topicID, messageID: messageID, data: 0..<publication.payload.count)
        send(.publish(publish), publication.payload, into: &effects)
    }

    // MARK: Ends

    mutating func finishPublication(
        at index: Int, _ observation: ClientObservation, into effects: inout ClientEffects
    ) {
        let open = openPublications.remove(at: index)
        endMessageID(of: open)
        effects.observe(observation)
    }

    private mutating func endMessageID(of open: OpenPublication) {
        if !configuration.reusesMessageIDs { messageIDs.end(open.messageID, at: now) }
    }

    /// The publication waits again, before all others; with a message id of its own only where it must. Those that
    /// have one go first: others may wait for an id of theirs.
    private mutating func putBack(at index: Int, keepsMessageID: Bool) {
        var open = openPublications.remove(at: index)
        if !keepsMessageID { endMessageID(of: open) }
        open.waiting.messageID = keepsMessageID ? open.messageID : 0
        let first = publications.firstIndex { $0.messageID == 0 } ?? publications.count
        publications.insert(open.waiting, at: keepsMessageID ? 0 : first)
    }

    /// No answer has come after all repetitions.
    mutating func giveUpPublication(at index: Int, into effects: inout ClientEffects) {
        guard configuration.givesUp else { return endConnection(.gatewayLost, into: &effects) }
        let number = openPublications[index].publication.number
        finishPublication(at: index, .publicationAbandoned(number), into: &effects)
        continuePublishing(into: &effects)
    }

    // MARK: A new connection

    /// Exchanges that the session remembers are resumed. Without one, QoS 1 starts over; QoS 2 could arrive twice.
    mutating func resumePublishing(into effects: inout ClientEffects) {
        if let registering { messageIDs.end(registering.messageID, at: now) }
        registering = nil
        for index in openPublications.indices.reversed() {
            let open = openPublications[index]
            switch (open.request.step, isNewSession) {
            case (_, true) where open.publication.qos == .exactlyOnce:
                finishPublication(at: index, .publicationAbandoned(open.publication.number), into: &effects)
            case (_, true): putBack(at: index, keepsMessageID: false)
            case (.publish, false): putBack(at: index, keepsMessageID: true)
            case (.release, false):
                openPublications[index].request = request(.release, messageID: open.messageID)
                sendStep(of: open, duplicate: true, into: &effects)
            }
        }
        // What waits under a message id of an earlier session has been sent in it.
        if isNewSession { startOver(into: &effects) }
        continuePublishing(into: &effects)
    }

    private mutating func startOver(into effects: inout ClientEffects) {
        for index in publications.indices.reversed() where publications[index].messageID != 0 {
            messageIDs.end(publications[index].messageID, at: now)
            publications[index].messageID = 0
            guard publications[index].publication.qos == .exactlyOnce else { continue }
            effects.observe(.publicationAbandoned(publications.remove(at: index).publication.number))
        }
    }
}

// The gateway's answers to REGISTER and PUBLISH.
extension SimulatedClient {
    mutating func receiveRegisterAcknowledgement(
        _ answer: RegisterAcknowledgement, into effects: inout ClientEffects
    ) {
        guard let registering, registering.step == .register, registering.messageID == answer.messageID else {
            effects.observe(.unexpectedMessage(.registerAcknowledgement))
            return
        }
        messageIDs.end(answer.messageID, at: now)
        self.registering = nil
        switch answer.returnCode {
        case .accepted:
            topics.insert(registeringName, answer.topicID)
            effects.observe(.topicRegistered(registeringName, answer.topicID))
        case .congestion: self.registering = pause(.pause)
        default: refuseRegistered(answer.returnCode, into: &effects)
        }
        continuePublishing(into: &effects)
    }

    private mutating func refuseRegistered(_ code: ReturnCode, into effects: inout ClientEffects) {
        let index = publications.firstIndex { $0.publication.topic == .name(registeringName) }
        guard let index else { return }
        let refused = publications.remove(at: index)
        messageIDs.end(refused.messageID, at: now)
        effects.observe(.publicationRefused(refused.publication.number, code))
    }

    /// Ends QoS 1; with another code than "accepted" it ends any PUBLISH (MQTT-SN 1.2 §5.4.13, AMB-18).
    mutating func receivePublishAcknowledgement(
        _ answer: PublishAcknowledgement, into effects: inout ClientEffects
    ) {
        guard let index = openIndex(.publish, answer.messageID) else {
            receiveRefusal(answer, into: &effects)
            return
        }
        let publication = openPublications[index].publication
        switch answer.returnCode {
        case .accepted:
            guard publication.qos == .atLeastOnce else {
                effects.observe(.unexpectedMessage(.publishAcknowledgement))
                return
            }
            finishPublication(at: index, .published(publication.number), into: &effects)
        case .congestion:
            putBack(at: index, keepsMessageID: false)
            if let registering { messageIDs.end(registering.messageID, at: now) }
            registering = pause(.pause)
        case .invalidTopicID where forgetTopicID(ofOpen: index):
            // What may have been heard before is told under the same message id, or it could arrive twice.
            let mayBeHeard =
                openPublications[index].request.attempts > 1 || openPublications[index].waiting.messageID != 0
            putBack(at: index, keepsMessageID: publication.qos == .exactlyOnce && mayBeHeard)
        default:
            finishPublication(at: index, .publicationRefused(publication.number, answer.returnCode), into: &effects)
        }
        continuePublishing(into: &effects)
    }

    /// A registered topic can be registered again, a bounded number of times; nothing helps a pre-defined one.
    private mutating func forgetTopicID(ofOpen index: Int) -> Bool {
        guard case .name(let name) = openPublications[index].publication.topic,
            openPublications[index].waiting.renewalCount < configuration.retryCount
        else { return false }
        openPublications[index].waiting.renewalCount += 1
        if let topicID = topics.topicID(of: name) { topics.remove(topicID) }
        return true
    }

    /// A PUBACK that belongs to no open exchange refuses a message of QoS 0, or comes late.
    private mutating func receiveRefusal(_ answer: PublishAcknowledgement, into effects: inout ClientEffects) {
        guard answer.messageID == 0, answer.returnCode != .accepted else {
            effects.observe(.unexpectedMessage(.publishAcknowledgement))
            return
        }
        if answer.returnCode == .invalidTopicID { topics.remove(answer.topicID) }
        if answer.returnCode == .congestion, registering == nil, openPublications.isEmpty {
            registering = pause(.pause)
        }
        effects.observe(.publicationRefused(nil, answer.returnCode))
    }

    mutating func receivePublishReceived(_ messageID: MessageID, into effects: inout ClientEffects) {
        if let index = openIndex(.publish, messageID), openPublications[index].publication.qos == .exactlyOnce {
            openPublications[index].request = request(.release, messageID: messageID)
        } else if openIndex(.release, messageID) == nil {
            effects.observe(.unexpectedMessage(.publishReceived))
            return
        }
        // Also where it is released already: the gateway repeats PUBREC where the PUBREL was lost.
        send(.publishRelease(messageID), into: &effects)
    }

    mutating func receivePublishComplete(_ messageID: MessageID, into effects: inout ClientEffects) {
        guard let index = openIndex(.release, messageID) else {
            effects.observe(.unexpectedMessage(.publishComplete))
            return
        }
        finishPublication(at: index, .published(openPublications[index].publication.number), into: &effects)
        continuePublishing(into: &effects)
    }

    /// The open publication at this step under this message id.
    private func openIndex(_ step: ClientPublishStep, _ messageID: MessageID) -> Int? {
        openPublications.firstIndex { $0.request.step == step && $0.messageID == messageID }
    }
}

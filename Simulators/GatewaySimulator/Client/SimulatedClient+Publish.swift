// A client's own messages: registration and PUBLISH at QoS −1, 0, 1 and 2 (MQTT-SN 1.2 §6.5, §6.6, §6.8).

import Bytes
import MQTTSN

extension SimulatedClient {
    mutating func publish(_ publication: ClientPublication, into effects: inout ClientEffects) {
        if publication.qos == .minusOne {
            publishWithoutConnection(publication, into: &effects)
            return
        }
        publications.append(publication)
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
        while state == .active, publishing == nil, let publication = publications.first {
            guard let reference = reference(to: publication.topic) else {
                let register = request(ClientPublishStep.register, messageID: newMessageID())
                publishing = register
                sendPublishStep(register, duplicate: false, into: &effects)
                return
            }
            if publication.qos == .atMostOnce {
                sendPublish(publication, reference, messageID: 0, duplicate: false, into: &effects)
                finishPublication(.published(publication.number), into: &effects)
            } else {
                let open = request(ClientPublishStep.publish, messageID: interruptedMessageID ?? newMessageID())
                publishing = open
                sendPublishStep(open, duplicate: interruptedMessageID != nil, into: &effects)
                interruptedMessageID = nil
            }
        }
    }

    /// Sends the message of a step, for the first time or again.
    mutating func sendPublishStep(
        _ open: ClientRequest<ClientPublishStep>, duplicate: Bool, into effects: inout ClientEffects
    ) {
        guard let publication = publications.first else { return }
        switch open.step {
        case .register:
            guard case .name(let name) = publication.topic else { return }
            let register = Register(topicID: 0, messageID: open.messageID, topicName: 0..<name.count)
            send(.register(register), name, into: &effects)
        case .publish:
            guard let reference = reference(to: publication.topic) else { return }
            sendPublish(publication, reference, messageID: open.messageID, duplicate: duplicate, into: &effects)
        case .release: send(.publishRelease(open.messageID), into: &effects)
        case .pause: break
        }
    }

    /// How a PUBLISH names a topic; nil where the name must be registered first.
    private func reference(to topic: ClientTopic) -> (type: TopicIDType, topicID: TopicID)? {
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

    private mutating func finishPublication(_ observation: ClientObservation, into effects: inout ClientEffects) {
        publications.removeFirst()
        publishing = nil
        interruptedMessageID = nil
        renewalCount = 0
        effects.observe(observation)
    }

    // MARK: A new connection

    /// An exchange that the session remembers is resumed. Without one, QoS 1 starts over; QoS 2 could arrive twice.
    mutating func resumePublishing(into effects: inout ClientEffects) {
        let open = publishing
        publishing = nil
        switch open?.step {
        case .publish: interruptedMessageID = open?.messageID
        case .release where !isNewSession: resumeRelease(open?.messageID ?? 0, into: &effects)
        case .release: interruptedMessageID = open?.messageID
        case .register, .pause, nil: break
        }
        if isNewSession, interruptedMessageID != nil {
            interruptedMessageID = nil
            if let publication = publications.first, publication.qos == .exactlyOnce {
                finishPublication(.publicationAbandoned(publication.number), into: &effects)
            }
        }
        continuePublishing(into: &effects)
    }

    private mutating func resumeRelease(_ messageID: MessageID, into effects: inout ClientEffects) {
        let open = request(ClientPublishStep.release, messageID: messageID)
        publishing = open
        sendPublishStep(open, duplicate: true, into: &effects)
    }
}

// The gateway's answers to REGISTER and PUBLISH.
extension SimulatedClient {
    mutating func receiveRegisterAcknowledgement(
        _ answer: RegisterAcknowledgement, into effects: inout ClientEffects
    ) {
        guard let publication = open(.register, answer.messageID), case .name(let name) = publication.topic else {
            effects.observe(.unexpectedMessage(.registerAcknowledgement))
            return
        }
        switch answer.returnCode {
        case .accepted:
            topics.insert(name, answer.topicID)
            publishing = nil
            effects.observe(.topicRegistered(name, answer.topicID))
        case .congestion: publishing = pause(.pause)
        default: finishPublication(.publicationRefused(publication.number, answer.returnCode), into: &effects)
        }
        continuePublishing(into: &effects)
    }

    /// Ends QoS 1; with another code than "accepted" it ends any PUBLISH (MQTT-SN 1.2 §5.4.13, AMB-18).
    mutating func receivePublishAcknowledgement(
        _ answer: PublishAcknowledgement, into effects: inout ClientEffects
    ) {
        guard let publication = open(.publish, answer.messageID) else {
            receiveRefusal(answer, into: &effects)
            return
        }
        switch answer.returnCode {
        case .accepted:
            guard publication.qos == .atLeastOnce else {
                effects.observe(.unexpectedMessage(.publishAcknowledgement))
                return
            }
            finishPublication(.published(publication.number), into: &effects)
        case .congestion: publishing = pause(.pause)
        case .invalidTopicID where forgetTopicID(of: publication): publishing = nil
        default: finishPublication(.publicationRefused(publication.number, answer.returnCode), into: &effects)
        }
        continuePublishing(into: &effects)
    }

    /// A registered topic can be registered again, a bounded number of times; nothing helps a pre-defined one.
    private mutating func forgetTopicID(of publication: ClientPublication) -> Bool {
        guard case .name(let name) = publication.topic, renewalCount < configuration.retryCount else { return false }
        renewalCount += 1
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
        if answer.returnCode == .congestion, publishing == nil { publishing = pause(.pause) }
        effects.observe(.publicationRefused(nil, answer.returnCode))
    }

    mutating func receivePublishReceived(_ messageID: MessageID, into effects: inout ClientEffects) {
        let isFirst = open(.publish, messageID)?.qos == .exactlyOnce
        // The gateway repeats PUBREC where the PUBREL was lost.
        guard isFirst || open(.release, messageID) != nil else {
            effects.observe(.unexpectedMessage(.publishReceived))
            return
        }
        if isFirst { publishing = request(.release, messageID: messageID) }
        send(.publishRelease(messageID), into: &effects)
    }

    mutating func receivePublishComplete(_ messageID: MessageID, into effects: inout ClientEffects) {
        guard let publication = open(.release, messageID) else {
            effects.observe(.unexpectedMessage(.publishComplete))
            return
        }
        finishPublication(.published(publication.number), into: &effects)
        continuePublishing(into: &effects)
    }

    /// The first publication, if it is at this step under this message id.
    private func open(_ step: ClientPublishStep, _ messageID: MessageID) -> ClientPublication? {
        guard let publishing, publishing.step == step, publishing.messageID == messageID else { return nil }
        return publications.first
    }
}

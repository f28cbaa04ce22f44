import MQTTSN
import Time

/// Publishing: REGISTER where the topic has no id yet, then PUBLISH and what its QoS asks for (MQTT-SN 1.2 §6.5, §6.6).
extension SensorClient {
    mutating func beginPublish(_ publication: Publication, at now: Instant) {
        guard case .name(let name) = publication.topic, idsByName[name] == nil else {
            sendPublish(publication, at: now)
            return
        }
        let messageID = nextMessageID()
        let register = Register(topicID: 0, messageID: messageID, topicName: 0..<name.count)
        send(
            .register(register), from: name, for: .register, messageID: messageID, about: .publish(publication), at: now
        )
    }

    mutating func registrationAnswered(_ acknowledgement: RegisterAcknowledgement, at now: Instant) {
        guard let open = pending, open.exchange == .register, open.messageID == acknowledgement.messageID,
            case .publish(let publication) = open.request, case .name(let name) = publication.topic
        else { return }
        guard acknowledgement.returnCode == .accepted else {
            end(.failed(.refused(.register, acknowledgement.returnCode)))
            return
        }
        idsByName[name] = acknowledgement.topicID
        remember(name, as: acknowledgement.topicID)
        pending = nil
        sendPublish(publication, at: now)
    }

    mutating func sendPublish(_ publication: Publication, at now: Instant) {
        let topicID: TopicID
        switch publication.topic {
        case .name(let name): topicID = idsByName[name] ?? 0
        case .predefined(let id), .shortName(let id): topicID = id
        }
        let isConfirmed = publication.qos == .atLeastOnce || publication.qos == .exactlyOnce
        let messageID = isConfirmed ? nextMessageID() : 0
        let flags = Flags(qos: publication.qos, retain: publication.retain, topicIDType: publication.topic.type)
        let publish = Publish(flags: flags, topicID: topicID, messageID: messageID, data: 0..<publication.data.count)
        send(
            .publish(publish), from: publication.data, for: .publish, messageID: messageID,
            about: .publish(publication), at: now)
        guard !isConfirmed, phase != .ended else { return }
        // Nothing tells that it arrived.
        pending = nil
        events.append(.published)
        advance(at: now)
    }

    /// PUBACK: the end of an exchange at QoS 1, or the refusal of any PUBLISH (§6.6).
    mutating func publicationAnswered(_ acknowledgement: PublishAcknowledgement, at now: Instant) {
        guard let open = pending, open.exchange == .publish || open.exchange == .release,
            open.messageID == acknowledgement.messageID, case .publish(var publication) = open.request
        else {
            // At QoS 0 only a refusal is ever told, and too late to send the message again.
            if acknowledgement.returnCode != .accepted, acknowledgement.messageID == 0, phase == .active {
                end(.failed(.refused(.publish, acknowledgement.returnCode)))
            }
            return
        }
        if acknowledgement.returnCode == .accepted {
            guard publication.qos == .atLeastOnce else { return }
            events.append(.published)
            complete(at: now)
        } else if acknowledgement.returnCode == .invalidTopicID, case .name(let name) = publication.topic,
            !publication.hasLostItsID
        {
            publication.hasLostItsID = true
            idsByName[name] = nil
            pending = nil
            beginPublish(publication, at: now)
        } else {
            end(.failed(.refused(.publish, acknowledgement.returnCode)))
        }
    }

    mutating func publicationReceived(_ messageID: MessageID, at now: Instant) {
        guard let open = pending, open.messageID == messageID, case .publish(let publication) = open.request,
            publication.qos == .exactlyOnce
        else { return }
        switch open.exchange {
        case .publish:
            send(.publishRelease(messageID), for: .release, messageID: messageID, about: open.request, at: now)
        // The gateway has not heard it.
        case .release: reply(.publishRelease(messageID), at: now)
        case .connect, .willTopic, .willMessage, .register, .subscribe, .ping, .wakeUp, .sleep, .disconnect: break
        }
    }

    mutating func publicationComplete(_ messageID: MessageID, at now: Instant) {
        guard let open = pending, open.exchange == .release, open.messageID == messageID else { return }
        events.append(.published)
        complete(at: now)
    }
}

// Which procedure a message of the gateway belongs to, and the messages that are published to the client.

import Bytes
import MQTTSN

extension SimulatedClient {
    mutating func receive(_ datagram: RawSpan, into effects: inout ClientEffects) {
        guard state != .asleep else { return }
        let message: Message
        do throws(DecodeError) {
            message = try Message.decode(datagram)
        } catch {
            effects.observe(.malformedDatagram(error))
            return
        }
        lastHeard = now
        switch message {
        case .connectAcknowledgement(let code): receiveConnectAcknowledgement(code, into: &effects)
        case .willTopicRequest: receiveWillPrompt(.willTopic, into: &effects)
        case .willMessageRequest: receiveWillPrompt(.willMessage, into: &effects)
        case .disconnect: receiveDisconnect(into: &effects)
        case .register, .registerAcknowledgement, .publish, .publishAcknowledgement, .publishReceived,
            .publishRelease, .publishComplete, .subscribeAcknowledgement, .unsubscribeAcknowledgement, .pingRequest,
            .pingResponse, .willTopicResponse, .willMessageResponse:
            receiveWhileActive(message, datagram, into: &effects)
        case .advertise, .gatewayInfo, .searchGateway:
            // Which gateway to use is not the client's choice yet (MQTT-SN 1.2 §6.1).
            break
        case .connect, .willTopic, .willMessage, .subscribe, .unsubscribe, .willTopicUpdate, .willMessageUpdate,
            .encapsulated:
            effects.observe(.unexpectedMessage(message.type))
        }
    }

    private mutating func receiveWhileActive(
        _ message: Message, _ datagram: RawSpan, into effects: inout ClientEffects
    ) {
        guard state == .active || state == .fallingAsleep || state == .awake else {
            effects.observe(.unexpectedMessage(message.type))
            return
        }
        switch message {
        case .register(let register): receiveRegister(register, datagram, into: &effects)
        case .registerAcknowledgement(let answer): receiveRegisterAcknowledgement(answer, into: &effects)
        case .publish(let publish): receivePublish(publish, datagram, into: &effects)
        case .publishAcknowledgement(let answer): receivePublishAcknowledgement(answer, into: &effects)
        case .publishReceived(let messageID): receivePublishReceived(messageID, into: &effects)
        case .publishRelease(let messageID):
            // One that is not known is completed as well: the PUBCOMP was lost.
            receivedMessages.release(messageID, at: now)
            send(.publishComplete(messageID), into: &effects)
        case .publishComplete(let messageID): receivePublishComplete(messageID, into: &effects)
        case .subscribeAcknowledgement(let answer): receiveSubscribeAcknowledgement(answer, into: &effects)
        case .unsubscribeAcknowledgement(let messageID): receiveUnsubscribeAcknowledgement(messageID, into: &effects)
        case .pingRequest: send(.pingResponse, into: &effects)
        case .pingResponse: receivePingResponse(into: &effects)
        case .willTopicResponse(let code): receiveWillTopicResponse(code, into: &effects)
        case .willMessageResponse(let code): receiveWillMessageResponse(code, into: &effects)
        case .advertise, .searchGateway, .gatewayInfo, .connect, .connectAcknowledgement, .willTopicRequest, .willTopic,
            .willMessageRequest, .willMessage, .subscribe, .unsubscribe, .disconnect, .willTopicUpdate,
            .willMessageUpdate, .encapsulated:
            break
        }
    }

    /// The gateway tells an id before it uses it (MQTT-SN 1.2 §6.5).
    private mutating func receiveRegister(
        _ register: Register, _ datagram: RawSpan, into effects: inout ClientEffects
    ) {
        guard !configuration.ignoresRegister else { return effects.observe(.unexpectedMessage(.register)) }
        let name = datagram.copy(of: register.topicName)
        topics.insert(name, register.topicID)
        let answer = RegisterAcknowledgement(
            topicID: register.topicID, messageID: register.messageID, returnCode: .accepted)
        send(.registerAcknowledgement(answer), into: &effects)
        effects.observe(.topicLearned(name, register.topicID))
    }

    // MARK: Published to the client

    private mutating func receivePublish(_ publish: Publish, _ datagram: RawSpan, into effects: inout ClientEffects) {
        guard let topic = topic(of: publish) else {
            // MQTT-SN 1.2 §6.10
            deny(publish, into: &effects)
            return
        }
        if configuration.refusesRepetitions, publish.flags.duplicate, publish.flags.qos == .atLeastOnce {
            acknowledge(publish, .notSupported, into: &effects)
            return
        }
        let message = ClientMessage(
            topic: topic, payload: datagram.copy(of: publish.data), qos: publish.flags.qos,
            retain: publish.flags.retain, duplicate: publish.flags.duplicate)
        switch publish.flags.qos {
        case .atMostOnce: effects.observe(.messageReceived(message))
        case .atLeastOnce:
            effects.observe(.messageReceived(message))
            acknowledge(publish, .accepted, into: &effects)
        case .exactlyOnce:
            if receivedMessages.note(publish.messageID, message.payload, at: now) {
                effects.observe(.messageReceived(message))
            }
            send(.publishReceived(publish.messageID), into: &effects)
        case .minusOne: effects.observe(.unexpectedMessage(.publish))
        }
    }

    private func topic(of publish: Publish) -> ClientTopic? {
        switch publish.flags.topicIDType {
        case .normal: topics.name(of: publish.topicID).map { .name($0) }
        case .predefined: .predefined(publish.topicID)
        case .shortName: .shortName(publish.topicID)
        case .reserved: nil
        }
    }

    private mutating func deny(_ publish: Publish, into effects: inout ClientEffects) {
        guard configuration.refusesUnknownIDs, publish.flags.topicIDType == .normal, publish.messageID != 0 else {
            return acknowledge(publish, .invalidTopicID, into: &effects)
        }
        let answer = PublishAcknowledgement(topicID: 0, messageID: publish.messageID, returnCode: .notSupported)
        send(.publishAcknowledgement(answer), into: &effects)
    }

    private mutating func acknowledge(_ publish: Publish, _ code: ReturnCode, into effects: inout ClientEffects) {
        let answer = PublishAcknowledgement(topicID: publish.topicID, messageID: publish.messageID, returnCode: code)
        send(.publishAcknowledgement(answer), into: &effects)
    }
}

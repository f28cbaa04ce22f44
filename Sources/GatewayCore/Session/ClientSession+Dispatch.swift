import Bytes
import MQTTSN
import Time

// Which procedure a message of a known client belongs to; nothing else.

extension ClientSession {
    /// Handles a message of a client that is connected or being connected. CONNECT and what concerns the whole gateway
    /// have been taken out before.
    mutating func handle(_ message: Message, _ datagram: RawSpan, in environment: inout Environment) {
        if phase == .asleep { figures.cameBack(after: environment.now.since(supervision.lastHeard)) }
        supervision.heard(at: environment.now)  // GW-61
        switch message {
        case .willTopic(let will): receiveWillTopic(will, datagram, in: &environment)
        case .willMessage(let content): receiveWillMessage(content, datagram, in: &environment)
        case .publish(let publish) where publish.flags.qos == .minusOne && !phase.isConnected:
            // GW-49: it needs no connection, so one that is being set up does not matter.
            forwardQoSMinusOne(publish, datagram, in: &environment)
        case .disconnect(let duration) where phase.isSettingUp:
            receiveDisconnectInSetUp(duration: duration ?? 0, in: &environment)
        case .publish, .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete, .register,
            .registerAcknowledgement, .subscribe, .unsubscribe, .pingRequest, .pingResponse, .disconnect,
            .willTopicUpdate, .willMessageUpdate:
            handleConnected(message, datagram, in: &environment)
        case .advertise, .searchGateway, .gatewayInfo, .connect, .connectAcknowledgement, .willTopicRequest,
            .willMessageRequest, .subscribeAcknowledgement, .unsubscribeAcknowledgement, .willTopicResponse,
            .willMessageResponse, .encapsulated:
            observeUnexpected(message, in: &environment)
        }
    }

    private mutating func handleConnected(_ message: Message, _ datagram: RawSpan, in environment: inout Environment) {
        guard phase.isConnected else {
            observeUnexpected(message, in: &environment)
            return
        }
        request.clientSpoke()
        setUp.clientSpokeInSession()
        switch message {
        case .publish(let publish): receivePublish(publish, datagram, in: &environment)
        case .publishAcknowledgement(let answer): receivePublishAcknowledgement(answer, in: &environment)
        case .publishReceived(let messageID): receivePublishReceived(messageID, in: &environment)
        case .publishRelease(let messageID): receivePublishRelease(messageID, in: &environment)
        case .publishComplete(let messageID): receivePublishComplete(messageID, in: &environment)
        case .register(let register): receiveRegister(register, datagram, in: &environment)
        case .registerAcknowledgement(let answer): receiveRegisterAcknowledgement(answer, in: &environment)
        case .subscribe(let subscribe): receiveSubscribe(subscribe, datagram, in: &environment)
        case .unsubscribe(let unsubscribe): receiveUnsubscribe(unsubscribe, datagram, in: &environment)
        case .pingRequest(let clientID): receivePingRequest(clientID, datagram, in: &environment)
        case .pingResponse: break
        case .disconnect(let duration): return receiveDisconnect(duration: duration, in: &environment)
        case .willTopicUpdate(let update): receiveWillTopicUpdate(update, datagram, in: &environment)
        case .willMessageUpdate(let content): receiveWillMessageUpdate(content, datagram, in: &environment)
        case .advertise, .searchGateway, .gatewayInfo, .connect, .connectAcknowledgement, .willTopicRequest, .willTopic,
            .willMessageRequest, .willMessage, .subscribeAcknowledgement, .unsubscribeAcknowledgement,
            .willTopicResponse, .willMessageResponse, .encapsulated:
            observeUnexpected(message, in: &environment)
        }
        if !message.isQoSMinusOne { bringWhatWaits(in: &environment) }
        // Whatever stood in the way may be over.
        keepSessionAtBroker(in: &environment)
    }

    /// GW-06: what only a gateway sends is ignored, and so is what has no place in the client's state.
    func observeUnexpected(_ message: Message, in environment: inout Environment) {
        observe(.unexpectedMessage(message.type), in: &environment)
    }
}

extension Message {
    /// Whether its sender need not listen to anything (MQTT-SN 1.2 §6.8).
    fileprivate var isQoSMinusOne: Bool {
        if case .publish(let publish) = self { publish.flags.qos == .minusOne } else { false }
    }
}

import Bytes
import MQTTSN

// What the client answers to a PUBLISH, and at QoS 2 the broker's PUBREL (MQTT-SN 1.2 §6.10).

extension ClientSession {
    /// The first message, if its PUBLISH is open under this message id; its topic id does not matter (AMB-18).
    private func isOpen(_ kind: OpenExchange.Kind, _ messageID: MessageID, in environment: borrowing Environment)
        -> Bool
    {
        open.kind == kind && environment.store[queue.first].messageID == messageID
    }

    mutating func receivePublishAcknowledgement(
        _ answer: PublishAcknowledgement, in environment: inout Environment
    ) {
        if answer.messageID == 0, answer.returnCode == .invalidTopicID {
            // A QoS 0 message was not understood: it is gone, the next one comes after a REGISTER (GW-57, AMB-18).
            if topics.entry(answer.topicID)?.standing == .known { topics.setStanding(.unknown, of: answer.topicID) }
            return
        }
        guard isOpen(.publish, answer.messageID, in: environment) else {
            return observeUnexpected(.publishAcknowledgement(answer), in: &environment)
        }
        let message = environment.store[queue.first]
        switch answer.returnCode {
        case .accepted:
            // As a success PUBACK ends QoS 1 only; at QoS 2 the PUBREC is still to come.
            guard message.qos == .atLeastOnce else {
                return observeUnexpected(.publishAcknowledgement(answer), in: &environment)
            }
            acknowledgeToBroker(.atLeastOnce, message.token, in: &environment)
            finishFirst(in: &environment)
        case .invalidTopicID where renewTopic(message.topicName, in: environment): break
        default: discardFirst(.messageDroppedNotRegistered, in: &environment)  // GW-57, GW-58
        }
        closeExchange(in: environment)
        goOn(in: &environment)
    }

    /// The client has lost a normal id: it is told again and the message repeated, a bounded number of times (GW-57).
    private mutating func renewTopic(_ name: TopicNameIndex, in environment: borrowing Environment) -> Bool {
        // Where a QoS 0 message was not understood before, the id counts as unknown already.
        guard let topicID = topics.id(for: name), topics.entry(topicID)?.standing != .rejected,
            renewals < link(in: environment).retryCount
        else { return false }
        renewals += 1
        topics.setStanding(.unknown, of: topicID)
        return true
    }

    mutating func receivePublishReceived(_ messageID: MessageID, in environment: inout Environment) {
        if isOpen(.release, messageID, in: environment) {
            send(.publishRelease(messageID), in: &environment)  // the client missed the PUBREL
            return
        }
        guard isOpen(.publish, messageID, in: environment), environment.store[queue.first].qos == .exactlyOnce else {
            if !isOpen(.brokerRelease, messageID, in: environment) {
                observeUnexpected(.publishReceived(messageID), in: &environment)
            }
            return
        }
        let token = environment.store[queue.first].token
        closeExchange(in: environment)
        if token.isNone {
            environment.store[queue.first].stage = .released
        } else {
            environment.store[queue.first].stage = .received
            releaseBlockedSince = nil
            environment.acknowledgeReceipt(of: token, on: upstream)
        }
        deliver(in: &environment)
    }

    mutating func receivePublishComplete(_ messageID: MessageID, in environment: inout Environment) {
        guard isOpen(.release, messageID, in: environment) else {
            return observeUnexpected(.publishComplete(messageID), in: &environment)
        }
        let token = environment.store[queue.first].token
        if !token.isNone { environment.complete(token, on: upstream) }
        finishFirst(in: &environment)
        closeExchange(in: environment)
        goOn(in: &environment)
    }

    /// The broker's PUBREL goes to the client; one for a message that is not here belongs to an exchange that an
    /// earlier connection began, and the client knows.
    mutating func brokerReleased(_ token: BrokerToken, in environment: inout Environment) {
        if let index = queue.message(withToken: token, in: environment.store) {
            guard environment.store[index].stage == .received else { return }
            environment.store[index].stage = .released
            if open.kind == .brokerRelease { open = OpenExchange() }
        } else if let index = discardedTokens.firstIndex(of: token) {
            discardedTokens.remove(at: index)
            environment.complete(token, on: upstream)
            return
        } else {
            hasUsedMessageIDHalf = true
            let nothing: [UInt8] = []
            let name = environment.topicNames.use(nothing.span.bytes)
            queue.append(environment.store.insertRelease(token: token, topicName: name), in: &environment.store)
            adjustReading(in: &environment)
        }
        deliver(in: &environment)
    }
}

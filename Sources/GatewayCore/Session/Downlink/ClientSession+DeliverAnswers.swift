import Bytes
import MQTTSN

// What the client answers to a PUBLISH, and at QoS 2 the broker's PUBREL (MQTT-SN 1.2 §6.10).

/// What a PUBREL of the broker means.
enum BrokerRelease {
    /// The client is to be told; now, if nothing else is under way.
    case passedOn
    /// It has been told already.
    case known
    /// The client need not hear of it.
    case settled
    /// The message belongs to an exchange that an earlier connection began, under this message id.
    case unknown(MessageID)
}

extension ClientSession {
    mutating func receivePublishAcknowledgement(
        _ answer: PublishAcknowledgement, in environment: inout Environment
    ) {
        if answer.messageID == 0, answer.returnCode == .invalidTopicID {
            // A QoS 0 message was not understood: it is gone, the next one comes after a REGISTER (GW-57, AMB-18).
            if topics.entry(answer.topicID)?.isUsable == true { _ = topics.noteDenied(answer.topicID) }
            return
        }
        // The first message, if its PUBLISH is open under this message id; its topic id does not matter (AMB-18).
        guard downlink.stateUnderWay(in: environment.store) == .sent(answer.messageID) else {
            // What the client does not know it does not know, also where the message waits for the end of a set-up or
            // the next wake-up, has let others pass, or was sent by a gateway that has been started anew since.
            if answer.returnCode == .invalidTopicID { _ = topics.noteDenied(answer.topicID) }
            return observeUnexpected(.publishAcknowledgement(answer), in: &environment)
        }
        let message = environment.store[downlink.first]
        switch answer.returnCode {
        case .accepted:
            // As a success PUBACK ends QoS 1 only; at QoS 2 the PUBREC is still to come.
            guard message.qos == .atLeastOnce else {
                return observeUnexpected(.publishAcknowledgement(answer), in: &environment)
            }
            if let token = message.tokenToAnswer { environment.acknowledge(token, on: upstream) }
            finishFirst(in: &environment)
            tryUnanswered(in: &environment)
        case .invalidTopicID where deniesAssumed(message.topicName):
            answerCame(in: &environment)
            setFirstAside(isUnanswered: true, in: &environment)
            return goOn(in: &environment)
        case .invalidTopicID where renewTopic(message.topicName, in: environment): break
        case .notSupported where meansTopicID(answer, message.topicName, in: environment):
            observe(.refusalReadAsDenial, in: &environment)
        case .notSupported where message.qos == .atLeastOnce && meansDuplicateFlag():
            return sendWithoutDuplicateFlag(in: &environment)
        case .notSupported where downlink.indulgence.takeLateRefusal(): return
        default: discardFirst(Occurrence.messageDroppedNotRegistered, in: &environment)  // GW-57, GW-58
        }
        answerCame(in: &environment)
        goOn(in: &environment)
    }

    /// Whether the client denies an id that it has been told in vain: what needs that lets the others pass.
    private mutating func deniesAssumed(_ name: TopicNameIndex) -> Bool {
        guard let topicID = topics.id(for: name), topics.entry(topicID)?.standing == .assumed else { return false }
        return !topics.noteDenied(topicID)
    }

    /// The client has lost a normal id: it is told again and the message repeated, a bounded number of times (GW-57).
    private mutating func renewTopic(_ name: TopicNameIndex, in environment: borrowing Environment) -> Bool {
        // Where a QoS 0 message was not understood before, the id counts as unknown already.
        guard let topicID = topics.id(for: name), topics.noteDenied(topicID) else { return false }
        return downlink.indulgence.mayRenew(limit: link(in: environment).retryCount)
    }

    /// There are clients that have forgotten a normal id over their sleep and say 0x03 to it, with topic id 0. One that
    /// does not mean that says so again (AMB-18).
    private mutating func meansTopicID(
        _ answer: PublishAcknowledgement, _ name: TopicNameIndex, in environment: borrowing Environment
    ) -> Bool {
        guard answer.topicID == 0, reference(to: name, in: environment)?.type == .normal else { return false }
        return downlink.indulgence.mayReadAsDenial() && renewTopic(name, in: environment)
    }

    /// There are clients that refuse whatever has DUP, so that a lost first copy would be a lost message (AMB-18).
    private mutating func meansDuplicateFlag() -> Bool {
        downlink.indulgence.mayLeaveOutDuplicateFlag(repetitionCount: clock.repetitionCount)
    }

    private mutating func sendWithoutDuplicateFlag(in environment: inout Environment) {
        observe(.refusalOfRepetition, in: &environment)
        answerCame(in: &environment)
        goOn(in: &environment)
    }

    mutating func receivePublishReceived(_ messageID: MessageID, in environment: inout Environment) {
        switch downlink.stateUnderWay(in: environment.store) {
        case .released(messageID): send(.publishRelease(messageID), in: &environment)  // the client missed the PUBREL
        case .received(messageID): break
        case .sent(messageID) where environment.store[downlink.first].qos == .exactlyOnce:
            let token = downlink.clientReceivedFirst(in: &environment.store)
            if let token { environment.acknowledgeReceipt(of: token, on: upstream) }
            answerCame(in: &environment)
            deliver(in: &environment)
        default: receiveLateReceipt(messageID, in: &environment)
        }
    }

    /// A PUBREC that nothing waits for. It may have come behind the DISCONNECT of a client that went to sleep: then the
    /// broker is told at once, as it would be at the next wake-up. Or a message was given up that the client has got
    /// all the same, or it has ended, and a late copy of its PUBLISH came behind: until the client hears PUBREL, it
    /// takes the next one under that number for the same.
    private mutating func receiveLateReceipt(_ messageID: MessageID, in environment: inout Environment) {
        if downlink.firstWasSent(exactlyOnce: messageID, in: environment.store) {
            let token = downlink.clientReceivedFirst(in: &environment.store)
            if let token { environment.acknowledgeReceipt(of: token, on: upstream) }
            guard state.isListening else { return }
            answerCame(in: &environment)
            deliver(in: &environment)
        } else if state.isListening, isOver(messageID, in: environment) {
            send(.publishRelease(messageID), in: &environment)
        } else {
            observeUnexpected(.publishReceived(messageID), in: &environment)
        }
    }

    private func isOver(_ messageID: MessageID, in environment: borrowing Environment) -> Bool {
        let patience = link(in: environment).patience
        return downlink.isOver(messageID, at: environment.now, patience: patience, in: environment.store)
    }

    mutating func receivePublishComplete(_ messageID: MessageID, in environment: inout Environment) {
        guard downlink.stateUnderWay(in: environment.store) == .released(messageID) else {
            return observeUnexpected(.publishComplete(messageID), in: &environment)
        }
        if let token = environment.store[downlink.first].tokenToAnswer { environment.complete(token, on: upstream) }
        finishFirst(in: &environment)
        tryUnanswered(in: &environment)
        answerCame(in: &environment)
        goOn(in: &environment)
    }

    /// The broker's PUBREL goes to the client; one for a message that is not here belongs to an exchange that an
    /// earlier connection began, and the client knows.
    mutating func brokerReleased(_ token: BrokerToken, in environment: inout Environment) {
        switch downlink.brokerReleased(token, in: &environment.store) {
        case .known: return
        case .passedOn: break
        case .settled:
            environment.complete(token, on: upstream)
            return
        case .unknown(let messageID):
            let nothing: [UInt8] = []
            let name = environment.topicNames.use(nothing.span.bytes)
            let index = environment.store.insertRelease(
                token: token, messageID: messageID, topicName: name, at: environment.now)
            downlink.append(index, in: &environment.store)
            adjustReading(in: &environment)
        }
        deliver(in: &environment)
    }
}

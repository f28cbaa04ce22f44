import Bytes
import MQTTSN

// A Will that changes inside a connection (MQTT-SN 1.2 §6.4). MQTT has no word for it, so the gateway connects anew
// with the new Will and answers when the broker has it, or keeps the Will to itself (AMB-16).

/// The answers a client is owed for its Will updates.
struct OwedWillResponses: OptionSet, Sendable {
    let rawValue: UInt8
    static let topic = OwedWillResponses(rawValue: 1)
    static let message = OwedWillResponses(rawValue: 2)
}

extension ClientSession {
    /// GW-26, GW-27: topic, QoS and Retain are replaced; the empty form deletes the whole Will.
    mutating func receiveWillTopicUpdate(_ update: WillTopic, _ datagram: RawSpan, in environment: inout Environment) {
        guard !update.topic.isEmpty else { return changeWill(to: nil, owing: .topic, in: &environment) }
        let topic = datagram.extracting(update.topic)
        guard let qos = QoS(update.flags.qos), TopicRules.isValidName(topic, environment.limits) else {
            send(.willTopicResponse(.notSupported), in: &environment)
            return observeRefusal(.notSupported, in: &environment)
        }
        var changed = will ?? StoredWill(qos: qos, retain: false, topic: [])
        changed.qos = qos
        changed.retain = update.flags.retain
        changed.topic = datagram.copy(of: update.topic)
        changeWill(to: changed, owing: .topic, in: &environment)
    }

    /// GW-26. A message that comes before its topic waits for it; without a topic there is no Will.
    mutating func receiveWillMessageUpdate(_ content: ByteRange, _ datagram: RawSpan, in environment: inout Environment)
    {
        guard content.count <= environment.limits.willMessageByteCount else {
            send(.willMessageResponse(.notSupported), in: &environment)
            return observeRefusal(.notSupported, in: &environment)
        }
        var changed = will ?? StoredWill(qos: .atMostOnce, retain: false, topic: [])
        changed.message = datagram.copy(of: content)
        changeWill(to: changed, owing: .message, in: &environment)
    }

    private mutating func changeWill(
        to changed: StoredWill?, owing response: OwedWillResponses, in environment: inout Environment
    ) {
        // A repeat while the broker is being told is answered when that is done (GW-79).
        guard changed != will || owedWillResponses.contains(response) else {
            return answerWillUpdates(response, .accepted, in: &environment)
        }
        // The broker would lose the message of a QoS 2 exchange with the connection, and nobody would notice.
        guard environment.configuration.willUpdate == .gateway || !canLoseMessage else {
            answerWillUpdates(response, .congestion, in: &environment)
            return observeRefusal(.congestion, in: &environment)
        }
        // Where the broker is being told already, what it is told decides, and nothing is answered before.
        let isBrokerConcerned =
            !owedWillResponses.isEmpty || will?.isComplete == true || changed?.isComplete == true
        if owedWillResponses.isEmpty { willBeforeUpdate = will }
        will = changed
        guard environment.configuration.willUpdate == .reconnect, isBrokerConcerned else {
            return answerWillUpdates(response, .accepted, in: &environment)
        }
        owedWillResponses.insert(response)
        reconnectWithNewWill(in: &environment)
    }

    /// Leaves the broker politely, so that the old Will is not published, and comes back with the new one. The client
    /// stays connected; what it has open it will repeat.
    mutating func reconnectWithNewWill(in environment: inout Environment) {
        guard let upstream else { return }
        // A connection that is being opened has not said its Will yet, or is followed by another one.
        guard environment.upstreams[upstream].state == .open else { return }
        environment.closeStream(ofUpstream: upstream, politely: true)
        interruptRequests(in: &environment)
        if !isRestoring {
            isRestoring = true
            lostSince = environment.now
        }
        environment.openStream(ofUpstream: upstream)
    }

    /// The broker has accepted a connection that carried the Will `brokersWill`; an update may have come after it was
    /// sent.
    mutating func willReachedBroker(in environment: inout Environment) {
        guard brokersWill == willForBroker(in: environment) else { return reconnectWithNewWill(in: &environment) }
        answerOwedWillUpdates(.accepted, in: &environment)
    }

    /// Every update that waits for the broker gets its answer; where it failed, the Will before it holds (GW-28).
    mutating func answerOwedWillUpdates(_ code: ReturnCode, in environment: inout Environment) {
        guard !owedWillResponses.isEmpty else { return }
        answerWillUpdates(owedWillResponses, code, in: &environment)
        owedWillResponses = []
        if code != .accepted { will = willBeforeUpdate }
        willBeforeUpdate = nil
    }

    private func answerWillUpdates(
        _ responses: OwedWillResponses, _ code: ReturnCode, in environment: inout Environment
    ) {
        if responses.contains(.topic) { send(.willTopicResponse(code), in: &environment) }
        if responses.contains(.message) { send(.willMessageResponse(code), in: &environment) }
    }

    /// What the next CONNECT tells the broker; nothing where the gateway keeps the Wills.
    func willForBroker(in environment: borrowing Environment) -> StoredWill? {
        guard environment.configuration.willUpdate == .reconnect, let will, will.isComplete else { return nil }
        return will
    }

    /// Publishes the Will of a lost client in the broker's place.
    mutating func publishHeldWill(in environment: inout Environment) {
        guard environment.configuration.willUpdate == .gateway, let will, will.isComplete else { return }
        // Nobody will be there for the rest of a QoS 2 exchange, so the message goes at QoS 1 at the most.
        let qos = min(will.qos, .atLeastOnce)
        let token = qos == .atMostOnce ? BrokerToken.none : nextToken(preferring: 0)
        let isPublished = environment.takes(will.topic.count + will.message.count, on: upstream)
        if isPublished {
            environment.publish(
                will.topic.span.bytes, will.message.span.bytes, qos: qos, retain: will.retain, token: token,
                on: upstream)
        }
        observe(isPublished ? .willPublished : .willNotPublished, in: &environment)
    }
}

extension StoredWill {
    /// Whether there is anything to publish: a message may be empty, a topic not.
    var isComplete: Bool { !topic.isEmpty }
}

import Bytes
import MQTTSN

// A Will that changes inside a connection (MQTT-SN 1.2 §6.4). MQTT has no word for it, so the gateway connects anew
// with the new Will and answers when the broker has it, or keeps the Will to itself (AMB-16).

extension ClientSession {
    /// GW-26, GW-27: topic, QoS and Retain are replaced; the empty form deletes the whole Will.
    mutating func receiveWillTopicUpdate(_ update: WillTopic, _ datagram: RawSpan, in environment: inout Environment) {
        guard !update.topic.isEmpty else { return changeWill(to: nil, owing: .topic, in: &environment) }
        let topic = datagram.extracting(update.topic)
        guard let qos = QoS(update.flags.qos), TopicRules.isValidName(topic, environment.limits),
            hasRoomBehindPrefix(topic, in: environment),
            qos.rawValue <= environment.configuration.upstream.maximumQoS, mayPublish(to: topic, qos, in: &environment)
        else {
            send(.willTopicResponse(.notSupported), in: &environment)
            return observeRefusal(.notSupported, in: &environment)
        }
        var changed = wills.current ?? StoredWill(qos: qos, retain: false, topic: [])
        changed.qos = qos
        changed.retain = passesRetain(update.flags, in: environment)
        changed.topic = datagram.copy(of: update.topic)
        guard mayReachBroker(changed, in: &environment) else {
            send(.willTopicResponse(.notSupported), in: &environment)
            return observeRefusal(.notSupported, in: &environment)
        }
        changeWill(to: changed, owing: .topic, in: &environment)
    }

    /// GW-26. A message that comes before its topic waits for it; without a topic there is no Will.
    mutating func receiveWillMessageUpdate(_ content: ByteRange, _ datagram: RawSpan, in environment: inout Environment)
    {
        guard content.count <= environment.limits.willMessageByteCount else {
            send(.willMessageResponse(.notSupported), in: &environment)
            return observeRefusal(.notSupported, in: &environment)
        }
        var changed = wills.current ?? StoredWill(qos: .atMostOnce, retain: false, topic: [])
        changed.message = datagram.copy(of: content)
        guard mayReachBroker(changed, in: &environment) else {
            send(.willMessageResponse(.notSupported), in: &environment)
            return observeRefusal(.notSupported, in: &environment)
        }
        changeWill(to: changed, owing: .message, in: &environment)
    }

    /// Whether the broker may take the Will. One that exceeds what it has said would end the session that is there, as
    /// it would refuse the CONNECT (MQTT 5.0 §3.2.2.3).
    private func mayReachBroker(_ will: StoredWill, in environment: inout Environment) -> Bool {
        guard environment.configuration.willUpdate == .reconnect else { return true }
        let excess = environment.excess(
            of: will.topic.count, will.message.count, will.qos, retain: will.retain, on: upstream)
        guard let excess else { return true }
        observe(.messageExceedsBroker(excess, octets: will.message.count), in: &environment)
        return false
    }

    private mutating func changeWill(
        to changed: StoredWill?, owing response: OwedWillResponses, in environment: inout Environment
    ) {
        // A repeat while the broker is being told is answered when that is done (GW-79).
        guard changed != wills.current else {
            guard wills.isUpdating else { return answerWillUpdates(response, .accepted, in: &environment) }
            return wills.owe(response)
        }
        guard environment.configuration.willUpdate == .gateway || !canLoseMessageByLeaving(in: environment) else {
            answerWillUpdates(response, .congestion, in: &environment)
            return observeRefusal(.congestion, in: &environment)
        }
        // Where the broker is being told already, what it is told decides, and nothing is answered before.
        guard environment.configuration.willUpdate == .reconnect, wills.concernsBroker(changed) else {
            wills.change(to: changed)
            return answerWillUpdates(response, .accepted, in: &environment)
        }
        wills.change(to: changed, owing: response)
        reconnectWithNewWill(in: &environment)
    }

    /// Whether the broker would lose a message with the connection, and nobody would notice: that of a QoS 2 exchange,
    /// or those that a clean session's broker has sent and that there is no room to read.
    private func canLoseMessageByLeaving(in environment: borrowing Environment) -> Bool {
        canLoseMessage || (broker.isClean && environment.isPaused(upstream))
    }

    /// Leaves the broker politely, so that the old Will is not published, to come back with the new one. The client
    /// stays connected; what the broker has sent already still reaches it.
    mutating func reconnectWithNewWill(in environment: inout Environment) { reconnect(in: &environment) }

    /// The client has asked that its session be kept, which the broker would forget: the gateway comes back with one
    /// that the broker keeps, as soon as nothing can be lost with the old one (AMB-02); not where it keeps none.
    mutating func keepSessionAtBroker(in environment: inout Environment) {
        guard broker.isClean, !request.isClean, phase.isConnected, !broker.isRestoring, !setUp.isUnderWay,
            environment.brokerLimits(on: upstream).keepsSessions,
            !canLoseMessageByLeaving(in: environment)
        else { return }
        reconnect(in: &environment)
    }

    private mutating func reconnect(in environment: inout Environment) {
        // A connection that is being opened has not said its Will yet, or is followed by another one.
        guard let upstream, environment.isOpen(upstream) else { return }
        broker.isReplaced(at: environment.now)
        guard environment.isPaused(upstream) else { return environment.leaveStream(ofUpstream: upstream) }
        // What the broker has sent cannot be read, and a kept session will get it again.
        environment.closeStream(ofUpstream: upstream, inNameOf: clientID, politely: true)
        hasLeftBroker(in: &environment)
    }

    /// The connection that was left has ended: the next one may be opened.
    mutating func hasLeftBroker(in environment: inout Environment) {
        interruptRequests(in: &environment)
        upstream.map { environment.openStream(ofUpstream: $0, inNameOf: clientID, as: identity) }
    }

    /// The broker has accepted a connection; a Will update may have come after its CONNECT was sent.
    mutating func willReachedBroker(in environment: inout Environment) {
        guard wills.isBrokerTold else { return reconnectWithNewWill(in: &environment) }
        let responses = wills.finishUpdate()
        answerWillUpdates(responses, .accepted, in: &environment)
    }

    func answerWillUpdates(
        _ responses: OwedWillResponses, _ code: ReturnCode, in environment: inout Environment
    ) {
        if responses.contains(.topic) { send(.willTopicResponse(code), in: &environment) }
        if responses.contains(.message) { send(.willMessageResponse(code), in: &environment) }
    }

    /// Publishes the Will of a lost client in the broker's place.
    mutating func publishHeldWill(in environment: inout Environment) {
        guard environment.configuration.willUpdate == .gateway, let will = wills.complete else { return }
        // Nobody will be there for the rest of a QoS 2 exchange, so the message goes at QoS 1 at the most.
        // It is better published without what the broker does not take than not at all.
        let limits = environment.brokerLimits(on: upstream)
        let isAcknowledged = limits.maximumQoS > 0 && uplink.brokerTakesMore(conditions(in: environment))
        let qos = isAcknowledged ? min(will.qos, .atLeastOnce) : .atMostOnce
        let retain = will.retain && limits.takesRetained
        let token = qos == .atMostOnce ? BrokerToken.none : nextToken(preferring: 0)
        let excess = environment.excess(of: will.topic.count, will.message.count, qos, retain: retain, on: upstream)
        let isPublished =
            excess == nil
            && environment.takes(will.topic.count + will.message.count, qos, on: upstream)
        if isPublished {
            environment.publish(
                will.topic.span.bytes, will.message.span.bytes, qos: qos, retain: retain, token: token,
                on: upstream)
        }
        observe(isPublished ? .willPublished : .willNotPublished, in: &environment)
    }
}

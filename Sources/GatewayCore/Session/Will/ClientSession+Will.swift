import Bytes
import MQTTSN
import Time

// The Will dialogue of the set-up (MQTT-SN 1.2 §6.3).

extension ClientSession {
    /// Asks the client what it has still to say, or else the broker.
    mutating func goOnSettingUp(in environment: inout Environment) {
        if setUp.prompt == nil { askBroker(in: &environment) } else { sendWillPrompt(in: &environment) }
    }

    /// Asks the client for its Will topic or Will message, until it answers.
    private mutating func sendWillPrompt(in environment: inout Environment) {
        guard let prompt = setUp.prompt else { return }
        sendInSetUp(prompt, in: &environment)
        setUp.promptSent(
            at: environment.now, interval: retryInterval(after: setUp.clock.attempts, in: environment))
    }

    /// The client has not answered in time (GW-78). Who never does leaves the session before as it is.
    mutating func repeatPrompt(in environment: inout Environment) {
        guard Int(setUp.clock.attempts) > link(in: environment).retryCount else {
            noteSentAgain(in: &environment)
            return sendWillPrompt(in: &environment)
        }
        observe(.clientSetUpAbandoned, in: &environment)
        giveUpSetUp(in: &environment)
    }

    /// GW-18, GW-19, GW-23.
    mutating func receiveWillTopic(_ message: WillTopic, _ datagram: RawSpan, in environment: inout Environment) {
        // A repeated WILLTOPIC means that the WILLMSGREQ was lost.
        guard setUp.prompt != nil else {
            receiveLateWill(.willTopic(message), isLastStep: message.topic.isEmpty, in: &environment)
            return
        }
        noteRoundTrip(in: &environment)
        guard !message.topic.isEmpty else {
            if setUp.takeNoWill() { goOnSettingUp(in: &environment) }
            return
        }
        let topic = datagram.extracting(message.topic)
        guard let qos = QoS(message.flags.qos), TopicRules.isValidName(topic, environment.limits),
            hasRoomBehindPrefix(topic, in: environment)
        else {
            refuseConnection(.notSupported, because: .willTopic, in: &environment)
            return
        }
        let maximum = environment.configuration.upstream.maximumQoS
        guard qos.rawValue <= maximum else {
            refuseConnection(.notSupported, because: .willQoS(maximum: maximum), in: &environment)
            return
        }
        guard mayPublish(to: topic, qos, in: &environment) else {
            refuseConnection(.notSupported, because: .willBeyondRule, in: &environment)
            return
        }
        let retain = passesRetain(message.flags, in: environment)
        let will = StoredWill(qos: qos, retain: retain, topic: datagram.copy(of: message.topic))
        if setUp.takeTopic(will) { goOnSettingUp(in: &environment) }
    }

    /// GW-20: the Will is stored, and only then the connection completed.
    mutating func receiveWillMessage(_ content: ByteRange, _ datagram: RawSpan, in environment: inout Environment) {
        guard setUp.isAwaitingWillMessage else {
            receiveLateWill(.willMessage(content), isLastStep: true, in: &environment)
            return
        }
        guard content.count <= environment.limits.willMessageByteCount else {
            let limit = UInt16(clamping: environment.limits.willMessageByteCount)
            refuseConnection(
                .notSupported, because: .willMessageTooLong(octets: UInt16(clamping: content.count), limit: limit),
                in: &environment)
            return
        }
        noteRoundTrip(in: &environment)
        if setUp.takeMessage(datagram.copy(of: content)) { goOnSettingUp(in: &environment) }
    }

    private mutating func noteRoundTrip(in environment: inout Environment) {
        if let time = setUp.clock.roundTrip(at: environment.now) { noteRoundTrip(time, in: &environment) }
    }

    /// The dialogue's last message, sent again: while the broker is being asked the CONNACK will answer it, and after
    /// that it means that the CONNACK was lost (GW-79).
    private func receiveLateWill(_ message: Message, isLastStep: Bool, in environment: inout Environment) {
        if isLastStep, setUp.isAwaitingBroker || setUp.isAwaitingRest, setUp.request?.wantsWill == true { return }
        if isLastStep, !setUp.isUnderWay, request.wantsWill, phase == .active, !request.hasSpoken {
            send(.connectAcknowledgement(.accepted), in: &environment)
        } else {
            observeUnexpected(message, in: &environment)
        }
    }
}

extension QoS {
    /// The MQTT level of an MQTT-SN one; nil for −1, which exists only in PUBLISH.
    init?(_ qos: QualityOfService) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        case .minusOne: return nil
        }
    }
}

extension QualityOfService {
    init(_ qos: QoS) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        }
    }
}

import Bytes
import MQTTSN

// The Will dialogue of the set-up (MQTT-SN 1.2 §6.3).

extension ClientSession {
    /// Sends WILLTOPICREQ or WILLMSGREQ and waits for the answer.
    mutating func sendWillPrompt(_ prompt: Message, in environment: inout Environment) {
        send(prompt, in: &environment)
        openExchange(.willPrompt, in: &environment)
    }

    /// GW-18, GW-19, GW-23.
    mutating func receiveWillTopic(_ message: WillTopic, _ datagram: RawSpan, in environment: inout Environment) {
        // A repeated WILLTOPIC means that the WILLMSGREQ was lost.
        guard state == .awaitingWillTopic || state == .awaitingWillMessage else {
            receiveLateWill(.willTopic(message), isLastStep: message.topic.isEmpty, in: &environment)
            return
        }
        guard !message.topic.isEmpty else {
            will = nil
            connectToBroker(in: &environment)
            return
        }
        let topic = datagram.extracting(message.topic)
        guard let qos = QoS(message.flags.qos), TopicRules.isValidName(topic, environment.limits) else {
            refuseConnection(.notSupported, in: &environment)
            return
        }
        closeExchange(in: environment)
        promptedWill = StoredWill(qos: qos, retain: message.flags.retain, topic: datagram.copy(of: message.topic))
        state = .awaitingWillMessage
        sendWillPrompt(.willMessageRequest, in: &environment)
    }

    /// GW-20: the Will is stored, and only then the connection completed.
    mutating func receiveWillMessage(_ content: ByteRange, _ datagram: RawSpan, in environment: inout Environment) {
        guard state == .awaitingWillMessage, var prompted = promptedWill else {
            receiveLateWill(.willMessage(content), isLastStep: true, in: &environment)
            return
        }
        guard content.count <= environment.limits.willMessageByteCount else {
            refuseConnection(.notSupported, in: &environment)
            return
        }
        closeExchange(in: environment)
        prompted.message = datagram.copy(of: content)
        will = prompted
        promptedWill = nil
        connectToBroker(in: &environment)
    }

    /// The dialogue's last message, sent again: while the broker is being asked the CONNACK will answer it, and after
    /// that it means that the CONNACK was lost (GW-79).
    private func receiveLateWill(_ message: Message, isLastStep: Bool, in environment: inout Environment) {
        if isLastStep, wantsWill, state == .awaitingBroker { return }
        if isLastStep, wantsWill, state == .active, !hasSpoken {
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

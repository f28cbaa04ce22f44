// How a client's connection begins, lives and ends (MQTT-SN 1.2 §6.2, §6.3, §6.11, §6.12).

import Bytes
import MQTTSN

extension SimulatedClient {
    mutating func connect(_ options: ClientConnectOptions, into effects: inout ClientEffects) {
        isNewSession = beginsSession(options)
        mayHaveSlept = !options.cleanSession && (hasSlept || mayHaveSlept && !isAccepted)
        isAccepted = false
        hasConnected = true
        self.options = options
        state = .connecting
        connecting = request(.connect)
        endSubscribeRequest()
        willUpdating = nil
        if isNewSession || !configuration.remembersTopicIDs { topics.removeAll() }
        sendConnectionStep(.connect, into: &effects)
    }

    /// Sends the message of a step, for the first time or again.
    mutating func sendConnectionStep(_ step: ClientConnectionStep, into effects: inout ClientEffects) {
        switch step {
        case .connect:
            let flags = Flags(will: options.will != nil, cleanSession: options.cleanSession)
            let clientID = configuration.clientID
            let connect = Connect(
                flags: flags, protocolID: 1, duration: options.keepAliveSeconds, clientID: 0..<clientID.count)
            send(.connect(connect), clientID, into: &effects)
        case .willTopic: sendWillTopic(into: &effects)
        case .willMessage:
            let payload = options.will?.payload ?? []
            send(.willMessage(0..<payload.count), payload, into: &effects)
        case .ping: send(.pingRequest(clientID: 0..<0), into: &effects)
        case .disconnect: send(.disconnect(duration: nil), into: &effects)
        case .sleep: send(.disconnect(duration: sleepSeconds), into: &effects)
        case .wakeUp:
            let clientID = configuration.clientID
            send(.pingRequest(clientID: 0..<clientID.count), clientID, into: &effects)
        }
    }

    private mutating func sendWillTopic(into effects: inout ClientEffects) {
        let topicName = options.will?.topicName ?? []
        let flags = Flags(qos: options.will?.qos ?? .atMostOnce, retain: options.will?.retain ?? false)
        send(.willTopic(WillTopic(flags: flags, topic: 0..<topicName.count)), topicName, into: &effects)
    }

    // MARK: Answers of the gateway

    /// A prompt that comes again means that its answer was lost, so it is answered again.
    mutating func receiveWillPrompt(_ answer: ClientConnectionStep, into effects: inout ClientEffects) {
        guard state == .connecting, options.will != nil else {
            effects.observe(.unexpectedMessage(answer == .willTopic ? .willTopicRequest : .willMessageRequest))
            return
        }
        connecting = request(answer)
        sendConnectionStep(answer, into: &effects)
    }

    mutating func receiveConnectAcknowledgement(_ code: ReturnCode, into effects: inout ClientEffects) {
        guard state == .connecting else {
            effects.observe(.unexpectedMessage(.connectAcknowledgement))
            return
        }
        connecting = nil
        guard code == .accepted else {
            state = .disconnected
            effects.observe(.connectionRefused(code))
            return
        }
        state = .active
        isAccepted = true
        hasSlept = false
        // Not before: until then nobody can tell whether the session before goes on.
        if forgetsReceived { receivedMessages.removeAll() }
        effects.observe(.connected)
        resumePublishing(into: &effects)
        continueSubscribing(into: &effects)
    }

    mutating func receivePingResponse(into effects: inout ClientEffects) {
        guard let step = connecting?.step, step == .ping || step == .wakeUp else {
            effects.observe(.unexpectedMessage(.pingResponse))
            return
        }
        connecting = nil
        if step == .wakeUp { fallAsleep(into: &effects) }
    }

    /// The answer to the client's own DISCONNECT, or the gateway's request to connect again (MQTT-SN 1.2 §6.12).
    mutating func receiveDisconnect(into effects: inout ClientEffects) {
        switch state {
        case .disconnected, .asleep: effects.observe(.unexpectedMessage(.disconnect))
        case .disconnecting: endConnection(.disconnected, into: &effects)
        case .fallingAsleep: fallAsleep(into: &effects)
        case .connecting, .active, .awake:
            hasSlept = false
            endConnection(.dismissed, into: &effects)
        }
    }

    // MARK: Ends

    mutating func disconnect(into effects: inout ClientEffects) {
        switch state {
        case .disconnected, .disconnecting: return
        case .connecting, .active, .fallingAsleep, .asleep, .awake:
            state = .disconnecting
            endSubscribeRequest()
            willUpdating = nil
            connecting = request(.disconnect)
            sendConnectionStep(.disconnect, into: &effects)
        }
    }

    /// What is unfinished waits for the next connection.
    mutating func endConnection(_ observation: ClientObservation, into effects: inout ClientEffects) {
        state = .disconnected
        connecting = nil
        endSubscribeRequest()
        willUpdating = nil
        effects.observe(observation)
    }
}

// A Will that changes inside a connection, one part at a time (MQTT-SN 1.2 §6.4).

import MQTTSN

/// The part of the Will whose change awaits its answer.
enum ClientWillStep: Equatable, Sendable {
    /// With nil the whole Will is deleted.
    case topic(ClientWill?)
    case message([UInt8])
}

extension SimulatedClient {
    /// Nothing happens while another change is open, or without a connection.
    mutating func updateWill(_ step: ClientWillStep, into effects: inout ClientEffects) {
        guard state == .active, willUpdating == nil else { return }
        willUpdating = request(step)
        sendWillUpdate(step, into: &effects)
    }

    private mutating func sendWillUpdate(_ step: ClientWillStep, into effects: inout ClientEffects) {
        switch step {
        case .topic(let will):
            let topicName = will?.topicName ?? []
            let flags = Flags(qos: will?.qos ?? .atMostOnce, retain: will?.retain ?? false)
            send(.willTopicUpdate(WillTopic(flags: flags, topic: 0..<topicName.count)), topicName, into: &effects)
        case .message(let payload): send(.willMessageUpdate(0..<payload.count), payload, into: &effects)
        }
    }

    mutating func repeatWillUpdate(_ open: ClientRequest<ClientWillStep>, into effects: inout ClientEffects) {
        guard let again = nextAttempt(open) else { return endConnection(.gatewayLost, into: &effects) }
        willUpdating = again
        sendWillUpdate(open.step, into: &effects)
    }

    mutating func receiveWillTopicResponse(_ code: ReturnCode, into effects: inout ClientEffects) {
        guard case .topic? = willUpdating?.step else {
            return effects.observe(.unexpectedMessage(.willTopicResponse))
        }
        finishWillUpdate(code, into: &effects)
    }

    mutating func receiveWillMessageResponse(_ code: ReturnCode, into effects: inout ClientEffects) {
        guard case .message? = willUpdating?.step else {
            return effects.observe(.unexpectedMessage(.willMessageResponse))
        }
        finishWillUpdate(code, into: &effects)
    }

    private mutating func finishWillUpdate(_ code: ReturnCode, into effects: inout ClientEffects) {
        willUpdating = nil
        effects.observe(code == .accepted ? .willUpdated : .willUpdateRefused(code))
    }
}

// Begins and ends subscriptions (MQTT 3.1.1 §3.8 to §3.11).

import Bytes
import MQTT

extension SimulatedBroker {
    /// SUBACK first, then the retained messages of each filter [MQTT-3.3.1-6].
    mutating func handle(
        _ subscribe: Subscribe, _ frame: RawSpan, from session: BrokerSessionNumber,
        on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) {
        var granted: [BrokerSubscription] = []
        var returnCodes: [UInt8] = []
        var position = 0
        while let (filter, qos) = subscribe.nextFilter(in: frame, at: &position) {
            let topicFilter = frame.copy(of: filter)
            if configuration.refusedTopicFilters.contains(topicFilter) {
                // The same octet in 3.1.1: failure, and in 5.0: unspecified error.
                returnCodes.append(SubscribeAcknowledgement.failureReturnCode)
                continue
            }
            let grantedQoS = min(qos, configuration.maximumGrantedQoS)
            granted.append(BrokerSubscription(topicFilter: topicFilter, grantedQoS: grantedQoS))
            returnCodes.append(grantedQoS.rawValue)
        }
        for subscription in granted {
            sessions[session]?.subscribe(subscription)
            subscriptions.insert(
                BrokerSubscriber(session: session, grantedQoS: subscription.grantedQoS), to: subscription.topicFilter)
        }
        let start = effects.bytes.count
        let codes = returnCodes.span
        switch connections[connection]?.version {
        case .v5_0:
            let answer = SubscribeAcknowledgement(packetID: subscribe.packetID, returnCodes: returnCodes.indices)
            effects.bytes.appendPacket(Packet5(.subscribeAcknowledgement(answer)), from: codes.bytes)
        case .v3_1_1, nil:
            effects.bytes.appendSubscribeAcknowledgementPacket(packetID: subscribe.packetID, returnCodes: codes.bytes)
        }
        effects.send(from: start, on: connection)
        for subscription in granted { deliverRetained(for: subscription, to: session, into: &effects) }
    }

    /// A new or repeated subscription gets the retained messages with RETAIN 1 [MQTT-3.3.1-8, MQTT-3.8.4-3].
    private mutating func deliverRetained(
        for subscription: BrokerSubscription, to session: BrokerSessionNumber, into effects: inout BrokerEffects
    ) {
        for var message in retainedMessages.messages(matching: subscription.topicFilter) {
            message.qos = min(message.qos, subscription.grantedQoS)
            deliver(message, to: session, into: &effects)
        }
    }

    /// UNSUBACK even when nothing was subscribed [MQTT-3.10.4-5]; what is under way is still delivered (§3.10.4).
    mutating func handle(
        _ unsubscribe: Unsubscribe, _ frame: RawSpan, from session: BrokerSessionNumber,
        on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) {
        var position = 0
        var reasonCodes: [UInt8] = []
        while let filter = unsubscribe.nextFilter(in: frame, at: &position) {
            let topicFilter = frame.copy(of: filter)
            sessions[session]?.unsubscribe(from: topicFilter)
            subscriptions.remove(session, from: topicFilter)
            reasonCodes.append(ReasonCode.success.rawValue)
        }
        guard connections[connection]?.version == .v5_0 else {
            return send(.unsubscribeAcknowledgement(unsubscribe.packetID), on: connection, into: &effects)
        }
        let start = effects.bytes.count
        effects.bytes.appendPacket(
            Packet5(
                .unsubscribeAcknowledgement(unsubscribe.packetID), AddedFields(reasonCodes: reasonCodes.indices)),
            from: reasonCodes.span.bytes)
        effects.send(from: start, on: connection)
    }
}

// Takes messages from clients and routes each to everybody who subscribed (MQTT 3.1.1 §3.3, §4.3, §4.6).

import Bytes
import MQTT
import Time

extension SimulatedBroker {
    mutating func handle(
        _ publish: Publish, on topicName: [UInt8], _ frame: RawSpan, from session: BrokerSessionNumber,
        on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) {
        var message = BrokerMessage(
            topicName: topicName, payload: frame.copy(of: publish.payload),
            qos: publish.qos, retain: publish.retain)
        if configuration.expiringTopicNames.contains(message.topicName) {
            message.expiresAt = now + TimeSpan.seconds(Int(configuration.expirySeconds))
        }
        guard !configuration.closingTopicNames.contains(message.topicName) else {
            return closeOn(message, from: session, on: connection, into: &effects)
        }
        if let reason = refusal(of: message, publish, from: session, on: connection) {
            return refuse(publish, reason, on: connection, into: &effects)
        }
        switch publish.qos {
        case .atMostOnce:
            noteReceived(message, from: session)
            route(message, into: &effects)
        case .atLeastOnce:
            noteReceived(message, from: session)
            route(message, into: &effects)
            send(.publishAcknowledgement(publish.packetID), on: connection, into: &effects)
        case .exactlyOnce:
            connections[connection]?.openExchanges.insert(publish.packetID)
            // Method B of MQTT 3.1.1 §4.3.3: routed at once, and the packet identifier is kept until PUBREL.
            if sessions[session]?.receivedMessages[publish.packetID] == nil {
                sessions[session]?.receivedMessages[publish.packetID] = keepsRecords ? message.payload : []
                noteReceived(message, from: session)
                route(message, into: &effects)
            }
            send(.publishReceived(publish.packetID), on: connection, into: &effects)
        }
    }

    private mutating func closeOn(
        _ message: BrokerMessage, from session: BrokerSessionNumber, on connection: BrokerConnectionID,
        into effects: inout BrokerEffects
    ) {
        if keepsRecords { records.append(.closed(connection, of: clientID(of: session), payload: message.payload)) }
        close(connection, publishingWill: true, because: .topicNameInvalid, into: &effects)
    }

    private mutating func noteReceived(_ message: BrokerMessage, from session: BrokerSessionNumber) {
        guard keepsRecords else { return }
        records.append(
            .received(
                from: clientID(of: session), topicName: message.topicName, payload: message.payload, qos: message.qos))
    }

    /// The client will not repeat the message; PUBREL is answered even when it is unknown (MQTT 3.1.1 §4.3.3).
    mutating func handlePublishRelease(
        _ packetID: PacketID, from session: BrokerSessionNumber, on connection: BrokerConnectionID,
        into effects: inout BrokerEffects
    ) {
        let payload = sessions[session]?.receivedMessages.removeValue(forKey: packetID)
        if keepsRecords, let payload { records.append(.released(by: clientID(of: session), payload: payload)) }
        connections[connection]?.openExchanges.remove(packetID)
        send(.publishComplete(packetID), on: connection, into: &effects)
    }

    /// Retains a message if it asks for it and hands it to every session with a matching subscription.
    mutating func route(_ message: BrokerMessage, into effects: inout BrokerEffects) {
        counters.messagesReceived += 1
        if message.retain { retainedMessages.store(message) }
        var copy = message
        // An established subscription gets RETAIN 0 [MQTT-3.3.1-9].
        copy.retain = false
        for subscriber in subscriptions.subscribers(of: message.topicName) {
            copy.qos = min(message.qos, subscriber.grantedQoS)
            deliver(copy, to: subscriber.session, into: &effects)
        }
    }
}

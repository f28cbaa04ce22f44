// Sends messages to clients within the in-flight window, and again after a lost connection (MQTT 3.1.1 §4.3, §4.4).

import Bytes
import MQTT

extension SimulatedBroker {
    /// Hands a message to a session: it is sent now, waits, or is dropped.
    mutating func deliver(
        _ message: BrokerMessage, to session: BrokerSessionNumber, into effects: inout BrokerEffects
    ) {
        // One that was retained for too long.
        guard !message.isExpired(at: now) else { return drop(message, for: session) }
        let connection = sessions[session]?.connection
        if message.qos == .atMostOnce {
            guard let connection else {
                drop(message, for: session)
                return
            }
            noteHanded(message, to: session)
            sendPublish(message, packetID: 0, duplicate: false, on: connection, into: &effects)
            return
        }
        guard isPlaceFree(in: session) else {
            drop(message, for: session)
            return
        }
        noteHanded(message, to: session)
        sessions[session]?.queue.append(message)
        sendQueued(to: session, into: &effects)
    }

    private mutating func noteHanded(_ message: BrokerMessage, to session: BrokerSessionNumber) {
        counters.messagesRouted += 1
        guard keepsRecords else { return }
        records.append(
            .handed(
                to: clientID(of: session), topicName: message.topicName, payload: message.payload, qos: message.qos))
    }

    private mutating func drop(_ message: BrokerMessage, for session: BrokerSessionNumber) {
        counters.messagesDropped += 1
        if keepsRecords { records.append(.dropped(for: clientID(of: session), payload: message.payload)) }
    }

    /// Notes that the client has the message, if it waited for that.
    private mutating func noteAcknowledged(_ packetID: PacketID, _ qos: DeliveryQoS, by session: BrokerSessionNumber) {
        guard keepsRecords,
            let sent = sessions[session]?.inFlightPublishes.first(where: {
                $0.packetID == packetID && $0.message.qos == qos
            })
        else { return }
        records.append(.acknowledged(by: clientID(of: session), payload: sent.message.payload, qos: qos))
    }

    /// Whether the session's queue takes one more message, or passes it on at once.
    private func isPlaceFree(in number: BrokerSessionNumber) -> Bool {
        guard let session = sessions[number] else { return false }
        if session.queue.count < configuration.queuedMessagesPerSession { return true }
        return session.queue.count == 0 && session.connection != nil
            && session.hasRoom(inWindow: inFlightWindow(of: session.connection))
    }

    private func inFlightWindow(of connection: BrokerConnectionID?) -> Int {
        let receiveMaximum = connection.flatMap { connections[$0]?.receiveMaximum } ?? Int(PacketID.max)
        return min(configuration.inFlightWindow, receiveMaximum, Int(PacketID.max) - 1)
    }

    /// Fills the in-flight window of a connected client, oldest message first [MQTT-4.6.0-6].
    private mutating func sendQueued(to session: BrokerSessionNumber, into effects: inout BrokerEffects) {
        guard let connection = sessions[session]?.connection else { return }
        let window = inFlightWindow(of: connection)
        let takesLowest = configuration.takesLowestPacketID
        while let publish = sessions[session]?.startNextPublish(
            window: window, takesLowestPacketID: takesLowest, at: now)
        {
            if sessions[session]?.isReused(publish.packetID) == true { counters.packetIDsReused += 1 }
            sendPublish(
                publish.message, packetID: publish.packetID, duplicate: false, on: connection, into: &effects)
        }
    }

    /// Repeats what the client has not acknowledged, then sends what waited [MQTT-4.4.0-1].
    ///
    /// PUBREL packets go in the order of the PUBRECs, PUBLISH packets in the order they were first sent
    /// [MQTT-4.6.0-1, -4]; a message with a PUBREC is older than those without.
    mutating func redeliver(
        to number: BrokerSessionNumber, on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) {
        guard let session = sessions[number] else { return }
        if configuration.repeatsReceipts {
            for packetID in session.receivedMessages.keys.sorted() {
                counters.receiptsRepeated += 1
                send(.publishReceived(packetID), on: connection, into: &effects)
            }
        }
        for packetID in session.releasedPacketIDs {
            send(.publishRelease(packetID), on: connection, into: &effects)
        }
        for publish in session.inFlightPublishes {
            // [MQTT-3.3.1-1]
            sendPublish(
                publish.message, packetID: publish.packetID, duplicate: true, on: connection, into: &effects)
        }
        sendQueued(to: number, into: &effects)
    }

    mutating func handlePublishAcknowledgement(
        _ packetID: PacketID, from session: BrokerSessionNumber, into effects: inout BrokerEffects
    ) {
        noteAcknowledged(packetID, .atLeastOnce, by: session)
        sessions[session]?.acknowledge(packetID)
        sendQueued(to: session, into: &effects)
    }

    /// PUBREC is always answered with PUBREL, so that a client with an unknown one can finish (MQTT 3.1.1 §4.3.3).
    mutating func handlePublishReceived(
        _ packetID: PacketID, from session: BrokerSessionNumber, on connection: BrokerConnectionID,
        into effects: inout BrokerEffects
    ) {
        noteAcknowledged(packetID, .exactlyOnce, by: session)
        sessions[session]?.release(packetID)
        send(.publishRelease(packetID), on: connection, into: &effects)
    }

    mutating func handlePublishComplete(
        _ packetID: PacketID, from session: BrokerSessionNumber, into effects: inout BrokerEffects
    ) {
        sessions[session]?.complete(packetID)
        sendQueued(to: session, into: &effects)
    }

    private func sendPublish(
        _ message: BrokerMessage, packetID: PacketID, duplicate: Bool, on connection: BrokerConnectionID,
        into effects: inout BrokerEffects
    ) {
        let start = effects.bytes.count
        let topicName = message.topicName.span
        let payload = message.payload.span
        switch connections[connection]?.version {
        case .v5_0:
            var properties: [UInt8] = []
            if let seconds = message.secondsLeft(at: now) {
                properties.append(property: .messageExpiryInterval, seconds)
            }
            effects.bytes.appendPublishHeader(
                duplicate: duplicate, qos: message.qos, retain: message.retain, topicName: topicName.bytes,
                packetID: packetID, properties: properties.span.bytes, payloadByteCount: payload.bytes.byteCount)
            effects.bytes.append(payload.bytes)
        case .v3_1_1, nil:
            effects.bytes.appendPublishPacket(
                duplicate: duplicate, qos: message.qos, retain: message.retain, topicName: topicName.bytes,
                packetID: packetID, payload: payload.bytes)
        }
        effects.send(from: start, on: connection)
    }
}

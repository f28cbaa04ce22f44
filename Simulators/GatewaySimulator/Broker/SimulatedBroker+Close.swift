// Ends connections and what ends with them: Wills and clean sessions (MQTT 3.1.1 §3.1.2.4, §3.1.2.5, §3.14, §4.8).

import MQTT

extension SimulatedBroker {
    /// A client that says goodbye takes its Will with it [MQTT-3.14.4-3].
    mutating func handleDisconnect(on connection: BrokerConnectionID, into effects: inout BrokerEffects) {
        close(connection, publishingWill: false, into: &effects)
    }

    /// A client that broke the protocol loses its connection [MQTT-4.8.0-1]; its Will is published (§3.1.2.5).
    mutating func closeForViolation(_ connection: BrokerConnectionID, into effects: inout BrokerEffects) {
        counters.protocolViolations += 1
        close(connection, publishingWill: true, because: .protocolError, into: &effects)
    }

    /// Closes a connection on the broker's decision; a client of MQTT 5.0 with a session is told why, if that is to be
    /// told (MQTT 5.0 §3.14).
    mutating func close(
        _ connection: BrokerConnectionID, publishingWill: Bool, because reason: ReasonCode? = nil,
        into effects: inout BrokerEffects
    ) {
        if let reason, let open = connections[connection], open.version == .v5_0, open.session != nil {
            let start = effects.bytes.count
            effects.bytes.appendPacket(Packet5(.disconnect, AddedFields(reasonCode: reason)))
            effects.send(from: start, on: connection)
        }
        effects.list.append(.close(connection))
        end(connection, publishingWill: publishingWill, into: &effects)
    }

    /// Forgets a connection that is closed; nothing happens when it is unknown.
    mutating func end(
        _ connection: BrokerConnectionID, publishingWill: Bool, into effects: inout BrokerEffects
    ) {
        guard let ended = connections.removeValue(forKey: connection) else { return }
        let clientID = ended.session.map { self.clientID(of: $0) } ?? []
        if let session = ended.session {
            sessions[session]?.connection = nil
            // [MQTT-3.1.2-6]
            if sessions[session]?.isClean == true { removeSession(session) }
        }
        guard publishingWill, let will = ended.will else { return }
        // [MQTT-3.1.2-8]
        counters.willsPublished += 1
        if keepsRecords {
            records.append(
                .willPublished(
                    of: clientID, on: connection, topicName: will.topicName, payload: will.payload, qos: will.qos,
                    retain: will.retain))
        }
        route(will, into: &effects)
    }

    mutating func removeSession(_ number: BrokerSessionNumber) {
        guard let session = sessions.removeValue(forKey: number) else { return }
        sessionNumbers[session.clientID] = nil
        if keepsRecords { records.append(.sessionEnded(session.clientID)) }
        for subscription in session.subscriptions {
            subscriptions.remove(number, from: subscription.topicFilter)
        }
    }
}

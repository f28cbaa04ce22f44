// Opens a session for a client, or refuses it (MQTT 3.1.1 §3.1, §3.2).

import Bytes
import MQTT

extension SimulatedBroker {
    mutating func handle(
        _ connect: Connect, _ added: AddedFields, _ frame: RawSpan, _ version: ProtocolVersion,
        on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) -> PacketOutcome {
        // A second CONNECT [MQTT-3.1.0-2].
        guard connections[connection]?.session == nil else { return .violation }
        connections[connection]?.version = version
        connections[connection]?.decoder.version = version
        var clientID = frame.copy(of: connect.clientID)
        if let returnCode = refusal(of: connect, frame, clientID: clientID) {
            refuse(connection, returnCode, into: &effects)
            return .done
        }
        if clientID.isEmpty { clientID = makeClientID() }
        endEarlierConnection(of: clientID, into: &effects)
        let (session, isPresent) = openSession(clientID, isClean: connect.cleanSession)
        // In 5.0 a session outlives its connection if and only if it is to (MQTT 5.0 §3.1.2.11.2).
        let isLasting =
            version == .v5_0
            ? Packet5.number(.sessionExpiryInterval, in: added.properties, of: frame) ?? 0 > 0 : !connect.cleanSession
        sessions[session]?.isClean = !isLasting
        let receiveMaximum = Packet5.number(.receiveMaximum, in: added.properties, of: frame)
        connections[connection]?.receiveMaximum = receiveMaximum.map { Int($0) } ?? Int(UInt16.max)
        sessions[session]?.connection = connection
        connections[connection]?.session = session
        connections[connection]?.will = connect.will.map { will in
            BrokerMessage(
                topicName: frame.copy(of: will.topic), payload: frame.copy(of: will.payload), qos: will.qos,
                retain: will.retain)
        }
        let serverKeepAlive = version == .v5_0 ? configuration.serverKeepAliveSeconds : nil
        setKeepAlive(serverKeepAlive ?? connect.keepAliveSeconds, of: connection)
        counters.connectsAccepted += 1
        if keepsRecords {
            records.append(.sessionOpened(clientID, isClean: !isLasting, isPresent: isPresent))
        }
        let acknowledgement = ConnectAcknowledgement(sessionPresent: isPresent, returnCode: .accepted)
        acknowledge(acknowledgement, on: connection, into: &effects)
        redeliver(to: session, on: connection, into: &effects)
        return .done
    }

    /// A packet that cannot be read is a violation; of an unsupported CONNECT the client is told [MQTT-3.1.2-2].
    mutating func handleMalformed(
        _ error: PacketError, _ frame: RawSpan, on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) -> PacketOutcome {
        guard case .unsupportedProtocolLevel = error, connections[connection]?.session == nil else {
            return .violation
        }
        switch configuration.version5 {
        case .takes, .refuses: refuse(connection, .unacceptableProtocolVersion, into: &effects)
        case .refusesByReason:
            connections[connection]?.version = .v5_0
            refuse(connection, .unacceptableProtocolVersion, into: &effects)
        case .closes:
            counters.connectsRefused += 1
            close(connection, publishingWill: false, into: &effects)
        }
        return .done
    }

    /// The return code of a CONNECT that is refused, in the order of MQTT 3.1.1 §3.1.4; nil when it is accepted.
    private func refusal(
        of connect: Connect, _ frame: RawSpan, clientID: [UInt8]
    ) -> ConnectReturnCode? {
        // [MQTT-3.1.3-8]
        if clientID.isEmpty, !connect.cleanSession { return .identifierRejected }
        let refusal = configuration.connectRefusals.first { $0.clientID == nil || $0.clientID == clientID }
        if let refusal { return refusal.returnCode }
        return areKnownCredentials(of: connect, frame) ? nil : .badCredentials
    }

    private func areKnownCredentials(of connect: Connect, _ frame: RawSpan) -> Bool {
        guard let known = configuration.credentials else { return true }
        guard let username = connect.username, let password = connect.password else { return false }
        return known.contains(.init(username: frame.copy(of: username), password: frame.copy(of: password)))
    }

    /// Answers with a code other than accepted and closes [MQTT-3.2.2-4, -5]; no Will, because no session was opened.
    private mutating func refuse(
        _ connection: BrokerConnectionID, _ returnCode: ConnectReturnCode, into effects: inout BrokerEffects
    ) {
        counters.connectsRefused += 1
        let acknowledgement = ConnectAcknowledgement(sessionPresent: false, returnCode: returnCode)
        acknowledge(acknowledgement, on: connection, into: &effects)
        close(connection, publishingWill: false, into: &effects)
    }

    /// A client identifier for a client that has none [MQTT-3.1.3-6].
    private mutating func makeClientID() -> [UInt8] {
        while true {
            assignedClientIDCount += 1
            let clientID = Array("assigned-\(assignedClientIDCount)".utf8)
            if sessionNumbers[clientID] == nil { return clientID }
        }
    }

    /// The server disconnects the client that has the client identifier [MQTT-3.1.4-2].
    private mutating func endEarlierConnection(of clientID: [UInt8], into effects: inout BrokerEffects) {
        guard let session = sessionNumbers[clientID], let earlier = sessions[session]?.connection else { return }
        counters.takeovers += 1
        close(earlier, publishingWill: true, because: .sessionTakenOver, into: &effects)
    }

    /// The session to go on with, and whether it was there before (MQTT 3.1.1 §3.1.2.4, §3.2.2.2).
    private mutating func openSession(
        _ clientID: [UInt8], isClean: Bool
    ) -> (session: BrokerSessionNumber, isPresent: Bool) {
        if let session = sessionNumbers[clientID] {
            guard isClean else { return (session, true) }
            // [MQTT-3.1.2-6]
            removeSession(session)
        }
        let session = BrokerSessionNumber(rawValue: nextSessionNumber)
        nextSessionNumber += 1
        sessionNumbers[clientID] = session
        sessions[session] = BrokerSession(clientID: clientID, isClean: isClean)
        return (session, false)
    }
}

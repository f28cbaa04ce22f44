// What the broker says and checks where its client speaks MQTT 5.0.

import Bytes
import MQTT

extension SimulatedBroker {
    /// In which version a packet is to be read: as the connection's CONNECT has said, or says.
    func versionOf(_ frame: RawSpan, on connection: BrokerConnectionID) -> ProtocolVersion {
        guard connections[connection]?.session == nil, configuration.version5 == .takes else {
            return connections[connection]?.version ?? .v3_1_1
        }
        return Connect.protocolLevel(of: frame) == ProtocolVersion.v5_0.rawValue ? .v5_0 : .v3_1_1
    }

    /// CONNACK, in the version of the connection.
    func acknowledge(
        _ answer: ConnectAcknowledgement, on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) {
        guard connections[connection]?.version == .v5_0 else {
            return send(.connectAcknowledgement(answer), on: connection, into: &effects)
        }
        let start = effects.bytes.count
        let reason = Self.reason(for: answer.returnCode)
        let properties = reason == .success ? connectAcknowledgementProperties : []
        let told = ConnectAcknowledgement(
            sessionPresent: answer.sessionPresent, returnCode: ConnectReturnCode(rawValue: reason.rawValue))
        effects.bytes.appendPacket(
            Packet5(
                .connectAcknowledgement(told), AddedFields(reasonCode: reason, properties: properties.indices)),
            from: properties.span.bytes)
        effects.send(from: start, on: connection)
    }

    private static func reason(for code: ConnectReturnCode) -> ReasonCode {
        switch code {
        case .accepted: .success
        case .unacceptableProtocolVersion: .unsupportedProtocolVersion
        case .identifierRejected: .clientIdentifierNotValid
        case .serverUnavailable: .serverUnavailable
        case .badCredentials: .badUserNameOrPassword
        case .notAuthorized: .notAuthorized
        default: .unspecifiedError
        }
    }

    private var connectAcknowledgementProperties: [UInt8] {
        var properties: [UInt8] = []
        let limits = configuration.limits
        if let maximum = limits.receiveMaximum { properties.append(property: .receiveMaximum, UInt32(maximum)) }
        if !limits.takesQoS2 { properties.append(property: .maximumQoS, 1) }
        if !limits.takesRetained { properties.append(property: .retainAvailable, 0) }
        if let maximum = limits.packetByteCount { properties.append(property: .maximumPacketSize, maximum) }
        if configuration.topicAliasMaximum > 0 {
            properties.append(property: .topicAliasMaximum, UInt32(configuration.topicAliasMaximum))
        }
        if let seconds = configuration.serverKeepAliveSeconds {
            properties.append(property: .serverKeepAlive, UInt32(seconds))
        }
        return properties
    }

    /// The topic of a message, which an alias may stand for or is to stand for (MQTT 5.0 §3.3.2.3.4); nil where that is
    /// above the maximum, or stands for nothing. One of 0 is none that can be read.
    mutating func topicName(
        of publish: Publish, _ added: AddedFields, _ frame: RawSpan, on connection: BrokerConnectionID
    ) -> [UInt8]? {
        let name = frame.copy(of: publish.topicName)
        guard let alias = Packet5.number(.topicAlias, in: added.properties, of: frame) else { return name }
        guard alias <= UInt32(configuration.topicAliasMaximum) else { return nil }
        if !name.isEmpty { connections[connection]?.topicAliases[alias] = name }
        return connections[connection]?.topicAliases[alias]
    }

    /// Why a message is not taken; nil where it is, also as one of 3.1.1 cannot be told, and one that is known is here.
    mutating func refusal(
        of message: BrokerMessage, _ publish: Publish, from session: BrokerSessionNumber,
        on connection: BrokerConnectionID
    ) -> ReasonCode? {
        guard connections[connection]?.version == .v5_0, publish.qos != .atMostOnce,
            sessions[session]?.receivedMessages[publish.packetID] == nil
        else { return nil }
        if configuration.refusedTopicNames.contains(message.topicName) { return .notAuthorized }
        guard configuration.refusedShare > 0 else { return nil }
        publicationCount += 1
        return publicationCount.isMultiple(of: configuration.refusedShare) ? .quotaExceeded : nil
    }

    /// PUBACK or PUBREC that ends the exchange (MQTT 5.0 §4.3).
    func refuse(
        _ publish: Publish, _ reason: ReasonCode, on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) {
        let start = effects.bytes.count
        let answer: Packet =
            publish.qos == .exactlyOnce
            ? .publishReceived(publish.packetID) : .publishAcknowledgement(publish.packetID)
        effects.bytes.appendPacket(Packet5(answer, AddedFields(reasonCode: reason)))
        effects.send(from: start, on: connection)
    }

    /// Whether the client does what it was told that the broker does not take.
    func exceedsLimits(_ packet: Packet, _ frame: RawSpan, on connection: BrokerConnectionID) -> Bool {
        let limits = configuration.limits
        if let maximum = limits.packetByteCount, frame.byteCount > Int(maximum) { return true }
        guard case .publish(let publish) = packet else { return false }
        if publish.retain, !limits.takesRetained { return true }
        guard publish.qos == .exactlyOnce else { return false }
        if !limits.takesQoS2 { return true }
        let open = connections[connection]?.openExchanges ?? []
        return !open.contains(publish.packetID) && open.count >= Int(limits.receiveMaximum ?? .max)
    }
}

// Cuts what a connection sends into packets and hands each to the procedure of its type.

import Bytes
import GatewayCore
import MQTT
import Time

/// What became of a packet.
enum PacketOutcome {
    /// It was carried out.
    case done
    /// The client broke the protocol: its connection must be closed (MQTT 3.1.1 §4.8).
    case violation
}

extension SimulatedBroker {
    mutating func accept(_ connection: BrokerConnectionID, at now: Instant) {
        precondition(connections[connection] == nil, "the host used a connection's number again")
        let decoder = PacketDecoder(maximumPacketByteCount: configuration.maximumPacketByteCount)
        connections[connection] = BrokerConnection(
            decoder: decoder, lastHeard: now, patience: configuration.connectTimeout)
        schedule(connection)
    }

    mutating func receive(
        _ bytes: RawSpan, on connection: BrokerConnectionID, at now: Instant,
        into effects: inout BrokerEffects
    ) {
        var offset = 0
        // The connection is looked up for every packet, because a packet may have closed it.
        while connections[connection] != nil {
            var outcome = PacketOutcome.violation
            do throws(PacketError) {
                switch try connections[connection]?.decoder.next(in: bytes, at: &offset) {
                case .needsMore, nil: return
                case .frame(let range):
                    outcome = handle(bytes.extracting(range), on: connection, at: now, into: &effects)
                case .assembled:
                    outcome = handleAssembledPacket(on: connection, at: now, into: &effects)
                }
            } catch {
                outcome = .violation
            }
            if case .violation = outcome { closeForViolation(connection, into: &effects) }
        }
    }

    private mutating func handleAssembledPacket(
        on connection: BrokerConnectionID, at now: Instant, into effects: inout BrokerEffects
    ) -> PacketOutcome {
        guard let frame = connections[connection]?.decoder.takeAssembled() else { return .violation }
        let span = frame.span
        let outcome = handle(span.bytes, on: connection, at: now, into: &effects)
        connections[connection]?.decoder.recycle(frame)
        return outcome
    }

    /// One whole packet.
    private mutating func handle(
        _ frame: RawSpan, on connection: BrokerConnectionID, at now: Instant,
        into effects: inout BrokerEffects
    ) -> PacketOutcome {
        let packet: Packet
        var added = AddedFields()
        let version = versionOf(frame, on: connection)
        do throws(PacketError) {
            packet = try Packet.decode(frame, version, &added)
        } catch {
            return handleMalformed(error, frame, on: connection, into: &effects)
        }
        connections[connection]?.lastHeard = now
        if case .connect(let connect) = packet {
            return handle(connect, added, frame, version, on: connection, into: &effects)
        }
        if version == .v5_0, exceedsLimits(packet, frame, on: connection) { return .violation }
        // The first packet must be CONNECT [MQTT-3.1.0-1].
        guard let session = connections[connection]?.session else { return .violation }
        if case .publish(let publish) = packet {
            guard let topicName = topicName(of: publish, added, frame, on: connection) else {
                counters.topicAliasFaults += 1
                return .violation
            }
            handle(publish, on: topicName, frame, from: session, on: connection, into: &effects)
            return .done
        }
        return handle(packet, frame, from: session, on: connection, into: &effects)
    }

    /// One packet of a client with a session, but for PUBLISH.
    private mutating func handle(
        _ packet: Packet, _ frame: RawSpan, from session: BrokerSessionNumber,
        on connection: BrokerConnectionID, into effects: inout BrokerEffects
    ) -> PacketOutcome {
        switch packet {
        case .publishAcknowledgement(let packetID):
            handlePublishAcknowledgement(packetID, from: session, into: &effects)
        case .publishReceived(let packetID):
            handlePublishReceived(packetID, from: session, on: connection, into: &effects)
        case .publishRelease(let packetID):
            handlePublishRelease(packetID, from: session, on: connection, into: &effects)
        case .publishComplete(let packetID):
            handlePublishComplete(packetID, from: session, into: &effects)
        case .subscribe(let subscribe):
            handle(subscribe, frame, from: session, on: connection, into: &effects)
        case .unsubscribe(let unsubscribe):
            handle(unsubscribe, frame, from: session, on: connection, into: &effects)
        case .pingRequest:
            // [MQTT-3.12.4-1]
            send(.pingResponse, on: connection, into: &effects)
        case .disconnect:
            handleDisconnect(on: connection, into: &effects)
        case .connect, .connectAcknowledgement, .publish, .subscribeAcknowledgement, .unsubscribeAcknowledgement,
            .pingResponse, .authentication:
            // A second CONNECT [MQTT-3.1.0-2], or a packet that only a server sends (MQTT 3.1.1 §2.2.1).
            return .violation
        }
        return .done
    }
}

extension SimulatedBroker {
    /// Sends a packet without variable parts.
    func send(_ packet: Packet, on connection: BrokerConnectionID, into effects: inout BrokerEffects) {
        let start = effects.bytes.count
        switch connections[connection]?.version {
        case .v5_0: effects.bytes.appendPacket(Packet5(packet))
        case .v3_1_1, nil: effects.bytes.appendPacket(packet)
        }
        effects.send(from: start, on: connection)
    }
}

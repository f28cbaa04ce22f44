import Bytes
import MQTT
import MQTTSN
import Time

// PUBLISH at QoS −1 (MQTT-SN 1.2 §6.8): without a connection, over the gateway's own one, never answered (GW-49).

extension Environment {
    /// `clientID` is that of the session at the sender's address, whose own pre-defined topics count, if there is one;
    /// `identity` says what the sender may; nil where nothing is forbidden it.
    mutating func forwardQoSMinusOne(
        _ publish: MQTTSN.Publish, _ datagram: RawSpan, clientID: ClientID?, identity: ClientIdentity?, peer: PeerID?
    ) {
        switch publishOnShared(publish, datagram, clientID: clientID, identity) {
        case .sent: observe(.qosMinusOneForwarded, peer: peer)
        case .waits: break
        case .notTaken: observe(.qosMinusOneDropped, peer: peer)
        case .bufferFull(let octets): observe(.qosMinusOneBufferFull(octets: octets), peer: peer)
        case .refused(let reason):
            observe(.qosMinusOneRefused(reason, topicID: publish.topicID), peer: peer)
        }
    }

    /// What became of a message.
    private enum Fate {
        case sent
        /// Until the connection is back.
        case waits
        /// By the connection.
        case notTaken
        /// By what waits for the connection; so many octets.
        case bufferFull(Int)
        case refused(QoSMinusOneRefusal)
    }

    private mutating func publishOnShared(
        _ publish: MQTTSN.Publish, _ datagram: RawSpan, clientID: ClientID?, _ identity: ClientIdentity?
    ) -> Fate {
        let retain = publish.flags.retain && identity?.passesRetain ?? true
        switch (publish.flags.topicIDType, configuration.qosMinusOne) {
        case (_, .off): return .refused(.off)
        case (.reserved, _): return .refused(.noTopic)
        case (.shortName, .predefined): return .refused(.shortName)
        case (.normal, .predefined), (.normal, .on):
            guard configuration.qosMinusOneFullNames else { return .refused(.normalTopicID) }
            guard let end = endOfFullName(byteCount: Int(publish.topicID), in: publish.data, datagram) else {
                return .refused(.noTopic)
            }
            let name = datagram.extracting(publish.data.lowerBound..<end)
            return publishOnShared(name, datagram.extracting(end..<publish.data.upperBound), retain: retain, identity)
        case (.predefined, .predefined), (.predefined, .on):
            guard let index = predefinedTopics.name(for: publish.topicID, clientID: clientID) else {
                return .refused(
                    predefinedTopics.isEachClientsOwn(publish.topicID) ? .noClientID : .unknownPredefinedID)
            }
            let name = topicNames.name(index)
            return publishOnShared(name.span.bytes, datagram.extracting(publish.data), retain: retain, identity)
        case (.shortName, .on):
            guard let name = Self.shortName(publish.topicID) else { return .refused(.noTopic) }
            return publishOnShared(name.span.bytes, datagram.extracting(publish.data), retain: retain, identity)
        }
    }

    private mutating func publishOnShared(
        _ name: RawSpan, _ payload: RawSpan, retain: Bool, _ identity: ClientIdentity?
    ) -> Fate {
        guard identity?.mayPublish(to: name) ?? true else { return .refused(.topicNotAllowed) }
        let prefix = identity?.topicPrefix ?? []
        guard TopicRules.fits(name, behind: prefix, limits) else { return .refused(.exceedsBroker) }
        if isSharedReturning { return keepForShared(prefix, name, payload, retain: retain) }
        let nameByteCount = prefix.count + name.byteCount
        // The connection has no prefix of its own, and the name has room behind that of whoever has said it.
        let excess = upstreams[sharedUpstream].limits.excess(
            of: nameByteCount, payload.byteCount, .atMostOnce, retain: retain,
            wayByteCount: wayByteCount(on: sharedUpstream))
        guard excess == nil else { return .refused(.exceedsBroker) }
        guard couldTake(nameByteCount + payload.byteCount, on: sharedUpstream) else { return .notTaken }
        publish(behind: prefix, name, payload, qos: .atMostOnce, retain: retain, on: sharedUpstream)
        return .sent
    }

    // MARK: While the connection is away

    /// Whether the shared connection has just been lost and is coming back: who sent what ended it must not cost the
    /// others their messages.
    @inline(__always)
    private var isSharedReturning: Bool {
        switch upstreams[sharedUpstream].state {
        case .opening, .connecting, .waiting: break
        case .idle, .open, .leaving, .held, .queued, .refused: return false
        }
        guard let sharedLostAt else { return false }
        return now.since(sharedLostAt) <= configuration.upstream.restoreTimeout
    }

    /// Where there is no room, the oldest or this one gives way, as the policy for queues says.
    private mutating func keepForShared(
        _ prefix: [UInt8], _ name: RawSpan, _ payload: RawSpan, retain: Bool
    ) -> Fate {
        let limit = limits.qosMinusOneByteCount
        let packetByteCount = Packet.publishByteCount(
            topicNameByteCount: prefix.count + name.byteCount, payloadByteCount: payload.byteCount, qos: .atMostOnce)
        while !waitingPublishes.hasRoom(for: packetByteCount, limit: limit) {
            guard configuration.queuePolicy == .dropOldest, let dropped = waitingPublishes.removeOldest() else {
                return .bufferFull(packetByteCount)
            }
            observe(.qosMinusOneBufferFull(octets: dropped))
        }
        waitingPublishes.append(prefix, name, payload, retain: retain, at: now)
        return .waits
    }

    /// The shared connection is open again; what has waited for too long is no longer news.
    mutating func sendWaitingPublishes() {
        guard !waitingPublishes.isEmpty else { return }
        for waiting in waitingPublishes.takeAll() {
            guard now.since(waiting.arrivedAt) <= configuration.upstream.restoreTimeout else {
                observe(.qosMinusOneDropped)
                continue
            }
            let packet = waiting.packet.span.bytes
            guard case .publish(let publish)? = try? Packet.decode(packet),
                excess(
                    of: publish.topicName.count, publish.payload.count, .atMostOnce, retain: publish.retain,
                    on: sharedUpstream) == nil
            else {
                observe(.qosMinusOneDropped)
                continue
            }
            self.publish(
                packet.extracting(publish.topicName), packet.extracting(publish.payload), qos: .atMostOnce,
                retain: publish.retain, on: sharedUpstream)
            observe(.qosMinusOneForwarded)
        }
    }

    /// Where the topic name ends that `data` begins with; nil where that is no topic name.
    @inline(__always)
    private func endOfFullName(byteCount: Int, in data: ByteRange, _ datagram: RawSpan) -> Int? {
        guard byteCount <= data.count else { return nil }
        let end = data.lowerBound + byteCount
        return TopicRules.isValidName(datagram.extracting(data.lowerBound..<end), limits) ? end : nil
    }
}

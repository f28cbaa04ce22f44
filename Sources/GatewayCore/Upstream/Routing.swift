import Bytes
import MQTT

// What sessions ask of the broker, as packets on the connection that carries them; sessions know no more of the way
// upstream than these calls.

extension Environment {
    /// Sends a packet without a variable part. Answers and releases pass even where a stream is blocked: each belongs
    /// to an exchange, and those are bounded.
    ///
    /// - Returns: false where there is no open connection.
    @discardableResult
    mutating func sendPacket(_ packet: Packet, on slot: UInt32?) -> Bool {
        guard let slot, upstreams[slot].state == .open else { return false }
        let start = effects.bytes.count
        effects.bytes.appendPacket(packet)
        endPacket(start, on: slot)
        return true
    }

    /// Queues what was appended to the arena since `start` on the connection's stream.
    mutating func endPacket(_ start: Int, on slot: UInt32) {
        effects.list.append(.sendStream(start..<effects.bytes.count, on: upstreams[slot].streamID))
        upstreams[slot].lastSent = now
        if upstreams[slot].isBlocked { upstreams[slot].queuedByteCount += effects.bytes.count - start }
    }

    /// Whether the connection takes a new request of `byteCount` octets; observes why not.
    private mutating func canTake(_ byteCount: Int, on slot: UInt32) -> Bool {
        guard upstreams[slot].state == .open else {
            observe(.messageDroppedUpstreamDown, detail: byteCount)
            return false
        }
        let queued = upstreams[slot].queuedByteCount + byteCount
        guard !upstreams[slot].isBlocked || queued <= limits.queuedByteCountPerUpstream else {
            observe(.messageDroppedUpstreamBlocked, detail: byteCount)
            return false
        }
        return true
    }

    /// - Returns: false where the message was not taken.
    mutating func publish(
        _ topicName: RawSpan, _ payload: RawSpan, qos: DeliveryQoS, retain: Bool, duplicate: Bool,
        packetID: PacketID, on slot: UInt32?
    ) -> Bool {
        guard let slot, canTake(topicName.byteCount + payload.byteCount, on: slot) else { return false }
        let start = effects.bytes.count
        effects.bytes.appendPublishPacket(
            duplicate: duplicate && qos != .atMostOnce, qos: qos, retain: retain, topicName: topicName,
            packetID: packetID, payload: payload)
        endPacket(start, on: slot)
        return true
    }

    mutating func subscribe(_ filter: TopicNameIndex, qos: DeliveryQoS, packetID: PacketID, on slot: UInt32?) -> Bool {
        let name = topicNames.name(filter)
        guard let slot, canTake(name.count, on: slot) else { return false }
        let start = effects.bytes.count
        effects.bytes.appendSubscribePacket(packetID: packetID, filter: name.span.bytes, qos: qos)
        endPacket(start, on: slot)
        return true
    }

    mutating func unsubscribe(_ filter: TopicNameIndex, packetID: PacketID, on slot: UInt32?) -> Bool {
        let name = topicNames.name(filter)
        guard let slot, canTake(name.count, on: slot) else { return false }
        let start = effects.bytes.count
        effects.bytes.appendUnsubscribePacket(packetID: packetID, filter: name.span.bytes)
        endPacket(start, on: slot)
        return true
    }

    /// Sends the CONNECT of `clientID` as soon as its stream is open.
    mutating func sendConnect(clientID: [UInt8], cleanSession: Bool, will: StoredWill?, on slot: UInt32) {
        var strings: [UInt8] = []
        func append(_ bytes: [UInt8]) -> ByteRange {
            let start = strings.count
            strings.append(contentsOf: bytes)
            return start..<strings.count
        }
        let settings = configuration.upstream
        let packet = Connect(
            cleanSession: cleanSession, keepAliveSeconds: settings.keepAliveSeconds,
            clientID: append(clientID),
            will: will.map {
                Will(topic: append($0.topic), payload: append($0.message), qos: $0.qos, retain: $0.retain)
            },
            username: settings.username.map(append), password: settings.password.map(append))
        let start = effects.bytes.count
        effects.bytes.appendPacket(.connect(packet), from: strings.span.bytes)
        endPacket(start, on: slot)
        upstreams[slot].state = .connecting
    }
}

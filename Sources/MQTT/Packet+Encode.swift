// Writing a packet: appends to bytes that the caller owns and reuses, so that steady traffic allocates nothing.

import Bytes

extension [UInt8] {
    /// Appends `packet`, whose ranges are offsets into `source`.
    ///
    /// - Precondition: the packet obeys the rules that `Packet.decode` checks, and its ranges lie inside `source`.
    public mutating func appendPacket(_ packet: Packet, from source: RawSpan) {
        switch packet {
        case .connect(let connect): appendConnectPacket(connect, from: source)
        case .connectAcknowledgement(let answer): appendConnectAcknowledgementPacket(answer)
        case .publish(let publish):
            appendPublishPacket(
                duplicate: publish.duplicate, qos: publish.qos, retain: publish.retain,
                topicName: source.extracting(publish.topicName), packetID: publish.packetID,
                payload: source.extracting(publish.payload))
        case .publishAcknowledgement(let packetID), .publishReceived(let packetID), .publishRelease(let packetID),
            .publishComplete(let packetID), .unsubscribeAcknowledgement(let packetID):
            appendIdentifierPacket(packet.type, packetID)
        case .subscribe(let subscribe):
            appendFilterPacket(
                .subscribe, packetID: subscribe.packetID, filters: source.extracting(subscribe.filters))
        case .subscribeAcknowledgement(let answer):
            appendSubscribeAcknowledgementPacket(
                packetID: answer.packetID, returnCodes: source.extracting(answer.returnCodes))
        case .unsubscribe(let unsubscribe):
            appendFilterPacket(
                .unsubscribe, packetID: unsubscribe.packetID, filters: source.extracting(unsubscribe.filters))
        case .pingRequest, .pingResponse, .disconnect:
            appendFixedHeader(of: packet.type, remainingLength: 0)
        case .authentication: preconditionFailure("MQTT 3.1.1 has no AUTH")
        }
    }

    /// Appends a packet without variable parts: CONNACK, an acknowledgement of PUBLISH or UNSUBSCRIBE, PINGREQ,
    /// PINGRESP or DISCONNECT.
    ///
    /// - Precondition: `packet` has no variable part.
    public mutating func appendPacket(_ packet: Packet) {
        appendPacket(packet, from: RawSpan())
    }

    /// Appends a packet that consists of a Packet Identifier (§3.4 to §3.7, §3.11).
    private mutating func appendIdentifierPacket(_ type: PacketType, _ packetID: PacketID) {
        appendFixedHeader(of: type, remainingLength: 2)
        append(packetID: packetID)
    }

    /// Appends SUBSCRIBE or UNSUBSCRIBE with filters that are already in the packet's own layout (§3.8.3, §3.10.3).
    private mutating func appendFilterPacket(
        _ type: PacketType, packetID: PacketID, filters: RawSpan
    ) {
        precondition(filters.byteCount > 0, "SUBSCRIBE and UNSUBSCRIBE name at least one Topic Filter")
        appendFixedHeader(of: type, remainingLength: 2 + filters.byteCount)
        append(packetID: packetID)
        append(filters)
    }
}

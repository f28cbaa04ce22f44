// Writing a packet of MQTT 5.0, in its shortest form: what may be left out is left out.

import Bytes

extension [UInt8] {
    /// Appends `packet`, whose ranges are offsets into `source`.
    ///
    /// - Precondition: the packet obeys the rules that `Packet5.decode` checks, and its ranges lie inside `source`.
    public mutating func appendPacket(_ packet: Packet5, from source: RawSpan) {
        let added = packet.added
        let properties = source.extracting(added.properties)
        switch packet.packet {
        case .connect(let connect): appendConnectPacket(connect, from: source, .v5_0, added)
        case .connectAcknowledgement(let answer):
            appendFixedHeader(
                of: .connectAcknowledgement, remainingLength: 2 + Packet5.sectionByteCount(properties.byteCount))
            append(answer.sessionPresent ? 1 : 0)
            append(answer.returnCode.rawValue)
            append(lengthPrefixedProperties: properties)
        case .publish(let publish):
            appendPublishHeader(
                duplicate: publish.duplicate, qos: publish.qos, retain: publish.retain,
                topicName: source.extracting(publish.topicName), packetID: publish.packetID, properties: properties,
                payloadByteCount: publish.payload.count)
            append(source.extracting(publish.payload))
        case .publishAcknowledgement(let packetID), .publishReceived(let packetID), .publishRelease(let packetID),
            .publishComplete(let packetID):
            appendOutcomePacket(packet.packet.type, packetID, added.reasonCode, properties)
        case .subscribe(let subscribe):
            appendListPacket(.subscribe, subscribe.packetID, properties, source.extracting(subscribe.filters))
        case .subscribeAcknowledgement(let answer):
            appendListPacket(
                .subscribeAcknowledgement, answer.packetID, properties, source.extracting(answer.returnCodes))
        case .unsubscribe(let unsubscribe):
            appendListPacket(.unsubscribe, unsubscribe.packetID, properties, source.extracting(unsubscribe.filters))
        case .unsubscribeAcknowledgement(let packetID):
            appendListPacket(
                .unsubscribeAcknowledgement, packetID, properties, source.extracting(added.reasonCodes))
        case .pingRequest, .pingResponse: appendFixedHeader(of: packet.packet.type, remainingLength: 0)
        case .disconnect, .authentication:
            appendOutcomePacket(packet.packet.type, nil, added.reasonCode, properties)
        }
    }

    /// Appends a packet without variable parts.
    ///
    /// - Precondition: `packet` has no variable part.
    public mutating func appendPacket(_ packet: Packet5) {
        appendPacket(packet, from: RawSpan())
    }

    /// Appends a PUBLISH up to its payload, of which the caller then appends exactly `payloadByteCount` octets (§3.3).
    ///
    /// `duplicate` and `packetID` are not written at QoS 0, where the packet has neither; `topicAlias` goes before
    /// `properties`, which have none then, and 0 is none.
    /// - Precondition: `topicPrefix` and `topicName` behind it are a valid Topic Name (`TopicFilter.isValidName`) or
    ///   empty beside a Topic Alias,
    ///   `packetID` is not 0 above QoS 0, `properties` are some that may stand in PUBLISH, and the packet fits its
    ///   length field.
    public mutating func appendPublishHeader(
        duplicate: Bool, qos: DeliveryQoS, retain: Bool, topicPrefix: RawSpan = RawSpan(), topicName: RawSpan,
        packetID: PacketID, topicAlias: UInt16 = 0, properties: RawSpan, payloadByteCount: Int
    ) {
        let propertyByteCount = properties.byteCount + (topicAlias == 0 ? 0 : 3)
        let flags = PublishFlags(duplicate: duplicate, qos: qos, retain: retain)
        append(PacketType.publish.rawValue << 4 | flags.rawValue)
        append(
            remainingLength: Packet.publishRemainingLength(
                topicNameByteCount: topicPrefix.byteCount + topicName.byteCount, payloadByteCount: payloadByteCount,
                qos: qos)
                + Packet5.sectionByteCount(propertyByteCount))
        append(lengthPrefixed: topicPrefix, topicName)
        if qos > .atMostOnce { append(packetID: packetID) }
        append(remainingLength: propertyByteCount)
        if topicAlias != 0 { append(property: .topicAlias, UInt32(topicAlias)) }
        append(properties)
    }

    /// Appends PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT or AUTH.
    private mutating func appendOutcomePacket(
        _ type: PacketType, _ packetID: PacketID?, _ code: ReasonCode, _ properties: RawSpan
    ) {
        let hasProperties = properties.byteCount > 0 || type == .authentication && code != .success
        let hasCode = hasProperties || code != .success
        appendFixedHeader(
            of: type,
            remainingLength: (packetID == nil ? 0 : 2) + (hasCode ? 1 : 0)
                + (hasProperties ? Packet5.sectionByteCount(properties.byteCount) : 0))
        if let packetID { append(packetID: packetID) }
        if hasCode { append(code.rawValue) }
        if hasProperties { append(lengthPrefixedProperties: properties) }
    }

    /// Appends SUBSCRIBE, SUBACK, UNSUBSCRIBE or UNSUBACK with filters or codes as they lie in the packet.
    private mutating func appendListPacket(
        _ type: PacketType, _ packetID: PacketID, _ properties: RawSpan, _ list: RawSpan
    ) {
        precondition(list.byteCount > 0, "the packet names or answers at least one Topic Filter")
        appendFixedHeader(
            of: type, remainingLength: 2 + Packet5.sectionByteCount(properties.byteCount) + list.byteCount)
        append(packetID: packetID)
        append(lengthPrefixedProperties: properties)
        append(list)
    }
}

import Bytes
import MQTT
import MQTTSN

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

    /// Releases a QoS 2 message that the broker has said to have (PUBREL).
    ///
    /// - Returns: false where there is no open connection.
    @discardableResult
    mutating func release(_ token: BrokerToken, on slot: UInt32?) -> Bool {
        sendPacket(.publishRelease(token.packetID), on: slot)
    }

    /// Tells the broker that its QoS 1 message is where it belongs (PUBACK).
    @discardableResult
    mutating func acknowledge(_ token: BrokerToken, on slot: UInt32?) -> Bool {
        sendPacket(.publishAcknowledgement(token.packetID), on: slot)
    }

    /// Tells the broker that its QoS 2 message is where it belongs (PUBREC).
    @discardableResult
    mutating func acknowledgeReceipt(of token: BrokerToken, on slot: UInt32?) -> Bool {
        sendPacket(.publishReceived(token.packetID), on: slot)
    }

    /// Tells the broker that its QoS 2 message has come to its end (PUBCOMP).
    @discardableResult
    mutating func complete(_ token: BrokerToken, on slot: UInt32?) -> Bool {
        sendPacket(.publishComplete(token.packetID), on: slot)
    }

    /// Queues what was appended to the arena since `start` on the connection's stream.
    mutating func endPacket(_ start: Int, on slot: UInt32) {
        effects.list.append(.sendStream(start..<effects.bytes.count, on: upstreams[slot].streamID))
        upstreams[slot].lastSent = now
        if upstreams[slot].isBlocked { upstreams[slot].queuedByteCount += effects.bytes.count - start }
    }

    /// Whether there is a connection that the broker has accepted.
    @inline(__always)
    func isOpen(_ slot: UInt32?) -> Bool {
        guard let slot else { return false }
        return upstreams[slot].state == .open
    }

    /// What stands before the topics of the connection's client at the broker.
    @inline(__always)
    func topicPrefix(on slot: UInt32) -> [UInt8] {
        Int(slot) < prefixedIdentities.count ? identities.topicPrefix(prefixedIdentities[Int(slot)]) : []
    }

    /// How many octets that are.
    @inline(__always)
    func topicPrefixByteCount(on slot: UInt32) -> Int {
        prefixedIdentities.isEmpty ? 0 : topicPrefix(on: slot).count
    }

    /// The client of a connection that is new in its place is known by this.
    mutating func notePrefix(of identity: IdentityIndex, on slot: UInt32) {
        guard Int(slot) < prefixedIdentities.count || !identities.topicPrefix(identity).isEmpty else { return }
        while prefixedIdentities.count <= Int(slot) { prefixedIdentities.append(.none) }
        prefixedIdentities[Int(slot)] = identity
    }

    /// Whether the connection would take a new request of `byteCount` octets, besides those of its client's prefix.
    @inline(__always)
    func couldTake(_ byteCount: Int, on slot: UInt32?) -> Bool {
        guard let slot, upstreams[slot].state == .open else { return false }
        return !upstreams[slot].isBlocked
            || upstreams[slot].queuedByteCount + topicPrefixByteCount(on: slot) + byteCount
                <= limits.queuedByteCountPerUpstream
    }

    /// Whether the connection takes a new message of `byteCount` octets; observes why not.
    mutating func takes(_ byteCount: Int, _ qos: QoS, on slot: UInt32?) -> Bool {
        if couldTake(byteCount, on: slot) { return true }
        observe(
            isOpen(slot)
                ? .messageDroppedUpstreamBlocked(QualityOfService(qos), octets: byteCount)
                : .messageDroppedUpstreamDown(QualityOfService(qos), octets: byteCount))
        return false
    }

    /// Publishes a message that the connection takes; of the gateway's own connection `prefix` is that of whoever has
    /// said it.
    mutating func publish(
        behind prefix: [UInt8] = [], _ topicName: RawSpan, _ payload: RawSpan, qos: QoS, retain: Bool,
        duplicate: Bool = false, token: BrokerToken = .none, on slot: UInt32?
    ) {
        guard let slot else { return }
        let prefix = prefix.isEmpty ? topicPrefix(on: slot) : prefix
        let start = effects.bytes.count
        appendPublishHeader(
            duplicate: duplicate && qos != .atMostOnce, qos, retain: retain, prefix, topicName, token,
            payloadByteCount: payload.byteCount, on: slot)
        effects.bytes.append(payload)
        endPacket(start, on: slot)
    }

    /// Publishes for the first time a message that was kept in the store, under its own token and without a copy.
    mutating func publish(stored index: StoredMessageIndex, on slot: UInt32?) {
        guard let slot else { return }
        let message = store[index]
        let start = effects.bytes.count
        let name = topicNames.name(message.topicName)
        appendPublishHeader(
            duplicate: false, message.qos, retain: message.retain, topicPrefix(on: slot), name.span.bytes,
            message.token, payloadByteCount: Int(message.payloadByteCount), on: slot)
        store.appendPayload(of: index, to: &effects.bytes)
        endPacket(start, on: slot)
    }

    @inline(__always)
    private mutating func appendPublishHeader(
        duplicate: Bool, _ qos: QoS, retain: Bool, _ topicPrefix: [UInt8], _ topicName: RawSpan, _ token: BrokerToken,
        payloadByteCount: Int, on slot: UInt32
    ) {
        switch upstreams[slot].version {
        case .v3_1_1:
            effects.bytes.appendPublishHeader(
                duplicate: duplicate, qos: DeliveryQoS(qos), retain: retain, topicPrefix: topicPrefix.span.bytes,
                topicName: topicName, packetID: token.packetID, payloadByteCount: payloadByteCount)
        case .v5_0:
            let properties = way.properties(on: slot)
            let choice = aliasChoice(qos, topicPrefix, topicName, payloadByteCount: payloadByteCount, on: slot)
            let prefix = choice.isNameWritten ? topicPrefix.span.bytes : RawSpan()
            effects.bytes.appendPublishHeader(
                duplicate: duplicate, qos: DeliveryQoS(qos), retain: retain, topicPrefix: prefix,
                topicName: choice.isNameWritten ? topicName : RawSpan(), packetID: token.packetID,
                topicAlias: choice.alias, properties: properties.span.bytes, payloadByteCount: payloadByteCount)
        }
    }

    mutating func subscribe(_ filter: TopicNameIndex, qos: QoS, token: BrokerToken, on slot: UInt32?) -> Bool {
        let name = topicNames.name(filter)
        guard let slot, couldTake(name.count, on: slot) else { return false }
        let start = effects.bytes.count
        appendSubscribe(name, qos, token, on: slot)
        endPacket(start, on: slot)
        return true
    }

    mutating func unsubscribe(_ filter: TopicNameIndex, token: BrokerToken, on slot: UInt32?) -> Bool {
        let name = topicNames.name(filter)
        guard let slot, couldTake(name.count, on: slot) else { return false }
        let start = effects.bytes.count
        appendUnsubscribe(name, token, on: slot)
        endPacket(start, on: slot)
        return true
    }

    /// The filter as the broker is to know it: behind the prefix of the connection's client, which stands behind the
    /// group of a shared subscription.
    private func atBroker(_ filter: [UInt8], on slot: UInt32) -> [UInt8] {
        let prefix = topicPrefix(on: slot)
        guard !prefix.isEmpty else { return filter }
        let start = TopicRules.startBehindGroup(filter.span.bytes)
        return filter[..<start] + prefix + filter[start...]
    }

    /// Appends SUBSCRIBE in the version of the connection.
    mutating func appendSubscribe(_ filter: [UInt8], _ qos: QoS, _ token: BrokerToken, on slot: UInt32) {
        let filter = prefixedIdentities.isEmpty ? filter : atBroker(filter, on: slot)
        effects.bytes.appendSubscribePacket(
            packetID: token.packetID, filter: filter.span.bytes, SubscriptionOptions(qos: DeliveryQoS(qos)),
            version: upstreams[slot].version)
    }

    /// Appends UNSUBSCRIBE in the version of the connection.
    mutating func appendUnsubscribe(_ filter: [UInt8], _ token: BrokerToken, on slot: UInt32) {
        let filter = prefixedIdentities.isEmpty ? filter : atBroker(filter, on: slot)
        effects.bytes.appendUnsubscribePacket(
            packetID: token.packetID, filter: filter.span.bytes, version: upstreams[slot].version)
    }

    /// Sends a CONNECT as soon as its stream is open.
    mutating func sendConnect(
        as introduction: BrokerIntroduction, cleanSession: Bool, will: StoredWill?, on slot: UInt32
    ) {
        let prefix = topicPrefix(on: slot)
        var strings: [UInt8] = []
        func append(_ bytes: [UInt8], _ more: [UInt8] = []) -> ByteRange {
            let start = strings.count
            strings.reserveCapacity(start + bytes.count + more.count)
            strings.append(contentsOf: bytes)
            strings.append(contentsOf: more)
            return start..<strings.count
        }
        let keepAliveSeconds = configuration.upstream.keepAliveSeconds
        let packet = Connect(
            cleanSession: cleanSession, keepAliveSeconds: keepAliveSeconds,
            clientID: append(introduction.clientIDPrefix, introduction.clientID),
            will: will.map {
                Will(
                    topic: append(prefix, $0.topic), payload: append($0.message), qos: DeliveryQoS($0.qos),
                    retain: $0.retain)
            },
            username: introduction.username.map { append($0) },
            password: introduction.password.map { append($0) })
        let start = effects.bytes.count
        switch upstreams[slot].version {
        case .v3_1_1: effects.bytes.appendPacket(.connect(packet), from: strings.span.bytes)
        case .v5_0:
            let properties = append(connectProperties(cleanStart: cleanSession))
            let ofWill = append(will == nil ? [] : willProperties(cleanStart: cleanSession))
            effects.bytes.appendPacket(
                Packet5(.connect(packet), AddedFields(properties: properties, willProperties: ofWill)),
                from: strings.span.bytes)
        }
        // The password is what the packet ends with (MQTT 3.1.1 §3.1.3, 5.0 §3.1.3).
        if let password = introduction.password {
            effects.secrets.append(effects.bytes.count - password.count..<effects.bytes.count)
        }
        endPacket(start, on: slot)
        upstreams[slot].state = .connecting
        upstreams[slot].limits.isSessionAsked = !cleanSession
        upstreams[slot].keepAliveSeconds = keepAliveSeconds
    }
}

/// As whom the gateway says CONNECT.
struct BrokerIntroduction {
    /// What the client identifier begins with.
    var clientIDPrefix: [UInt8] = []
    /// The rest of it.
    var clientID: [UInt8]
    var username: [UInt8]?
    var password: [UInt8]?

    /// For itself.
    init(_ settings: UpstreamConfiguration) {
        (clientID, username, password) = (settings.sharedClientID, settings.username, settings.password)
    }

    private init(clientIDPrefix: [UInt8], clientID: [UInt8], username: [UInt8]?, password: [UInt8]?) {
        (self.clientIDPrefix, self.clientID) = (clientIDPrefix, clientID)
        (self.username, self.password) = (username, password)
    }

    /// For a client for which there is no rule.
    static func ofUsual(_ clientID: ClientID, _ settings: UpstreamConfiguration) -> BrokerIntroduction {
        BrokerIntroduction(
            clientIDPrefix: settings.clientIDPrefix, clientID: clientID.bytes, username: settings.username,
            password: settings.password)
    }

    /// For a client.
    static func of(
        _ clientID: ClientID, _ identity: ClientIdentity, _ settings: UpstreamConfiguration
    ) -> BrokerIntroduction {
        let hasOwnUsername = identity.username != nil
        return BrokerIntroduction(
            clientIDPrefix: identity.brokerClientID == nil ? settings.clientIDPrefix : [],
            clientID: identity.brokerClientID ?? clientID.bytes,
            username: hasOwnUsername ? identity.username : settings.username,
            password: hasOwnUsername ? identity.password : settings.password)
    }
}

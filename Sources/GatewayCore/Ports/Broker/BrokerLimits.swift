import Bytes
import MQTT

/// What a broker of MQTT 5.0 has said in its CONNACK that it does not take; without a word it takes everything, as one
/// of 3.1.1 (MQTT 5.0 §3.2.2.3).
struct BrokerLimits: Equatable, Sendable {
    /// What it does not do, in one octet, as every connection has one.
    private struct Refusals: OptionSet {
        let rawValue: UInt8
        static let retained = Refusals(rawValue: 1)
        static let sessions = Refusals(rawValue: 2)
        /// None was asked for.
        static let unasked = Refusals(rawValue: 4)
        static let wildcards = Refusals(rawValue: 8)
        static let shares = Refusals(rawValue: 16)
    }

    /// QoS 1 and 2 messages that it takes before it has acknowledged the first.
    var receiveMaximum: UInt16 = .max
    var maximumQoS: UInt8 = 2
    private var refusals: Refusals = []
    /// Octets of a whole packet.
    var packetByteCount: UInt32 = .max

    init() {}

    /// `sessionExpirySeconds` is what the CONNECT has asked for, nil where its session is a clean one; the broker may
    /// say otherwise.
    init(_ properties: ByteRange, of frame: RawSpan, sessionExpirySeconds: UInt32?) {
        var position = 0
        let isSessionAsked = sessionExpirySeconds != nil
        if isSessionAsked { keepsSessions = sessionExpirySeconds != 0 }
        while let property = Packet5.nextProperty(of: properties, in: frame, at: &position) {
            guard case .number(let number) = property.value else { continue }
            if property.identifier == .receiveMaximum { receiveMaximum = UInt16(clamping: number) }
            if property.identifier == .maximumQoS { maximumQoS = UInt8(clamping: number) }
            if property.identifier == .retainAvailable { takesRetained = number != 0 }
            if property.identifier == .sessionExpiryInterval, isSessionAsked { keepsSessions = number > 0 }
            if property.identifier == .maximumPacketSize { packetByteCount = number }
            if property.identifier == .wildcardSubscriptionAvailable, number == 0 { refusals.insert(.wildcards) }
            if property.identifier == .sharedSubscriptionAvailable, number == 0 { refusals.insert(.shares) }
        }
    }

    var takesRetained: Bool {
        get { !refusals.contains(.retained) }
        set { if newValue { refusals.remove(.retained) } else { refusals.insert(.retained) } }
    }

    /// Whether the CONNECT has asked for a session that outlives its connection.
    var isSessionAsked: Bool {
        get { !refusals.contains(.unasked) }
        set { if newValue { refusals.remove(.unasked) } else { refusals.insert(.unasked) } }
    }

    /// Whether a session may outlive its connection at the broker (MQTT 5.0 §3.2.2.3.2).
    var keepsSessions: Bool {
        get { !refusals.contains(.sessions) }
        set { if newValue { refusals.remove(.sessions) } else { refusals.insert(.sessions) } }
    }

    /// Whether it has subscriptions of every kind.
    var takesAnyKind: Bool { refusals.isDisjoint(with: [.wildcards, .shares]) }

    /// Which of them a subscription to `filter` exceeds by what it is; nil where none.
    func lack(of filter: RawSpan) -> BrokerLimit? {
        if refusals.contains(.shares), TopicRules.isShared(filter) { return .share }
        return refusals.contains(.wildcards) && TopicRules.hasWildcards(filter) ? .wildcards : nil
    }

    /// Which of them a PUBLISH exceeds; nil where none.
    @inline(__always)
    func excess(
        of topicNameByteCount: Int, _ payloadByteCount: Int, _ qos: QoS, retain: Bool, wayByteCount: Int
    ) -> BrokerLimit? {
        if qos.rawValue > maximumQoS { return .qos }
        if retain, !takesRetained { return .retain }
        guard packetByteCount != .max else { return nil }
        // Without properties these take one octet, of their length.
        let byteCount =
            1
            + Packet.publishByteCount(
                topicNameByteCount: topicNameByteCount, payloadByteCount: payloadByteCount + wayByteCount,
                qos: DeliveryQoS(qos))
        return byteCount > Int(packetByteCount) ? .packetSize : nil
    }
}

// MARK: - Of a connection

extension Environment {
    /// Which limit of the broker a message exceeds; nil where none, or nothing is known of any. The client's topic
    /// counts with what stands before it.
    @inline(__always)
    func excess(
        of topicNameByteCount: Int, _ payloadByteCount: Int, _ qos: QoS, retain: Bool, on slot: UInt32?
    ) -> BrokerLimit? {
        guard let slot else { return nil }
        let byteCount = topicPrefixByteCount(on: slot) + topicNameByteCount
        guard byteCount <= Int(UInt16.max) else { return .topicLength }
        return upstreams[slot].limits.excess(
            of: byteCount, payloadByteCount, qos, retain: retain, wayByteCount: wayByteCount(on: slot))
    }

    /// Which limit a SUBSCRIBE or UNSUBSCRIBE exceeds with a filter of so many octets; nil where none. The filter
    /// counts with what stands before it.
    @inline(__always)
    func excess(ofFilterByteCount filterByteCount: Int, on slot: UInt32?) -> BrokerLimit? {
        let byteCount = filterByteCount + (slot.map { topicPrefixByteCount(on: $0) } ?? 0)
        guard byteCount <= Int(UInt16.max) else { return .topicLength }
        // Fixed header, identifier, the length of no properties, that of the filter, and its options.
        return byteCount + 11 > Int(brokerLimits(on: slot).packetByteCount) ? .packetSize : nil
    }

    /// The broker has shown that it has no QoS 2 for what is published on the connection.
    mutating func brokerHasNoExactlyOnce(on slot: UInt32?) {
        guard let slot else { return }
        upstreams[slot].limits.maximumQoS = min(upstreams[slot].limits.maximumQoS, QoS.atLeastOnce.rawValue)
    }

    /// What the broker has said on the connection; everything is taken where it has said nothing.
    @inline(__always)
    func brokerLimits(on slot: UInt32?) -> BrokerLimits { slot.map { upstreams[$0].limits } ?? BrokerLimits() }

    /// How many QoS 1 and 2 messages may be under way at once on the connection.
    @inline(__always)
    func receiveMaximum(on slot: UInt32?) -> Int {
        guard let slot else { return Int(UInt16.max) }
        return Int(upstreams[slot].limits.receiveMaximum)
    }

    /// What the gateway says of itself in a CONNECT of 5.0 (MQTT 5.0 §3.1.2.11), behind each other.
    func connectProperties(cleanStart: Bool) -> [UInt8] {
        var properties: [UInt8] = []
        let settings = configuration.upstream
        // A clean session ends with its connection, as in 3.1.1.
        if !cleanStart, settings.sessionExpirySeconds > 0 {
            properties.append(property: .sessionExpiryInterval, settings.sessionExpirySeconds)
        }
        // What the client has not acknowledged has a place here, and what comes behind it is the broker's to keep. What
        // it does not take at all must not keep the rest away from it.
        let places = min(limits.queuedMessagesPerClient, Int(UInt16.max)) + limits.undeliverablePerClient
        properties.append(property: .receiveMaximum, UInt32(UInt16(clamping: max(1, places))))
        properties.append(property: .maximumPacketSize, UInt32(clamping: max(1, limits.packetByteCount)))
        return properties
    }

    /// What the gateway says of a Will in a CONNECT of 5.0 (MQTT 5.0 §3.1.3.2). The session of a clean one ends with
    /// its connection, and with it any delay (§3.1.2.5).
    func willProperties(cleanStart: Bool) -> [UInt8] {
        let delay = configuration.upstream.willDelaySeconds
        guard delay > 0, !cleanStart else { return [] }
        var properties: [UInt8] = []
        properties.append(property: .willDelayInterval, delay)
        return properties
    }
}

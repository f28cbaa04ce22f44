import GatewayCore
import LinkFraming
import MQTTSN
import Time

/// What follows from a world's options once for all: how everybody is configured, and which topics there are.
struct WorldPlan {
    /// A topic that clients publish to, as they name it and as the broker does.
    struct Topic {
        var topic: ClientTopic
        var name: [UInt8]
    }

    /// Octets of the longest message that is published in a world.
    static let longestPayload = 1_209

    let topics: [Topic]
    /// What clients may subscribe to besides the topics themselves.
    let filters: [[UInt8]]
    let rules: WorldRules
    var gateway = GatewayConfiguration()
    var broker = SimulatedBrokerConfiguration()
    /// The module behind which devices are where there are radios, and the gateway's link to it.
    var radio = SimulatedRadioConfiguration()
    var radioLink = XBeeLinkConfiguration()
    /// What Zigbee takes apart and puts together.
    static let longestRadioDatagram = 255
    /// How long a datagram may be on its way; and a PUBLISH that is no repetition.
    let datagramLife: TimeSpan
    let firstCopyLife: TimeSpan
    /// How long a message id rests after its exchange: what was said under it may be heard late, is then answered
    /// within Tretry × (Nretry + 1), and the answer may be late as well.
    var messageIDRest: TimeSpan {
        TimeSpan(nanoseconds: gateway.links[0].patience.nanoseconds + 2 * datagramLife.nanoseconds)
    }
    /// Octets around a datagram from a node behind a forwarder.
    let longestEnvelopeByteCount: Int

    init(_ options: WorldOptions) {
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        var topics = (0..<4).map { Topic(topic: .name(bytes("t/\($0)")), name: bytes("t/\($0)")) }
        topics.append(Topic(topic: .name(bytes("xy")), name: bytes("xy")))
        topics.append(Topic(topic: .shortName(0x6162), name: bytes("ab")))
        topics.append(Topic(topic: .predefined(1), name: bytes("p/one")))
        topics.append(Topic(topic: .predefined(2), name: bytes("p/two")))
        self.topics = topics
        filters = ["t/+", "t/#", "#", "+/one"].map(bytes)
        rules = WorldRules(
            options[.clientRules], clientCount: options[.clients], topicNames: topics.map(\.name),
            gatewayID: gateway.gatewayID)
        gateway.clientRules = rules.configuration
        datagramLife = Self.datagramLife(options)
        firstCopyLife = min(datagramLife, Self.retryInterval)
        longestEnvelopeByteCount = options[.forwarders] > 0 ? 11 : 0
        gateway.predefinedTopics = PredefinedTopics([
            .init(topicID: 1, topicName: bytes("p/one")), .init(topicID: 2, topicName: bytes("p/two")),
        ])
        configureGateway(options)
        if options[.brokerWindow] > 0 { broker.inFlightWindow = options[.brokerWindow] }
        broker.takesLowestPacketID = options[.lowestIdentifiers] > 0
        broker.repeatsReceipts = options[.receiptRepeats] > 0
        configureTopics(options)
        configureVersion(options)
    }

    /// What the broker does about some topics, behind whatever prefix.
    private mutating func configureTopics(_ options: WorldOptions) {
        let names = topics.map(\.name) + filters
        let refused = (0..<options[.refusedFilters]).map { names[(5 * $0 + options[.publishing]) % names.count] }
        broker.refusedTopicFilters = rules.behindPrefixes(refused)
        if options[.expiries] > 0 {
            let expiring = (0..<4).map { topics[(3 * $0 + options[.expiries]) % topics.count].name }
            broker.expiringTopicNames = rules.behindPrefixes(expiring)
            broker.expirySeconds = UInt32(options[.expiries])
        }
        if options[.closingTopics] > 0 {
            broker.closingTopicNames = rules.behindPrefixes([topics[options[.publishing] % topics.count].name])
        }
    }

    /// Which versions are spoken, and what a broker of MQTT 5.0 does not take.
    private mutating func configureVersion(_ options: WorldOptions) {
        switch options[.version5] {
        case 0: return
        case 1...2: (gateway.upstream.version, broker.version5) = (.v5_0, .takes)
        case 3: (gateway.upstream.version, broker.version5) = (.auto, .takes)
        case 4: (gateway.upstream.version, broker.version5) = (.auto, .refuses)
        case 5: (gateway.upstream.version, broker.version5) = (.auto, .refusesByReason)
        default: (gateway.upstream.version, broker.version5) = (.auto, .closes)
        }
        broker.topicAliasMaximum = UInt16(options[.topicAliases])
        let number = options[.brokerLimits]
        guard number > 0 else { return }
        broker.limits.receiveMaximum = UInt16(1 + number % 12)
        if number % 3 == 0 { broker.limits.packetByteCount = UInt32(60 + number % 300) }
        // A CONNECT with such a Will would be refused for ever.
        if options[.wills] == 0 {
            broker.limits.takesQoS2 = number % 5 > 0
            broker.limits.takesRetained = number % 7 > 0
        }
        if number % 6 == 0 { broker.refusedShare = 2 + number % 9 }
        if number % 8 == 0 { broker.refusedTopicNames = rules.behindPrefixes([topics[number % topics.count].name]) }
        if number % 4 == 0 { broker.serverKeepAliveSeconds = UInt16(10 + number % 40) }
    }

    private static let retryInterval = TimeSpan.seconds(5)

    /// As long as the world's network may keep one, but less than half of Tretry × (Nretry + 1): an answer that comes
    /// later than that after the question is too late for everybody.
    private static func datagramLife(_ options: WorldOptions) -> TimeSpan {
        let longest = TimeSpan.seconds(9)
        guard options[.clogging] + options[.radios] == 0 else { return longest }
        return min(longest, .milliseconds(max(options[.delay], options[.jitter]) + 1))
    }

    private mutating func configureGateway(_ options: WorldOptions) {
        var link = LinkConfiguration()
        link.retryInterval = Self.retryInterval
        link.adaptsRetryInterval = options[.adaptiveRetry] > 0
        if options[.mtu] > 0 { link.maximumDatagramByteCount = options[.mtu] }
        if options[.radios] > 0 {
            radioLink.maximumPayload = .byteCount(min(link.maximumDatagramByteCount, Self.longestRadioDatagram))
            link.maximumDatagramByteCount = min(link.maximumDatagramByteCount, Self.longestRadioDatagram)
            configureRadio(options)
        }
        gateway.links = options[.radios] > 0 ? [link, link] : [link]
        configureLimits(options)
        if options[.advertising] > 0 {
            gateway.discovery.advertiseIntervalSeconds = UInt16(options[.advertising])
        }
        gateway.sleep.messagesPerWakeUp = options[.wakeUpLimit]
        gateway.sleep.pacing = .milliseconds(options[.pacing])
        gateway.sleep.allowsAddressChange = options[.fixedAddresses] == 0
        gateway.willUpdate = options[.gatewayWills] > 0 ? .gateway : .reconnect
        gateway.queuePolicy = options[.dropNewest] > 0 ? .dropNewest : .dropOldest
        gateway.upstream.keepAliveSeconds = options[.calm] > 0 ? 3_600 : 60
    }

    private mutating func configureRadio(_ options: WorldOptions) {
        if options[.fewBuffers] > 0 { radio.bufferCount = options[.fewBuffers] }
        radio.lossPerMille = options[.airLoss]
        radio.lostAcknowledgementPerMille = options[.lostAcknowledgements]
        radio.lostStatusPerMille = options[.lostStatuses]
        radio.slowStatusPerMille = options[.slowStatuses]
        radio.busyChannelPerMille = options[.busyChannel]
        radio.apiMode = options[.airLoss] % 2 == 0 ? 2 : 1
        radio.apiOptions = options[.busyChannel] % 2 == 0 ? 0 : 1
        radioLink.wantsAnnouncements = options[.nodeMoves] % 2 == 1
        radioLink.sourceRoutingNodeCount = options[.nodeMoves] % 3
        radioLink.signalInterval = .seconds(options[.slowStatuses] % 11)
    }

    private mutating func configureLimits(_ options: WorldOptions) {
        func limit(_ path: WritableKeyPath<Limits, Int>, _ option: WorldOption) {
            if options[option] > 0 { gateway.limits[keyPath: path] = options[option] }
        }
        limit(\.queuedMessagesPerClient, .smallQueues)
        limit(\.undeliverablePerClient, .smallQueues)
        limit(\.qosMinusOneByteCount, .smallQueues)
        limit(\.clients, .fewPlaces)
        limit(\.setUps, .fewPlaces)
        limit(\.topicsPerClient, .fewTopics)
        limit(\.queuedByteCountPerUpstream, .smallStreamQueues)
        limit(\.queuedByteCountPerClient, .smallByteQueues)
        limit(\.exchangesPerClient, .fewExchanges)
        limit(\.subscriptionsPerClient, .fewSubscriptions)
        limit(\.strangerRepliesPerSecond, .fewReplies)
        limit(\.searchRepliesPerSecond, .fewReplies)
        guard options[.connectionPace] > 0 else { return }
        gateway.limits.brokerHandshakes = 1 + options[.connectionPace] % 4
        gateway.limits.brokerConnectsPerSecond = 1 + options[.connectionPace] % 5
    }

    /// The whole name of what a client subscribed to.
    func name(of topic: ClientTopic) -> [UInt8] {
        switch topic {
        case .name(let name): name
        case .predefined(let topicID): topics.first { $0.topic == .predefined(topicID) }?.name ?? []
        case .shortName(let octets): [UInt8(octets >> 8), UInt8(octets & 0xFF)]
        }
    }

    /// The whole name behind a topic id that is not a normal one.
    func name(of topicID: UInt16, _ type: TopicIDType) -> [UInt8]? {
        switch type {
        case .predefined: topics.first { $0.topic == .predefined(topicID) }?.name
        case .shortName: name(of: .shortName(topicID))
        case .normal, .reserved: nil
        }
    }
}

/// What is written into every message of a world, so that it is recognised wherever it appears.
struct Stamp: Hashable {
    var publisher: Int
    /// Counts a publisher's messages.
    var sequence: Int
    /// The position of the topic in the plan.
    var topic: Int

    private static let mark: [UInt8] = [0xA5, 0x5A]
    static let byteCount = 9

    init(publisher: Int, sequence: Int, topic: Int) {
        (self.publisher, self.sequence, self.topic) = (publisher, sequence, topic)
    }

    /// nil for a message that nobody in the world has stamped.
    init?(_ payload: some RandomAccessCollection<UInt8>) {
        guard payload.count >= Self.byteCount, payload.starts(with: Self.mark) else { return nil }
        var octets = payload.dropFirst(2).makeIterator()
        func number(_ count: Int) -> Int {
            (0..<count).reduce(0) { sum, _ in sum << 8 | Int(octets.next() ?? 0) }
        }
        publisher = number(2)
        sequence = number(4)
        topic = number(1)
    }

    /// The stamp and as much more as is asked for.
    func payload(byteCount: Int) -> [UInt8] {
        var bytes = Self.mark
        bytes.append(contentsOf: [UInt8(publisher >> 8), UInt8(publisher & 0xFF)])
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: sequence >> shift)) }
        bytes.append(UInt8(topic))
        while bytes.count < byteCount { bytes.append(UInt8(truncatingIfNeeded: bytes.count)) }
        return bytes
    }
}

extension Stamp: CustomStringConvertible {
    var description: String { "message \(sequence) of client \(publisher) on topic \(topic)" }
}

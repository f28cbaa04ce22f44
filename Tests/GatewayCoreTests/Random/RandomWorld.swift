import GatewaySimulator
import Time

@testable import GatewayCore

/// A gateway with the simulated broker behind it and clients without sense in front of it; one seed decides everything
/// that happens.
///
/// It records what the gateway was told and what it wanted done, and checks a host's books and the core's tables.
struct RandomWorld: ~Copyable {
    /// What the gateway was told, and what it said to that.
    struct Step: Equatable {
        var now: Instant
        var event: Event
        var bytes: [UInt8]
        var effects: [Effect] = []
        var arena: [UInt8] = []
    }

    let configuration: GatewayConfiguration
    let seed: UInt64
    var random: RandomNumbers
    var gateway: Gateway
    var broker = SimulatedBroker(configuration: SimulatedBrokerConfiguration())
    var now = Instant(nanoseconds: 5_000_000_000)
    private(set) var ledger: HostLedger
    private(set) var steps: [Step] = []
    private(set) var broken: [String] = []
    private var effects = Effects()
    private var brokerEffects = BrokerEffects()

    /// Streams that are asked for and not yet open.
    var requestedStreams: [UpstreamID] = []
    /// Streams that are open, in the order of their opening, with the broker's name for them.
    var openStreams: [(stream: UpstreamID, connection: BrokerConnectionID)] = []
    private var connectionCount: UInt32 = 0
    /// What the broker has written and the gateway not yet read; nil is the end of the stream.
    var toGateway: [(stream: UpstreamID, bytes: [UInt8]?)] = []
    /// What the gateway has said to its clients and nobody has taken notice of, by address.
    var toClients: [(address: Int, bytes: [UInt8])] = []
    private var peerByAddress: [Int: PeerID] = [:]
    private var addressByPeer: [PeerID: Int] = [:]
    private var peerCount: UInt32 = 0

    init(seed: UInt64) {
        self.seed = seed
        random = RandomNumbers(seed: seed)
        configuration = .cramped(&random)
        gateway = Gateway(configuration: configuration, seed: seed)
        ledger = HostLedger(configuration)
        tell(.deadlineReached)
    }

    // MARK: The gateway

    mutating func tell(_ event: Event, _ bytes: [UInt8] = []) {
        guard broken.isEmpty else { return }
        effects.removeAll()
        ledger.note(event)
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        steps.append(Step(now: now, event: event, bytes: bytes, effects: effects.list, arena: effects.bytes))
        ledger.check(effects)
        broken = ledger.violations
        broken += gateway.brokenInvariants(peers: ledger.livePeers, streams: ledger.liveStreamIDs)
        for effect in effects.list { carryOut(effect) }
    }

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .sendDatagram(let range, let peer):
            toClients.append((addressByPeer[peer] ?? 0, effects.copy(of: range) ?? []))
        case .openStream(let id): requestedStreams.append(id)
        case .sendStream(let range, let id):
            guard let connection = connection(of: id) else { return }
            tellBroker(.received(connection), effects.copy(of: range) ?? [])
        case .closeStream(let id):
            requestedStreams.removeAll { $0 == id }
            toGateway.removeAll { $0.stream == id }
            guard let connection = connection(of: id) else { return }
            openStreams.removeAll { $0.stream == id }
            tellBroker(.closed(connection))
        case .forgetPeer(let peer): addressByPeer[peer].map { peerByAddress[$0] = nil }
        case .broadcastDatagram, .pauseStream, .resumeStream, .observe: break
        }
    }

    /// The peer that stands for an address at the moment.
    mutating func peer(at address: Int) -> PeerID {
        if let peer = peerByAddress[address] { return peer }
        peerCount += 1
        let peer = PeerID(link: LinkID(UInt16(address % 2)), number: peerCount)
        peerByAddress[address] = peer
        addressByPeer[peer] = address
        return peer
    }

    mutating func report(_ text: String) { broken.append(text) }

    // MARK: The broker

    private func connection(of stream: UpstreamID) -> BrokerConnectionID? {
        openStreams.first { $0.stream == stream }?.connection
    }

    mutating func makeConnection() -> BrokerConnectionID {
        connectionCount += 1
        let connection = BrokerConnectionID(connectionCount)
        tellBroker(.accepted(connection))
        return connection
    }

    mutating func tellBroker(_ event: BrokerEvent, _ bytes: [UInt8] = []) {
        brokerEffects.removeAll()
        broker.handle(event, bytes.span.bytes, at: now, into: &brokerEffects)
        for effect in brokerEffects.list {
            switch effect {
            case .send(let range, let connection):
                guard let stream = stream(of: connection) else { continue }
                toGateway.append((stream, Array(brokerEffects.bytes[range])))
            case .close(let connection):
                guard let stream = stream(of: connection) else { continue }
                openStreams.removeAll { $0.stream == stream }
                toGateway.append((stream, nil))
            }
        }
    }

    private func stream(of connection: BrokerConnectionID) -> UpstreamID? {
        openStreams.first { $0.connection == connection }?.stream
    }

    // MARK: Time

    mutating func passes(_ span: TimeSpan) {
        let end = now + span
        while broken.isEmpty {
            let next = [gateway.nextDeadline, broker.nextDeadline].compactMap { $0 }.min()
            guard let next, next <= end else { break }
            now = max(now, next)
            if let deadline = broker.nextDeadline, deadline <= now { tellBroker(.deadlineReached) }
            guard let deadline = gateway.nextDeadline, deadline <= now else { continue }
            tell(.deadlineReached)
            if let again = gateway.nextDeadline, again <= now { report("asks to be woken again at once") }
        }
        now = end
    }
}

extension GatewayConfiguration {
    /// Every limit so small that it is reached, and every policy as chance has it.
    fileprivate static func cramped(_ random: inout RandomNumbers) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.limits.clients = 4
        configuration.limits.clientIDByteCount = 4
        configuration.limits.topicsPerClient = 5
        configuration.limits.topicNameByteCount = 8
        configuration.limits.subscriptionsPerClient = 3
        configuration.limits.exchangesPerClient = 3
        configuration.limits.willMessageByteCount = 6
        configuration.limits.queuedMessagesPerClient = 4
        configuration.limits.queuedByteCountPerClient = 40
        configuration.limits.queuedByteCount = 90
        configuration.limits.queuedByteCountPerUpstream = 60
        configuration.limits.packetByteCount = 200
        configuration.limits.strangerRepliesPerSecond = 5
        configuration.limits.recentDepartures = 3
        configuration.qosMinusOne = .on
        configuration.upstream.keepAliveSeconds = 60
        configuration.predefinedTopics = PredefinedTopics([
            .init(topicID: 1, topicName: Array("pre/1".utf8)), .init(topicID: 2, topicName: Array("a/b".utf8)),
            .init(clientID: Array("c1".utf8), topicID: 1, topicName: Array("c1/1".utf8)),
        ])
        var radio = LinkConfiguration()
        radio.maximumDatagramByteCount = 24
        radio.retryInterval = .seconds(3)
        radio.retryCount = 1
        radio.adaptsRetryInterval = Bool.random(using: &random)
        configuration.links = [LinkConfiguration(), radio]
        configuration.qosMinusOneFullNames = Bool.random(using: &random)
        configuration.emptyClientID = Bool.random(using: &random) ? .refuse : .assign
        configuration.isLenient = Bool.random(using: &random)
        configuration.queuePolicy = Bool.random(using: &random) ? .dropOldest : .dropNewest
        configuration.willUpdate = Bool.random(using: &random) ? .reconnect : .gateway
        configuration.sleep.messagesPerWakeUp = Int.random(in: 0...2, using: &random)
        configuration.sleep.pacing = Bool.random(using: &random) ? .zero : .milliseconds(300)
        configuration.sleep.allowsAddressChange = Bool.random(using: &random)
        configuration.discovery.isStandby = Bool.random(using: &random)
        configuration.discovery.advertiseIntervalSeconds = 100
        configuration.limits.undeliverablePerClient = Int.random(in: 0...1, using: &random)
        return configuration
    }
}

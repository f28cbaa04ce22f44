import Bytes
package import GatewayCore
import LinkFraming
import MQTT
import MQTTSN
package import Time
package import TraceFile

/// A gateway with clients, radio, streams and a broker around it: one seed decides everything that happens.
///
/// A world owns the only clock and the only random numbers. First faults strike for a number of steps; then the network
/// heals, nobody publishes any more, and everything has to come to an end. Checkers are told of every fact on the way;
/// the first violation ends the run.
package final class World {
    package let seed: UInt64
    package let options: WorldOptions
    package let canary: Canary?
    let plan: WorldPlan

    var random: RandomNumbers
    var rudeRandom: RandomNumbers
    package internal(set) var rudeness = OccurrenceCounts(kindCount: Rudeness.allCases.count)
    /// What the gateway has observed, by the raw value of its kind.
    package internal(set) var observations = OccurrenceCounts(kindCount: ObservationKind.allCases.count)
    /// How often the earlier lives of the gateway have reached the cells of the exchange table.
    var formerCells = [UInt64](repeating: 0, count: UplinkCell.count)
    package internal(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    var queue = WorldQueue()
    package internal(set) var stepCount = 0

    // The gateway and its host.
    var gateway: PlantedGateway
    var effects = Effects()
    var isGatewayUp = true
    var gatewayLives = 1
    var peerByAddress: [Int: PeerID] = [:]
    var addressByPeer: [PeerID: Int] = [:]
    var peerCount: UInt32 = 0
    var spinCount = 0
    /// What outlives the gateway's process, where anything does.
    var store = WorldStore()
    /// What the gateway says while an event is handled.
    var departures: [Departure] = []

    // The broker and the streams to it.
    var broker: SimulatedBroker
    var brokerEffects = BrokerEffects()
    var isBrokerUp = true
    /// Whether what the broker does at the moment has nothing to do with the gateway.
    var isBrokerActing = false
    var streams: [Int: WorldStream] = [:]
    /// The numbers of the streams there are, in the order of their opening.
    var streamNumbers: [Int] = []
    var streamByID: [UpstreamID: Int] = [:]
    var streamCount = 0
    /// Those written to while the event at hand is handled.
    var writtenStreams: [Int] = []

    // The clients and the radio.
    var clients: [WorldClient] = []
    var clientEffects = ClientEffects()
    var clientByAddress: [Int: Int] = [:]
    var addressCount = 0
    /// The latest address of each is among the last of them.
    var forwarders: [WorldForwarder] = []
    var forwarderByAddress: [Int: Int] = [:]
    var nodeByPlace: [Int: NodePlace] = [:]
    var hostiles: [HostileSender] = []
    /// The gateway's serial line with the radio module behind it, where there is one.
    var radioLink: XBeeLink
    var radioSite: RadioSite
    /// Places where clients have been.
    var formerPlaces: [Int] = []

    /// By their numbers.
    var links = [WorldLink(), WorldLink()]

    var isHealed = false
    var healedAt = Instant(nanoseconds: 0)
    var hasEnded = false

    // The checkers.
    var ledger: HostLedger
    var publications = PublicationChecker()
    var deliveries: DeliveryChecker
    var conversations: ConversationChecker
    var subscriptions: SubscriptionChecker
    var isolation: IsolationChecker
    var sessions: SessionChecker
    var wills: WillChecker
    var discovery: DiscoveryChecker
    var rules: RuleChecker
    var pace: PaceChecker
    /// Clients that the gateway gives up while it handles the event at hand, and those of whose Will it says something.
    var givenUp: [Int] = []
    var spokenWills: [Int] = []
    /// Whether the event at hand is a CONNACK that refuses: the broker has taken no Will over.
    var isRefusedByBroker = false
    /// Whether the event at hand is a CONNECT that its client has said, and has gone on since.
    var isConnectDoubled = false
    /// Whether the event at hand is that the gateway ends and another life goes on with its sessions.
    var isSuspending = false
    package internal(set) var verdict = Verdict.passed
    /// The hash of every effect of the gateway so far, and of the time of each.
    package internal(set) var effectHash = EffectHash()
    package internal(set) var gatewayEventCount = 0
    /// What happened, in words; nil unless it is wanted, because words take time.
    package var chronicle: Chronicle?
    /// Every event of the gateway's latest life and the hash of its effects; empty unless `recordsTrace` is set.
    package internal(set) var trace: Trace
    package var recordsTrace = false
    var traceHash = EffectHash()

    /// Without `options` they are drawn from the seed; a `canary` is a bug to plant.
    package init(seed: UInt64, options: WorldOptions? = nil, canary: Canary? = nil) {
        self.seed = seed
        self.canary = canary
        random = RandomNumbers(seed: seed)
        rudeRandom = RandomNumbers(seed: ~seed)
        let drawn = WorldOptions(drawnFrom: &random)
        self.options = options ?? drawn
        plan = WorldPlan(self.options)
        let gatewaySeed = random.next()
        gateway = PlantedGateway(plan, seed: gatewaySeed, canary: canary)
        trace = Trace(
            seed: gatewaySeed, configuration: plan.gateway, note: "world options \(self.options.text)")
        radioLink = XBeeLink(plan.radioLink)
        radioSite = RadioSite(plan.radio, noisePerMillion: self.options[.lineNoise], seed: seed)
        broker = SimulatedBroker(configuration: plan.broker)
        broker.keepsRecords = true
        ledger = HostLedger(plan.gateway)
        deliveries = DeliveryChecker(clientCount: self.options[.clients], plan: plan)
        conversations = ConversationChecker(clientCount: self.options[.clients])
        subscriptions = SubscriptionChecker(clientCount: self.options[.clients])
        sessions = SessionChecker(clientCount: self.options[.clients])
        isolation = IsolationChecker(clientCount: self.options[.clients])
        discovery = DiscoveryChecker(plan.gateway)
        rules = RuleChecker(plan.rules)
        pace = PaceChecker(plan.gateway.limits)
        wills = WillChecker(
            rules: plan.rules, isHeldByGateway: plan.gateway.willUpdate == .gateway,
            isWindowNarrow: plan.broker.limits.receiveMaximum != nil)
        if hasStore { gateway.keepSessions() }
        store.canary = canary
        populate()
    }

    /// Lets faults strike for `steps` steps, heals the world and waits until everything has come to an end.
    @discardableResult
    package func run(steps: Int) -> Verdict {
        while stepCount < steps, verdict == .passed { step() }
        return finish()
    }

    /// Lets faults strike for so long, and then forgets what the checkers need no more.
    package func pass(_ span: TimeSpan) {
        let end = now + span
        while now < end, verdict == .passed { step() }
        forgetSettled()
    }

    /// Heals the world and waits until everything has come to an end.
    package func finish() -> Verdict {
        if verdict == .passed { heal() }
        if verdict == .passed { comeToAnEnd() }
        return verdict
    }

    /// How much the gateway holds.
    package var census: Census { gateway.census() }

    /// What is complete for so long that no copy of it can be under way is forgotten, or a month would fill the memory.
    private func forgetSettled() {
        publications.forgetSettled()
        deliveries.forgetSettled()
        for index in clients.indices where clients[index].device.isIdle {
            clients[index].publishedStamps = [:]
            clients[index].receivedStamps = [:]
            conversations.forgetRequests(of: index)
        }
    }

    /// Simulated time since the beginning.
    package var elapsed: TimeSpan { now.since(Instant(nanoseconds: 1_000_000_000_000)) }

    /// Wills that the broker has published so far.
    package var publishedWillCount: Int { wills.publishedCount }

    /// Messages that clients have received so far, each copy counted.
    package var deliveredCount: Int { deliveries.receivedCount }

    // MARK: Steps

    /// Lets the next thing happen.
    func step() {
        stepCount += 1
        let planned = queue.nextTime
        let gatewayTime = isGatewayUp ? gateway.nextDeadline : nil
        let brokerTime = isBrokerUp ? broker.nextDeadline : nil
        let others = [gatewayTime, brokerTime].compactMap { $0 }.min()
        if let planned, others.map({ planned <= $0 }) ?? true {
            now = max(now, planned)
            if let happening = queue.removeFirst() { happen(happening) }
            spinCount = 0
        } else if let gatewayTime, gatewayTime == others {
            wakeGateway(at: gatewayTime)
        } else if let brokerTime {
            now = max(now, brokerTime)
            brokerHandles(.deadlineReached, [])
        }
        collectViolations()
    }

    private func wakeGateway(at time: Instant) {
        spinCount = time <= now ? spinCount + 1 : 0
        if spinCount > 1_000 { fail("the gateway asks to be woken again and again") }
        now = max(now, time)
        gatewayHandles(.deadlineReached, [])
    }

    private func happen(_ happening: Happening) {
        switch happening {
        case .datagramReachedGateway(let datagram): reachGateway(datagram)
        case .datagramReachedClient(let datagram): reachClient(datagram)
        case .oversizedReachedGateway(let place): oversizedReachesGateway(from: place)
        case .streamAnswered(let number): answerStream(number)
        case .bytesReachedBroker(let number): pumpToBroker(number)
        case .bytesReachedGateway(let number): pumpToGateway(number)
        case .streamUnblocked(let number): unblockStream(number)
        case .brokerNoticedEnd(let number): brokerNoticesEnd(of: number)
        case .strangerLeftBroker(let connection): brokerHandles(.closed(connection), [])
        case .gatewayNoticedEnd(let number, let end): gatewayNoticesEnd(of: number, end)
        case .clientActs(let index): act(index)
        case .clientConnects(let index): connectAgain(index)
        case .clientDeadline(let index): clientDeadlineReached(index)
        case .clientRestarts(let index): restartClient(index)
        case .clientStartsAnew(let index): startClient(index, forgets: true, countsAnew: true)
        case .clientSearches(let index): clientSearches(index)
        case .hostileActs(let index): hostileActs(index)
        case .faultsStrike: strike()
        case .brokerStarts: isBrokerUp = true
        case .gatewayStarts: startGateway()
        case .linkUnclogged(let index): unclog(index)
        case .partitionHealed(let index): healPartition(index)
        case .radioReturns: for index in clients.indices { healPartition(index) }
        case .lineReachedRadio(let bytes): lineReachesRadio(bytes)
        case .lineReachedGateway(let bytes): lineReachesGateway(bytes)
        case .radioWakes: wakeRadio()
        case .linePluggedIn: plugIn()
        case .interfaceReturns: interfaceReturns()
        case .storeSynced(let number): storeSynced(number)
        }
    }

    // MARK: Chance

    /// True in `option` of 1000 cases, and never after the world has healed.
    func rolls(_ option: WorldOption) -> Bool {
        let share = options[option]
        guard share > 0, !isHealed else { return false }
        return Int.random(in: 0..<1_000, using: &random) < share
    }

    func milliseconds(_ range: ClosedRange<Int>) -> TimeSpan {
        .milliseconds(Int.random(in: range, using: &random))
    }

    func pick(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &random) }
}

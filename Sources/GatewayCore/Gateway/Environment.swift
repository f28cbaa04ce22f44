import Bytes
import MQTTSN
import Time

/// What all sessions share while one event is handled: the time, the effects so far, and every table that is not one
/// client's own.
struct Environment: ~Copyable {
    /// As the owner has decided last, but for what links turned out to carry.
    private(set) var configuration: GatewayConfiguration
    /// By the links' numbers; those that nothing was said of yet are up.
    private var linkStates: [LinkState] = []
    var now = Instant(nanoseconds: 0)
    var effects = Effects()
    var topicNames: TopicNameTable
    var store = MessageStore()
    var remnants = Remnants()
    var forwarders = ForwarderTable()
    var deadlines = DeadlineQueue()
    var random: RandomNumbers
    var upstreams = Slab<Upstream>()
    var closing = ClosingConnections()
    var pace = ConnectionPace()
    /// Which broker is spoken to, and what each has shown of the versions that it speaks.
    var brokers = BrokerChoice()
    /// The connection that looks after the first broker; nil before there was need of it.
    var lookout: UInt32?
    private(set) var predefinedTopics: PredefinedTable
    /// As whom clients are known at the broker.
    var identities: IdentityTable
    /// As whom the client of each connection is known, as far as there is one behind a topic prefix.
    var prefixedIdentities: [IdentityIndex] = []
    /// What publications tell of their way.
    var way = WayOfPublications()
    /// By which numbers the broker knows topics.
    var aliases = TopicAliases()
    /// What came of the attempts to reach the broker.
    var broker = BrokerStanding.unknown
    /// When a session of an earlier life was taken up last; nil where none was.
    var restoredAt: Instant?
    /// The connection for QoS −1.
    var sharedUpstream: UInt32 = 0
    /// When that was lost last; nil before.
    var sharedLostAt: Instant?
    /// Clients without a session that were lost over a REGISTER in their last one; the latest of them.
    private var ignoringRegister = ArrivalOrder<ClientID>()
    var waitingPublishes = WaitingPublishes()
    var status = OwnStatus()
    /// How many streams have been asked for; numbers them.
    var streamCount: UInt32 = 0
    /// Where the message ids of the next new session begin.
    private var numberOrigin: UInt16

    /// Messages on which the broker may have closed.
    var unwelcome: UnwelcomeMessages
    /// How often each cell of the exchange table was reached.
    private(set) var uplinkCells = [UInt64](repeating: 0, count: UplinkCell.count)

    var limits: Limits { configuration.limits }

    init(configuration: GatewayConfiguration, seed: UInt64) {
        self.configuration = configuration
        random = RandomNumbers(seed: seed)
        unwelcome = UnwelcomeMessages(limit: configuration.limits.unwelcomeMessages)
        numberOrigin = UInt16(truncatingIfNeeded: seed) &- 1
        identities = IdentityTable(configuration.clientRules, gatewayID: configuration.gatewayID)
        var names = TopicNameTable()
        predefinedTopics = PredefinedTable(
            configuration.predefinedTopics, gatewayID: configuration.gatewayID, configuration.limits, in: &names)
        topicNames = names
    }

    /// Goes on with what the owner has decided since. The new names are in use before the old ones are let go.
    mutating func reconfigure(_ configuration: GatewayConfiguration) {
        if configuration.predefinedTopics != self.configuration.predefinedTopics {
            let former = predefinedTopics
            predefinedTopics = PredefinedTable(
                configuration.predefinedTopics, gatewayID: configuration.gatewayID, configuration.limits,
                in: &topicNames)
            former.release(in: &topicNames)
        }
        if configuration.clientRules != self.configuration.clientRules { identities.follow(configuration.clientRules) }
        self.configuration = configuration
        unwelcome.limit = configuration.limits.unwelcomeMessages
    }

    /// Makes the names of the pre-defined topics that are a client's own; its session begins.
    ///
    /// - Returns: the first of them that the client does not get, as it would be no topic name.
    mutating func beginPredefinedTopics(of clientID: ClientID) -> TopicID? {
        predefinedTopics.begin(clientID, limits, in: &topicNames)
    }

    mutating func forgetPredefinedTopics(of clientID: ClientID) {
        predefinedTopics.forget(clientID, in: &topicNames)
    }

    /// Another place for each new session and for each run of the gateway, far from the last: what a client answered
    /// in an earlier one, and comes late, must not name what it is sent now.
    mutating func nextNumberOrigin() -> UInt16 {
        defer { numberOrigin &+= 40_503 }
        return numberOrigin
    }

    // MARK: To clients

    /// Where the datagram that is now begun starts in the arena; for a node behind a forwarder it begins with the
    /// encapsulation (GW-81, GW-82).
    mutating func beginDatagram(to route: Route) -> Int {
        let start = effects.bytes.count
        if route.node != 0 {
            let nodeID = forwarders.nodeID(route.node)
            effects.bytes.appendEncapsulation(radius: 0, nodeID: nodeID.span.bytes)
        }
        return start
    }

    /// From now on nothing longer leaves on the link; what waits is looked at when its turn comes.
    mutating func setMaximumDatagram(_ byteCount: Int, on link: LinkID) {
        guard configuration.links.indices.contains(Int(link.rawValue)) else { return }
        configuration.links[Int(link.rawValue)].maximumDatagramByteCount = max(0, byteCount)
    }

    @inline(__always)
    func linkState(_ link: LinkID) -> LinkState {
        Int(link.rawValue) < linkStates.count ? linkStates[Int(link.rawValue)] : .up(returnedAt: nil)
    }

    mutating func setLinkState(_ state: LinkState, of link: LinkID) {
        while linkStates.count <= Int(link.rawValue) { linkStates.append(.up(returnedAt: nil)) }
        linkStates[Int(link.rawValue)] = state
    }

    /// The octets left for a message on the way to a client (GW-08).
    @inline(__always)
    func messageRoom(on route: Route) -> Int {
        let room = configuration.link(route.peer.link).maximumDatagramByteCount
        return route.node == 0 ? room : room - Self.envelopeByteCount - forwarders.nodeID(route.node).count
    }

    /// Whether the envelope of a node leaves room for every message that has a fixed size.
    func canAnswer(nodeIDByteCount: Int, on link: LinkID) -> Bool {
        let room = configuration.link(link).maximumDatagramByteCount - Self.envelopeByteCount - nodeIDByteCount
        return room >= Self.longestFixedMessageByteCount
    }

    /// Length, MsgType and Ctrl of an encapsulation.
    private static let envelopeByteCount = 3
    /// SUBACK.
    private static let longestFixedMessageByteCount = 8

    /// Sends what was appended to the arena since `beginDatagram`.
    mutating func endDatagram(_ start: Int, to route: Route) {
        effects.list.append(.sendDatagram(start..<effects.bytes.count, to: route.peer))
    }

    /// Sends a message that has no variable part.
    mutating func send(_ message: Message, to route: Route) {
        let start = beginDatagram(to: route)
        effects.bytes.appendMessage(message)
        endDatagram(start, to: route)
    }

    mutating func sendRegister(_ topicID: TopicID, _ messageID: MessageID, name: TopicNameIndex, to route: Route) {
        let start = beginDatagram(to: route)
        let bytes = topicNames.name(name)
        effects.bytes.appendRegister(topicID: topicID, messageID: messageID, topicName: bytes.span.bytes)
        endDatagram(start, to: route)
    }

    // MARK: Clients that answer no REGISTER

    /// Nothing else is left of the session of `clientID` in which it was lost over a REGISTER.
    mutating func noteIgnoredRegister(by clientID: ClientID) {
        guard limits.recentDepartures > 0, !ignoringRegister.contains(clientID) else { return }
        ignoringRegister.append(clientID)
        if ignoringRegister.count > limits.recentDepartures { _ = ignoringRegister.takeOldest() }
    }

    /// Whether a client that begins a session was lost over a REGISTER in the one before; the session knows then.
    mutating func takeIgnoredRegister(by clientID: ClientID) -> Bool {
        guard ignoringRegister.contains(clientID) else { return false }
        ignoringRegister.remove(clientID)
        return true
    }

    // MARK: Topic names of two octets

    /// The name of a short topic reference, in use by the caller; nil where the octets are no topic name (GW-47).
    mutating func useShortName(_ octets: UInt16) -> TopicNameIndex? {
        Self.shortName(octets).map { topicNames.use($0.span.bytes) }
    }

    /// The name of a short topic reference; nil where the octets are no topic name (GW-47).
    static func shortName(_ octets: UInt16) -> [2 of UInt8]? {
        let bytes: [2 of UInt8] = [UInt8(truncatingIfNeeded: octets >> 8), UInt8(truncatingIfNeeded: octets)]
        let span = bytes.span
        return TopicRules.isValidShortName(span.bytes) ? bytes : nil
    }

    /// The short reference to a name; nil unless the name has two octets.
    @inline(__always)
    func shortName(of name: TopicNameIndex) -> UInt16? {
        let bytes = topicNames.name(name)
        return bytes.count == 2 ? UInt16(bytes[0]) << 8 | UInt16(bytes[1]) : nil
    }

    mutating func count(_ cell: UplinkCell?) {
        guard let cell else { return }
        uplinkCells[cell.index] &+= 1
    }

    // MARK: Observations

    mutating func observe(_ occurrence: Occurrence, peer: PeerID? = nil) {
        effects.list.append(.observe(Observation(occurrence, peer: peer)))
    }

    /// Observes something about a client; its name goes into the arena, so the observation stays a plain value.
    mutating func observe(_ occurrence: Occurrence, of clientID: ClientID, peer: PeerID? = nil) {
        let start = effects.bytes.count
        effects.bytes.append(contentsOf: clientID.bytes)
        let range = start..<effects.bytes.count
        effects.list.append(.observe(Observation(occurrence, clientID: range, peer: peer)))
    }

    /// Observes a loss that concerns a topic, which goes into the arena behind the client's name.
    mutating func observe(_ occurrence: Occurrence, of clientID: ClientID, _ topic: [UInt8], peer: PeerID?) {
        observe(occurrence, of: clientID, peer: peer)
        effects.bytes.append(contentsOf: topic)
    }
}

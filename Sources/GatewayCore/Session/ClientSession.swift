import MQTTSN
import Time

/// The place of a session in the gateway's slab.
typealias SessionIndex = UInt32

/// How a client is reached: the sender of its datagrams, and behind a forwarder the node.
struct Route: Hashable, Sendable {
    var peer: PeerID
    /// 0 for the peer itself; a node behind a forwarder has a number of its own.
    var node: UInt32 = 0
}

/// Everything the gateway knows of one client; `Gateway` owns it and the files named after the procedures change it.
struct ClientSession: SlabElement {
    var clientID = ClientID(bytes: [])
    var phase = SessionPhase.over
    /// Whether it is of an earlier life of the gateway with other rules, which knew its client's place, and this one
    /// does not yet: what the owner's rules say of who is there they could not be asked. It stands where it takes no
    /// room of its own, as there are many sessions.
    var isUnplaced = false
    /// Where the session stands for all that the gateway sends of its own accord: a client that is being set up anew is
    /// being connected, and has no ears for the session that goes on beside; nor has one whose link is lost.
    @inline(__always)
    var state: SessionPhase {
        phase.isListening && (setUp.isUnderWay || supervision.isCutOff) ? .connecting : phase
    }
    /// The place of its broker connection; nil while the client is away.
    @inline(__always)
    var upstream: UInt32? { broker.connection }
    /// How the client is reached; nil while it is not connected.
    var route: Route?

    /// What the CONNECT asked for that the broker accepted last.
    var request = ConnectRequest()
    /// What has come of a CONNECT that is not answered yet.
    var setUp = SetUp()
    var wills = WillKeeper()
    var supervision = ClientSupervision()

    /// Where it stands with the broker.
    var broker = BrokerSide()

    var topics = TopicRegistry()
    var subscriptions = Subscriptions()
    /// What the client publishes.
    var uplink = Uplink()
    /// What of that has to wait for a number at the broker.
    var kept = KeptPublishes()
    /// What it has published last at QoS 0.
    var atMostOnce = AtMostOnceProbe()
    /// What it has asked of the broker besides, and not yet got.
    var requests = BrokerRequests()
    /// What the client has still to get from the broker.
    var downlink = Downlink(DeliveryNumbers(after: 0))
    /// When what the client has to answer is said to it again.
    var clock = RetryClock()
    var roundTrip = RoundTripEstimate()
    var figures = SessionFigures()
    /// The tokens of requests to the broker.
    var tokens = BrokerTokenSource()
    /// As whom the client is known at the broker, from the beginning of the session to its end.
    var identity = IdentityIndex.none

    /// What was vacant becomes a session that nobody has connected to yet, whose message ids count on from
    /// `lastMessageID`; where it lies, as a session is large.
    mutating func begin(as clientID: ClientID, numbersAfter lastMessageID: MessageID) {
        self.clientID = clientID
        downlink = Downlink(DeliveryNumbers(after: lastMessageID))
        phase = .disconnected
    }

    /// A session that nobody is connected to, with what waits for its client.
    init(clientID: ClientID, downlink: Downlink) {
        self.clientID = clientID
        self.downlink = downlink
        phase = .disconnected
    }

    private init() {}

    static var vacant: ClientSession { ClientSession() }

    /// What everything outside has to know of a session that has changed; in one access, as a session is large.
    struct Settlement {
        var phase: SessionPhase
        /// When it must be looked at next; nil when only an event can change it, or its client is away.
        var deadline: Instant?
        /// Whether what was read from the broker before a pause may go on.
        var mayReadOn: Bool
    }

    /// Brings into line what depends on the session.
    mutating func settle(in environment: inout Environment) -> Settlement {
        adjustReading(in: &environment)
        return Settlement(
            phase: phase, deadline: phase.isConnected || phase.isSettingUp ? nextDeadline(in: environment) : nil,
            mayReadOn: environment.mayReadOn(upstream))
    }

    /// Sends a message without a variable part.
    @inline(__always)
    func send(_ message: Message, in environment: inout Environment) {
        guard let route else { return }
        environment.send(message, to: route)
    }

    @inline(__always)
    func observe(_ occurrence: Occurrence, in environment: inout Environment) {
        environment.observe(occurrence, of: clientID, peer: route?.peer)
    }

    /// The numbers of the link the client is on.
    @inline(__always)
    func link(in environment: borrowing Environment) -> LinkConfiguration {
        guard let route else { return LinkConfiguration() }
        return environment.configuration.link(route.peer.link)
    }

    /// The longest message that fits a datagram to the client; unlimited while it has no address, so that nothing is
    /// given up before that is known.
    @inline(__always)
    func messageRoom(in environment: borrowing Environment) -> Int {
        route.map { environment.messageRoom(on: $0) } ?? .max
    }
}

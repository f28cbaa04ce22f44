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
    /// Where the session stands for all that the gateway sends of its own accord: a client that is being set up anew is
    /// being connected, and has no ears for the session that goes on beside.
    var state: SessionPhase { setUp.isUnderWay && phase.isListening ? .connecting : phase }
    /// How the client is reached; nil while it is not connected.
    var route: Route?

    /// What the CONNECT asked for that the broker accepted last.
    var request = ConnectRequest()
    /// What has come of a CONNECT that is not answered yet.
    var setUp = SetUp()
    var wills = WillKeeper()
    var supervision = ClientSupervision()

    /// Whether the broker connection is lost and being restored.
    var isRestoring = false
    /// When it was lost; where it was restored and soon lost again, the first time. nil before any loss.
    var lostSince: Instant?
    /// Whether the broker forgets the session with the connection, as the last CONNECT that it accepted said.
    var isCleanAtBroker = true

    var upstream: UInt32?
    var topics = TopicRegistry()
    var subscriptions = Subscriptions()
    /// Whether the broker may have begun a new session: an answer that would have told was lost with the connection.
    var isBrokersMemoryInDoubt = false
    /// What the client publishes.
    var uplink = Uplink()
    /// What it has asked of the broker besides, and not yet got.
    var requests = BrokerRequests()
    var queue = DeliveryQueue()
    /// The last messages of the queue that have come to their end with the client.
    var recentlyDelivered = RecentMessageIDs()
    /// QoS 2 messages that were dropped here: the broker's PUBREL is answered without the client, who knows nothing.
    var discardedTokens: [BrokerToken] = []
    /// The one exchange the gateway has open towards the client.
    var open = OpenExchange()
    /// Since when the broker's PUBREL for the first message lies behind what there is no room to read.
    var releaseBlockedSince: Instant?
    var roundTrip = RoundTripEstimate()
    var lastMessageID: MessageID = 0
    /// The tokens of requests to the broker.
    var tokens = BrokerTokenSource()
    /// What distinguishes the message ids of messages to the client from the broker's packet identifiers: 0 or 0x8000.
    var messageIDHalf: MessageID = 0
    /// Whether the client may have a message under a number of that half, acknowledged or not.
    var hasUsedMessageIDHalf = false
    var deliveriesSinceWakeUp = 0
    /// Messages dropped from the queue since the last one of them was reported, and when the next may be.
    var dropsSinceReport = 0
    var nextDropReport = Instant(nanoseconds: 0)
    /// Messages of the queue that only the broker has kept while the client was away.
    var leftToBrokerCount: UInt32 = 0
    /// How often the first message's topic id has been told again because the client did not know it.
    var renewals = 0

    /// A session that nobody has connected to yet.
    init(clientID: ClientID) {
        self.clientID = clientID
        phase = .disconnected
    }

    private init() {}

    static var vacant: ClientSession { ClientSession() }

    /// The next message id of the gateway towards this client, 1…65535 (AMB-23).
    mutating func nextMessageID() -> MessageID {
        lastMessageID = lastMessageID == .max ? 1 : lastMessageID + 1
        return lastMessageID
    }

    /// Sends a message without a variable part.
    func send(_ message: Message, in environment: inout Environment) {
        guard let route else { return }
        environment.send(message, to: route)
    }

    func observe(_ kind: ObservationKind, detail: Int = 0, in environment: inout Environment) {
        environment.observe(kind, of: clientID, peer: route?.peer, detail: detail)
    }

    /// The numbers of the link the client is on.
    func link(in environment: borrowing Environment) -> LinkConfiguration {
        guard let route else { return LinkConfiguration() }
        return environment.configuration.link(route.peer.link)
    }

    /// The longest message that fits a datagram to the client; unlimited while it has no address, so that nothing is
    /// given up before that is known.
    func messageRoom(in environment: borrowing Environment) -> Int {
        route.map { environment.messageRoom(on: $0) } ?? .max
    }
}

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

/// Where a client stands (MQTT-SN 1.2 §6.14 and the set-up of §6.3).
enum SessionState: Equatable, Sendable {
    /// WILLTOPICREQ is out.
    case awaitingWillTopic
    /// WILLMSGREQ is out.
    case awaitingWillMessage
    /// Everything is known; the broker has not answered the CONNECT.
    case awaitingBroker
    case active
    case asleep
    /// Between the PINGREQ of an asleep client and the PINGRESP.
    case awake
    /// Not connected, remembered because CleanSession was 0.
    case disconnected
    /// Not connected and not remembered: the place is about to be emptied.
    case over

    /// Whether the client may send what needs a connection.
    var isConnected: Bool {
        switch self {
        case .active, .asleep, .awake: true
        case .awaitingWillTopic, .awaitingWillMessage, .awaitingBroker, .disconnected, .over: false
        }
    }

    /// Whether a CONNECT of the client is being carried out.
    var isSettingUp: Bool {
        switch self {
        case .awaitingWillTopic, .awaitingWillMessage, .awaitingBroker: true
        case .active, .asleep, .awake, .disconnected, .over: false
        }
    }

    /// Whether messages from the broker may be sent to the client.
    var isListening: Bool {
        switch self {
        case .active, .awake: true
        case .asleep, .awaitingWillTopic, .awaitingWillMessage, .awaitingBroker, .disconnected, .over: false
        }
    }
}

/// What the broker is asked to publish when the client is lost.
struct StoredWill: Equatable, Sendable {
    var qos: QoS
    var retain: Bool
    var topic: [UInt8]
    var message: [UInt8] = []
}

/// Everything the gateway knows of one client; `Gateway` owns it and the files named after the procedures change it.
struct ClientSession: SlabElement {
    var clientID = ClientID(bytes: [])
    var state = SessionState.over
    /// How the client is reached; nil while it is not connected.
    var route: Route?

    /// Whether a broker has accepted the session; before that there is nothing to remember.
    var wasAccepted = false

    // What the last CONNECT asked for.
    var cleanSession = true
    var wantsWill = false
    var keepAliveSeconds: UInt16 = 0
    /// Whether the client has said anything since its CONNACK; until then a repeated CONNECT is the same CONNECT.
    var hasSpoken = false
    var will: StoredWill?
    /// The Will that the prompting dialogue is collecting.
    var promptedWill: StoredWill?
    /// The Will that the last CONNECT told the broker.
    var brokersWill: StoredWill?
    var owedWillResponses: OwedWillResponses = []
    /// What the Will was before the updates that wait for the broker.
    var willBeforeUpdate: StoredWill?

    /// The last Duration of a DISCONNECT, in seconds.
    var sleepSeconds: UInt16 = 0
    var lastHeard = Instant(nanoseconds: 0)
    /// When the current step of the set-up began, or the set-up ended.
    var waitingSince = Instant(nanoseconds: 0)
    /// Whether the broker connection is lost and being restored.
    var isRestoring = false
    /// When it was lost; where it was restored and soon lost again, the first time. nil before any loss.
    var lostSince: Instant?
    /// Whether a repeated DISCONNECT of the departed client is to be answered again.
    var hasSaidGoodbye = false

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
        state = .disconnected
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

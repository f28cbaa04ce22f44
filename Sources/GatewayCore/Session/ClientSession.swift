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
    /// What the client publishes.
    var uplink = Uplink()
    /// What it has asked of the broker besides, and not yet got.
    var requests = BrokerRequests()
    /// What the client has still to get from the broker.
    var downlink = Downlink(numbersAfter: 0)
    /// When what the client has to answer is said to it again.
    var clock = RetryClock()
    var roundTrip = RoundTripEstimate()
    /// The tokens of requests to the broker.
    var tokens = BrokerTokenSource()

    /// A session that nobody has connected to yet, whose message ids count on from `lastMessageID`.
    init(clientID: ClientID, numbersAfter lastMessageID: MessageID) {
        self.clientID = clientID
        downlink = Downlink(numbersAfter: lastMessageID)
        state = .disconnected
    }

    private init() {}

    static var vacant: ClientSession { ClientSession() }

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

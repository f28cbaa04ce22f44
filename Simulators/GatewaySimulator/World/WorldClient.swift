import GatewayCore
import MQTTSN
import Time

/// One device of a world: its client, its habits and what happens to it.
struct WorldClient {
    var device: SimulatedClient
    /// What NAT shows of it at the moment.
    var address: Int
    let clientID: [UInt8]

    // Its habits.
    var isSleeper = false
    var options = ClientConnectOptions()
    /// The positions of topics and, behind them, of filters in the plan that it wants to be subscribed to.
    var wanted: [ClientTopic] = []
    var wantedQoS: [QualityOfService] = []

    /// In thousandths; how much of the loss its radio has.
    var lossShare = 1_000
    var isSearcher = false
    var search = GatewaySearch(radius: 3)
    var hasFoundGateway = false

    /// Whether a radio module at a serial line is between it and the gateway.
    var isBehindRadio = false

    // What happens to it.
    var isDead = false
    /// A radio that is clogged keeps what is sent to and from it until it is free.
    var cloggedUntil: Instant?
    var isDeaf = false
    var isMute = false
    /// When the gateway last heard a message of its session, and the keep-alive time of the last CONNECT.
    var lastHeard = Instant(nanoseconds: 0)
    /// From which place that was.
    var heardAt = 0
    /// What of this was so before the last message.
    var heardBefore: (time: Instant, place: Int, keepAlive: UInt16)?
    /// When the first copy of the REGISTER set out that was sent last, and after which CONNECT.
    var registerSentAt = Instant(nanoseconds: 0)
    var registerConnection = 0
    /// Whether the gateway has given it up for the REGISTER that it does not understand. Nobody has told it.
    var isGivenUpUnawares = false
    var askedKeepAlive: UInt16 = 0
    /// The last Duration of a DISCONNECT that the gateway has heard, in seconds.
    var askedSleep: UInt16 = 0
    /// When it was last told that it sleeps, or that its wake-up is over.
    var asleepSince = Instant(nanoseconds: 0)
    /// Whether the gateway must know the client, which was told that it is connected; and when it let go of it last.
    var isPromised = false
    /// Where a life of the gateway must know it that has begun since; nil where none has, or need not any more.
    var knownAt: Int?
    var letGoAt = Instant(nanoseconds: 0)
    /// Counts the Wills it has said; 0 for a client without.
    var willVersion = 0
    /// Counts CONNECTs.
    var connection = 0
    /// What the last one asked for, and the last that the gateway has heard.
    var wish: ConnectWish?
    var heardWish: ConnectWish?
    /// The latest connection of which the gateway has heard the CONNECT, and when the latest of those words of a Will
    /// was said that it has heard.
    var heardConnection = 0
    var heardWillSentAt = Instant(nanoseconds: 0)
    var lastSequence = 0
    var lastPublication: ClientPublication?
    /// How often the broker has closed the connection on a message.
    var closings: [Stamp: Int] = [:]
    /// Whether the broker forgets its session with the connection.
    var isCleanAtBroker = true
    /// When the broker opened its session last.
    var brokerOpenedAt = Instant(nanoseconds: 0)
    var diedAt = Instant(nanoseconds: 0)
    /// When the next `clientDeadline` is planned.
    var plannedDeadline: Instant?
    /// The QoS 2 messages it has passed the point of no return with, by message id.
    var publishedStamps: [MessageID: Stamp] = [:]
    /// Those of which the PUBREC was heard, since they were said last.
    var releasedMessageIDs: Set<MessageID> = []
    var receivedStamps: [MessageID: Stamp] = [:]
    /// What the gateway has heard under a message id since an answer could be about one message only.
    var heardStamps: [MessageID: [Stamp]] = [:]
    /// The client does not wait before its next action: it has something to catch up on.
    var silentUntil: Instant?
}

/// What a CONNECT asks for, and a CONNACK does not repeat.
struct ConnectWish: Equatable {
    var cleanSession: Bool
    var hasWill: Bool
    var keepAliveSeconds: UInt16
}

/// A sender that keeps no rule.
struct HostileSender {
    var address: Int
    /// What it has overheard.
    var overheard: [[UInt8]] = []
}

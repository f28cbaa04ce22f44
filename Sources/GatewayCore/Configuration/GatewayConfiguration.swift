import Bytes
package import Time

/// Everything the owner can decide about the core; plain values, checked by `Configuration` before they get here.
package struct GatewayConfiguration: Equatable, Sendable {
    /// The gateway's number in its network (MQTT-SN 1.2 §5.3.8, GW-14).
    package var gatewayID: UInt8 = 1
    package var limits = Limits()
    package var supervision = Supervision()
    package var upstream = UpstreamConfiguration()
    package var qosMinusOne = QoSMinusOnePolicy.predefined
    /// Whether a QoS −1 publish may bring its whole topic name, as RSMB and the Paho library send it: topic id type 00,
    /// the name's length in the TopicId field, the name before the payload (AMB-19).
    package var qosMinusOneFullNames = false
    package var emptyClientID = EmptyClientIDPolicy.refuse
    /// Whether the Paho client library's wrong Length of 255 is understood (AMB-32).
    package var isLenient = false
    package var sleep = SleepConfiguration()
    package var queuePolicy = QueuePolicy.dropOldest
    package var willUpdate = WillUpdatePolicy.reconnect
    package var discovery = DiscoveryConfiguration()
    package var predefinedTopics = PredefinedTopics()
    /// Who may connect, as whom, and what for: the first that fits a client holds. Without any, everybody may do
    /// everything.
    package var clientRules: [ClientRule] = []
    /// One entry for each link, at the index that is the link's `LinkID`.
    package var links: [LinkConfiguration] = []

    package init() {}

    /// The numbers of a link; a link the host did not describe gets the defaults.
    package func link(_ id: LinkID) -> LinkConfiguration {
        Int(id.rawValue) < links.count ? links[Int(id.rawValue)] : LinkConfiguration()
    }
}

/// How long the gateway waits for a silent client (MQTT-SN 1.2 §7.2, AMB-09).
package struct Supervision: Equatable, Sendable {
    /// Percent added to keep-alive times of up to one minute.
    package var shortTolerancePercent = 50
    /// Percent added to keep-alive times above one minute.
    package var longTolerancePercent = 10
    /// How long a client may be silent whose CONNECT says Duration 0; zero for any time.
    package var longestSilence = TimeSpan.seconds(86_400)

    package init() {}

    /// The time after which a client that promised a message every `seconds` is lost; nil for 0, by which it has
    /// promised nothing (GW-62).
    package func allowance(forSeconds seconds: UInt16) -> TimeSpan? {
        guard seconds > 0 else { return nil }
        let percent = seconds <= 60 ? shortTolerancePercent : longTolerancePercent
        return TimeSpan.seconds(Int(seconds)).extended(byPercent: percent)
    }
}

/// The numbers of one link: a radio is not a LAN.
package struct LinkConfiguration: Equatable, Sendable {
    /// The longest datagram the gateway sends on the link, in octets (GW-08).
    package var maximumDatagramByteCount = 1_400
    /// Tretry of MQTT-SN 1.2 §7.2.
    package var retryInterval = TimeSpan.seconds(10)
    /// Nretry of MQTT-SN 1.2 §7.2.
    package var retryCount = 3
    /// Whether Tretry follows the round trips measured for each client, up to `retryInterval`.
    package var adaptsRetryInterval = false
    /// What the owner calls it; empty where nobody is told (`WayProperty.link`).
    package var name: [UInt8] = []

    package init() {}

    /// How long an exchange may stay open before the client is given up.
    package var patience: TimeSpan { retryInterval * (retryCount + 1) }
}

/// Which publishes without a connection are accepted (GW-49, AMB-19).
package enum QoSMinusOnePolicy: UInt8, Equatable, Sendable, CaseIterable {
    /// None.
    case off
    /// Those on pre-defined topic ids, which the owner has named.
    case predefined
    /// Those, and short topic names.
    case on
}

/// What becomes of a CONNECT without ClientId (AMB-08).
package enum EmptyClientIDPolicy: UInt8, Equatable, Sendable, CaseIterable {
    case refuse
    /// The gateway gives the client a name of its own, new at every CONNECT.
    case assign
}

/// Which message goes when a client's queue is full; at QoS 1 and 2 none does, as the broker then keeps what follows.
package enum QueuePolicy: UInt8, Equatable, Sendable, CaseIterable {
    /// The oldest waiting message of QoS 0 makes room.
    case dropOldest
    /// The arriving message of QoS 0 is not taken.
    case dropNewest
}

/// How a Will that changes inside a connection gets to the broker (MQTT-SN 1.2 §6.4, AMB-16).
package enum WillUpdatePolicy: UInt8, Equatable, Sendable, CaseIterable {
    /// The gateway connects anew with the new Will: the broker publishes it, even if the gateway fails.
    case reconnect
    /// The gateway keeps every Will to itself and publishes it when the client is lost.
    case gateway
}

/// Sleeping clients (MQTT-SN 1.2 §6.14).
package struct SleepConfiguration: Equatable, Sendable {
    /// Messages one wake-up may bring; 0 for all that wait (AMB-12).
    package var messagesPerWakeUp = 0
    /// The pause between two messages to an awake client, for receivers with small buffers.
    package var pacing = TimeSpan.zero
    /// Whether a connected client may come from another address, by PINGREQ where it sleeps or by CONNECT (AMB-11).
    package var allowsAddressChange = true
    /// How long a sleeping client's broker connection may stay lost before its next PINGREQ gets DISCONNECT (GW-86).
    package var restoreTimeout = TimeSpan.seconds(600)

    package init() {}
}

/// How the gateway makes itself known (MQTT-SN 1.2 §6.1).
package struct DiscoveryConfiguration: Equatable, Sendable {
    /// TADV: between two ADVERTISEs; 1…65535 s.
    package var advertiseIntervalSeconds: UInt16 = 1_200
    /// Whether the gateway keeps quiet as long as another one advertises (GW-15).
    package var isStandby = false
    /// NADV: so many of the other gateway's ADVERTISEs must be missed.
    package var missedAdvertisements = 3

    package init() {}
}

/// How the gateway speaks to the broker.
package struct UpstreamConfiguration: Equatable, Sendable {
    /// Put before each ClientId, so that two gateways at one broker do not clash.
    package var clientIDPrefix: [UInt8] = []
    /// Client identifier of the connection that carries QoS −1 and tells whether the broker is reachable; `swiftlet
    /// run` puts one here that the machine makes.
    package var sharedClientID: [UInt8] = Array("swiftlet-1".utf8)
    /// Below which the gateway publishes how it is, 1 to 32,768 octets, a topic name; nil: nowhere.
    package var statusTopic: [UInt8]?
    package var username: [UInt8]?
    package var password: [UInt8]?
    /// The highest QoS that the broker takes: 0…2. A PUBLISH or Will above it is refused, and no more is asked for in a
    /// subscription, as MQTT 3.1.1 has no word for a broker that does not answer it.
    package var maximumQoS: UInt8 = 2
    /// How many brokers there are to choose from, the preferred first: 1 to `maximumBrokerCount`.
    package var brokerCount: UInt8 = 1
    package static let maximumBrokerCount = 8
    /// For how long the first must be there without a break before connections go there again.
    package var steadyTime = TimeSpan.seconds(60)
    /// In which version of MQTT the broker is spoken to.
    package var version = BrokerProtocol.v3_1_1
    /// How long a broker of MQTT 5.0 keeps the session of a client without CleanSession after its connection has ended;
    /// `UInt32.max` for ever, as in 3.1.1 (MQTT 5.0 §3.1.2.11.2).
    package var sessionExpirySeconds: UInt32 = 604_800
    /// How long a broker of MQTT 5.0 keeps the Will of a client without CleanSession to itself after its connection has
    /// ended, so that none is published where the gateway is back within that time; 0 for not at all (MQTT 5.0
    /// §3.1.3.2.2).
    package var willDelaySeconds: UInt32 = 0
    /// Which of `WayProperty` publications tell a broker of MQTT 5.0, a bit for each; 0 for none.
    package var wayPropertyBits: UInt8 = 0
    /// How many topics a broker of MQTT 5.0 is told a number for on each connection, if it takes as many; 0 for none
    /// (MQTT 5.0 §3.3.2.3.4). Each takes its name and 2 octets.
    package var topicAliases: UInt8 = 16
    /// MQTT keep alive of each connection, independent of the clients' own (GW-77); 1…65535 s.
    package var keepAliveSeconds: UInt16 = 60
    /// For the TCP connection and the CONNACK together.
    package var connectTimeout = TimeSpan.seconds(10)
    /// For a PINGRESP.
    package var responseTimeout = TimeSpan.seconds(15)
    /// The first pause before a new attempt is at most that long, and the following ones are no shorter.
    package var reconnectMinimum = TimeSpan.seconds(1)
    package var reconnectMaximum = TimeSpan.seconds(60)
    /// How long a connected client's lost broker connection may stay lost before the client is told (GW-86).
    package var restoreTimeout = TimeSpan.seconds(30)

    package init() {}

    /// Whether the status topic holds what a broker may end a connection for (MQTT 3.1.1 §1.5.3).
    package var hasDiscouragedStatusTopic: Bool { statusTopic?.span.bytes.holdsDiscouragedCharacter ?? false }
}

/// Everything that can grow in the core, and how far; the owner sets each in the configuration.
///
/// Where a limit is reached the client is told `0x01 rejected: congestion` if the protocol has a place for it;
/// otherwise the message is dropped. Both are observed, so nothing disappears silently (GW-87). Limits in octets are on
/// what is held, with what it takes to keep it; `swift run -c release measure --limits` compares them with the memory
/// that is taken.
package struct Limits: Equatable, Sendable {
    /// Sessions held at once, connected or remembered for a client that will return; `sessionByteCount` each.
    package var clients = 10_000
    /// Clients without a session whose CONNECTs are carried out at once; they have none of those places until the
    /// broker has accepted them. They may take as much as a session.
    package var setUps = 1_000
    /// Octets in a ClientId (MQTT-SN 1.2 §5.3.1 says 23; transparent gateways often need more, AMB-08).
    package var clientIDByteCount = 23
    /// Normal topic ids in one session, and one more for deliveries; at most 65,534, as there are no more (AMB-27).
    package var topicsPerClient = 1_000
    /// Octets in a topic name or filter.
    package var topicNameByteCount = 1_024
    /// Levels of a topic name or filter, at least the three that a name of two octets can have. mosquitto ends the
    /// connection of a client that uses 202.
    package var topicLevels = 200
    /// Subscriptions in one session.
    package var subscriptionsPerClient = 200
    /// Exchanges (QoS 1 and 2, SUBSCRIBE, UNSUBSCRIBE) one client may have open towards the broker (GW-88).
    package var exchangesPerClient = 16
    /// QoS 1 and 2 messages that one client does not take, or that have no topic id, and that its broker keeps.
    package var undeliverablePerClient = 10
    /// QoS 2 exchanges of one client that are remembered behind their end, so that late copies are known; new ones wait
    /// where there are so many within Tretry × (Nretry + 1), and refusals where there are twice as many (AMB-24);
    /// `endedExchangeByteCount` each.
    package var endedExchangesPerClient = 4_096
    /// Octets of a Will message.
    package var willMessageByteCount = 4_096
    /// Messages waiting for one client.
    package var queuedMessagesPerClient = 1_000
    /// Octets of messages waiting for one client: of each its payload, its topic name and 200 more.
    package var queuedByteCountPerClient = 1_048_576
    /// Octets of messages waiting for all clients together, counted alike. Beyond it a client whose queue is empty may
    /// have one message, and where somebody waits for an answer of the broker that lies behind messages of QoS 1 and 2,
    /// up to as much again of these is read (AMB-15).
    package var queuedByteCount = 67_108_864
    /// Octets of all topic names and filters that clients have ids for, have subscribed to, or have asked the broker
    /// for: of each its own and 96 more, and 64 for each such use of it. One half is for whoever comes first; of the
    /// other each client has its share, so that nobody can use up another's.
    package var topicNamesByteCount = 67_108_864
    /// Octets of QoS −1 messages waiting for the return of the gateway's own connection: of each its MQTT packet and 80
    /// more.
    package var qosMinusOneByteCount = 65_536
    /// Octets waiting to be written to one broker connection, or at QoS 0 for its return.
    package var queuedByteCountPerUpstream = 262_144
    /// Connections to the broker that are being made at once, from the wish for the stream to the CONNACK; further ones
    /// wait for their turn. The gateway's own is not among them.
    package var brokerHandshakes = 200
    /// Connections to the broker that begin in one second, each with one CONNECT; 1 or more.
    package var brokerConnectsPerSecond = 500
    /// Octets of one MQTT packet from the broker; a longer one closes that connection.
    package var packetByteCount = 1_048_576
    /// DISCONNECTs per second sent to senders the gateway does not know (GW-65).
    package var strangerRepliesPerSecond = 100
    /// Searches answered per second: a GWINFO to the searcher and one to the groups of its link (GW-12).
    package var searchRepliesPerSecond = 10
    /// Departed clients and strangers remembered so that a repeated DISCONNECT is answered, and none for ever (GW-65);
    /// `senderByteCount` each. As many clients besides, of which nothing is left but that they answered no REGISTER, or
    /// the message ids under which QoS 2 messages to them have just ended (AMB-23).
    package var recentDepartures = 1_024
    /// Messages remembered on which the broker may have closed a connection, of all clients together (AMB-35).
    package var unwelcomeMessages = 256

    package init() {}

    /// The octets of topic names up to which sessions are not asked who holds them.
    var topicNamesCommonByteCount: Int { topicNamesByteCount / 2 }

    /// The octets of topic names that every session may have, whatever the others have.
    var topicNamesShare: Int { topicNamesByteCount / 2 / max(1, clients) }
}

// What it takes to keep things, in octets: no less than the memory of the smallest of each.
extension Limits {
    /// A waiting message, besides its payload and its name: its place in the store, the rest of the last block of its
    /// payload, and a name that nobody else uses.
    package static let messageOverheadByteCount = 200
    /// A name that is kept, besides its own octets.
    package static let nameOverheadByteCount = 96
    /// What a client has a name for: a topic id, a subscription or a request.
    package static let nameUseByteCount = 64

    /// What a remembered sender takes, with its address at the host and all that leads to it.
    package static let senderByteCount = 512
    /// What the end of a QoS 2 exchange takes.
    package static let endedExchangeByteCount = 96

    /// A session, with what it takes to find it and its broker connection, a Will that is being changed to another, and
    /// without what has a limit in octets of its own. 8 KiB more are taken where a broker begins hundreds of QoS 2
    /// exchanges for messages that the client cannot have, and finishes none.
    package var sessionByteCount: Int {
        1_024 + 4 * clientIDByteCount + 2 * (topicNameByteCount + willMessageByteCount)
    }

    /// What a QoS −1 message counts that waits for the gateway's own connection.
    package static func waitingByteCount(packetByteCount: Int) -> Int { packetByteCount + 80 }

    /// What a waiting message counts.
    package static func queuedByteCount(nameByteCount: Int, payloadByteCount: Int) -> Int {
        payloadByteCount + nameByteCount + messageOverheadByteCount
    }
}

/// Everything that can grow in the core, and how far; the owner sets each in the configuration.
///
/// Where a limit is reached the client is told `0x01 rejected: congestion` if the protocol has a place for it;
/// otherwise the message is dropped. Both are observed, so nothing disappears silently (GW-87).
package struct Limits: Equatable, Sendable {
    /// Sessions held at once, connected or remembered for a client that will return.
    package var clients = 10_000
    /// Clients without a session whose CONNECTs are carried out at once; they have none of those places until the
    /// broker has accepted them.
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
    /// where there are so many within Tretry × (Nretry + 1) (AMB-24).
    package var endedExchangesPerClient = 4_096
    /// Octets of a Will message.
    package var willMessageByteCount = 4_096
    /// Messages waiting for one client.
    package var queuedMessagesPerClient = 1_000
    /// Octets of payload waiting for one client.
    package var queuedByteCountPerClient = 1_048_576
    /// Octets of payload waiting for all clients together.
    package var queuedByteCount = 67_108_864
    /// Octets of all topic names and filters in use together, each name counted once. Where they are used up each
    /// client may still have its share, so that nobody can use up another's: together at most as much again.
    package var topicNamesByteCount = 67_108_864
    /// Octets of QoS −1 messages waiting for the return of the gateway's own connection, with what it takes to keep
    /// them.
    package var qosMinusOneByteCount = 65_536
    /// Octets waiting to be written to one broker connection.
    package var queuedByteCountPerUpstream = 262_144
    /// Octets of one MQTT packet from the broker; a longer one closes that connection.
    package var packetByteCount = 1_048_576
    /// DISCONNECTs per second sent to senders the gateway does not know (GW-65).
    package var strangerRepliesPerSecond = 100
    /// Searches answered per second: a GWINFO to the searcher and one to the groups of its link (GW-12).
    package var searchRepliesPerSecond = 10
    /// Departed clients and strangers remembered so that a repeated DISCONNECT is answered, and none for ever (GW-65).
    package var recentDepartures = 1_024
    /// Messages remembered on which the broker may have closed a connection, of all clients together (AMB-35).
    package var unwelcomeMessages = 256

    package init() {}

    /// The octets of topic names that every session may have, whatever the others have.
    var topicNamesShare: Int { topicNamesByteCount / max(1, clients) }
}

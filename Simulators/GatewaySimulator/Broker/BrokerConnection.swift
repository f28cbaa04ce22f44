import GatewayCore
import MQTT
import Time

/// One accepted TCP connection and what its CONNECT packet promised.
struct BrokerConnection {
    var decoder: PacketDecoder
    /// As the CONNECT has said; 3.1.1 before.
    var version = ProtocolVersion.v3_1_1
    /// QoS 1 and 2 messages that the client takes before it has acknowledged the first (MQTT 5.0 §3.1.2.11.3).
    var receiveMaximum = Int(UInt16.max)
    /// QoS 2 messages that the client has published on this connection and not released.
    var openExchanges: Set<PacketID> = []
    /// The topics that the client's aliases stand for; only looked up, never iterated.
    var topicAliases: [UInt32: [UInt8]] = [:]
    /// The session, or nil before a CONNECT packet was accepted.
    var session: BrokerSessionNumber?
    /// The Will, until DISCONNECT drops it (MQTT 3.1.1 §3.1.2.5).
    var will: BrokerMessage?
    /// When the broker last had a sign of life: the acceptance, or a whole packet.
    var lastHeard: Instant
    /// How long it may be silent after that; nil when it may be silent for ever.
    var patience: TimeSpan?
    /// The time of this connection's entry in the deadline queue; never later than `deadline`.
    var queuedDeadline: Instant?

    /// When the connection is given up if nothing more comes.
    var deadline: Instant? { patience.map { lastHeard + $0 } }
}

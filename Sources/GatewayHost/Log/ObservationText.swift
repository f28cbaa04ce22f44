import Configuration
import Describe
import GatewayCore
import MQTT
import MQTTSN

/// How an observation is told to a person: how loudly, whether in limited numbers, and in which words.
enum ObservationText {
    /// nil for what is only counted.
    static func level(of kind: ObservationKind) -> LogLevel? {
        switch kind {
        case .messageForwarded, .messageAcknowledged, .messageRepeated, .messageDelivered, .messageSentAgain,
            .clientAnswered, .brokerAnswered, .messageDroppedQueueFull, .qosMinusOneForwarded, .strangerAnswered,
            .searchAnswered, .clientNotAdmitted:
            nil
        case .clientLost, .clientRefused, .clientSetUpAbandoned, .clientDismissed, .willNotPublished,
            .queueDropsReported, .absentClientsMessagesDropped, .brokerUnreachable, .brokerGivenUp, .brokerRefusing,
            .upstreamLost,
            .upstreamLostRepeatedly, .brokerIgnoresExactlyOnce, .connectUnanswered, .brokerSpeaksOtherProtocol,
            .upstreamRefused,
            .malformedPacket, .clientMissesMessages, .qosMinusOneBufferFull, .sharedConnectionContested,
            .gatewayIDTaken, .subscriptionRefused, .messageExceedsBroker, .brokerDisconnected, .brokerRefused,
            .brokerRefersElsewhere, .clientExceedsRule, .brokerExceedsRule, .sessionDisowned, .predefinedTopicLeftOut:
            .warning
        case .clientConnected, .clientResumed, .clientMoved, .clientDisconnected, .clientOverdue, .sessionEvicted,
            .willPublished, .brokerReachable, .upstreamRestored, .brokerVersionRefused, .connectionQueued,
            .brokerRegained:
            .info
        case .messageDroppedTooLong, .messageDroppedNotRegistered, .messageDroppedUpstreamDown,
            .messageDroppedUpstreamBlocked, .messageUndeliverable, .qosMinusOneDropped, .qosMinusOneRefused,
            .malformedDatagram, .truncatedDatagram, .unexpectedMessage, .strangerMessage, .requestRefusedCongestion,
            .requestRefusedInvalidTopic, .requestRefusedNotSupported, .forwarderRefused, .advertised, .upstreamOpened,
            .upstreamUnavailable, .unexpectedPacket, .upstreamPaused, .upstreamResumed,
            .refusalReadAsDenial, .refusalOfRepetition, .clientFellAsleep, .clientWokeUp, .messageExpired,
            .requestRefusedByRule, .messageDroppedByRule:
            .debug
        }
    }

    /// Who brings an observation about, in whatever numbers.
    enum Cause {
        /// Whoever can send a datagram.
        case sender
        /// Each client for itself, all of them at once where the broker fails.
        case client
        /// The gateway, the broker or the owner.
        case gateway
    }

    /// Lines about senders and about clients are limited in number.
    static func cause(of kind: ObservationKind) -> Cause {
        switch kind {
        case .clientRefused, .clientSetUpAbandoned, .messageDroppedTooLong, .messageDroppedNotRegistered,
            .messageDroppedUpstreamDown, .messageDroppedUpstreamBlocked, .qosMinusOneDropped, .qosMinusOneRefused,
            .malformedDatagram, .truncatedDatagram, .unexpectedMessage, .strangerMessage, .requestRefusedCongestion,
            .requestRefusedInvalidTopic, .requestRefusedNotSupported, .forwarderRefused, .messageUndeliverable,
            .qosMinusOneBufferFull, .gatewayIDTaken, .refusalReadAsDenial, .refusalOfRepetition, .messageExceedsBroker,
            .brokerRefused, .clientNotAdmitted, .requestRefusedByRule, .clientExceedsRule, .predefinedTopicLeftOut:
            .sender
        case .clientConnected, .clientResumed, .clientMoved, .clientDisconnected, .clientLost, .clientDismissed,
            .sessionEvicted, .willPublished, .willNotPublished, .queueDropsReported, .absentClientsMessagesDropped,
            .upstreamLost, .upstreamLostRepeatedly, .brokerIgnoresExactlyOnce, .connectUnanswered,
            .brokerSpeaksOtherProtocol, .upstreamRestored, .upstreamRefused, .upstreamUnavailable, .upstreamOpened,
            .upstreamPaused,
            .upstreamResumed, .clientMissesMessages, .subscriptionRefused, .clientFellAsleep, .clientWokeUp,
            .clientOverdue, .brokerDisconnected, .brokerRefersElsewhere, .messageExpired, .messageDroppedByRule,
            .brokerExceedsRule,
            .sessionDisowned:
            .client
        case .messageForwarded, .messageAcknowledged, .messageRepeated, .messageDelivered, .messageSentAgain,
            .clientAnswered, .brokerAnswered, .messageDroppedQueueFull, .qosMinusOneForwarded, .strangerAnswered,
            .searchAnswered, .brokerReachable, .brokerUnreachable, .brokerRefusing, .malformedPacket, .unexpectedPacket,
            .advertised,
            .sharedConnectionContested, .brokerVersionRefused, .connectionQueued, .brokerGivenUp, .brokerRegained:
            .gateway
        }
    }

    /// What happened, in words.
    static func words(for occurrence: Occurrence, topic: String = "") -> String {
        func dropped(_ octets: Int, _ reason: String) -> String { "message of \(octets) octets dropped: \(reason)" }
        return switch occurrence {
        case .queueDropsReported(let count): "messages dropped, too many wait for the client: count=\(count)"
        case .absentClientsMessagesDropped(let missed): "messages dropped, the client was away: count=\(missed.count)"
        case .willPublished: "Will of the lost client published"
        case .willNotPublished: "Will of the lost client not published: the broker is away, or takes no such message"
        case .advertised: "advertised"
        case .forwarderRefused:
            "encapsulated message dropped: its sender may not forward; udp.forwarders and serial.forwarding say who may"
        case .gatewayIDTaken(let gatewayID): gatewayIDTaken(gatewayID)
        case .clientConnected: "client connected"
        case .clientResumed: "client connected, session resumed"
        case .clientMoved: "client connects from another address"
        case .clientDisconnected: "client disconnected"
        case .clientLost: "client lost: it was silent for too long"
        case .clientRefused(let code, let refusal): refused(refusal, code)
        case .clientSetUpAbandoned: "client did not finish connecting"
        case .clientDismissed: "client told to connect anew: its session is gone"
        case .sessionEvicted(wasConnected: true):
            "client told to go, it has done nothing but connect: a new one needs its place"
        case .sessionEvicted: "absent client's session forgotten: a new client needs its place"
        case .messageDroppedTooLong(_, let octets): dropped(octets, "it does not fit the client's link")
        case .messageDroppedNotRegistered(_, let octets): dropped(octets, "the client did not accept its topic")
        case .messageUndeliverable(_, let octets):
            dropped(octets, "the client does not take it, and the broker keeps enough like it")
        case .clientMissesMessages: "client misses messages: it does not answer, or there is no topic id for them"
        case .messageDroppedUpstreamDown(_, let octets): dropped(octets, "the broker is not connected")
        case .messageDroppedUpstreamBlocked(_, let octets): dropped(octets, "the broker takes no more")
        case .refusalReadAsDenial: "PUBACK 0x03 with topic id 0 taken for an unknown topic id: it is told again"
        case .refusalOfRepetition: "PUBACK 0x03 to a repetition: the message is sent again without DUP"
        case .qosMinusOneDropped: "publish without connection dropped: the gateway's own broker connection is away"
        case .qosMinusOneRefused(let refusal, let topicID):
            "publish without connection refused: \(qosMinusOneRefusal(refusal, topicID))"
        case .qosMinusOneBufferFull(let octets):
            dropped(octets, "too much waits for the gateway's own broker connection")
        case .malformedDatagram(let reason, let foreign): malformed(reason, foreign)
        case .truncatedDatagram: "datagram dropped: longer than the gateway receives"
        case .unexpectedMessage(let type): "\(type.specificationName) ignored: it has no place here"
        case .strangerMessage(let type): "\(type.specificationName) from a sender without a connection"
        case .requestRefusedCongestion: "request refused: congestion"
        case .requestRefusedInvalidTopic: "request refused: invalid topic id"
        case .requestRefusedNotSupported: "request refused: not supported"
        case .predefinedTopicLeftOut(let topicID): RefusalText.leftOut(topicID)
        case .brokerRefersElsewhere: BrokerText.reference(to: topic)
        case .requestRefusedByRule, .clientNotAdmitted, .clientExceedsRule, .messageDroppedByRule, .brokerExceedsRule,
            .sessionDisowned:
            RefusalText.byRule(occurrence, topic)
        case .brokerReachable, .brokerUnreachable, .brokerRefusing, .upstreamOpened, .upstreamLost,
            .upstreamLostRepeatedly, .brokerIgnoresExactlyOnce, .connectUnanswered, .brokerSpeaksOtherProtocol,
            .messageExceedsBroker, .messageExpired, .brokerVersionRefused, .brokerDisconnected, .brokerRefused,
            .connectionQueued, .upstreamPaused, .upstreamResumed, .upstreamRestored, .brokerGivenUp, .brokerRegained:
            BrokerText.words(for: occurrence, topic)
        case .upstreamRefused(let code): "broker refused a connection: \(BrokerText.refusal(code))"
        case .sharedConnectionContested(let count): contested(count)
        case .subscriptionRefused: "broker refused a subscription: failure (0x80), often for want of permission"
        case .upstreamUnavailable(let end): "broker connection failed: \(streamEnd(end))"
        case .malformedPacket(let error): "malformed packet from the broker, connection closed: \(error.description)"
        case .unexpectedPacket(let type): "packet of type \(type.rawValue) from the broker has no place here"
        case .clientFellAsleep(let seconds): "client fell asleep for \(seconds) s"
        case .clientOverdue: "client overdue: it sleeps longer than it said"
        case .clientWokeUp, .messageForwarded, .messageAcknowledged, .messageRepeated, .messageDelivered,
            .messageSentAgain, .clientAnswered, .brokerAnswered, .searchAnswered:
            String(occurrence.kind.name.map { $0 == "_" ? " " : $0 })
        case .messageDroppedQueueFull(let octets): dropped(octets, "too much waits for the client")
        case .qosMinusOneForwarded: "publish without connection forwarded"
        case .strangerAnswered: "stranger told to connect"
        }
    }

    private static func streamEnd(_ end: StreamEnd) -> String {
        switch end {
        case .unresolved: "its name could not be resolved"
        case .refused: "refused"
        case .timedOut: "no answer in time"
        case .closedByBroker: "closed by the broker"
        case .failed: "it broke"
        case .queueOverflow: "the broker took bytes too slowly"
        case .localFailure: "this machine could not open one"
        case .noCertificate: "its certificate cannot be used"
        case .insecure: "no TLS"
        case .noPassage: "no way through"
        }
    }

    private static func gatewayIDTaken(_ number: UInt8) -> String {
        "another gateway in the network has the number of this one, \(number): clients take the two for one;"
            + " give each its own gateway.id"
    }

    private static func contested(_ count: Int) -> String {
        "the broker has accepted the gateway's own connection and soon closed it, \(count) times in a row: another"
            + " gateway or client may use the same client identifier; give each gateway its own"
            + " broker.shared_client_id; or the broker may forbid what is published below status.topic"
    }

    private static func refused(_ refusal: ClientRefusal?, _ code: ReturnCode) -> String {
        "client refused: " + (refusal.map(RefusalText.words) ?? "by the gateway") + " (\(returnCode(code)))"
    }

    private static func malformed(_ reason: DecodeReason, _ foreign: ForeignProtocol?) -> String {
        "malformed datagram dropped: \(reason.words)" + (foreign.map { "; " + BrokerText.datagram(of: $0) } ?? "")
    }

    /// MQTT-SN 1.2 §5.3.10.
    private static func returnCode(_ code: ReturnCode) -> String {
        if code == .congestion { return "congestion" }
        if code == .notSupported { return "not supported" }
        return "code \(code.rawValue)"
    }

    /// Each reason with the key that would change it.
    private static func qosMinusOneRefusal(_ refusal: QoSMinusOneRefusal, _ topicID: UInt16) -> String {
        switch refusal {
        case .off: "gateway.qos_minus_one is \"off\""
        case .shortName: "short topic names are taken with gateway.qos_minus_one = \"on\" only"
        case .normalTopicID:
            "topic id \(topicID) means nothing without one; whole topic names, as RSMB's clients send them, are taken"
                + " with gateway.qos_minus_one_full_names = true only"
        case .unknownPredefinedID:
            "no [[topic]] has the id \(topicID), and gateway.qos_minus_one takes those of the configuration"
        case .noClientID:
            "the name of topic id \(topicID) has ${client_id} in it, and its sender is not connected, or has a ClientId"
                + " that makes no topic name of it"
        case .noTopic: "its topic is no topic name"
        case .exceedsBroker: "the broker has said that it takes no such message"
        case .notAdmitted: "no [[client]] rule admits its sender, who has no ClientId, or the one for it denies it"
        case .topicNotAllowed: "client.publish of the [[client]] rule for its sender does not allow the topic"
        }
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Time

extension Occurrence {
    /// What belongs to the occurrence besides its name, in words; empty where nothing does.
    var details: String {
        switch self {
        case .clientRefused(let code, let refusal):
            MessageValues.words(for: code) + (refusal.map { ", \($0.words)" } ?? "")
        case .sessionEvicted(let wasConnected): wasConnected ? "it had done nothing but connect" : "it was away"
        case .messageDroppedTooLong(_, let octets), .messageDroppedQueueFull(let octets),
            .messageDroppedNotRegistered(_, let octets), .messageDroppedUpstreamDown(_, let octets),
            .messageDroppedUpstreamBlocked(_, let octets), .messageUndeliverable(_, let octets),
            .qosMinusOneBufferFull(let octets), .messageExpired(_, let octets),
            .messageDroppedByRule(_, let octets):
            octets.octets
        case .qosMinusOneRefused(let refusal, let topicID): "topic id \(topicID), \(refusal.words)"
        case .queueDropsReported(let count): Self.words(forMessages: count)
        case .absentClientsMessagesDropped(let missed): Self.words(forMessages: missed.count)
        case .clientFellAsleep(let seconds): "for \(seconds) s"
        case .messageForwarded(let qos), .messageRepeated(let qos): Self.words(for: qos)
        case .messageAcknowledged(let qos, let span), .messageDelivered(let qos, let span):
            Self.words(for: qos) + ", " + Self.words(for: span)
        case .clientAnswered(let span), .brokerAnswered(let span): Self.words(for: span)
        case .gatewayIDTaken(let number): "gateway \(number)"
        case .malformedDatagram(let reason, let foreign):
            reason.words + (foreign.map { ", it looks like \($0.name)" } ?? "")
        case .upstreamLost(let loss), .upstreamLostRepeatedly(let loss):
            "\(loss.milliseconds) ms after \(loss.said.words)"
        case .brokerIgnoresExactlyOnce(let seconds): seconds == 0 ? "it answers as to QoS 1" : "for \(seconds) s"
        case .brokerGivenUp(let former, let next): "broker \(former + 1), for broker \(next + 1)"
        case .connectionQueued(let bound):
            bound == .handshakes ? "limits.broker_handshakes" : "limits.broker_connects_per_second"
        case .connectUnanswered(let end): CoreWords.words(for: end)
        case .brokerSpeaksOtherProtocol(let foreign): foreign.name
        case .unexpectedMessage(let type), .strangerMessage(let type): type.specificationName
        case .upstreamRefused(let code): code.words
        case .sharedConnectionContested(let times): "\(times) times in a row"
        case .upstreamUnavailable(let end): CoreWords.words(for: end)
        case .malformedPacket(let error): "\(error.description)"
        case .unexpectedPacket(let type): type.specificationName
        case .messageExceedsBroker(let limit, let octets): "\(limit.words), \(octets.octets)"
        case .brokerDisconnected(let reason): reason.words(in: .disconnect)
        case .brokerRefused(let type, let reason): "\(type.specificationName) \(reason.words(in: type))"
        case .predefinedTopicLeftOut(let topicID): "topic \(topicID)"
        case .clientConnected, .clientResumed, .clientMoved, .clientDisconnected, .clientLost, .clientSetUpAbandoned,
            .clientDismissed, .willPublished, .willNotPublished, .messageSentAgain, .clientWokeUp,
            .clientOverdue, .clientMissesMessages, .refusalReadAsDenial, .refusalOfRepetition, .qosMinusOneForwarded,
            .qosMinusOneDropped, .advertised, .searchAnswered, .forwarderRefused, .truncatedDatagram, .strangerAnswered,
            .requestRefusedCongestion, .requestRefusedInvalidTopic, .requestRefusedNotSupported, .brokerReachable,
            .brokerUnreachable, .brokerRefusing, .upstreamOpened, .upstreamRestored, .subscriptionRefused,
            .brokerVersionRefused, .clientNotAdmitted, .requestRefusedByRule, .clientExceedsRule,
            .brokerExceedsRule, .brokerRefersElsewhere, .sessionDisowned, .upstreamPaused, .upstreamResumed,
            .brokerRegained:
            ""
        }
    }

    private static func words(for qos: QualityOfService) -> String {
        "QoS \(qos == .minusOne ? -1 : Int(qos.rawValue))"
    }

    private static func words(forMessages count: Int) -> String { "\(count) \(count == 1 ? "message" : "messages")" }

    private static func words(for span: TimeSpan) -> String { "after \(span.nanoseconds / 1_000_000) ms" }
}

extension ClientRefusal {
    fileprivate var words: String {
        switch self {
        case .otherProtocol: "its ProtocolId is not that of MQTT-SN 1.2"
        case .clientIDTooLong(let octets, let limit): "its ClientId has \(octets) octets, clients.id_bytes is \(limit)"
        case .noClientID: "it has no ClientId"
        case .unacceptableClientID: "its ClientId is not acceptable"
        case .gatewaysOwnName: "its ClientId is the gateway's own"
        case .addressChange: "it is connected at another address"
        case .noPlace(let limit): "clients.maximum is \(limit)"
        case .noSetUp(let limit): "clients.set_ups is \(limit)"
        case .willTopic: "its Will has no topic"
        case .willQoS(let maximum): "its Will is above broker.maximum_qos, \(maximum)"
        case .willMessageTooLong(let octets, let limit):
            "its Will has \(octets) octets, clients.will_message_bytes is \(limit)"
        case .brokerAway: "the broker cannot be reached"
        case .brokerGone: "the broker did not answer"
        case .broker(let code): "the broker: \(ConnectReturnCode(rawValue: code).words)"
        case .gatewayStops: "the gateway stops"
        case .notAdmitted: "no [[client]] rule admits it"
        case .rule(let refusal, let number): "[[client]] rule \(number): \(refusal.words)"
        case .willBeyondRule: "its rule does not allow its Will"
        case .noCertificate: "its certificate cannot be used"
        case .noTurn: "its turn to be connected to the broker has not come"
        }
    }
}

extension ForeignProtocol {
    fileprivate var name: String {
        switch self {
        case .mqtt: "MQTT"
        case .http: "HTTP"
        case .tls: "TLS"
        }
    }
}

extension BrokerLimit {
    /// What it is that the broker does not take.
    package var words: String {
        switch self {
        case .packetSize: "longer than its Maximum Packet Size"
        case .qos: "above its Maximum QoS"
        case .retain: "retained, which it does not take"
        case .wildcards: "a subscription with wildcards, which it does not take"
        case .share: "a shared subscription, which it does not take"
        case .topicLength: "on a topic of more than 65535 octets with client.topic_prefix"
        }
    }
}

extension BrokerLoss.Said {
    fileprivate var words: String {
        switch self {
        case .connect: "CONNECT"
        case .publishAtMostOnce: "PUBLISH QoS 0"
        case .publishAtLeastOnce: "PUBLISH QoS 1"
        case .publishExactlyOnce: "PUBLISH QoS 2"
        case .subscribe: "SUBSCRIBE"
        case .unsubscribe: "UNSUBSCRIBE"
        }
    }
}

extension QoSMinusOneRefusal {
    fileprivate var words: String {
        switch self {
        case .off: "QoS -1 is off"
        case .shortName: "short topic names are not open to all"
        case .normalTopicID: "a topic id means nothing without a connection"
        case .unknownPredefinedID: "no such pre-defined topic"
        case .noTopic: "it leads to no topic name"
        case .exceedsBroker: "the broker takes no such message"
        case .notAdmitted: "no rule admits its sender"
        case .noClientID: "the topic is each client's own"
        case .topicNotAllowed: "the rule for its sender does not allow the topic"
        }
    }
}

extension RuleRefusal {
    /// Why it does not take a client.
    package var words: String {
        switch self {
        case .denied: "it denies the client"
        case .noNode: "it names ${node}, and the client is behind no forwarder"
        case .unsafeClientID: "it puts the ClientId into topics, where '/', '+', '#' and a '$' in front must not be"
        case .tooLong: "a text that it makes has more than 65535 octets"
        case .otherIdentity: "the session of that ClientId is somebody else's at the broker"
        case .brokerClientIDTaken: "the client identifier that it makes for the broker is another client's"
        case .elsewhere: "it keeps that ClientId for another network or link"
        case .noFileName: "it puts the ClientId into the name of a file, where '/' and a '.' in front must not be"
        }
    }
}

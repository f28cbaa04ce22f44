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
        case .messageDroppedTooLong(let octets), .messageDroppedQueueFull(let octets),
            .messageDroppedNotRegistered(let octets), .messageDroppedUpstreamDown(let octets),
            .messageDroppedUpstreamBlocked(let octets), .messageUndeliverable(let octets),
            .qosMinusOneBufferFull(let octets):
            octets.octets
        case .qosMinusOneRefused(let refusal, let topicID): "topic id \(topicID), \(refusal.words)"
        case .queueDropsReported(let count), .absentClientsMessagesDropped(let count):
            "\(count) \(count == 1 ? "message" : "messages")"
        case .clientFellAsleep(let seconds): "for \(seconds) s"
        case .messageForwarded(let qos), .messageRepeated(let qos): Self.words(for: qos)
        case .messageAcknowledged(let qos, let span), .messageDelivered(let qos, let span):
            Self.words(for: qos) + ", " + Self.words(for: span)
        case .clientAnswered(let span), .brokerAnswered(let span): Self.words(for: span)
        case .gatewayIDTaken(let number): "gateway \(number)"
        case .malformedDatagram(let reason): reason.words
        case .unexpectedMessage(let type), .strangerMessage(let type): type.specificationName
        case .upstreamRefused(let code): code.words
        case .sharedConnectionContested(let times): "\(times) times in a row"
        case .upstreamUnavailable(let end): CoreWords.words(for: end)
        case .malformedPacket(let error): "\(error.description)"
        case .unexpectedPacket(let type): type.specificationName
        case .clientConnected, .clientResumed, .clientMoved, .clientDisconnected, .clientLost, .clientSetUpAbandoned,
            .clientDismissed, .willPublished, .willNotPublished, .messageSentAgain, .clientWokeUp,
            .clientOverdue, .clientMissesMessages, .refusalReadAsDenial, .refusalOfRepetition, .qosMinusOneForwarded,
            .qosMinusOneDropped, .advertised, .searchAnswered, .forwarderRefused, .truncatedDatagram, .strangerAnswered,
            .requestRefusedCongestion, .requestRefusedInvalidTopic, .requestRefusedNotSupported, .brokerReachable,
            .brokerUnreachable, .upstreamOpened, .upstreamLost, .upstreamRestored, .subscriptionRefused,
            .upstreamPaused, .upstreamResumed:
            ""
        }
    }

    private static func words(for qos: QualityOfService) -> String {
        "QoS \(qos == .minusOne ? -1 : Int(qos.rawValue))"
    }

    private static func words(for span: TimeSpan) -> String { "after \(span.nanoseconds / 1_000_000) ms" }
}

extension ClientRefusal {
    fileprivate var words: String {
        switch self {
        case .clientIDTooLong: "its ClientId is longer than clients.id_bytes"
        case .noClientID: "it has no ClientId"
        case .addressChange: "it is connected at another address"
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
        }
    }
}

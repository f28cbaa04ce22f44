import Configuration
import GatewayCore
import MQTT
import MQTTSN

/// What belongs to an observation, as names and values for programs; codes are words, in snake case.
enum ObservationFigures {
    static func figures(for occurrence: Occurrence) -> [LogField] {
        switch occurrence {
        case .clientRefused(let code, let refusal):
            [LogField("code", Int(code.rawValue))] + (refusal.map(RefusalText.figures) ?? [])
        case .upstreamRefused(let code): [LogField("code", Int(code.rawValue))]
        case .upstreamLost(let loss), .upstreamLostRepeatedly(let loss):
            [
                LogField("said", "\(loss.said)".snakeCased), LogField("milliseconds", Int(loss.milliseconds)),
                LogField("reason", loss.end.map { "\($0)".snakeCased } ?? "protocol_error"),
            ]
        case .malformedDatagram(let reason, let foreign):
            [LogField("reason", "\(reason)".snakeCased)] + (foreign.map { [LogField("protocol", "\($0)")] } ?? [])
        case .brokerDisconnected(let reason): [LogField("reason", "\(reason)".snakeCased)]
        case .brokerRefused(let type, let reason):
            [LogField("packet", "\(type)".snakeCased), LogField("reason", "\(reason)".snakeCased)]
        case .messageExceedsBroker(let limit, let octets):
            [LogField("reason", "\(limit)".snakeCased), LogField("octets", octets)]
        case .malformedPacket(let error): [LogField("reason", "\(error)".snakeCased)]
        case .upstreamUnavailable(let end), .connectUnanswered(let end): [LogField("reason", "\(end)".snakeCased)]
        case .brokerGivenUp(let former, let next): [LogField("from", Int(former) + 1), LogField("to", Int(next) + 1)]
        case .connectionQueued(let bound): [LogField("reason", "\(bound)".snakeCased)]
        case .brokerSpeaksOtherProtocol(let foreign): [LogField("protocol", "\(foreign)")]
        case .qosMinusOneRefused(let refusal, let topicID):
            [LogField("reason", "\(refusal)".snakeCased), LogField("topic_id", Int(topicID))]
        case .queueDropsReported(let count), .sharedConnectionContested(let count): [LogField("count", count)]
        case .absentClientsMessagesDropped(let missed): [LogField("count", missed.count)]
        case .messageDroppedTooLong(_, let octets), .messageDroppedQueueFull(let octets),
            .messageDroppedNotRegistered(_, let octets), .messageDroppedUpstreamDown(_, let octets),
            .messageDroppedUpstreamBlocked(_, let octets), .messageUndeliverable(_, let octets),
            .qosMinusOneBufferFull(let octets), .messageExpired(_, let octets), .messageDroppedByRule(_, let octets):
            [LogField("octets", octets)]
        default: []
        }
    }
}

extension Occurrence {
    /// The place among the brokers of the one that connections go to from now on, where that is what has occurred.
    var brokerPlace: Int? {
        switch self {
        case .brokerGivenUp(_, let next): Int(next)
        case .brokerRegained: 0
        default: nil
        }
    }

    /// Whether the ClientId beside it may be the beginning of a longer one.
    var tellsBeginningOfName: Bool {
        guard case .clientRefused(_, .clientIDTooLong?) = self else { return false }
        return true
    }
}

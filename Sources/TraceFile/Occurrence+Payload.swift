import GatewayCore
import MQTT
import MQTTSN
import Time

// What belongs to an observation, as a number for a hash.

extension Occurrence {
    /// What goes with it, as one number that is the same in every process; 0 where nothing does.
    var payload: UInt64 {
        switch self {
        case .clientConnected, .clientWokeUp, .clientOverdue, .messageSentAgain, .clientResumed, .clientMoved,
            .clientDisconnected, .clientLost, .clientSetUpAbandoned,
            .clientDismissed, .willPublished, .willNotPublished,
            .clientMissesMessages, .refusalReadAsDenial, .refusalOfRepetition, .qosMinusOneForwarded,
            .qosMinusOneDropped, .advertised, .searchAnswered, .forwarderRefused, .truncatedDatagram, .strangerAnswered,
            .requestRefusedCongestion, .requestRefusedInvalidTopic, .requestRefusedNotSupported, .brokerReachable,
            .brokerUnreachable, .upstreamOpened, .upstreamLost, .upstreamRestored, .subscriptionRefused,
            .upstreamPaused, .upstreamResumed:
            0
        case .clientFellAsleep(let seconds): UInt64(seconds)
        case .messageForwarded(let qos), .messageRepeated(let qos): UInt64(qos.rawValue)
        case .messageAcknowledged(let qos, let span), .messageDelivered(let qos, let span):
            UInt64(qos.rawValue) << 62 ^ span.nanoseconds
        case .clientAnswered(let span), .brokerAnswered(let span): span.nanoseconds
        case .clientRefused(let code, let refusal): UInt64(code.rawValue) | UInt64(refusal?.rawValue ?? 0) << 8
        case .sessionEvicted(let wasConnected): wasConnected ? 1 : 0
        case .messageDroppedTooLong(let octets), .messageDroppedQueueFull(let octets),
            .messageDroppedNotRegistered(let octets), .messageDroppedUpstreamDown(let octets),
            .messageDroppedUpstreamBlocked(let octets), .messageUndeliverable(let octets),
            .qosMinusOneBufferFull(let octets):
            UInt64(octets)
        case .qosMinusOneRefused(let refusal, let topicID): UInt64(refusal.rawValue) << 16 | UInt64(topicID)
        case .queueDropsReported(let count), .absentClientsMessagesDropped(let count),
            .sharedConnectionContested(let count):
            UInt64(count)
        case .gatewayIDTaken(let gatewayID): UInt64(gatewayID)
        case .malformedDatagram(let reason): UInt64(reason.rawValue)
        case .unexpectedMessage(let type), .strangerMessage(let type): UInt64(type.rawValue)
        case .upstreamRefused(let code): UInt64(code.rawValue)
        case .upstreamUnavailable(let end): UInt64(end.rawValue)
        case .malformedPacket(let error): UInt64(error.rawValue)
        case .unexpectedPacket(let type): UInt64(type.rawValue)
        }
    }
}

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
            .clientDismissed, .willPublished, .willNotPublished, .clientNotAdmitted, .requestRefusedByRule,
            .clientMissesMessages, .refusalReadAsDenial, .refusalOfRepetition, .qosMinusOneForwarded,
            .qosMinusOneDropped, .advertised, .searchAnswered, .forwarderRefused, .truncatedDatagram, .strangerAnswered,
            .requestRefusedCongestion, .requestRefusedInvalidTopic, .requestRefusedNotSupported, .brokerReachable,
            .brokerUnreachable, .brokerRefusing, .upstreamOpened, .upstreamRestored, .subscriptionRefused,
            .brokerVersionRefused, .sessionDisowned,
            .upstreamPaused, .upstreamResumed, .brokerRegained:
            0
        case .clientExceedsRule(let byteCount), .brokerExceedsRule(let byteCount),
            .brokerRefersElsewhere(let byteCount):
            UInt64(byteCount)
        case .predefinedTopicLeftOut(let topicID): UInt64(topicID)
        case .clientFellAsleep(let seconds): UInt64(seconds)
        case .messageForwarded(let qos), .messageRepeated(let qos): UInt64(qos.rawValue)
        case .messageAcknowledged(let qos, let span), .messageDelivered(let qos, let span):
            UInt64(qos.rawValue) << 62 ^ span.nanoseconds
        case .clientAnswered(let span), .brokerAnswered(let span): span.nanoseconds
        case .clientRefused(let code, let refusal): UInt64(code.rawValue) | (refusal?.number ?? 0) << 8
        case .sessionEvicted(let wasConnected): wasConnected ? 1 : 0
        case .messageDroppedQueueFull(let octets), .qosMinusOneBufferFull(let octets): UInt64(octets)
        case .messageDroppedTooLong(let qos, let octets): UInt64((qos ?? .minusOne).rawValue) << 62 ^ UInt64(octets)
        case .messageDroppedNotRegistered(let qos, let octets), .messageDroppedUpstreamDown(let qos, let octets),
            .messageDroppedUpstreamBlocked(let qos, let octets), .messageUndeliverable(let qos, let octets),
            .messageExpired(let qos, let octets), .messageDroppedByRule(let qos, let octets):
            UInt64(qos.rawValue) << 62 ^ UInt64(octets)
        case .qosMinusOneRefused(let refusal, let topicID): UInt64(refusal.rawValue) << 16 | UInt64(topicID)
        case .queueDropsReported(let count), .sharedConnectionContested(let count): UInt64(count)
        case .absentClientsMessagesDropped(let missed): UInt64(missed.count)
        case .gatewayIDTaken(let gatewayID): UInt64(gatewayID)
        case .malformedDatagram(let reason, let foreign):
            UInt64(reason.rawValue) | UInt64(foreign.map { $0.rawValue + 1 } ?? 0) << 8
        case .upstreamLost(let loss), .upstreamLostRepeatedly(let loss): loss.number
        case .brokerIgnoresExactlyOnce(let seconds): UInt64(seconds)
        case .brokerGivenUp(let former, let next): UInt64(former) << 8 | UInt64(next)
        case .connectionQueued(let bound): UInt64(bound.rawValue)
        case .connectUnanswered(let end): UInt64(end.rawValue)
        case .brokerSpeaksOtherProtocol(let foreign): UInt64(foreign.rawValue)
        case .unexpectedMessage(let type), .strangerMessage(let type): UInt64(type.rawValue)
        case .upstreamRefused(let code): UInt64(code.rawValue)
        case .upstreamUnavailable(let end): UInt64(end.rawValue)
        case .malformedPacket(let error): UInt64(error.rawValue)
        case .unexpectedPacket(let type): UInt64(type.rawValue)
        case .messageExceedsBroker(let limit, let octets):
            // The upper bits of the limit below the lower ones, which were there first.
            UInt64(limit.rawValue) << 62 ^ UInt64(limit.rawValue >> 2) << 60 ^ UInt64(octets)
        case .brokerDisconnected(let reason): UInt64(reason.rawValue)
        case .brokerRefused(let type, let reason): UInt64(type.rawValue) << 8 | UInt64(reason.rawValue)
        }
    }
}

extension BrokerLoss {
    fileprivate var number: UInt64 {
        UInt64(end.map { $0.rawValue + 1 } ?? 0) | UInt64(said.rawValue) << 8 | UInt64(topicByteCount) << 16
            | UInt64(milliseconds) << 32
    }
}

extension ClientRefusal {
    /// The case, counted from 1, and what belongs to it.
    fileprivate var number: UInt64 {
        switch self {
        case .otherProtocol: 1
        case .clientIDTooLong(let octets, let limit): 2 | UInt64(octets) << 8 | UInt64(limit) << 24
        case .noClientID: 3
        case .unacceptableClientID: 4
        case .gatewaysOwnName: 5
        case .addressChange: 6
        case .noPlace(let limit): 7 | UInt64(limit) << 8
        case .noSetUp(let limit): 8 | UInt64(limit) << 8
        case .willTopic: 9
        case .willQoS(let maximum): 10 | UInt64(maximum) << 8
        case .willMessageTooLong(let octets, let limit): 11 | UInt64(octets) << 8 | UInt64(limit) << 24
        case .brokerAway: 12
        case .brokerGone: 13
        case .broker(let code): 14 | UInt64(code) << 8
        case .gatewayStops: 15
        case .notAdmitted: 16
        case .rule(let refusal, let number): 17 | UInt64(refusal.rawValue) << 8 | UInt64(number) << 16
        case .willBeyondRule: 18
        case .noCertificate: 19
        case .noTurn: 20
        }
    }
}

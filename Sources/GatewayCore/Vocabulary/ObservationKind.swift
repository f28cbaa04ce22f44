/// The kinds of what can be observed, one for each case of `Occurrence`; the raw value indexes counters.
package enum ObservationKind: UInt8, Hashable, Sendable, CaseIterable {
    case clientConnected, clientResumed, clientMoved, clientDisconnected, clientLost, clientFellAsleep, clientWokeUp,
        clientOverdue, clientRefused, clientSetUpAbandoned, clientDismissed, sessionEvicted, willPublished,
        willNotPublished, messageForwarded, messageAcknowledged, messageRepeated, messageDelivered, messageSentAgain,
        clientAnswered, messageDroppedTooLong, messageDroppedQueueFull, messageDroppedNotRegistered,
        messageDroppedUpstreamDown, messageDroppedUpstreamBlocked, messageUndeliverable, clientMissesMessages,
        refusalReadAsDenial, refusalOfRepetition, qosMinusOneForwarded, qosMinusOneDropped, qosMinusOneRefused,
        qosMinusOneBufferFull, queueDropsReported, absentClientsMessagesDropped, advertised, searchAnswered,
        gatewayIDTaken, forwarderRefused, malformedDatagram, truncatedDatagram, unexpectedMessage, strangerMessage,
        strangerAnswered, requestRefusedCongestion, requestRefusedInvalidTopic, requestRefusedNotSupported,
        brokerReachable, brokerUnreachable, brokerAnswered, brokerRefusing, upstreamLostRepeatedly,
        brokerIgnoresExactlyOnce, connectUnanswered, brokerSpeaksOtherProtocol, upstreamOpened, upstreamLost,
        upstreamRestored,
        upstreamRefused, sharedConnectionContested, subscriptionRefused, upstreamUnavailable, malformedPacket,
        unexpectedPacket, upstreamPaused, upstreamResumed, messageExceedsBroker, brokerVersionRefused,
        brokerDisconnected, brokerRefused, messageExpired, clientNotAdmitted, requestRefusedByRule, clientExceedsRule,
        sessionDisowned, messageDroppedByRule, brokerExceedsRule, connectionQueued, brokerGivenUp, brokerRegained,
        predefinedTopicLeftOut, brokerRefersElsewhere

    /// What it is called in log, metrics and page, such as `client_moved`: the case's name in snake case.
    package var name: String { Self.names[Int(rawValue)] }

    private static let names = allCases.map { "\($0)".snakeCased }
}

extension Occurrence {
    package var kind: ObservationKind {
        switch self {
        case .clientConnected: .clientConnected
        case .clientResumed: .clientResumed
        case .clientMoved: .clientMoved
        case .clientDisconnected: .clientDisconnected
        case .clientLost: .clientLost
        case .clientFellAsleep: .clientFellAsleep
        case .clientWokeUp: .clientWokeUp
        case .clientOverdue: .clientOverdue
        case .clientRefused: .clientRefused
        case .clientSetUpAbandoned: .clientSetUpAbandoned
        case .clientDismissed: .clientDismissed
        case .sessionEvicted: .sessionEvicted
        case .willPublished: .willPublished
        case .willNotPublished: .willNotPublished
        case .messageForwarded: .messageForwarded
        case .messageAcknowledged: .messageAcknowledged
        case .messageRepeated: .messageRepeated
        case .messageDelivered: .messageDelivered
        case .messageSentAgain: .messageSentAgain
        case .clientAnswered: .clientAnswered
        case .messageDroppedTooLong: .messageDroppedTooLong
        case .messageDroppedQueueFull: .messageDroppedQueueFull
        case .messageDroppedNotRegistered: .messageDroppedNotRegistered
        case .messageDroppedUpstreamDown: .messageDroppedUpstreamDown
        case .messageDroppedUpstreamBlocked: .messageDroppedUpstreamBlocked
        case .messageUndeliverable: .messageUndeliverable
        case .clientMissesMessages: .clientMissesMessages
        case .refusalReadAsDenial: .refusalReadAsDenial
        case .refusalOfRepetition: .refusalOfRepetition
        case .qosMinusOneForwarded: .qosMinusOneForwarded
        case .qosMinusOneDropped: .qosMinusOneDropped
        case .qosMinusOneRefused: .qosMinusOneRefused
        case .qosMinusOneBufferFull: .qosMinusOneBufferFull
        case .queueDropsReported: .queueDropsReported
        case .absentClientsMessagesDropped: .absentClientsMessagesDropped
        case .advertised: .advertised
        case .searchAnswered: .searchAnswered
        case .gatewayIDTaken: .gatewayIDTaken
        case .forwarderRefused: .forwarderRefused
        case .malformedDatagram: .malformedDatagram
        case .truncatedDatagram: .truncatedDatagram
        case .unexpectedMessage: .unexpectedMessage
        case .strangerMessage: .strangerMessage
        case .strangerAnswered: .strangerAnswered
        case .requestRefusedCongestion: .requestRefusedCongestion
        case .requestRefusedInvalidTopic: .requestRefusedInvalidTopic
        case .requestRefusedNotSupported: .requestRefusedNotSupported
        case .brokerReachable: .brokerReachable
        case .brokerUnreachable: .brokerUnreachable
        case .brokerAnswered: .brokerAnswered
        case .brokerRefusing: .brokerRefusing
        case .upstreamLostRepeatedly: .upstreamLostRepeatedly
        case .brokerIgnoresExactlyOnce: .brokerIgnoresExactlyOnce
        case .connectUnanswered: .connectUnanswered
        case .brokerSpeaksOtherProtocol: .brokerSpeaksOtherProtocol
        case .connectionQueued: .connectionQueued
        case .brokerGivenUp: .brokerGivenUp
        case .brokerRegained: .brokerRegained
        case .upstreamOpened: .upstreamOpened
        case .upstreamLost: .upstreamLost
        case .upstreamRestored: .upstreamRestored
        case .upstreamRefused: .upstreamRefused
        case .sharedConnectionContested: .sharedConnectionContested
        case .subscriptionRefused: .subscriptionRefused
        case .upstreamUnavailable: .upstreamUnavailable
        case .malformedPacket: .malformedPacket
        case .unexpectedPacket: .unexpectedPacket
        case .upstreamPaused: .upstreamPaused
        case .upstreamResumed: .upstreamResumed
        case .messageExceedsBroker: .messageExceedsBroker
        case .brokerVersionRefused: .brokerVersionRefused
        case .brokerDisconnected: .brokerDisconnected
        case .brokerRefused: .brokerRefused
        case .messageExpired: .messageExpired
        case .clientNotAdmitted: .clientNotAdmitted
        case .requestRefusedByRule: .requestRefusedByRule
        case .clientExceedsRule: .clientExceedsRule
        case .predefinedTopicLeftOut: .predefinedTopicLeftOut
        case .brokerRefersElsewhere: .brokerRefersElsewhere
        case .sessionDisowned: .sessionDisowned
        case .messageDroppedByRule: .messageDroppedByRule
        case .brokerExceedsRule: .brokerExceedsRule
        }
    }
}

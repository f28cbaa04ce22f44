import MQTTSN

// The broker connection goes and comes under a connected client (GW-86, AMB-30), and what of both sides outlives it.

extension ClientSession {
    /// Whether the broker holds a QoS 2 message of the client that the end of the connection would make it forget.
    var canLoseMessage: Bool { cleanSession && exchanges.contains(where: \.needsTheBrokersMemory) }

    /// The broker connection is lost, or could not be opened; the upstream tries again by itself while the client is
    /// connected. A connection that has not `stayed` was none: the time for the restoration goes on.
    mutating func brokerLost(hasStayed: Bool, in environment: inout Environment) {
        let cannotGoOn = canLoseMessage
        interruptExchanges(in: &environment)
        switch state {
        case .awaitingBroker: refuseConnection(.congestion, in: &environment)
        case .active, .asleep, .awake:
            if cannotGoOn { return dismiss(in: &environment) }
            guard !isRestoring else { return }
            isRestoring = true
            if hasStayed || lostSince == nil { lostSince = environment.now }
            observe(.upstreamLost, in: &environment)
        case .awaitingWillTopic, .awaitingWillMessage, .disconnected, .over: break
        }
    }

    /// A CONNECT whose answer does not come any more may have begun a new session at the broker (GW-86).
    mutating func noteLostAnswer(_ state: Upstream.State, in environment: inout Environment) {
        guard state == .connecting else { return }
        doubtSubscriptions()
        downlink.doubtTokens(in: &environment.store)
    }

    private mutating func doubtSubscriptions() {
        for index in subscriptions.indices { subscriptions[index].isAtBroker = false }
    }

    /// The broker has the session: what it may not have got of the gateway is sent again (MQTT 3.1.1 §4.4).
    ///
    /// - Returns: false where that cannot be done.
    mutating func brokerHasRemembered(in environment: inout Environment) -> Bool {
        for index in exchanges.indices where exchanges[index].stage == .awaitingPublishComplete {
            environment.release(exchanges[index].token, on: upstream)
            exchanges[index].isInterrupted = false
        }
        downlink.takeLeftToBroker()
        let patience = link(in: environment).patience
        downlink.expectNamedTokens(until: environment.now + patience, in: &environment.store)
        return resubscribe(in: &environment)
    }

    /// The broker has no session of the client, though the gateway has: what it was told is told again, and what it
    /// sent is no longer acknowledged to it.
    ///
    /// - Returns: false where it has lost more than it can be told again.
    mutating func brokerHasForgotten(in environment: inout Environment) -> Bool {
        noteMissed(downlink.brokerForgot(in: &environment.store), in: &environment)
        let hasLostMessage = exchanges.contains(where: \.needsTheBrokersMemory)
        removeAllExchanges(in: &environment)
        doubtSubscriptions()
        let isSubscribed = resubscribe(in: &environment)
        return isSubscribed && !hasLostMessage
    }
}

extension ClientExchange {
    /// Whether the broker holds the message of this QoS 2 exchange, or may hold it, and would not know it again without
    /// the session.
    fileprivate var needsTheBrokersMemory: Bool { isExactlyOnce && messageID != 0 }
}

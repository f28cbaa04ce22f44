import MQTTSN
import Time

// The broker connection goes and comes under a connected client (GW-86, AMB-30), and what of both sides outlives it.

extension ClientSession {
    /// Whether the broker holds a QoS 2 message of the client that the end of the connection would make it forget.
    var canLoseMessage: Bool { broker.isClean && uplink.needsBrokersMemory }

    /// The broker connection is lost, or could not be opened; the upstream tries again by itself while the client is
    /// connected. A connection that has not `stayed` was none: the time for the restoration goes on.
    /// One that another connection with the client's name `isTakenOver` is not restored: whoever has it now would lose
    /// it again (MQTT 5.0 §4.13.1).
    mutating func brokerLost(
        _ end: StreamEnd?, hasStayed: Bool, isTakenOver: Bool = false, in environment: inout Environment
    ) {
        let cannotGoOn = canLoseMessage || isTakenOver
        let (loss, topic) = lossOfBroker(end, in: environment)
        interruptRequests(in: &environment)
        switch phase {
        case .connecting: refuseConnection(.congestion, because: Self.refusal(end), in: &environment)
        case .active, .asleep, .awake:
            if cannotGoOn { return dismiss(in: &environment) }
            if broker.lost(hasStayed: hasStayed, at: environment.now) { observe(loss, topic, in: &environment) }
        case .disconnected, .over: break
        }
    }

    /// What the session cannot be without the broker does another time: the connection is left, and restored after a
    /// pause, as if it had been lost.
    mutating func comeBackLater(in environment: inout Environment) {
        guard let upstream, environment.isOpen(upstream) else { return }
        environment.abandonStream(ofUpstream: upstream, inNameOf: clientID)
        brokerLost(nil, hasStayed: false, in: &environment)
        if broker.isRestoring { environment.scheduleReconnect(ofUpstream: upstream) }
    }

    private static func refusal(_ end: StreamEnd?) -> ClientRefusal {
        switch end {
        case .unresolved, .refused, .timedOut, .localFailure, .insecure, .noPassage: .brokerAway
        case .noCertificate: .noCertificate
        case .closedByBroker, .failed, .queueOverflow, nil: .brokerGone
        }
    }

    /// A CONNECT whose answer does not come any more may have begun a new session at the broker (GW-86).
    mutating func noteLostAnswer(_ state: Upstream.State, in environment: inout Environment) {
        guard state == .connecting else { return }
        subscriptions.doubtAll()
        downlink.doubtTokens(in: &environment.store)
    }

    /// The broker has the session: what it may not have got of the gateway is sent again (MQTT 3.1.1 §4.4).
    ///
    /// - Returns: false where that cannot be done.
    mutating func brokerHasRemembered(in environment: inout Environment) -> Bool {
        releaseAgain(in: &environment)
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
        let missed = downlink.brokerForgot(in: &environment.store)
        noteMissed(missed, in: &environment)
        let isWhole = uplink.brokerHasForgotten()
        requests.removeAll(in: &environment.topicNames)
        subscriptions.doubtAll()
        let isSubscribed = resubscribe(in: &environment)
        return isSubscribed && isWhole
    }

    /// The broker connection is no more. What was published goes on over the next one, as far as the broker's session
    /// remembers it; everything else the client will ask for again.
    mutating func interruptRequests(in environment: inout Environment) {
        uplink.brokerConnectionEnded()
        discardKept(in: &environment)
        downlink.brokerConnectionEnded(in: &environment.store)
        atMostOnce.reset()
        broker.conduct.exactlyOnceAnswered()
        requests.removeAll(in: &environment.topicNames)
        // A clean session of the broker ends with its connection.
        if broker.isClean { _ = uplink.brokerHasForgotten() }
    }
}

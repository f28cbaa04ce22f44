// What a client does when time passes (MQTT-SN 1.2 §6.11, §6.13).

import MQTTSN
package import Time

extension SimulatedClient {
    /// When `deadlineReached` must come at the latest; nil when only an event can change something.
    package var nextDeadline: Instant? {
        guard state != .disconnected else { return nil }
        var next = connecting?.retryAt
        for candidate in [
            registerDeadline, publishDeadline, subscribingDeadline, willDeadline, pingDeadline, idDeadline,
        ] {
            guard let candidate else { continue }
            next = next.map { min($0, candidate) } ?? candidate
        }
        return next
    }

    private var registerDeadline: Instant? { state == .active ? registering?.retryAt : nil }

    /// An exchange that is interrupted waits for the next connection, not for a time.
    private var publishDeadline: Instant? {
        state == .active ? openPublications.lazy.map(\.request.retryAt).min() : nil
    }

    /// When something that waits for a message id may have one.
    private var idDeadline: Instant? {
        guard state == .active, configuration.messageIDLimit != nil else { return nil }
        let isPublicationWaiting =
            registering == nil && openPublications.count < configuration.window
            && publications.first.map { $0.messageID == 0 || reference(to: $0.publication.topic) == nil } ?? false
        let isSubscriptionWaiting = subscribing == nil && !subscriptionRequests.isEmpty
        return isPublicationWaiting || isSubscriptionWaiting ? messageIDs.nextFree : nil
    }

    private var subscribingDeadline: Instant? { state == .active ? subscribing?.retryAt : nil }

    private var willDeadline: Instant? { state == .active ? willUpdating?.retryAt : nil }

    /// When a PINGREQ is due: the gateway must hear the client, and the client wants to hear the gateway.
    private var pingDeadline: Instant? {
        guard state == .active, connecting == nil, options.keepAliveSeconds > 0 else { return nil }
        let keepAlive = TimeSpan.seconds(Int(options.keepAliveSeconds))
        let interval = TimeSpan(nanoseconds: keepAlive.nanoseconds / 100) * configuration.pingPercent
        return min(lastSent, lastHeard) + interval
    }

    mutating func deadlineReached(into effects: inout ClientEffects) {
        if let open = connecting, open.retryAt <= now { repeatConnectionStep(open, into: &effects) }
        if let open = registering, state == .active, open.retryAt <= now { repeatRegister(open, into: &effects) }
        repeatPublications(into: &effects)
        if let open = subscribing, state == .active, open.retryAt <= now { repeatSubscribeStep(open, into: &effects) }
        if let open = willUpdating, state == .active, open.retryAt <= now { repeatWillUpdate(open, into: &effects) }
        if let idDeadline, idDeadline <= now {
            continuePublishing(into: &effects)
            continueSubscribing(into: &effects)
        }
        if let pingDeadline, pingDeadline <= now {
            connecting = request(.ping)
            sendConnectionStep(.ping, into: &effects)
        }
    }

    private mutating func repeatConnectionStep(
        _ open: ClientRequest<ClientConnectionStep>, into effects: inout ClientEffects
    ) {
        guard let again = nextAttempt(open) else {
            // The gateway may have heard it all the same.
            if open.step == .sleep { hasSlept = true }
            endConnection(open.step == .disconnect ? .disconnected : .gatewayLost, into: &effects)
            return
        }
        connecting = again
        sendConnectionStep(open.step, into: &effects)
    }

    private mutating func repeatRegister(
        _ open: ClientRequest<ClientRegisterStep>, into effects: inout ClientEffects
    ) {
        if open.step == .pause {
            registering = nil
            continuePublishing(into: &effects)
            return
        }
        guard let again = nextAttempt(open) else {
            endConnection(.gatewayLost, into: &effects)
            return
        }
        registering = again
        sendRegister(into: &effects)
    }

    private mutating func repeatPublications(into effects: inout ClientEffects) {
        for messageID in openPublications.map(\.messageID) where state == .active {
            guard let index = openPublications.firstIndex(where: { $0.messageID == messageID }),
                openPublications[index].request.retryAt <= now
            else { continue }
            guard let again = nextAttempt(openPublications[index].request) else {
                giveUpPublication(at: index, into: &effects)
                continue
            }
            openPublications[index].request = again
            sendStep(of: openPublications[index], duplicate: true, into: &effects)
        }
    }

    private mutating func repeatSubscribeStep(
        _ open: ClientRequest<ClientSubscribeStep>, into effects: inout ClientEffects
    ) {
        if open.step == .pause {
            subscribing = nil
            continueSubscribing(into: &effects)
            return
        }
        guard let again = nextAttempt(open) else {
            endConnection(.gatewayLost, into: &effects)
            return
        }
        subscribing = again
        sendSubscribeStep(again, duplicate: true, into: &effects)
    }

    /// The request with its message sent once more; nil when it was sent often enough.
    func nextAttempt<Step>(_ open: ClientRequest<Step>) -> ClientRequest<Step>? {
        guard open.attempts <= configuration.retryCount else { return nil }
        var again = open
        again.attempts += 1
        again.retryAt = now + configuration.retryInterval
        return again
    }
}

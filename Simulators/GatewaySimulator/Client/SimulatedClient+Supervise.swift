// What a client does when time passes (MQTT-SN 1.2 §6.11, §6.13).

import MQTTSN
package import Time

extension SimulatedClient {
    /// When `deadlineReached` must come at the latest; nil when only an event can change something.
    package var nextDeadline: Instant? {
        guard state != .disconnected else { return nil }
        var next = connecting?.retryAt
        for candidate in [publishingDeadline, subscribingDeadline, willDeadline, pingDeadline] {
            guard let candidate else { continue }
            next = next.map { min($0, candidate) } ?? candidate
        }
        return next
    }

    /// An exchange that is interrupted waits for the next connection, not for a time.
    private var publishingDeadline: Instant? { state == .active ? publishing?.retryAt : nil }

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
        if let open = publishing, state == .active, open.retryAt <= now { repeatPublishStep(open, into: &effects) }
        if let open = subscribing, state == .active, open.retryAt <= now { repeatSubscribeStep(open, into: &effects) }
        if let open = willUpdating, state == .active, open.retryAt <= now { repeatWillUpdate(open, into: &effects) }
        if let pingDeadline, pingDeadline <= now {
            connecting = request(.ping)
            sendConnectionStep(.ping, into: &effects)
        }
    }

    private mutating func repeatConnectionStep(
        _ open: ClientRequest<ClientConnectionStep>, into effects: inout ClientEffects
    ) {
        guard let again = nextAttempt(open) else {
            endConnection(open.step == .disconnect ? .disconnected : .gatewayLost, into: &effects)
            return
        }
        connecting = again
        sendConnectionStep(open.step, into: &effects)
    }

    private mutating func repeatPublishStep(
        _ open: ClientRequest<ClientPublishStep>, into effects: inout ClientEffects
    ) {
        if open.step == .pause {
            publishing = nil
            continuePublishing(into: &effects)
            return
        }
        guard let again = nextAttempt(open) else {
            endConnection(.gatewayLost, into: &effects)
            return
        }
        publishing = again
        sendPublishStep(again, duplicate: true, into: &effects)
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

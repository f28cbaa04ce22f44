import Time

// What the gateway does when time passes, and how it ends.

extension Gateway {
    /// What time brings about with more effects than this is for another turn, so that others are heard between.
    var isTurnFull: Bool { environment.effects.list.count >= 4_096 }

    mutating func deadlineReached() {
        while !isTurnFull, let key = environment.deadlines.takeDue(at: environment.now) {
            switch key.owner {
            case .gateway: gatewayDeadlineReached()
            case .session(let index):
                guard sessions.contains(index) else { continue }
                changing(index) { session, environment in session.deadlineReached(in: &environment) }
            case .upstream(let slot):
                guard environment.upstreams.contains(slot) else { continue }
                upstreamDeadlineReached(slot)
            }
        }
    }

    private mutating func gatewayDeadlineReached() {
        let shared = environment.sharedUpstream
        if environment.upstreams[shared].state == .idle, !isShuttingDown {
            environment.openStream(ofUpstream: shared, inNameOf: nil)
        }
        environment.endSearchInTime()
        forgetDepartures()
        goOnWithRemnants()
        if !isShuttingDown { advertiseIfDue() }
    }

    // MARK: The end

    /// Every client is told, and the broker is left politely, so that no Will is published for a gateway that stops.
    mutating func shutDown() {
        isShuttingDown = true
        for index in 0..<sessions.endIndex where sessions.contains(index) && sessions[index].upstream != nil {
            changing(index) { session, environment in session.dismiss(in: &environment) }
        }
        environment.sayOffline()
        environment.status.connectionEnded()
        environment.closeStream(ofUpstream: environment.sharedUpstream, inNameOf: nil, politely: true)
        environment.endLooks()
        // Nothing is advertised any more; those who just left are still forgotten in their time.
        environment.deadlines.cancel(.gateway)
        if let next = departures.nextExpiry { environment.deadlines.schedule(.gateway, noLaterThan: next) }
        if !environment.remnants.isEmpty {
            environment.deadlines.schedule(.gateway, noLaterThan: environment.now + Environment.breath)
        }
    }

    /// The broker is left politely, and nobody else hears of it: the next life goes on with every session. Only whose
    /// message would be lost with the broker's session is told, as in any other loss of that (AMB-30).
    mutating func suspend() {
        for index in 0..<sessions.endIndex where sessions.contains(index) && sessions[index].upstream != nil {
            changing(index) { session, environment in session.suspend(in: &environment) }
        }
        environment.sayOffline()
        environment.suspendStream(ofUpstream: environment.sharedUpstream)
        environment.endLooks()
        environment.deadlines = DeadlineQueue()
        isSuspended = true
    }
}

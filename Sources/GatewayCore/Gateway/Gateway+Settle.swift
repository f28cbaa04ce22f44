import MQTTSN

// What follows when a session has been changed: deadlines, and the tables that lead to it.

extension Gateway {
    /// Brings everything that depends on the session's state into line with it.
    mutating func settle(_ index: SessionIndex) {
        readOn(index)
        guard sessions.contains(index) else { return }
        switch sessions[index].state {
        case .awaitingWillTopic, .awaitingWillMessage, .awaitingBroker, .active, .asleep, .awake:
            if let deadline = sessions[index].nextDeadline(in: environment) {
                environment.deadlines.schedule(.session(index), noLaterThan: deadline)
            }
        case .disconnected: putAside(index)
        case .over:
            leave(index)
            remove(index)
        }
    }

    /// Stops reading from the broker or goes on, as the session's room is; what was read before a pause and is still
    /// here comes first, as nothing else brings it up again.
    private mutating func readOn(_ index: SessionIndex) {
        while sessions.contains(index) {
            sessions[index].adjustReading(in: &environment)
            guard let slot = sessions[index].upstream, environment.upstreams[slot].hasKeptBytes,
                !environment.upstreams[slot].isPaused
            else { return }
            readKeptBytes(ofUpstream: slot)
            if sessions.contains(index) { sessions[index].deliver(in: &environment) }
        }
    }

    /// The client is gone and its session stays.
    private mutating func putAside(_ index: SessionIndex) {
        leave(index)
        sessions[index].leaveQueueToBroker(in: &environment)
        if !remembered.contains(index) { remembered.append(index) }
    }

    private mutating func leave(_ index: SessionIndex) {
        environment.deadlines.cancel(.session(index))
        if let slot = sessions[index].upstream {
            environment.deadlines.cancel(.upstream(slot))
            environment.upstreams.remove(slot)
            sessions[index].upstream = nil
        }
        if let route = sessions[index].route, sessions[index].hasSaidGoodbye {
            remember(route, answers: environment.configuration.link(route.peer.link).retryCount)
        }
        detach(index)
    }

    /// Empties the session's place; the client is not connected.
    mutating func remove(_ index: SessionIndex) {
        sessions[index].forgetSession(in: &environment)
        sessionByClientID[sessions[index].clientID] = nil
        remembered.remove(index)
        sessions.remove(index)
    }

    /// Takes the way to the session away.
    mutating func detach(_ index: SessionIndex) {
        guard let route = sessions[index].route else { return }
        sessions[index].route = nil
        sessionByRoute[route] = nil
        release(route)
    }

    // MARK: Peers

    /// One use of the route more: its peer and its node are kept.
    mutating func retain(_ route: Route) {
        routeCountByPeer[route.peer, default: 0] += 1
        environment.forwarders.use(route.node)
    }

    /// One use of the route less; the last one of a peer lets the host forget its address.
    mutating func release(_ route: Route) {
        let peer = route.peer
        environment.forwarders.release(route.node)
        guard let count = routeCountByPeer[peer] else { return }
        if count > 1 {
            routeCountByPeer[peer] = count - 1
        } else {
            routeCountByPeer[peer] = nil
            if peer != sender { environment.effects.list.append(.forgetPeer(peer)) }
        }
    }

    /// Lets the host forget a sender that left nothing behind here.
    mutating func forgetIfUnused(_ peer: PeerID) {
        if routeCountByPeer[peer] == nil { environment.effects.list.append(.forgetPeer(peer)) }
    }

    // MARK: Time

    mutating func deadlineReached() {
        while let key = environment.deadlines.takeDue(at: environment.now) {
            switch key.owner {
            case .gateway: gatewayDeadlineReached()
            case .session(let index):
                guard sessions.contains(index) else { continue }
                sessions[index].deadlineReached(in: &environment)
                settle(index)
            case .upstream(let slot):
                guard environment.upstreams.contains(slot) else { continue }
                upstreamDeadlineReached(slot)
            }
        }
    }

    private mutating func gatewayDeadlineReached() {
        let shared = environment.sharedUpstream
        if environment.upstreams[shared].state == .idle, !isShuttingDown {
            environment.openStream(ofUpstream: shared)
        }
        forgetDepartures()
        if !isShuttingDown { advertiseIfDue() }
    }

    // MARK: The end

    /// Every client is told, and the broker is left politely, so that no Will is published for a gateway that stops.
    mutating func shutDown() {
        isShuttingDown = true
        for index in 0..<sessions.endIndex where sessions.contains(index) && sessions[index].route != nil {
            sessions[index].dismiss(in: &environment)
            settle(index)
        }
        environment.closeStream(ofUpstream: environment.sharedUpstream, politely: true)
        // Nothing is advertised any more; those who just left are still forgotten in their time.
        environment.deadlines.cancel(.gateway)
        if let next = departures.nextExpiry { environment.deadlines.schedule(.gateway, noLaterThan: next) }
    }
}

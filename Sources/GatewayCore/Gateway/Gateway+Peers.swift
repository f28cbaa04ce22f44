// Whom the host is to remember: the senders that a route leads through, and the nodes behind forwarders.

extension Gateway {
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
}

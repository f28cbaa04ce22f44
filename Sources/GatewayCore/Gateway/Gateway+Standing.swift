// Whether there is a broker to offer to clients (GW-10, GW-21): one that has accepted a CONNECT.

extension Gateway {
    /// A CONNECT was accepted, of the gateway's own connection or of a client's.
    mutating func brokerHasAccepted() { stand(.reachable) }

    /// The broker has refused a CONNECT, or has ended the connection instead of answering. Where it accepts others that
    /// says nothing of it.
    mutating func brokerHasRefused(onUpstream slot: UInt32) {
        guard environment.broker != .reachable || slot == environment.sharedUpstream && !hasOpenConnection else {
            return
        }
        stand(.refusing)
    }

    /// Nothing answers. While the gateway's own connection is open, another one's failure does not count: nothing would
    /// ever say that the broker is back.
    mutating func brokerIsAway() {
        guard environment.upstreams[environment.sharedUpstream].state != .open else { return }
        stand(.unreachable)
    }

    /// Looked for only when the gateway's own connection is refused, and that is seldom.
    private var hasOpenConnection: Bool {
        (0..<environment.upstreams.endIndex).contains {
            environment.upstreams.contains($0) && environment.upstreams[$0].state == .open
        }
    }

    private mutating func stand(_ standing: BrokerStanding) {
        guard environment.broker != standing else { return }
        environment.broker = standing
        switch standing {
        case .reachable:
            environment.observe(.brokerReachable)
            advertiseIfDue()
        case .refusing: environment.observe(.brokerRefusing)
        case .unreachable: environment.observe(.brokerUnreachable)
        case .unknown: break
        }
    }
}

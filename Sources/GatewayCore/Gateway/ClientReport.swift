import MQTTSN
package import Time

/// One client as a person wants to see it; taken on request, so that nothing is kept for it.
package struct ClientReport: Equatable, Sendable {
    /// Where a client stands for a person.
    package enum State: String, Equatable, Sendable, CaseIterable {
        case awake, asleep
        /// Asleep for longer than its own Duration, and not lost yet.
        case overdue
        /// Away, and its session kept.
        case remembered
    }

    package var clientID: [UInt8]
    package var state: State
    /// How long ago it was heard.
    package var heardAgo: TimeSpan
    /// For how long it has said it would be silent at the most: its sleep Duration or keep-alive; nil for any time.
    package var promisedSilence: TimeSpan?
    /// The sender of its datagrams; nil while it is away.
    package var peer: PeerID?
    /// Its node behind a forwarder; nil where it speaks for itself.
    package var nodeID: [UInt8]?
    /// Messages that wait for it, and the octets that these count.
    package var waitingCount: Int
    package var waitingByteCount: Int
    /// Messages of QoS 1 and 2 that it does not take, or that no topic id can be given to.
    package var setAsideCount: Int
    /// How long it takes to answer, smoothed; nil before the first measurement.
    package var roundTrip: TimeSpan?
}

extension Gateway {
    /// All clients by their places, which stay theirs as long as they have a session; those that were never connected
    /// are none yet.
    package var clientPlaces: [UInt32] {
        (0..<sessions.endIndex).filter { sessions.contains($0) && !newcomers.contains($0) }
    }

    /// - Precondition: The place is of `clientPlaces`, and nothing has happened since.
    package func clientID(at place: UInt32) -> [UInt8] { sessions[place].clientID.bytes }

    /// - Precondition: The place is of `clientPlaces`, and nothing has happened since.
    package func clientState(at place: UInt32, now: Instant) -> ClientReport.State { sessions[place].state(at: now) }

    /// - Precondition: The place is of `clientPlaces`, and nothing has happened since.
    package func clientReport(at place: UInt32, now: Instant) -> ClientReport {
        sessions[place].report(at: now, in: environment)
    }

    /// The place of a client; nil for one that has no session, or was never connected.
    package func place(ofClient clientID: [UInt8]) -> UInt32? {
        guard let place = sessionByClientID[ClientID(bytes: clientID)], !newcomers.contains(place) else { return nil }
        return place
    }

    /// The names that the client has topic ids for, then the filters that it has subscribed to.
    ///
    /// - Precondition: The place is of `clientPlaces`, and nothing has happened since.
    package func topics(ofClientAt place: UInt32) -> (names: [[UInt8]], filters: [[UInt8]]) {
        let names = environment.topicNames
        return (
            sessions[place].topics.all.map { names.name($0.name) },
            sessions[place].subscriptions.filters.map { names.name($0) }
        )
    }

    /// Since when the gateway's own broker connection is open; nil while it is not.
    package var sharedConnectionOpenSince: Instant? {
        let shared = environment.upstreams[environment.sharedUpstream]
        return shared.state == .open ? shared.openedAt : nil
    }
}

extension ClientSession {
    fileprivate func state(at now: Instant) -> ClientReport.State {
        switch phase {
        case .connecting, .active, .awake: .awake
        case .asleep: supervision.isOverdue(at: now) ? .overdue : .asleep
        case .disconnected, .over: .remembered
        }
    }

    fileprivate func report(at now: Instant, in environment: borrowing Environment) -> ClientReport {
        let node = route.flatMap { $0.node == 0 ? nil : environment.forwarders.nodeID($0.node) }
        return ClientReport(
            clientID: clientID.bytes, state: state(at: now), heardAgo: now.since(supervision.lastHeard),
            promisedSilence: supervision.promisedSilence(phase, keepAliveSeconds: request.keepAliveSeconds),
            peer: route?.peer, nodeID: node, waitingCount: downlink.waiting.count,
            waitingByteCount: downlink.waiting.byteCount, setAsideCount: downlink.asideCount,
            roundTrip: roundTrip.measured)
    }
}

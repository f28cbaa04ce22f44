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
    /// How long the next of them has waited; nil where none waits.
    package var oldestWaiting: TimeSpan?
    /// How long it takes to answer, smoothed; nil before the first measurement.
    package var roundTrip: TimeSpan?
    /// How long it is usually silent while it sleeps; nil before it has come back once.
    package var usualSleep: TimeSpan?
    /// Messages that went up, messages that it has got, and what either side had to say again.
    package var upCount: UInt32
    package var downCount: UInt32
    package var repeatedCount: UInt32
    /// Of its last message; nil before the first, and where the name is not known any more.
    package var lastTopic: [UInt8]?
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

    /// Whether it is overdue, or does not take messages.
    ///
    /// - Precondition: The place is of `clientPlaces`, and nothing has happened since.
    package func isTroubled(at place: UInt32, now: Instant) -> Bool {
        sessions[place].downlink.asideCount > 0 || sessions[place].state(at: now) == .overdue
    }

    /// - Precondition: The place is of `clientPlaces`, and nothing has happened since.
    package func clientReport(at place: UInt32, now: Instant) -> ClientReport {
        sessions[place].report(at: now, in: environment)
    }

    /// How many clients are in each state, and how long the message has waited that waits longest of all that are next
    /// for their clients.
    package func population(at now: Instant) -> (counts: [ClientReport.State: Int], oldestWaiting: TimeSpan?) {
        var counts: [ClientReport.State: Int] = [:]
        var oldest: TimeSpan?
        for place in clientPlaces {
            counts[sessions[place].state(at: now), default: 0] += 1
            guard let age = sessions[place].oldestWaiting(at: now, in: environment) else { continue }
            oldest = max(oldest ?? .zero, age)
        }
        return (counts, oldest)
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

    /// The longest datagram that the gateway sends on a link just now, in octets.
    package func maximumDatagramByteCount(on link: LinkID) -> Int {
        environment.configuration.link(link).maximumDatagramByteCount
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
            oldestWaiting: oldestWaiting(at: now, in: environment), roundTrip: roundTrip.measured,
            usualSleep: figures.usualSleep, upCount: figures.upCount, downCount: figures.downCount,
            repeatedCount: figures.repeatedCount, lastTopic: lastTopic(in: environment))
    }

    fileprivate func oldestWaiting(at now: Instant, in environment: borrowing Environment) -> TimeSpan? {
        downlink.isEmpty ? nil : environment.store[downlink.first].arrivedAt.age(at: now)
    }

    private func lastTopic(in environment: borrowing Environment) -> [UInt8]? {
        guard let topic = figures.lastTopic else { return nil }
        switch topic.type {
        case .normal: return topics.entry(topic.topicID).map { environment.topicNames.name($0.name) }
        case .predefined:
            return environment.predefinedTopics.name(for: topic.topicID, clientID: clientID)
                .map { environment.topicNames.name($0) }
        case .shortName: return [UInt8(topic.topicID >> 8), UInt8(topic.topicID & 0xFF)]
        case .reserved: return nil
        }
    }
}

import Bytes
import MQTT
import MQTTSN
package import Time

/// The gateway's core: a deterministic function from events, in their order and with their times, to effects.
///
/// It reads no clock, opens no socket and draws no chance but from its seed, so a recorded list of events gives the
/// same effects again, byte for byte. `handle` only dispatches; what an event means stands in the files named after the
/// specification's procedures.
package struct Gateway: ~Copyable {
    var sessions = Slab<ClientSession>()
    var environment: Environment
    var sessionByClientID: [ClientID: SessionIndex] = [:]
    var sessionByRoute: [Route: SessionIndex] = [:]
    /// How many routes go through a peer; a peer without one is forgotten.
    var routeCountByPeer: [PeerID: Int] = [:]
    var advertiser: Advertiser
    /// The sender of the datagram that is being handled: not forgotten before that is done.
    var sender: PeerID?
    var departures: RecentDepartures
    /// Sessions that only wait for their client to return, oldest first, for when a place is needed.
    var remembered = RememberedSessions()
    var strangerReplies: TokenBucket
    var searchReplies: TokenBucket
    var isShuttingDown = false

    package init(configuration: GatewayConfiguration, seed: UInt64) {
        environment = Environment(configuration: configuration, seed: seed)
        departures = RecentDepartures(limit: configuration.limits.recentDepartures)
        advertiser = Advertiser(configuration.discovery, gatewayID: configuration.gatewayID)
        strangerReplies = TokenBucket(perSecond: configuration.limits.strangerRepliesPerSecond)
        searchReplies = TokenBucket(perSecond: configuration.limits.searchRepliesPerSecond)
        environment.sharedUpstream = environment.makeUpstream(for: .shared)
        environment.deadlines.schedule(.gateway, noLaterThan: Instant(nanoseconds: 0))
    }

    /// When `handle` must be called with `.deadlineReached` at the latest.
    package var nextDeadline: Instant? { environment.deadlines.next }

    /// Sessions held at the moment, connected and remembered.
    package var sessionCount: Int { sessions.count }

    /// Takes note of a fact and appends what is to be done about it.
    ///
    /// `bytes` are what came with the fact, and only borrowed; `now` is not earlier than at the last call.
    package mutating func handle(
        _ event: Event, _ bytes: RawSpan, at now: Instant, into effects: inout Effects
    ) {
        environment.now = now
        swap(&environment.effects, &effects)
        switch event {
        case .datagramReceived(let peer, let mayForward): datagramReceived(bytes, from: peer, mayForward: mayForward)
        case .datagramTruncated(let peer):
            environment.observe(.truncatedDatagram, peer: peer)
            forgetIfUnused(peer)
        case .streamOpened(let id): streamOpened(id)
        case .streamReceived(let id): streamReceived(id, bytes)
        case .streamBlocked(let id, let queuedByteCount): streamBlocked(id, queuedByteCount: queuedByteCount)
        case .streamDrained(let id): streamDrained(id)
        case .streamClosed(let id, let end): streamClosed(id, end)
        case .linkChanged(let id, let maximum): environment.setMaximumDatagram(maximum, on: id)
        case .deadlineReached: deadlineReached()
        case .shutdownRequested: shutDown()
        }
        swap(&environment.effects, &effects)
    }
}

import MQTTSN
import Time

/// How fast connections to the broker are made: so many at once, so many in a second, and whoever is beyond that waits
/// in the order in which they asked, so that thousands of clients that come back do not overrun the broker.
///
/// **What it owns.** Whose turn is next, the connections that are being made, and when the next may begin.
/// **Invariants.** In no second more begin than the rate says; one that is being made is there once. **Awkward cases.**
/// Places are told apart by their numbers alone: who gives up its place leaves the line. The gateway's own connection
/// never waits, as others wait for what it tells of the broker.
struct ConnectionPace {
    /// The places of connections that wait.
    private var line = ArrivalOrder<UInt32>()
    /// Streams that were asked for, and of which some have come about or to nothing since.
    private var underWay: [UpstreamID] = []
    /// When the next is due if all came evenly; those before it are early, by no more than a burst takes.
    private var evenTime = Instant(nanoseconds: 0)

    @inline(__always)
    var hasLine: Bool { line.count > 0 }

    var underWayCount: Int { underWay.count }
    var lineCount: Int { line.count }

    func isInLine(_ slots: [UInt32]) -> Bool { slots.allSatisfy(line.contains) }

    mutating func queue(_ slot: UInt32) { line.append(slot) }

    mutating func leave(_ slot: UInt32) { line.remove(slot) }

    /// The place whose turn is next; nil where nobody waits.
    var next: UInt32? { mutating get { line.oldest } }

    /// When the next may begin by the rate, which is 1 or more in a second.
    func earliest(_ perSecond: Int) -> Instant {
        let early = Self.step(perSecond) * (Self.burst(perSecond) - 1)
        return evenTime.nanoseconds > early.nanoseconds ? evenTime - early : Instant(nanoseconds: 0)
    }

    /// One begins now, whether its turn has come or not.
    mutating func begins(_ perSecond: Int, at now: Instant) { evenTime = max(evenTime, now) + Self.step(perSecond) }

    /// The stream was asked for.
    mutating func isUnderWay(_ id: UpstreamID) { underWay.append(id) }

    /// Forgets those that are not being made any more.
    mutating func keep(_ isBeingMade: (UpstreamID) -> Bool) { underWay.removeAll { !isBeingMade($0) } }

    /// So many may begin together. With those that follow evenly no second has more than the rate.
    private static func burst(_ perSecond: Int) -> Int { max(1, perSecond / 20) }

    private static func step(_ perSecond: Int) -> TimeSpan {
        let steps = UInt64(max(1, perSecond - burst(perSecond) + 1))
        return TimeSpan(nanoseconds: (1_000_000_000 + steps - 1) / steps)
    }
}

extension Environment {
    /// Whether another connection to the broker may begin now.
    private var mayBeginConnection: Bool {
        mutating get {
            guard pace.earliest(limits.brokerConnectsPerSecond) <= now else { return false }
            guard pace.underWayCount >= limits.brokerHandshakes else { return true }
            pace.keep { upstreams.contains($0.slot) && upstreams[$0.slot].isBeingMade($0) }
            return pace.underWayCount < limits.brokerHandshakes
        }
    }

    /// Whether the connection has to wait for its turn; then it is in the line.
    mutating func hasToWait(_ slot: UInt32) -> Bool {
        guard case .session = upstreams[slot].owner, pace.hasLine || !mayBeginConnection else { return false }
        let isRate = pace.earliest(limits.brokerConnectsPerSecond) > now
        upstreams[slot].state = .queued
        upstreams[slot].attemptDeadline = now + configuration.upstream.restoreTimeout
        pace.queue(slot)
        observe(.connectionQueued(isRate ? .connectsPerSecond : .handshakes))
        scheduleDeadline(ofUpstream: slot)
        return true
    }

    /// Takes note of a connection that begins.
    mutating func connectionBegins(_ id: UpstreamID) {
        pace.leave(id.slot)
        pace.begins(limits.brokerConnectsPerSecond, at: now)
        if case .session = upstreams[id.slot].owner { pace.isUnderWay(id) }
    }

    /// The next whose turn has come; nil where nobody's has. Where only time keeps it back, the gateway is woken then.
    mutating func takeTurn() -> UInt32? {
        guard let slot = pace.next else { return nil }
        if mayBeginConnection {
            pace.leave(slot)
            return slot
        }
        let earliest = pace.earliest(limits.brokerConnectsPerSecond)
        if earliest > now { deadlines.schedule(.gateway, noLaterThan: earliest) }
        return nil
    }
}

extension Upstream {
    /// Whether that stream is one of which it is not known yet what comes of it.
    fileprivate func isBeingMade(_ id: UpstreamID) -> Bool {
        streamID == id && (state == .opening || state == .connecting)
    }
}

// Those that wait for their turn.

extension Gateway {
    /// Whoever's turn has come begins.
    mutating func goOnWithLine() {
        while !isTurnFull {
            guard let slot = environment.takeTurn() else { return }
            environment.beginStream(
                ofUpstream: slot, inNameOf: name(ofUpstream: slot), as: identity(ofUpstream: slot))
        }
        environment.deadlines.schedule(.gateway, noLaterThan: environment.now)
    }

    /// It has waited for as long as a lost connection may take: a client that is being connected is told so, before it
    /// gives up itself. Others have a time of their own.
    mutating func waitsTooLong(_ slot: UInt32) {
        environment.upstreams[slot].attemptDeadline =
            environment.now + environment.configuration.upstream.restoreTimeout
        environment.scheduleDeadline(ofUpstream: slot)
        guard case .session(let index) = environment.upstreams[slot].owner else { return }
        changing(index) { session, environment in session.waitsTooLongForBroker(in: &environment) }
    }
}

extension ClientSession {
    fileprivate mutating func waitsTooLongForBroker(in environment: inout Environment) {
        if phase == .connecting { refuseConnection(.congestion, because: .noTurn, in: &environment) }
    }
}

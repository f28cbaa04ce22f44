import MQTT
import Time

// Several brokers: the next where one cannot be reached, and the way back to the first.

/// How an attempt has come to nothing.
enum AttemptEnd {
    /// The stream has ended by itself.
    case streamEnded
    /// The broker has answered that it is none at the moment.
    case refused
    /// No answer in time: the broker may have the CONNECT with its Will, and read it when nobody waits any more.
    case unanswered
}

extension Gateway {
    /// The place among the owner's brokers of the one that connections go to from now on.
    package var brokerInUse: UInt8 { environment.brokers.current }

    /// The same of the one that a stream goes to; the chosen one where there is no stream of that name.
    package func broker(of id: UpstreamID) -> UInt8 {
        guard environment.upstreams.contains(id.slot), environment.upstreams[id.slot].streamID == id else {
            return environment.brokers.current
        }
        return environment.upstreams[id.slot].broker
    }

    /// The attempt has not reached its broker. Where there is another one that it has not tried in this round, it goes
    /// there at once, and nobody is told.
    ///
    /// - Returns: whether it does.
    mutating func triesNextBroker(_ slot: UInt32, after end: AttemptEnd) -> Bool {
        let count = Int(environment.configuration.upstream.brokerCount)
        let state = environment.upstreams[slot].state
        guard count > 1, !isShuttingDown, state == .opening || state == .connecting else { return false }
        guard !isBelievedThere(environment.upstreams[slot].broker, butFor: slot) else { return false }
        noteFailure(onUpstream: slot, count)
        environment.upstreams[slot].triesInRow += 1
        guard Int(environment.upstreams[slot].triesInRow) < count,
            environment.upstreams[slot].broker != environment.brokers.current
        else {
            environment.upstreams[slot].triesInRow = 0
            return false
        }
        let name = name(ofUpstream: slot)
        switch end {
        case .streamEnded: break
        case .refused: environment.cutStream(ofUpstream: slot, inNameOf: name)
        case .unanswered:
            sayGoodbyeForClient(onUpstream: slot)
            environment.cutStream(ofUpstream: slot, inNameOf: name)
        }
        environment.upstreams[slot].state = .idle
        environment.openStream(ofUpstream: slot, inNameOf: name, as: identity(ofUpstream: slot))
        // The CONNECT that is on its way may begin a new session, and the record says so.
        if case .session(let index) = environment.upstreams[slot].owner {
            changing(index) { session, environment in session.noteLostAnswer(state, in: &environment) }
        }
        return true
    }

    /// While the gateway's own connection to the broker is open, another one's failure says too little; but the broker
    /// is asked whether it is there.
    private mutating func isBelievedThere(_ broker: UInt8, butFor slot: UInt32) -> Bool {
        let shared = environment.sharedUpstream
        guard slot != shared, environment.isOpen(shared), environment.upstreams[shared].broker == broker else {
            return false
        }
        if environment.upstreams[shared].pingResponseDeadline == nil { environment.askForLife(shared) }
        return true
    }

    private mutating func noteFailure(onUpstream slot: UInt32, _ count: Int) {
        let broker = environment.upstreams[slot].broker
        let begunAt = environment.upstreams[slot].attemptDeadline - environment.configuration.upstream.connectTimeout
        switch environment.brokers.failed(broker, begunAt: begunAt, count: count, at: environment.now) {
        case .stale: return
        case .next, .all:
            // After a round in vain it may be the first one itself that failed last.
            if broker != environment.brokers.current {
                environment.observe(.brokerGivenUp(broker, for: environment.brokers.current))
            }
        }
        environment.scheduleLook()
    }

    /// Whether a broker says by its CONNACK that it is none at the moment, or any more.
    func isUnavailable(_ code: ConnectReturnCode) -> Bool {
        let reasons: [ReasonCode] = [.serverUnavailable, .serverBusy, .useAnotherServer, .serverMoved]
        return code == .serverUnavailable || reasons.contains { $0.rawValue == code.rawValue }
    }

    // MARK: The way back

    /// The first broker is there, as far as a look at it tells: it was not told a CONNECT.
    mutating func firstBrokerIsThere(_ slot: UInt32) {
        environment.closeStream(ofUpstream: slot, inNameOf: nil, politely: false)
        guard environment.brokers.firstIsThere(environment.configuration.upstream.steadyTime, at: environment.now)
        else { return environment.scheduleLook() }
        environment.observe(.brokerRegained)
        let shared = environment.sharedUpstream
        guard !isShuttingDown, environment.upstreams[shared].hasStream else { return }
        environment.sayOffline()
        environment.closeStream(ofUpstream: shared, inNameOf: nil, politely: true)
        environment.status.connectionEnded()
        // QoS −1 messages wait for it.
        environment.sharedLostAt = environment.now
        environment.openStream(ofUpstream: shared, inNameOf: nil)
    }

    /// A look at the first broker has come to nothing.
    mutating func firstBrokerIsAway(_ slot: UInt32, streamIsOver isOver: Bool) {
        if isOver { environment.upstreams[slot].state = .idle }
        environment.closeStream(ofUpstream: slot, inNameOf: nil, politely: false)
        environment.brokers.firstIsAway()
        environment.scheduleLook()
    }
}

extension Environment {
    /// Where another broker than the first is spoken to, the first is looked at after a while.
    mutating func scheduleLook() {
        guard brokers.current != 0 else {
            if let lookout { closeStream(ofUpstream: lookout, inNameOf: nil, politely: false) }
            return
        }
        let slot = lookout ?? makeUpstream(for: .lookout)
        lookout = slot
        // One that is planned or under way is enough.
        guard upstreams[slot].state == .idle else { return }
        let third = TimeSpan(nanoseconds: configuration.upstream.steadyTime.nanoseconds / 3)
        upstreams[slot].state = .waiting
        upstreams[slot].attemptDeadline = now + min(.seconds(10), max(.milliseconds(50), third))
        scheduleDeadline(ofUpstream: slot)
    }

    /// At the end nothing is looked for any more.
    mutating func endLooks() {
        if let lookout { closeStream(ofUpstream: lookout, inNameOf: nil, politely: false) }
    }
}

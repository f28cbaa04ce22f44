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
    /// Changed by `changing` only.
    private(set) var sessions = Slab<ClientSession>()
    var environment: Environment
    var sessionByClientID: [ClientID: SessionIndex] = [:]
    var sessionByRoute = RouteTable()
    /// Where clients are asked for a Will that are connected elsewhere.
    var visits: [SessionIndex: Visit] = [:]
    /// How many routes go through a peer; a peer without one is forgotten.
    var routeCountByPeer: [PeerID: Int] = [:]
    var advertiser: Advertiser
    /// The sender of the datagram that is being handled: not forgotten before that is done.
    var sender: PeerID?
    /// The session that its datagram went to; nil for a stranger's.
    var addressee: SessionIndex?
    /// In which of the networks of the owner's rules the sender is; 0 for none.
    var senderNetwork: UInt16 = 0
    var departures: RecentDepartures
    var formerNumbers: FormerNumbers
    var sharedContest = ConnectionContest()
    /// Sessions that only wait for their client to return, oldest first, for when a place is needed.
    var remembered = ArrivalOrder<SessionIndex>()
    /// Sessions of clients that were never connected, oldest first: they have no place yet.
    var newcomers = ArrivalOrder<SessionIndex>()
    /// Sessions whose clients may have done nothing but connect, oldest first.
    var idlers = ArrivalOrder<SessionIndex>()
    var strangerReplies: TokenBucket
    var searchReplies: TokenBucket
    /// Sessions that may read on from what the broker sent before it was not read any more.
    private var readers: [SessionIndex] = []
    /// What is to be written down, where somebody does.
    var keeper = SessionKeeper()
    var isShuttingDown = false
    /// Whether another life goes on from here, so that nothing may change any more.
    var isSuspended = false

    package init(configuration: GatewayConfiguration, seed: UInt64) {
        environment = Environment(configuration: configuration, seed: seed)
        departures = RecentDepartures(limit: configuration.limits.recentDepartures)
        formerNumbers = FormerNumbers(limit: configuration.limits.recentDepartures)
        advertiser = Advertiser(configuration.discovery)
        strangerReplies = TokenBucket(perSecond: configuration.limits.strangerRepliesPerSecond)
        searchReplies = TokenBucket(perSecond: configuration.limits.searchRepliesPerSecond)
        environment.sharedUpstream = environment.makeUpstream(for: .shared)
        environment.noteWay(nil, on: environment.sharedUpstream)
        environment.deadlines.schedule(.gateway, noLaterThan: Instant(nanoseconds: 0))
    }

    /// When `handle` must be called with `.deadlineReached` at the latest.
    package var nextDeadline: Instant? { environment.deadlines.next }

    /// Whether there is a broker to offer to clients.
    package var brokerStanding: BrokerStanding { environment.broker }

    /// Sessions held at the moment, connected and remembered.
    package var sessionCount: Int { sessions.count }

    /// Takes note of a fact and appends what is to be done about it.
    ///
    /// `bytes` are what came with the fact, and only borrowed; `now` is not earlier than at the last call.
    package mutating func handle(
        _ event: Event, _ bytes: RawSpan, at now: Instant, into effects: inout Effects
    ) {
        guard !isSuspended else { return }
        environment.now = now
        swap(&environment.effects, &effects)
        switch event {
        case .datagramReceived(let peer, let mayForward, let network):
            senderNetwork = network
            datagramReceived(bytes, from: peer, mayForward: mayForward)
        case .datagramTruncated(let peer):
            environment.observe(.truncatedDatagram, peer: peer)
            forgetIfUnused(peer)
        case .streamOpened(let id): streamOpened(id)
        case .streamReceived(let id): streamReceived(id, bytes)
        case .streamBlocked(let id, let queuedByteCount): streamBlocked(id, queuedByteCount: queuedByteCount)
        case .streamDrained(let id): streamDrained(id)
        case .streamClosed(let id, let end): streamClosed(id, end)
        case .streamEnded(let id): streamEnded(id)
        case .linkChanged(let id, let maximum): environment.setMaximumDatagram(maximum, on: id)
        case .linkLost(let id): linkLost(id)
        case .linkReturned(let id): linkReturned(id)
        case .statusReported(let nameByteCount): environment.publishStatus(bytes, nameByteCount: nameByteCount)
        case .deadlineReached: deadlineReached()
        case .shutdownRequested: shutDown()
        case .suspensionRequested: suspend()
        }
        if environment.pace.hasLine, !isSuspended { goOnWithLine() }
        readOn()
        swap(&environment.effects, &effects)
    }
}

// MARK: - Sessions

extension Gateway {
    /// The only way to change a session: everything that depends on it is brought into line behind `change`.
    @inline(__always)
    @discardableResult
    mutating func changing<Outcome>(
        _ index: SessionIndex, _ change: (inout ClientSession, inout Environment) -> Outcome
    ) -> Outcome {
        let outcome = change(&sessions[index], &environment)
        settle(index)
        return outcome
    }

    /// What a CONNECT means for a session; asked in place, which changes nothing.
    mutating func meaning(
        of connect: MQTTSN.Connect, from route: Route, for index: SessionIndex
    ) -> ClientSession.ConnectMeaning {
        sessions[index].meaning(of: connect, from: route, in: environment)
    }

    /// Gives a session of which there is none yet its place.
    mutating func insert(_ session: consuming ClientSession) -> SessionIndex {
        let clientID = session.clientID
        let index = sessions.insert(session)
        sessionByClientID[clientID] = index
        // Nothing is said at a restart.
        _ = environment.beginPredefinedTopics(of: clientID)
        return index
    }

    /// Begins a session for a client that has none.
    mutating func beginSession(of clientID: ClientID, _ identity: ClientIdentity) -> SessionIndex {
        let index = sessions.occupy()
        sessionByClientID[clientID] = index
        let former = formerNumbers.take(of: clientID)
        let hasIgnoredRegister = environment.takeIgnoredRegister(by: clientID)
        let identityIndex = environment.identities.add(identity)
        sessions[index].begin(as: clientID, numbersAfter: environment.nextNumberOrigin())
        if hasIgnoredRegister { sessions[index].supervision.lostOverRegister() }
        if let former { sessions[index].downlink.inherit(former) }
        sessions[index].identity = identityIndex
        beginPredefinedTopics(of: clientID)
        return index
    }

    /// Makes the names of the pre-defined topics that are the client's own, and observes where one is no topic name.
    mutating func beginPredefinedTopics(of clientID: ClientID) {
        guard let leftOut = environment.beginPredefinedTopics(of: clientID) else { return }
        environment.observe(.predefinedTopicLeftOut(topicID: leftOut), of: clientID)
    }

    /// Makes `route` the way to the session. Who was there before under another name is gone from this address; where
    /// the session was before, nothing more is said (GW-89).
    mutating func attach(_ index: SessionIndex, to route: Route) {
        if visit(of: index) != nil {
            endVisit(of: index)
            _ = sessions[index].setUp.takePlace()
        }
        guard sessions[index].route != route else { return }
        vacate(route)
        if sessions[index].route != nil {
            sessions[index].observe(.clientMoved, in: &environment)
            detach(index)
        }
        sessions[index].route = route
        sessionByRoute[route] = index
        retain(route)
        arrive(index, on: route.peer.link)
    }

    private mutating func arrive(_ index: SessionIndex, on link: LinkID) {
        if let slot = sessions[index].upstream { environment.noteWay(sessions[index].route, on: slot) }
        sessions[index].movedToLink(isLost: environment.linkState(link).isLost, in: &environment)
    }

    /// The session is where its client has said its Will, and no more where it was before.
    private mutating func move(_ index: SessionIndex, from former: Route) {
        sessions[index].observe(.clientMoved, in: &environment)
        sessionByRoute[former] = nil
        release(former)
        if let link = sessions[index].route?.peer.link { arrive(index, on: link) }
    }

    /// Gives the session a broker connection of its own, which is not opened yet.
    mutating func giveUpstream(to index: SessionIndex) {
        guard sessions[index].upstream == nil else { return }
        let slot = environment.makeUpstream(for: .session(index))
        environment.notePrefix(of: sessions[index].identity, on: slot)
        environment.noteWay(sessions[index].route, on: slot)
        sessions[index].broker.takePlace(slot)
    }

    private mutating func settle(_ index: SessionIndex) {
        if !visits.isEmpty, let former = settleVisit(of: index) { move(index, from: former) }
        let outcome = sessions[index].settle(in: &environment)
        if keeper.isOn { keeper.touch(index) }
        if outcome.mayReadOn, readers.last != index { readers.append(index) }
        switch outcome.phase {
        case .connecting, .active, .asleep, .awake:
            if let deadline = outcome.deadline {
                environment.deadlines.schedule(.session(index), noLaterThan: deadline)
            }
        case .disconnected: putAside(index)
        case .over:
            leave(index)
            forget(index)
        }
    }

    /// What was read from the broker before a pause and is still here comes first when there is room again, as nothing
    /// else brings it up.
    mutating func readOn() {
        while let index = readers.popLast() {
            guard sessions.contains(index), let slot = sessions[index].upstream, environment.mayReadOn(slot)
            else { continue }
            readKeptBytes(ofUpstream: slot)
            guard sessions.contains(index) else { continue }
            changing(index) { session, environment in session.deliver(in: &environment) }
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
            environment.pace.leave(slot)
            environment.upstreams.remove(slot)
            sessions[index].broker.giveUpPlace()
        }
        if let route = sessions[index].route, sessions[index].supervision.hasSaidGoodbye {
            remember(route, answers: environment.configuration.link(route.peer.link).retryCount)
        }
        detach(index)
    }

    /// Empties the session's place, unless that has been done; the client is not connected.
    mutating func forget(_ index: SessionIndex) {
        guard sessions.contains(index) else { return }
        if sessions[index].supervision.ignoresRegister {
            environment.noteIgnoredRegister(by: sessions[index].clientID)
        }
        sessions[index].forgetSession(in: &environment)
        noteNumbers(of: index)
        if keeper.isOn { keeper.forget(index, sessions[index].clientID) }
        sessionByClientID[sessions[index].clientID] = nil
        environment.identities.remove(sessions[index].identity)
        environment.forgetPredefinedTopics(of: sessions[index].clientID)
        remembered.remove(index)
        newcomers.remove(index)
        idlers.remove(index)
        sessions.remove(index)
    }

    private mutating func noteNumbers(of index: SessionIndex) {
        let patience = sessions[index].link(in: environment).patience
        let former = sessions[index].downlink.numbers.remainder(at: environment.now, patience: patience)
        if let former { formerNumbers.note(former, of: sessions[index].clientID) }
    }

    /// Takes the way to the session away.
    private mutating func detach(_ index: SessionIndex) {
        endVisit(of: index)
        guard let route = sessions[index].route else { return }
        sessions[index].route = nil
        sessionByRoute[route] = nil
        release(route)
    }
}

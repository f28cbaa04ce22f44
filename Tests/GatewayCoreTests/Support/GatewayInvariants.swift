// What must hold between the core's tables after every event, told as a list of what does not.

import Time

@testable import GatewayCore

extension Gateway {
    /// The names of all pre-defined topics, those that are a client's own too.
    borrowing func predefinedNames() -> Set<[UInt8]> {
        var names: Set<[UInt8]> = []
        func insert(_ clientID: ClientID?) {
            for name in environment.predefinedTopics.names(of: clientID) {
                names.insert(environment.topicNames.name(name))
            }
        }
        insert(nil)
        for index in 0..<sessions.endIndex where sessions.contains(index) { insert(sessions[index].clientID) }
        return names
    }

    /// - Parameters:
    ///   - peers: whom the host still knows.
    ///   - streams: which streams the host still has.
    ///   - limits: the highest limits that there were; nil where they never changed.
    /// - Returns: one line for each invariant that does not hold; of a gateway that has ended and is gone on with,
    ///   only that it wants nothing any more.
    borrowing func brokenInvariants(
        peers: Set<PeerID>, streams: Set<UpstreamID>, limits: Limits? = nil
    ) -> [String] {
        guard !isSuspended else {
            return streams.isEmpty && nextDeadline == nil ? [] : ["a gateway that has ended goes on"]
        }
        var broken: [String] = []
        let limits = limits ?? environment.limits
        func check(_ holds: Bool, _ text: String) { if !holds { broken.append(text) } }
        let view = SessionView(self)
        check(placeCount <= limits.clients, "more sessions than the limit")
        check(newcomers.count <= limits.setUps, "more set-ups than the limit")
        check(sessionByClientID.count == sessions.count, "sessions and ClientIds differ")
        check(sessionByRoute.count == view.routeCount + visits.count, "sessions and routes differ")
        check(visits.allSatisfy { sessions[$0].setUp.place == $1.place }, "somebody is asked where nobody asks him")
        check(remembered.count == view.rememberedCount, "remembered sessions and absent clients differ")
        check(view.overCount == 0, "a session that is over keeps its place")
        let ownCount = environment.lookout == nil ? 1 : 2
        check(environment.upstreams.count == view.upstreamCount + ownCount, "an upstream without owner")
        check(environment.store.messageCount == view.queuedMessageCount, "messages in no queue")
        check(environment.store.byteCount == view.queuedByteCount, "octets in no queue")
        check(environment.topicNames.count == view.names.count, "topic names that nobody needs")
        check(Set(routeCountByPeer.keys) == peers, "the peers of the core and of the host differ")
        let uses = routeCountByPeer.values.reduce(0, +)
        check(uses == view.routeCount + visits.count + departures.count, "routes are counted wrong")
        check(environment.forwarders.count <= uses, "nodes behind forwarders that no route leads to")
        check(Set(openStreamIDs()) == streams, "the streams of the core and of the host differ")
        if let text = environment.topicNames.checkInvariants() { broken.append(text) }
        let waitingLimit = limits.qosMinusOneByteCount
        if let text = environment.waitingPublishes.checkInvariants(limit: waitingLimit) { broken.append(text) }
        let isSharedOpen = environment.isOpen(environment.sharedUpstream)
        let topic = environment.configuration.upstream.statusTopic
        if let text = environment.status.checkInvariants(wanted: topic, isOpen: isSharedOpen) { broken.append(text) }
        check(isInTime(environment.status.search?.deadline), "the end of a search comes late")
        check(environment.identities.count == view.identityCount, "identities of nobody")
        check(environment.identities.brokerClientIDCount == view.namedCount, "two clients with one name at the broker")
        if let violation = environment.closing.checkInvariants() { broken.append(violation) }
        let queued = (0..<environment.upstreams.endIndex).filter {
            environment.upstreams.contains($0) && environment.upstreams[$0].state == .queued
        }
        check(environment.pace.lineCount == queued.count, "the line is not of those that wait for their turn")
        check(environment.pace.isInLine(queued), "a connection waits for its turn and is not in the line")
        let aliases = environment.aliases.checkInvariants {
            environment.upstreams.contains($0) && environment.upstreams[$0].speaksForBroker
        }
        if let aliases { broken.append(aliases) }
        for index in 0..<sessions.endIndex where sessions.contains(index) {
            broken += sessions[index].brokenInvariants(limits, in: environment)
        }
        for slot in 0..<environment.upstreams.endIndex where environment.upstreams.contains(slot) {
            check(isInTime(environment.scheduledDeadline(ofUpstream: slot)), "an upstream's deadline comes late")
        }
        return broken
    }

    /// Whether the core asks to be woken by then.
    private borrowing func isInTime(_ deadline: Instant?) -> Bool {
        guard let deadline else { return true }
        return nextDeadline.map { $0 <= deadline } ?? false
    }

    private borrowing func openStreamIDs() -> [UpstreamID] {
        (0..<environment.upstreams.endIndex).compactMap { slot in
            guard environment.upstreams.contains(slot), environment.upstreams[slot].hasStream else { return nil }
            return environment.upstreams[slot].streamID
        }
    }
}

extension ClientSession {
    /// - Returns: one line for each invariant of this session that does not hold.
    fileprivate func brokenInvariants(_ limits: Limits, in environment: borrowing Environment) -> [String] {
        var broken: [String] = []
        func check(_ holds: Bool, _ text: String) { if !holds { broken.append(text) } }
        broken += [
            setUp.checkInvariants(), wills.checkInvariants(isRestoring: broker.isRestoring), broker.checkInvariants(),
            supervision.checkInvariants(at: environment.now),
        ].compactMap { $0 }
        check(phase != .connecting || setUp.isUnderWay, "a client is being connected and nobody does it")
        check(!setUp.isAwaitingBroker || phase == .connecting, "two sessions of a client want the broker")
        check(!setUp.isUnderWay || phase.isConnected || phase == .connecting, "a set-up of nobody")
        let isThere = phase.isConnected || phase.isSettingUp
        check(isThere || route == nil, "a route without a connection")
        // Only who sleeps since before the gateway began has none.
        check(!isThere || route != nil || phase == .asleep, "a connection without a route")
        check(isThere == (upstream != nil), "an upstream without a client, or the other way round")
        let prefix = upstream.map { environment.topicPrefix(on: $0) } ?? []
        let isOwn = upstream == nil || prefix == environment.identities.topicPrefix(identity)
        check(isOwn, "a connection has another topic prefix than its client")
        check(!state.isListening || downlink.isEmpty || !downlink.isIdle, "messages wait and nothing is open")
        check(state != .asleep || downlink.isIdle, "an exchange is open with an asleep client")
        check(state != .awake || !downlink.isIdle, "a client is awake for nothing")
        check(!downlink.awaitsClient(in: environment.store) || isAsked, "an answer is awaited for ever")
        let isDownlinkAsked = !state.isSettingUp && isAsked
        check(!isDownlinkAsked || downlink.awaitsClient(in: environment.store), "an answer to nothing is awaited")
        check(downlink.aside.count <= limits.undeliverablePerClient, "too much is set aside")
        if let violation = downlink.checkInvariants(in: environment.store) { broken.append(violation) }
        let limit = limits.exchangesPerClient
        check(uplink.openCount + requests.count <= limit + subscriptions.count, "too many exchanges")
        let parts = [
            uplink.checkInvariants(), requests.checkInvariants(),
            kept.checkInvariants(
                uplink, awaitsConnection: broker.isRestoring || phase == .connecting, in: environment.store),
            subscriptions.checkInvariants(), topics.checkInvariants(),
        ]
        broken += parts.compactMap(\.self)
        check(subscriptions.count <= limits.subscriptionsPerClient, "too many subscriptions")
        check(topics.count <= limits.topicsPerClient + 1, "too many topics")
        if let upstream, environment.upstreams[upstream].isPaused {
            check(!downlink.isEmpty, "a stream is paused and nothing waits")
        }
        if let deadline = nextDeadline(in: environment) {
            check(environment.deadlines.next.map { $0 <= deadline } ?? false, "a session's deadline comes late")
        }
        return broken
    }
}

/// What all sessions of a gateway hold together.
private struct SessionView {
    var routeCount = 0
    var rememberedCount = 0
    var overCount = 0
    var upstreamCount = 0
    var queuedMessageCount = 0
    var queuedByteCount = 0
    /// Sessions with an identity of their own, and those whose identifier at the broker a rule has made.
    var identityCount = 0
    var namedCount = 0
    var names: Set<[UInt8]>

    init(_ gateway: borrowing Gateway) {
        names = gateway.predefinedNames()
        for index in 0..<gateway.sessions.endIndex where gateway.sessions.contains(index) {
            add(gateway.sessions[index], gateway.environment)
        }
        add(gateway.environment.remnants, gateway.environment)
    }

    private mutating func add(_ remnants: Remnants, _ environment: borrowing Environment) {
        queuedByteCount += remnants.byteCount
        for index in remnants.messages(in: environment.store) {
            queuedMessageCount += 1
            names.insert(environment.topicNames.name(environment.store[index].topicName))
        }
    }

    private mutating func add(_ session: ClientSession, _ environment: borrowing Environment) {
        if session.route != nil { routeCount += 1 }
        if !session.identity.isNone { identityCount += 1 }
        if environment.identities[session.identity].brokerClientID != nil { namedCount += 1 }
        if session.upstream != nil { upstreamCount += 1 }
        if session.state == .disconnected { rememberedCount += 1 }
        if session.state == .over { overCount += 1 }
        for filter in session.subscriptions.filters + session.requests.filters {
            names.insert(environment.topicNames.name(filter))
        }
        for entry in session.topics.all { names.insert(environment.topicNames.name(entry.name)) }
        queuedByteCount += session.downlink.waiting.byteCount + session.downlink.aside.byteCount
        for index in session.kept.indices() {
            queuedByteCount += environment.store[index].byteCount
        }
        for index in session.downlink.messages(in: environment.store) + session.kept.indices() {
            queuedMessageCount += 1
            names.insert(environment.topicNames.name(environment.store[index].topicName))
        }
    }
}

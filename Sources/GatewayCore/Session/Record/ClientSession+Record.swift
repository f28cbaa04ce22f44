import Time

// A session taken down for another life of the gateway, and taken up again.

extension ClientSession {
    /// What would be left of the session if the process ended now; nil where that is nothing.
    func record(at now: Instant, in environment: borrowing Environment) -> SessionRecord? {
        guard let phase = phaseAfterLoss else { return nil }
        // The end of the process is one of the connection. It is played on copies.
        var (uplink, subscriptions, wills) = (uplink, subscriptions, wills.record)
        uplink.brokerConnectionEnded()
        if broker.isClean { _ = uplink.brokerHasForgotten() }
        let isInDoubt = isBrokerDeciding(in: environment)
        if isInDoubt { subscriptions.doubtAll() }
        if !phase.isConnected { wills.takeBackUpdate() }
        let isBehindForwarder = phase.isConnected && (route?.node ?? 0) != 0
        return SessionRecord(
            clientID: clientID.bytes, nodeID: isBehindForwarder ? nodeID(in: environment) : nil, phase: phase,
            request: request, isCleanAtBroker: broker.isClean, wills: wills, supervision: supervisionAfterLoss(at: now),
            topics: topics.record(at: now, in: environment.topicNames),
            subscriptions: subscriptions.record(at: now, in: environment.topicNames), uplink: uplink.record(at: now),
            downlink: downlink.record(at: now, isInDoubt: isInDoubt, in: environment.store, environment.topicNames),
            tokens: tokens, identity: environment.identities.record(of: identity),
            rulesDigest: environment.identities.rulesDigest,
            home: broker.home == BrokerSide.nowhere ? 0 : broker.home)
    }

    /// Where the client is without a connection to the broker, before there is another; nil where the session is over.
    /// A client that is being connected, or is leaving, has at most what it may come back to, and one whose message
    /// would be lost with the connection cannot go on (AMB-30).
    private var phaseAfterLoss: SessionRecord.Phase? {
        let mayComeBack: SessionRecord.Phase? = request.isClean ? nil : .disconnected
        let isOver = canLoseMessage || isLeaving
        switch phase {
        case .active: return isOver ? mayComeBack : .active
        case .asleep: return isOver ? mayComeBack : .asleep
        case .awake: return isOver ? mayComeBack : .awake
        case .connecting: return mayComeBack.map { phaseBeforeSetUp ?? $0 }
        case .disconnected: return mayComeBack
        case .over: return nil
        }
    }

    /// Where the client is in the session that it had before its CONNECT; nil where it had none. It may have gone to
    /// sleep since, and been told that it does.
    private var phaseBeforeSetUp: SessionRecord.Phase? {
        guard let former = setUp.formerPhase else { return nil }
        return setUp.sleepSeconds > 0 ? .asleep : SessionRecord.Phase(former)
    }

    private func supervisionAfterLoss(at now: Instant) -> ClientSupervision.Record {
        var record = supervision.record(at: now)
        if phase == .connecting, setUp.sleepSeconds > 0 { record.sleepSeconds = setUp.sleepSeconds }
        return record
    }

    /// Whether a CONNECT is on its way that may begin a new session at the broker.
    private func isBrokerDeciding(in environment: borrowing Environment) -> Bool {
        upstream.map { environment.upstreams[$0].state == .connecting } ?? false
    }

    private func nodeID(in environment: borrowing Environment) -> [UInt8]? {
        route.map { environment.forwarders.nodeID($0.node) }
    }

    /// The session of a record without fault, which has no way to its client and none to the broker yet.
    init(_ record: SessionRecord, in environment: inout Environment) {
        let now = environment.now
        self.init(
            clientID: ClientID(bytes: record.clientID),
            downlink: Downlink(record.downlink, at: now, in: &environment.store, &environment.topicNames))
        phase = SessionPhase(record.phase)
        request = record.request
        broker = BrokerSide(isClean: record.isCleanAtBroker, home: record.home)
        wills = WillKeeper(record.wills)
        supervision = ClientSupervision(record.supervision, at: now)
        topics = TopicRegistry(record.topics, at: now, in: &environment.topicNames)
        subscriptions = Subscriptions(record.subscriptions, at: now, in: &environment.topicNames)
        uplink = Uplink(record.uplink, at: now)
        tokens = record.tokens
    }

    /// Leaves the broker, where the session goes on in another life of the gateway, and changes nothing else.
    mutating func suspend(in environment: inout Environment) {
        guard phaseAfterLoss?.isConnected == true else { return dismiss(in: &environment) }
        if let upstream { environment.suspendStream(ofUpstream: upstream) }
    }

    /// Goes on in this life of the gateway: the broker connection is made anew as after a loss, and what the client has
    /// not answered is said again when the gateway is next woken, which it asks for at once.
    mutating func goOnFromRecord(in environment: inout Environment) {
        // Who keeps every Will to itself has nobody to tell.
        if environment.configuration.willUpdate == .gateway { _ = wills.finishUpdate() }
        broker.isReplaced(at: environment.now)
        if let upstream { environment.scheduleReconnect(ofUpstream: upstream) }
        guard phase == .awake || phase == .active && !downlink.isEmpty else { return }
        downlink.beginPause()
        clock.wait(until: environment.now)
    }
}

extension SessionRecord.Phase {
    /// Of a client that is connected.
    fileprivate init(_ phase: SessionPhase) {
        switch phase {
        case .active: self = .active
        case .asleep: self = .asleep
        case .awake: self = .awake
        case .connecting, .disconnected, .over: self = .disconnected
        }
    }
}

extension SessionPhase {
    fileprivate init(_ phase: SessionRecord.Phase) {
        switch phase {
        case .active: self = .active
        case .asleep: self = .asleep
        case .awake: self = .awake
        case .disconnected: self = .disconnected
        }
    }
}

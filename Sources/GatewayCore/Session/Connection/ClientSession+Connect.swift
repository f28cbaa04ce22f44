import Bytes
import MQTTSN
import Time

// Connection set-up (MQTT-SN 1.2 §6.2, §6.3): from an accepted CONNECT to the CONNACK.

extension ClientSession {
    /// What a CONNECT of the session's client means for it.
    enum ConnectMeaning {
        /// The one being carried out or just answered, sent again because the answer was lost (AMB-01).
        case repetition
        /// It only ends a sleep; the connection goes on as it is (AMB-02).
        case resumption
        /// A new connection begins.
        case beginning
    }

    /// Changes nothing; it is asked in place, as a session is large.
    mutating func meaning(
        of connect: Connect, from route: Route, in environment: borrowing Environment
    ) -> ConnectMeaning {
        if isRepeated(connect, from: route, in: environment) { return .repetition }
        return canResume(connect) ? .resumption : .beginning
    }

    /// Whether `connect` from `route` is the one being carried out or just answered.
    private func isRepeated(_ connect: Connect, from route: Route, in environment: borrowing Environment) -> Bool {
        guard (setUp.place ?? self.route) == route else { return false }
        let request = ConnectRequest(connect)
        guard !setUp.isUnderWay else { return setUp.isRepeated(by: request) }
        return phase == .active && !request.wantsWill && hasNow(request)
            && environment.now.since(supervision.connectedSince) < link(in: environment).patience
    }

    /// Whether the client would have nothing else by `request` than it has: it was granted the same, and has not begun
    /// to use it.
    private func hasNow(_ request: ConnectRequest) -> Bool {
        self.request.asksForTheSame(as: request) && !self.request.hasSpoken
    }

    /// Says again what was said last to the client that repeats its CONNECT (GW-79).
    mutating func repeatConnectReply(in environment: inout Environment) {
        supervision.heard(at: environment.now)  // GW-61
        if setUp.sleepSeconds > 0 { supervision.fellAsleep(for: setUp.sleepSeconds, at: environment.now) }
        setUp.clientWokeUp()
        if let prompt = setUp.prompt {
            sendInSetUp(prompt, in: &environment)
        } else if phase == .active, !setUp.isUnderWay {
            // The client was deaf until now: what it has not answered says nothing of what it takes.
            topics.forgetStandings()
            tryAllUndeliverable(in: &environment)
            send(.connectAcknowledgement(.accepted), in: &environment)
            deliver(in: &environment)
        }
    }

    /// Starts a new connection for the client; the one that it has goes on until the client has said everything, at
    /// `place` if that is not where it is connected.
    mutating func begin(_ connect: Connect, at place: Route?, in environment: inout Environment) {
        let request = ConnectRequest(connect)
        supervision.heard(at: environment.now)
        if !phase.isConnected {
            leaveBroker(politely: true, in: &environment)
            phase = .connecting
        }
        stopAsking()
        setUp.begin(request, at: place)
        goOnSettingUp(in: &environment)
    }

    /// Whether a CONNECT only ends the sleep of a client whose connection goes on as it is. What counts is that the
    /// session lives, not how it was begun. A broker that would forget a QoS 2 message of the client with the
    /// connection is not left either.
    private func canResume(_ connect: Connect) -> Bool {
        guard !broker.isRestoring, !connect.flags.cleanSession, !connect.flags.will else { return false }
        return phase.isSleeping || phase == .active && !request.isClean && canLoseMessage
    }

    /// The sleeper is active again (GW-75); what waits for it is delivered.
    mutating func resume(_ connect: Connect, in environment: inout Environment) {
        setUp.end()
        request = ConnectRequest(connect)
        supervision.connected(at: environment.now)
        stopAsking()
        // The client may have forgotten its ids with the rest of its memory.
        topics.forgetStandings()
        tryAllUndeliverable(in: &environment)
        uplink.clientReconnected()
        phase = .active
        send(.connectAcknowledgement(.accepted), in: &environment)
        observe(.clientResumed, in: &environment)
        deliver(in: &environment)
        keepSessionAtBroker(in: &environment)
    }

    /// GW-24: nothing of an earlier session survives CleanSession = 1.
    mutating func forgetSession(in environment: inout Environment) {
        uplink.removeAll()
        discardKept(in: &environment)
        requests.removeAll(in: &environment.topicNames)
        topics.removeAll(in: &environment.topicNames)
        subscriptions.removeAll(in: &environment.topicNames)
        wills.replace(with: nil)
        let missed = downlink.takeMissed()
        let messages = downlink.forgetSession(in: &environment.store)
        environment.remove(messages, of: clientID, peer: route?.peer, missed: missed)
    }

    /// Everything the client has to say is known: the broker's answer decides the CONNACK (GW-16). Where the session
    /// goes on and the broker would forget with its connection which QoS 2 message it has, that is finished first.
    mutating func askBroker(in environment: inout Environment) {
        guard let asked = setUp.request else { return }
        if let place = setUp.takePlace() { route = place }
        guard !hasAlreadyWhatItAsks(in: environment) else { return acceptSetUpAgain(in: &environment) }
        if phase.isSleeping, !asked.isClean { setUp.noteSleep() }
        guard phase.isConnected, canLoseMessage, !broker.isRestoring, !beginsNewSession else {
            return connectToBroker(in: &environment)
        }
        setUp.awaitRest(until: environment.now + link(in: environment).patience)
        releaseHeld(in: &environment)
    }

    /// What was to be finished is, or will not be in time.
    mutating func restIsOver(in environment: inout Environment) {
        setUp.restIsOver()
        connectToBroker(in: &environment)
    }

    /// The connection of the session before is left, politely, as its client lives.
    private mutating func connectToBroker(in environment: inout Environment) {
        guard let upstream else { return }
        if phase.isConnected, !beginsNewSession { setUp.leaves(phase) }
        leaveBroker(politely: true, in: &environment)
        phase = .connecting
        broker.beginsAnew()
        stopAsking()
        environment.openStream(ofUpstream: upstream, inNameOf: clientID, as: identity)
    }

    /// Whether the set-up has brought nothing but what the session has: nothing was said in it yet, so that a client
    /// which missed the CONNACK, or has forgotten it, misses nothing else.
    private func hasAlreadyWhatItAsks(in environment: borrowing Environment) -> Bool {
        guard phase == .active, !broker.isRestoring, let asked = setUp.request, hasNow(asked) else { return false }
        return setUp.willWish == .replace(wills.current)
    }

    private mutating func acceptSetUpAgain(in environment: inout Environment) {
        setUp.end()
        topics.forgetStandings()
        supervision.connected(at: environment.now)
        send(.connectAcknowledgement(.accepted), in: &environment)
        deliver(in: &environment)
    }

    /// Whether nothing has come of the session but that it was begun, so that its client loses nothing by its end.
    var hasOnlyConnected: Bool {
        phase == .active && !request.hasSpoken && topics.count == 0 && subscriptions.count == 0 && uplink.count == 0
            && downlink.isEmpty && !setUp.isUnderWay
    }

    /// The set-up is given up, as nothing has come of it.
    mutating func abandonSetUp(in environment: inout Environment) {
        observe(.clientSetUpAbandoned, in: &environment)
        giveUpSetUp(in: &environment)
    }

    /// The client has said CONNECT again and was refused.
    mutating func connectRefused(in environment: inout Environment) {
        supervision.heard(at: environment.now)
        if setUp.isUnderWay { giveUpSetUp(in: &environment) }
    }

    /// The set-up has come to nothing. What has waited for its end goes on, if there is a session besides.
    mutating func giveUpSetUp(in environment: inout Environment) {
        setUp.end()
        guard phase != .connecting else { return end(in: &environment) }
        // What it repeats of that is not answered as if it were of the session that it has.
        request.clientSpoke()
        deliver(in: &environment)
        keepSessionAtBroker(in: &environment)
    }

    /// Whether the set-up begins a session in which nothing is left of the one before. A clean session ends with its
    /// connection (AMB-03), also where another CONNECT is what ends it.
    private var beginsNewSession: Bool {
        setUp.request?.isClean == true || request.isClean && !setUp.endsSleep
    }

    /// The stream to the broker is open: says who the client is.
    mutating func introduce(in environment: inout Environment) {
        guard let upstream else { return }
        let isClean = setUp.isAwaitingBroker ? setUp.request?.isClean == true : request.isClean
        let will = environment.configuration.willUpdate == .reconnect ? willForBroker() : nil
        let introduction =
            identity.isNone
            ? BrokerIntroduction.ofUsual(clientID, environment.configuration.upstream)
            : BrokerIntroduction.of(clientID, environment.identities[identity], environment.configuration.upstream)
        environment.sendConnect(as: introduction, cleanSession: isClean, will: will, on: upstream)
    }

    /// What the CONNECT that is now sent says of the Will.
    private mutating func willForBroker() -> StoredWill? {
        guard setUp.isAwaitingBroker else {
            wills.brokerIsTold()
            return wills.complete
        }
        switch setUp.willWish {
        case .keep: return beginsNewSession ? nil : wills.complete
        case .replace(let will): return will
        }
    }

    /// The broker has accepted the connection, for the first time or again after a loss.
    mutating func brokerAccepted(sessionPresent: Bool, in environment: inout Environment) {
        let completesSetUp = setUp.isAwaitingBroker
        let sleepSeconds = setUp.sleepSeconds
        let isNew = completesSetUp && beginsNewSession
        if completesSetUp { adoptSetUp(in: &environment) }
        if isNew, sessionPresent { uplink.brokerHasInherited() }
        let place = upstream.map { environment.upstreams[$0].broker } ?? 0
        let isElsewhere = broker.isElsewhere(place)
        let isRestored = broker.accepted(
            isClean: request.isClean || !environment.brokerLimits(on: upstream).keepsSessions, by: place)
        let isWhole =
            sessionPresent && !isElsewhere
            ? brokerHasRemembered(in: &environment) : brokerHasForgotten(in: &environment)
        if isElsewhere, sessionPresent { uplink.brokerHasInherited() }
        if isRestored {
            if isWhole, !wills.isUpdating { observe(.upstreamRestored, in: &environment) }
        } else if completesSetUp {
            if sleepSeconds > 0 {
                fallAsleep(for: sleepSeconds, in: &environment)
            } else {
                send(.connectAcknowledgement(.accepted), in: &environment)
            }
            observe(sessionPresent ? .clientResumed : .clientConnected, in: &environment)
            if sleepSeconds > 0 { observe(.clientFellAsleep(seconds: sleepSeconds), in: &environment) }
        }
        sendKeptAtMostOnce(in: &environment)
        guard isWhole else { return dismiss(in: &environment) }
        willReachedBroker(in: &environment)
        deliver(in: &environment)
    }

    /// From now on the session is what the set-up asked for (GW-24, GW-25).
    private mutating func adoptSetUp(in environment: inout Environment) {
        guard let asked = setUp.request else { return }
        let willWish = setUp.willWish
        downlink.clientReturned()
        if beginsNewSession {
            forgetSession(in: &environment)
        } else {
            topics.forgetStandings()
            uplink.clientReconnected()
        }
        tryAllUndeliverable(in: &environment)
        if case .replace(let will) = willWish { wills.replace(with: will) }
        setUp.end()
        request = asked
        phase = .active
        supervision.connected(at: environment.now)
    }

    /// The broker has refused the connection, or could not be reached. A refusal that only says "later" is tried again
    /// where the client is connected; any other one is final for it.
    ///
    /// - Returns: whether it is tried again.
    mutating func brokerRefused(_ refusal: BrokerRefusal, in environment: inout Environment) -> Bool {
        if broker.isRestoring {
            if refusal.isFinal { dismiss(.notSupported, in: &environment) }
            return !refusal.isFinal
        }
        if setUp.isAwaitingBroker {
            refuseConnection(Self.returnCode(for: refusal), because: .broker(code: refusal.code), in: &environment)
        }
        return false
    }

    /// Ends the set-up with a CONNACK that says why. A session that it has not touched yet is left alone.
    mutating func refuseConnection(
        _ code: ReturnCode, because refusal: ClientRefusal, in environment: inout Environment
    ) {
        sendInSetUp(.connectAcknowledgement(code), in: &environment)
        observe(.clientRefused(code, because: refusal), in: &environment)
        giveUpSetUp(in: &environment)
    }

    /// To where the client says what it wants, though its session may be elsewhere.
    func sendInSetUp(_ message: Message, in environment: inout Environment) {
        guard let route = setUp.place ?? route else { return }
        environment.send(message, to: route)
    }

    /// MQTT-SN has three refusals: what can be tried again later is congestion, the rest is not supported (AMB-17).
    private static func returnCode(for refusal: BrokerRefusal) -> ReturnCode {
        refusal.isFinal ? .notSupported : .congestion
    }
}

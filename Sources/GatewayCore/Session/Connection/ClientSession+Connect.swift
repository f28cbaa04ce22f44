import Bytes
import MQTTSN
import Time

// Connection set-up (MQTT-SN 1.2 §6.2, §6.3): from an accepted CONNECT to the CONNACK.

extension ClientSession {
    /// Whether `connect` from `route` is the one being carried out or just answered, sent again because the answer was
    /// lost (AMB-01).
    func isRepeated(_ connect: Connect, from route: Route, in environment: borrowing Environment) -> Bool {
        guard self.route == route, connect.flags.cleanSession == cleanSession, connect.flags.will == wantsWill,
            connect.duration == keepAliveSeconds
        else { return false }
        if state.isSettingUp { return true }
        let patience = link(in: environment).patience
        return state == .active && !hasSpoken && environment.now.since(waitingSince) < patience
    }

    /// Says again what was said last to the client that repeats its CONNECT (GW-79).
    mutating func repeatConnectReply(in environment: inout Environment) {
        lastHeard = environment.now  // GW-61
        switch state {
        case .awaitingWillTopic: send(.willTopicRequest, in: &environment)
        case .awaitingWillMessage: send(.willMessageRequest, in: &environment)
        case .active: send(.connectAcknowledgement(.accepted), in: &environment)
        case .awaitingBroker, .asleep, .awake, .disconnected, .over: break
        }
    }

    /// Starts a new connection for the client; what the last one had open is given up first.
    mutating func begin(_ connect: Connect, in environment: inout Environment) {
        leaveBroker(politely: true, in: &environment)
        // A clean session ends with its connection (AMB-03), also where another CONNECT is what ends it.
        let isNew = cleanSession || connect.flags.cleanSession
        cleanSession = connect.flags.cleanSession
        wantsWill = connect.flags.will
        keepAliveSeconds = connect.duration
        hasSpoken = false
        hasSaidGoodbye = false
        isRestoring = false
        lostSince = nil
        promptedWill = nil
        sleepSeconds = 0
        lastHeard = environment.now
        waitingSince = environment.now
        open = OpenExchange()
        if isNew {
            forgetSession(in: &environment)
        } else {
            topics.forgetStandings()
            uplink.clientReconnected()
        }
        if wantsWill {
            state = .awaitingWillTopic
            sendWillPrompt(.willTopicRequest, in: &environment)
        } else {
            connectToBroker(in: &environment)
        }
    }

    /// Whether a CONNECT only ends the sleep of a client whose connection goes on as it is (AMB-02).
    func canResume(_ connect: Connect) -> Bool {
        (state == .asleep || state == .awake) && !isRestoring && !cleanSession && !connect.flags.cleanSession
            && !connect.flags.will
    }

    /// The sleeper is active again (GW-75); what waits for it is delivered.
    mutating func resume(_ connect: Connect, in environment: inout Environment) {
        wantsWill = false
        keepAliveSeconds = connect.duration
        hasSpoken = false
        lastHeard = environment.now
        waitingSince = environment.now
        open = OpenExchange()
        // The client may have forgotten its ids with the rest of its memory.
        topics.forgetStandings()
        uplink.clientReconnected()
        state = .active
        send(.connectAcknowledgement(.accepted), in: &environment)
        observe(.clientResumed, in: &environment)
        deliver(in: &environment)
    }

    /// GW-24: nothing of an earlier session survives CleanSession = 1.
    mutating func forgetSession(in environment: inout Environment) {
        wasAccepted = false
        uplink.removeAll()
        requests.removeAll(in: &environment.topicNames)
        topics.removeAll(in: &environment.topicNames)
        subscriptions.removeAll(in: &environment.topicNames)
        isBrokersMemoryInDoubt = false
        messageIDHalf = 0
        hasUsedMessageIDHalf = false
        will = nil
        noteMissed(queue.removeAll(in: &environment.store, names: &environment.topicNames), in: &environment)
        leftToBrokerCount = 0
        discardedTokens = []
    }

    /// Everything the client has to say is known: the broker's answer decides the CONNACK (GW-16).
    mutating func connectToBroker(in environment: inout Environment) {
        state = .awaitingBroker
        waitingSince = environment.now
        open = OpenExchange()
        upstream.map { environment.openStream(ofUpstream: $0) }
    }

    /// The broker has accepted the connection, for the first time or again after a loss.
    mutating func brokerAccepted(sessionPresent: Bool, in environment: inout Environment) {
        wasAccepted = true
        let isWhole =
            sessionPresent ? brokerHasRemembered(in: &environment) : brokerHasForgotten(in: &environment)
        if isRestoring {
            isRestoring = false
            if isWhole, owedWillResponses.isEmpty { observe(.upstreamRestored, in: &environment) }
        } else if state == .awaitingBroker {
            state = .active
            lastHeard = environment.now
            waitingSince = environment.now
            send(.connectAcknowledgement(.accepted), in: &environment)
            observe(sessionPresent ? .clientResumed : .clientConnected, in: &environment)
        }
        guard isWhole else { return dismiss(in: &environment) }
        willReachedBroker(in: &environment)
        deliver(in: &environment)
    }

    /// The stream to the broker is open: says who the client is.
    mutating func introduce(in environment: inout Environment) {
        guard let upstream else { return }
        brokersWill = willForBroker(in: environment)
        environment.sendConnect(
            clientID: environment.configuration.upstream.clientIDPrefix + clientID.bytes, cleanSession: cleanSession,
            will: brokersWill, on: upstream)
    }

    /// The broker has refused the connection, or could not be reached. A refusal that only says "later" is tried again
    /// where the client is connected; any other one is final for it.
    ///
    /// - Returns: whether it is tried again.
    mutating func brokerRefused(_ refusal: BrokerRefusal, in environment: inout Environment) -> Bool {
        if isRestoring {
            if refusal == .final { dismiss(.notSupported, in: &environment) }
            return refusal == .later
        }
        if state == .awaitingBroker { refuseConnection(Self.returnCode(for: refusal), in: &environment) }
        return false
    }

    /// Ends the set-up with a CONNACK that says why.
    mutating func refuseConnection(_ code: ReturnCode, in environment: inout Environment) {
        send(.connectAcknowledgement(code), in: &environment)
        observe(.clientRefused, detail: Int(code.rawValue), in: &environment)
        end(in: &environment)
    }

    /// MQTT-SN has three refusals: what can be tried again later is congestion, the rest is not supported (AMB-17).
    private static func returnCode(for refusal: BrokerRefusal) -> ReturnCode {
        refusal == .later ? .congestion : .notSupported
    }
}

import MQTTSN
import Time

// What a session does when time passes (MQTT-SN 1.2 §6.13, §7.2), and how a connection ends.

extension ClientSession {
    /// When the session must be looked at next; nil when only an event can change it.
    func nextDeadline(in environment: borrowing Environment) -> Instant? {
        var next = open.retryAt
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            next = next.map { min($0, instant) } ?? instant
        }
        consider(silenceDeadline(in: environment))
        consider(restoreDeadline(in: environment))
        return next
    }

    /// When a silent client is given up: by its keep-alive while active, by its Duration while asleep (GW-62, GW-70).
    private func silenceDeadline(in environment: borrowing Environment) -> Instant? {
        let seconds: UInt16
        switch state {
        case .active: seconds = keepAliveSeconds
        case .asleep: seconds = sleepSeconds
        case .awake, .awaitingWillTopic, .awaitingWillMessage, .awaitingBroker, .disconnected, .over: return nil
        }
        return environment.configuration.supervision.allowance(forSeconds: seconds).map { lastHeard + $0 }
    }

    /// When a lost broker connection has been lost for too long; a sleeping client can wait longer (GW-86).
    private func restoreDeadline(in environment: borrowing Environment) -> Instant? {
        guard isRestoring, let lostSince else { return nil }
        let configuration = environment.configuration
        let patience =
            state == .active ? configuration.upstream.restoreTimeout : configuration.sleep.restoreTimeout
        return lostSince + patience
    }

    mutating func deadlineReached(in environment: inout Environment) {
        if let deadline = silenceDeadline(in: environment), deadline <= environment.now {
            lose(in: &environment)
            return
        }
        if let deadline = restoreDeadline(in: environment), deadline <= environment.now {
            dismiss(in: &environment)
            return
        }
        if let retryAt = open.retryAt, retryAt <= environment.now { retry(in: &environment) }
    }

    // MARK: Repetition towards the client (GW-78)

    private mutating func retry(in environment: inout Environment) {
        guard open.awaitsClient else { return sendOpen(in: &environment) }
        guard Int(open.attempts) <= link(in: environment).retryCount else {
            giveUp(in: &environment)
            return
        }
        open.retryAt = environment.now + retryInterval(in: environment)
        open.attempts += 1
        sendOpen(in: &environment)
    }

    /// The client has said that it is there: what is open is sent again, and Nretry counts anew.
    mutating func repeatOpen(in environment: inout Environment) {
        openExchange(open.kind, isRepetition: true, in: &environment)
        sendOpen(in: &environment)
    }

    /// Sends again what is open, under its message id.
    private mutating func sendOpen(in environment: inout Environment) {
        switch open.kind {
        case .none: open.retryAt = nil
        case .willPrompt: repeatConnectReply(in: &environment)
        case .register(let topicID, let messageID): repeatRegister(topicID, messageID, in: &environment)
        case .publish: repeatPublish(in: &environment)
        case .release: send(.publishRelease(environment.store[queue.first].messageID), in: &environment)
        case .pause:
            open = OpenExchange()
            deliver(in: &environment)
        case .brokerRelease:
            let patience = link(in: environment).patience
            if let releaseBlockedSince, environment.now.since(releaseBlockedSince) >= patience {
                dismiss(in: &environment)  // more waits before the broker's PUBREL than there is room for
            } else if state == .awake {
                finishWakeUp(in: &environment)  // the rest waits for the next wake-up
            } else {
                open.retryAt = nil
            }
        }
    }

    /// The client has not answered in time.
    private mutating func giveUp(in environment: inout Environment) {
        switch state {
        case .awaitingWillTopic, .awaitingWillMessage, .awaitingBroker:
            observe(.clientSetUpAbandoned, in: &environment)
            end(in: &environment)
        case .active: lose(in: &environment)
        // The client gives up about now too and sleeps its whole Duration from here.
        case .awake: fallAsleep(in: &environment)
        case .asleep, .disconnected, .over: open = OpenExchange()
        }
    }

    // MARK: Ends

    /// The client is silent for good: the broker publishes the Will, because the connection ends without DISCONNECT.
    mutating func lose(in environment: inout Environment) {
        observe(.clientLost, in: &environment)
        publishHeldWill(in: &environment)
        leaveBroker(politely: false, in: &environment)
        finish()
    }

    /// The gateway cannot keep its promise to the client and says so (GW-86); a Will update that waits for the broker
    /// is answered with `code`.
    mutating func dismiss(_ code: ReturnCode = .congestion, in environment: inout Environment) {
        observe(.clientDismissed, in: &environment)
        if state.isListening {
            answerOwedWillUpdates(code, in: &environment)
            send(.disconnect(duration: nil), in: &environment)
        }
        end(in: &environment)
    }

    /// The connection ends in good order.
    mutating func end(in environment: inout Environment) {
        leaveBroker(politely: true, in: &environment)
        finish()
    }

    /// What remains is remembered only where CleanSession was 0 (AMB-03) and there is something to remember.
    private mutating func finish() {
        state = cleanSession || !wasAccepted ? .over : .disconnected
        isRestoring = false
        open = OpenExchange()
    }

    mutating func leaveBroker(politely: Bool, in environment: inout Environment) {
        interruptRequests(in: &environment)
        isRestoring = false
        releaseBlockedSince = nil
        owedWillResponses = []
        guard let upstream else { return }
        noteLostAnswer(environment.upstreams[upstream].state)
        environment.closeStream(ofUpstream: upstream, politely: politely)
    }

}

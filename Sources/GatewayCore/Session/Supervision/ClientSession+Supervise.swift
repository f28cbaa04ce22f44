import MQTTSN
import Time

// What a session does when time passes (MQTT-SN 1.2 §6.13, §7.2), and how a connection ends.

extension ClientSession {
    /// When the session must be looked at next; nil when only an event can change it.
    @inline(__always)
    func nextDeadline(in environment: borrowing Environment) -> Instant? {
        var next = ringsAt
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            next = next.map { min($0, instant) } ?? instant
        }
        consider(setUpRingsAt)
        consider(silenceDeadline(in: environment))
        consider(overdueDeadline)
        consider(restoreDeadline(in: environment))
        if let attempt = downlink.nextAttempt, state.isListening { consider(attempt) }
        return next
    }

    /// When something is due of what is open towards the client; what it would be asked waits for its link.
    @inline(__always)
    private var ringsAt: Instant? { supervision.isCutOff && isAsked ? nil : clock.ringsAt }

    /// The same of its set-up.
    @inline(__always)
    private var setUpRingsAt: Instant? {
        guard setUp.isUnderWay else { return nil }
        return supervision.isCutOff && setUp.prompt != nil ? nil : setUp.clock.ringsAt
    }

    /// When a silent client is given up; never while it is being set up anew, as that has an end of its own.
    @inline(__always)
    private func silenceDeadline(in environment: borrowing Environment) -> Instant? {
        guard !setUp.isUnderWay else { return nil }
        if isLeaving { return supervision.lastHeard + link(in: environment).patience }
        return supervision.silenceDeadline(
            phase, keepAliveSeconds: request.keepAliveSeconds, environment.configuration.supervision)
    }

    /// When it is to be said that a sleeper is overdue.
    @inline(__always)
    private var overdueDeadline: Instant? { setUp.isUnderWay ? nil : supervision.overdueDeadline(phase) }

    /// When a lost broker connection has been lost for too long; a sleeping client can wait longer (GW-86).
    @inline(__always)
    private func restoreDeadline(in environment: borrowing Environment) -> Instant? {
        let configuration = environment.configuration
        let patience =
            phase == .active ? configuration.upstream.restoreTimeout : configuration.sleep.restoreTimeout
        return broker.deadline(patience)
    }

    mutating func deadlineReached(in environment: inout Environment) {
        if let deadline = silenceDeadline(in: environment), deadline <= environment.now {
            lose(in: &environment)
            return
        }
        if let due = overdueDeadline, due <= environment.now {
            supervision.toldOverdue()
            observe(.clientOverdue, in: &environment)
        }
        if let deadline = restoreDeadline(in: environment), deadline <= environment.now {
            dismiss(in: &environment)
            return
        }
        if let rings = setUpRingsAt, rings <= environment.now {
            if setUp.isAwaitingRest { restIsOver(in: &environment) } else { repeatPrompt(in: &environment) }
        }
        if let rings = ringsAt, rings <= environment.now { clockRang(in: &environment) }
        if let due = downlink.passesOnAt, due <= environment.now { letPass(in: &environment) }
        if state.isListening {
            tryUndeliverableInTime(in: &environment)
            deliver(in: &environment)
        }
    }

    // MARK: Repetition towards the client (GW-78)

    private mutating func clockRang(in environment: inout Environment) {
        guard clock.attempts > 0 else { return waitIsOver(in: &environment) }
        guard Int(clock.attempts) <= link(in: environment).retryCount else {
            giveUp(in: &environment)
            return
        }
        clock.startAgain(at: environment.now, interval: retryInterval(after: clock.attempts, in: environment))
        sayAgain(in: &environment)
        letPass(in: &environment)
    }

    /// Nobody was asked anything.
    private mutating func waitIsOver(in environment: inout Environment) {
        if downlink.awaitsBroker(in: environment.store) { return releaseOverdue(in: &environment) }
        stopAsking()
        deliver(in: &environment)
    }

    /// The client has said that it is there: what is open is sent again, and Nretry counts anew.
    mutating func repeatOpen(in environment: inout Environment) {
        awaitAnswer(isRepetition: true, in: environment)
        sayAgain(in: &environment)
    }

    /// Sends again what the client has not answered, under its message id.
    private mutating func sayAgain(in environment: inout Environment) {
        if let (topicID, messageID) = downlink.registration {
            return repeatRegister(topicID, messageID, in: &environment)
        }
        switch downlink.stateUnderWay(in: environment.store) {
        case .sent: repeatPublish(in: &environment)
        case .released(let messageID):
            noteSentAgain(in: &environment)
            send(.publishRelease(messageID), in: &environment)
        case .waiting, .announced, .received, nil: clock.stop()
        }
    }

    /// The client has not answered in time. Whoever was heard meanwhile is there, and is not lost for one answer that
    /// it does not give.
    private mutating func giveUp(in environment: inout Environment) {
        guard phase.isListening else { return stopAsking() }
        if phase == .awake {
            endFruitlessWakeUp(in: &environment)
        } else if clock.hasHeard(lastHeard: supervision.lastHeard) || isExcused(in: environment) {
            passOver(in: &environment)
        } else if downlink.registration != nil {
            giveUpRegister(in: &environment)
        } else {
            lose(in: &environment)
        }
    }

    /// Whether the client's link, or the gateway itself, came back less than one keep-alive time ago: it may not have
    /// found out yet.
    private func isExcused(in environment: borrowing Environment) -> Bool {
        guard let route else { return false }
        var returnedAt = environment.linkState(route.peer.link).returnedAt
        if let restoredAt = environment.restoredAt, supervision.connectedSince <= restoredAt {
            returnedAt = max(returnedAt ?? restoredAt, restoredAt)
        }
        guard let returnedAt else { return false }
        let keepAlive = environment.configuration.supervision.allowance(forSeconds: request.keepAliveSeconds)
        return returnedAt + (keepAlive ?? link(in: environment).patience) > environment.now
    }

    /// There are clients that answer no REGISTER: how fast this one answers other things says nothing, and it is lost
    /// over one only once, as it would be again and again.
    private mutating func giveUpRegister(in environment: inout Environment) {
        guard !supervision.ignoresRegister else { return passOver(in: &environment) }
        guard !clock.waitsLonger(at: environment.now, patience: link(in: environment).patience) else { return }
        supervision.lostOverRegister()
        lose(in: &environment)
    }

    /// The client gives up about now too and sleeps its whole Duration from here. What it has not answered in as many
    /// wake-ups as it is asked in each does not hold up the rest any longer.
    private mutating func endFruitlessWakeUp(in environment: inout Environment) {
        if downlink.aside.noteFruitlessWakeUp() > link(in: environment).retryCount {
            standAside(in: &environment)
        }
        fallAsleep(in: &environment)
    }

    // MARK: Ends

    /// Whether an absent client would get a message of QoS 2 twice, or publish one twice, if its session were
    /// forgotten, and may still return.
    func isNeeded(in environment: borrowing Environment) -> Bool {
        let patience = environment.configuration.supervision.longestSilence
        let mayReturn = patience.isZero || environment.now.since(supervision.lastHeard) < patience
        guard mayReturn else { return false }
        if downlink.isNeeded(in: environment.store) { return true }
        if uplink.mayHearCopy(within: link(in: environment).patience, before: environment.now) { return true }
        return !broker.isClean && (uplink.needsBrokersMemory || uplink.hasRejected)
    }

    /// The client is silent for good: the broker publishes the Will, because the connection ends without DISCONNECT.
    mutating func lose(in environment: inout Environment) {
        guard !isLeaving else { return end(in: &environment) }
        observe(.clientLost, in: &environment)
        publishHeldWill(in: &environment)
        leaveBroker(politely: false, in: &environment)
        finish(in: &environment)
    }

    /// The gateway cannot keep its promise to the client and says so (GW-86); a Will update that waits for the broker
    /// is answered with `code`.
    mutating func dismiss(_ code: ReturnCode = .congestion, in environment: inout Environment) {
        observe(.clientDismissed, in: &environment)
        let owedWillResponses = wills.takeBackUpdate()
        if phase.isListening {
            answerWillUpdates(owedWillResponses, code, in: &environment)
            send(.disconnect(duration: nil), in: &environment)
        }
        end(in: &environment)
    }

    /// The connection ends in good order.
    mutating func end(in environment: inout Environment) {
        leaveBroker(politely: true, in: &environment)
        finish(in: &environment)
    }

    /// What remains is remembered only where CleanSession was 0 in a CONNECT that was accepted (AMB-03).
    private mutating func finish(in environment: inout Environment) {
        phase = request.isClean ? .over : .disconnected
        dropKeptAtMostOnce(in: &environment)
        setUp.end()
        stopAsking()
    }

    mutating func leaveBroker(politely: Bool, in environment: inout Environment) {
        interruptRequests(in: &environment)
        broker.left()
        downlink.noteRelease(isBlocked: false, at: environment.now)
        _ = wills.finishUpdate()
        guard let upstream else { return }
        noteLostAnswer(environment.upstreams[upstream].state, in: &environment)
        environment.closeStream(ofUpstream: upstream, inNameOf: clientID, politely: politely)
    }

}

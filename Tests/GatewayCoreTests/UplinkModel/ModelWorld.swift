/// What may be next in a world: every step of client, network, broker and time that its scope allows.
///
/// Loss needs no step of its own: what is in a bag need never come out. A step that changes nothing but to take a
/// datagram away is left out for the same reason.
final class ModelWorld {
    /// One step, to be read in a counterexample.
    struct Step {
        var kind: Kind
        var first = 0
        var second = 0

        enum Kind {
            case send, sendAgain, gatewayHears, gatewayHearsRelease, clientHears, brokerHears, gatewayHearsBroker
            case cut, back, backForgetful, tick, patience
            case restart, reboot, cleanReboot, reconnect, sleep, wake, fill, drain, request
        }
    }

    let scope: UplinkScope
    let gateway: ModelGateway
    let messages: Range<Int>
    var visit: (Step, ModelState) -> Void = { _, _ in }

    init(_ scope: UplinkScope) {
        self.scope = scope
        gateway = ModelGateway(scope)
        messages = 0..<scope.qos.count
    }

    var start: ModelState {
        var state = ModelState()
        state.isLinked = true
        return state
    }

    /// Hands every state that may follow to `visit`.
    func forEachStep(from state: ModelState) {
        if state.isAsleep {
            var next = state
            next.isAsleep = false
            visit(Step(kind: .wake), next)
        } else {
            clientSpeaks(state)
            clientHears(state)
        }
        gatewayHearsClient(state)
        brokerMoves(state)
        timePasses(state)
        connectionMoves(state)
        clientMoves(state)
    }

    // MARK: The client speaks

    private func clientSpeaks(_ state: ModelState) {
        if let message = next(state), mayBegin(message, state) {
            visit(Step(kind: .send, first: message), begin(message, state))
        }
        for message in messages where state.isActive(message) && state.retries(message) > 0 {
            guard !scope.isTimely || state.clock > state.time(message) else { continue }
            var next = again(message, state)
            next.setRetries(message, state.retries(message) &- 1)
            next.setTime(message, state.clock)
            visit(Step(kind: .sendAgain, first: message), next)
        }
    }

    private func next(_ state: ModelState) -> Int? {
        for message in messages where state.phase(message) == .idle { return message }
        return nil
    }

    func begin(_ message: Int, _ state: ModelState) -> ModelState {
        var next = state
        next.setPhase(message, .publishing)
        next.setRetries(message, scope.retries)
        next.setTime(message, state.clock)
        next.addUp(ModelState.publishPosition(message, state.attempt(message), 0), scope.copies)
        return next
    }

    func again(_ message: Int, _ state: ModelState) -> ModelState {
        var next = state
        let attempt = state.attempt(message)
        if state.phase(message) == .publishing {
            next.addUp(ModelState.publishPosition(message, attempt, 1), scope.copies)
        } else {
            next.addUp(ModelState.releasePosition(gateway.messageID(message, attempt)), scope.copies)
        }
        return next
    }

    /// A message id is free for another message after patience, for an equal one Tretry after the first one's end.
    private func mayBegin(_ message: Int, _ state: ModelState) -> Bool {
        let id = gateway.messageID(message, state.attempt(message))
        var active = 0
        for other in messages where other != message {
            let phase = state.phase(other)
            if state.isActive(other) { active &+= 1 }
            guard phase != .forgotten, phase != .idle || state.attempt(other) > 0 else { continue }
            for attempt in 0...state.attempt(other) where gateway.messageID(other, attempt) == id {
                let isOver = !state.isActive(other) || attempt < state.attempt(other)
                let span = scope.isEqual && phase == .done ? 1 : scope.rest ?? scope.patience
                guard isOver, state.clock &- state.time(other) >= span else { return false }
            }
        }
        return active < scope.window
    }

    // MARK: The client hears

    private func clientHears(_ state: ModelState) {
        guard state.down != 0 else { return }
        for answer in 0..<4 {
            for id in 1...7 {
                let position = ModelState.answerPosition(answer, id)
                guard state.down.bits(position, 2) > 0, let kind = ModelAnswer(rawValue: answer) else { continue }
                var taken = state
                taken.takeDown(position)
                guard let next = clientHears(kind, id, taken) else { continue }
                visit(Step(kind: .clientHears, first: answer, second: id), next)
            }
        }
    }

    /// nil where it does nothing.
    func clientHears(_ answer: ModelAnswer, _ id: Int, _ state: ModelState) -> ModelState? {
        var next = state
        guard let message = active(id, state) else {
            guard answer == .received, scope.answersAnything else { return nil }
            next.addUp(ModelState.releasePosition(id), 1)
            return next
        }
        let isPublishing = state.phase(message) == .publishing
        let isExactlyOnce = message == 3 || scope.qos[message] == 2
        switch answer {
        case .acknowledged:
            guard isPublishing, !isExactlyOnce else { return nil }
            next.setPhase(message, .done)
        case .received:
            guard isExactlyOnce else { return nil }
            if isPublishing {
                next.setPhase(message, .releasing)
                next.setRetries(message, scope.retries)
            }
            next.addUp(ModelState.releasePosition(id), scope.copies)
        case .completed:
            guard !isPublishing else { return nil }
            next.setPhase(message, .done)
        case .refused:
            guard isPublishing else { return nil }
            if scope.renews, message != 3, state.attempt(message) == 0 {
                next.setPhase(message, .idle)
                next.setAttempt(message, 1)
            } else {
                next.setPhase(message, .refused)
            }
        }
        next.setTime(message, state.clock)
        return next
    }

    private func active(_ id: Int, _ state: ModelState) -> Int? {
        for message in 0..<4 where state.isActive(message) {
            if gateway.messageID(message, state.attempt(message)) == id { return message }
        }
        return nil
    }

    // MARK: The gateway hears

    private func gatewayHearsClient(_ state: ModelState) {
        guard state.up != 0 else { return }
        if state.up & ModelState.publishes != 0 {
            for code in 0..<16 where state.up.bits(code &* 2, 2) > 0 {
                let next = gatewayHearsPublish(code, state)
                guard next.table != state.table || !next.isSilent else { continue }
                var after = say(next, message: code &>> 2, state)
                after.takeUp(code &* 2)
                visit(Step(kind: .gatewayHears, first: code), after)
            }
        }
        for id in 1...7 where state.up.bits(ModelState.releasePosition(id), 2) > 0 {
            let next = gatewayHearsRelease(id, state)
            guard next.table != state.table || !next.isSilent else { continue }
            var after = say(next, message: 0, state)
            after.takeUp(ModelState.releasePosition(id))
            visit(Step(kind: .gatewayHearsRelease, first: id), after)
        }
    }

    func gatewayHearsPublish(_ code: Int, _ state: ModelState) -> ModelGateway.Outcome {
        gateway.step(
            .publish(message: code &>> 2, attempt: code &>> 1 & 1, duplicate: code & 1), in: state)
    }

    func gatewayHearsRelease(_ id: Int, _ state: ModelState) -> ModelGateway.Outcome {
        gateway.step(.release(id: id), in: state)
    }

    /// What the table wants to be said is under way: to the broker first, then to the client.
    func say(_ outcome: ModelGateway.Outcome, message: Int, _ state: ModelState) -> ModelState {
        var next = state
        next.table = outcome.table
        if outcome.release != 0 { ModelPacket.append(ModelPacket(2, outcome.release), to: &next.toBroker) }
        if outcome.forward != 0 {
            ModelPacket.append(ModelPacket(1, outcome.forward, message), to: &next.toBroker)
            let isOther = outcome.forward != gateway.messageID(message, state.attempt(message))
            if scope.allows(.restart), isOther { next.noteOtherNumber(message) }
        }
        if outcome.answer != 0 {
            next.addDown(ModelState.answerPosition(outcome.answer &- 1, outcome.answerID), scope.answerCopies)
        }
        return next
    }
}

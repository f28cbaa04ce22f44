// The broker, its connection, and the passing of time.

extension ModelWorld {
    func brokerMoves(_ state: ModelState) {
        if state.toBroker != 0 {
            visit(Step(kind: .brokerHears, first: Int(state.toBroker & 0xFF)), brokerHears(state))
        }
        if state.fromBroker != 0 {
            visit(Step(kind: .gatewayHearsBroker, first: Int(state.fromBroker & 0xFF)), gatewayHearsBroker(state))
        }
    }

    func brokerHears(_ state: ModelState) -> ModelState {
        var next = state
        let packet = ModelPacket.takeFirst(of: &next.toBroker)
        let isHeld = state.held &>> packet.packetID & 1 == 1
        if packet.kind == 2 {
            next.held = state.held & ~(1 &<< packet.packetID)
            ModelPacket.append(ModelPacket(3, packet.packetID), to: &next.fromBroker)
        } else if packet.message != 3, scope.qos[packet.message] == 1 {
            next.deliver(packet.message)
            ModelPacket.append(ModelPacket(1, packet.packetID), to: &next.fromBroker)
        } else {
            if !isHeld { next.deliver(packet.message) }
            next.held = state.held | 1 &<< packet.packetID
            ModelPacket.append(ModelPacket(2, packet.packetID), to: &next.fromBroker)
        }
        return next
    }

    func gatewayHearsBroker(_ state: ModelState) -> ModelState {
        var next = state
        let packet = ModelPacket.takeFirst(of: &next.fromBroker)
        let outcome = gateway.step(.broker(kind: packet.kind, packetID: packet.packetID), in: state)
        return say(outcome, message: 0, next)
    }

    // MARK: Time

    func timePasses(_ state: ModelState) {
        if state.spent(.ticks) < scope.ticks {
            var next = state
            next.spend(.ticks)
            next.clock += 1
            if scope.isTimely {
                (next.up, next.down) = (0, 0)
                for message in messages where state.isActive(message) {
                    let retries = state.retries(message)
                    let isOver = next.clock - state.time(message) > retries
                    if isOver, retries == 0 || !scope.lingers { next.setPhase(message, .gaveUp) }
                }
            } else {
                next.up &= ~ModelState.withoutDUP
            }
            visit(Step(kind: .tick), next)
        }
        if state.spent(.waits) < scope.waits {
            var next = patiencePasses(state)
            next.spend(.waits)
            for message in messages where state.isActive(message) && !state.isAsleep {
                if state.retries(message) == 0 || !scope.lingers { next.setPhase(message, .gaveUp) }
            }
            visit(Step(kind: .patience), next)
        }
    }

    /// Whatever was under way between client and gateway is gone.
    func patiencePasses(_ state: ModelState) -> ModelState {
        var next = state
        (next.up, next.down) = (0, 0)
        next.clock += scope.patience
        return next
    }

    // MARK: The broker connection

    func connectionMoves(_ state: ModelState) {
        if state.isLinked, state.spent(.cuts) < scope.cuts {
            var next = cut(state)
            next.spend(.cuts)
            visit(Step(kind: .cut), next)
        }
        if !state.isLinked {
            visit(Step(kind: .back), back(state))
            if allows(.forgetting, state) { visit(Step(kind: .backForgetful), backForgetful(state)) }
        }
        if state.isFull {
            var next = state
            next.isFull = false
            visit(Step(kind: .drain), next)
        } else if state.isLinked, allows(.fullBuffers, state) {
            var next = state
            next.note(.fullBuffers)
            next.isFull = true
            visit(Step(kind: .fill), next)
        }
        if state.isLinked, allows(.request, state) {
            let outcome = gateway.makeRoom(state)
            guard outcome.table != state.table || outcome.list != 0 else { return }
            var next = state
            next.note(.request)
            next.table = outcome.table
            release(outcome.list, &next)
            visit(Step(kind: .request), next)
        }
    }

    func allows(_ happening: UplinkScope.Happening, _ state: ModelState) -> Bool {
        scope.allows(happening) && !state.has(happening)
    }

    /// What is on the broker's streams is lost.
    func cut(_ state: ModelState) -> ModelState {
        var next = state
        next.isLinked = false
        next.isFull = false
        (next.toBroker, next.fromBroker) = (0, 0)
        next.table = gateway.cut(state)
        return next
    }

    func back(_ state: ModelState) -> ModelState {
        var next = state
        next.isLinked = true
        let outcome = gateway.back(state)
        next.table = outcome.table
        release(outcome.list, &next)
        guard scope.brokerRepeats else { return next }
        for packetID in 1..<16 where state.held &>> packetID & 1 == 1 {
            ModelPacket.append(ModelPacket(2, packetID), to: &next.fromBroker)
        }
        return next
    }

    private func release(_ list: Int, _ state: inout ModelState) {
        var list = list
        while list != 0 {
            ModelPacket.append(ModelPacket(2, list & 15), to: &state.toBroker)
            list = list &>> 4
        }
    }

    /// The broker comes back without its session. Where a message is lost with it, the client hears DISCONNECT and says
    /// CONNECT.
    private func backForgetful(_ state: ModelState) -> ModelState {
        var next = state
        next.note(.forgetting)
        next.isLinked = true
        next.held = 0
        let outcome = gateway.forget(state)
        next.table = outcome.table
        if outcome.list & 1 == 1 { next = connected(next) }
        for message in messages where state.isActive(message) || state.phase(message) == .done {
            let id = gateway.messageID(message, state.attempt(message))
            if outcome.list &>> id & 1 == 1 { next.doubt(message) }
        }
        return next
    }

    // MARK: What becomes of client and gateway

    func clientMoves(_ state: ModelState) {
        if allows(.restart, state) {
            // Until the client has said CONNECT, its PUBLISH is answered with DISCONNECT. What had another number than
            // its own at the broker is known to nobody any more (AMB-23).
            var next = cut(state)
            next.note(.restart)
            for message in messages where state.isActive(message) && state.hasOtherNumber(message) {
                next.doubt(message)
            }
            next.table = 0
            next.connectedAt = state.clock
            next.up &= ~ModelState.publishes
            visit(Step(kind: .restart), next)
        }
        if allows(.reboot, state) {
            var next = rebooted(state)
            next.note(.reboot)
            visit(Step(kind: .reboot), connected(next))
        }
        if allows(.cleanReboot, state) {
            var next = rebooted(state)
            next.note(.cleanReboot)
            next.table = 0
            next.held = 0
            next.connectedAt = state.clock
            visit(Step(kind: .cleanReboot), next)
        }
        if !state.isAsleep, allows(.reconnecting, state) {
            var next = state
            next.note(.reconnecting)
            visit(Step(kind: .reconnect), connected(next))
        }
        if !state.isAsleep, allows(.sleep, state) {
            var next = state
            next.note(.sleep)
            next.isAsleep = true
            next.down = 0
            next.table = gateway.fallAsleep(state)
            visit(Step(kind: .sleep), next)
        }
    }

    /// The client has said CONNECT, and its session goes on.
    private func connected(_ state: ModelState) -> ModelState {
        var next = state
        next.table = gateway.reconnect(state)
        next.connectedAt = state.clock
        return next
    }

    /// The client counts from 1 again, and CONNECT gives it another broker connection. That takes longer than any
    /// datagram is under way.
    private func rebooted(_ state: ModelState) -> ModelState {
        var next = cut(state)
        (next.up, next.down) = (0, 0)
        next.isAsleep = false
        for message in messages where state.phase(message) != .idle || state.attempt(message) > 0 {
            next.setPhase(message, .forgotten)
        }
        return next
    }
}

/// A breadth-first search through all that may happen in one scope: the first state that is wrong is one with the
/// shortest way to it.
final class ModelSearch {
    let scope: UplinkScope
    let world: ModelWorld
    let table = StateTable()
    /// What was wrong, and how it came about, step by step.
    private(set) var violation: String?
    /// Whether the search came to its end, and not to its limit.
    private(set) var isComplete = false

    init(_ scope: UplinkScope) {
        self.scope = scope
        world = ModelWorld(scope)
    }

    func run(limit: Int = .max) {
        _ = table.insert(world.start, from: -1)
        var index = 0
        world.visit = { [unowned self] step, state in
            guard violation == nil, table.insert(state, from: index) else { return }
            if let fault = fault(of: state) { violation = report(fault) }
        }
        while index < table.count, table.count < limit, violation == nil {
            world.forEachStep(from: table.state(index))
            index += 1
        }
        isComplete = index == table.count && violation == nil
    }

    // MARK: What must hold

    private func fault(of state: ModelState) -> String? {
        if let fault = world.gateway.fault { return fault }
        if let fault = scope.isEqual ? equalFault(state) : singleFault(state) { return fault }
        guard scope.healing > 0, table.count % scope.healing == 0 else { return nil }
        return ModelHealing(world).fault(from: state)
    }

    private func singleFault(_ state: ModelState) -> String? {
        for message in world.messages {
            let deliveries = state.deliveries(message)
            if deliveries > 1, scope.qos[message] == 2, !state.isInDoubt(message) {
                return "message \(message) is delivered twice"
            }
            if deliveries == 0, state.phase(message) == .done { return "message \(message) is acknowledged and lost" }
        }
        return nil
    }

    /// Equal messages are told apart by nobody, so they are only counted.
    private func equalFault(_ state: ModelState) -> String? {
        var (begun, deliveries, done) = (0, 0, 0)
        for message in world.messages {
            if state.phase(message) != .idle { begun += 1 }
            if state.phase(message) == .done { done += 1 }
            deliveries += state.deliveries(message)
        }
        if deliveries > begun { return "more messages are delivered than there are" }
        return deliveries < done ? "more messages are acknowledged than are delivered" : nil
    }

    // MARK: The way to a state

    private func report(_ fault: String) -> String {
        var way = [table.count - 1]
        while let first = way.last, table.parent(first) >= 0 { way.append(table.parent(first)) }
        way.reverse()
        var lines = ["\(scope.name): \(fault), after \(way.count - 1) steps:"]
        for (from, to) in zip(way, way.dropFirst()) {
            var found: ModelWorld.Step?
            let visit = world.visit
            world.visit = { [table] step, state in if state == table.state(to), found == nil { found = step } }
            world.forEachStep(from: table.state(from))
            world.visit = visit
            lines.append("  " + (found.map { world.describe($0) } ?? "?"))
        }
        return lines.joined(separator: "\n")
    }
}

/// Whether what is under way comes to its end when nothing is lost any more, from any state of a search.
struct ModelHealing {
    /// How often patience passes: what is given up gives way after ten times that, and then the next one may.
    private static let visits = 14

    private let world: ModelWorld

    init(_ world: ModelWorld) { self.world = world }

    func fault(from state: ModelState) -> String? {
        if !ends(healed(state)) { return "an exchange never ends" }
        return admits(healed(state)) ? nil : "a client is refused for ever"
    }

    private func healed(_ state: ModelState) -> ModelState {
        var next = state
        next.isAsleep = false
        next.isFull = false
        return next.isLinked ? next : world.back(next)
    }

    /// Every exchange that the client has open comes to its end, if it goes on repeating.
    private func ends(_ start: ModelState) -> Bool {
        var state = quiet(start)
        for _ in 0..<Self.visits {
            guard world.messages.contains(where: state.isActive) else { return true }
            state = world.patiencePasses(state)
            for message in world.messages where state.isActive(message) { state = world.again(message, state) }
            state = quiet(state)
        }
        return false
    }

    /// A client that has given everything up has its next message taken, sooner or later.
    private func admits(_ start: ModelState) -> Bool {
        var state = start
        for message in world.messages where state.isActive(message) { state.setPhase(message, .gaveUp) }
        for _ in 0..<Self.visits {
            state = world.patiencePasses(state)
            state = state.isActive(3) ? world.again(3, state) : world.begin(3, state)
            state = quiet(state)
            if state.phase(3) == .done { return true }
        }
        return false
    }

    /// After everything under way has arrived.
    func quiet(_ start: ModelState) -> ModelState {
        var state = start
        for _ in 0..<400 {
            guard let next = next(state) else { return state }
            state = next
        }
        return state
    }

    private func next(_ state: ModelState) -> ModelState? {
        if state.fromBroker != 0 { return world.gatewayHearsBroker(state) }
        if state.toBroker != 0 { return world.brokerHears(state) }
        if state.up != 0 { return gatewayHears(state) }
        return state.down == 0 ? nil : clientHears(state)
    }

    private func gatewayHears(_ state: ModelState) -> ModelState {
        let position = state.up.trailingZeroBitCount & ~1
        var next = state
        next.takeUp(position)
        guard position < 32 else {
            return world.say(world.gatewayHearsRelease((position - 32) / 2, state), message: 0, next)
        }
        return world.say(world.gatewayHearsPublish(position / 2, state), message: position / 8, next)
    }

    private func clientHears(_ state: ModelState) -> ModelState {
        let position = state.down.trailingZeroBitCount & ~1
        var next = state
        next.takeDown(position)
        guard let answer = ModelAnswer(rawValue: position / 16) else { return next }
        return world.clientHears(answer, position / 2 % 8, next) ?? next
    }
}

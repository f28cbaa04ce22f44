import GatewayCore
import MQTT
import MQTTSN
import Time

// The second phase: nothing stands in the way any more, so everything has to come to an end.

extension World {
    private static let patience = TimeSpan.seconds(4 * 3_600)
    /// Whatever was under way when the world healed has arrived by then.
    private static let leastQuiet = TimeSpan.seconds(120)
    /// Longer than any session of a silent client lasts, and than anybody is remembered.
    private static let afterlife = TimeSpan.seconds(3_600)
    /// Longer than anybody can sleep: a stranger that keeps no rule may have said so.
    private static let longestSleep = TimeSpan.seconds(20 * 3_600)

    /// Takes every fault away.
    func heal() {
        chronicle?.note("the world heals", at: now)
        isHealed = true
        healedAt = now
        broker.configuration.connectRefusals = []
        isBrokerUp = true
        if !isGatewayUp { startGateway() }
        if options[.radios] > 0 { healRadio() }
        interfaceReturns()
        for number in streamNumbers { unblockStream(number) }
        for index in clients.indices {
            clients[index].cloggedUntil = nil
            healPartition(index)
            restartClient(index)
        }
    }

    func comeToAnEnd() {
        guard runUntil(patience: Self.patience, { isQuiet }) else { return reportStuck() }
        for index in clients.indices where broker.isConnected(clients[index].clientID) && isToldAgain(index) {
            subscriptions.check(index) { grantedQoS(of: index, for: $0) }
        }
        collectViolations()
        guard verdict == .passed else { return }
        sayGoodbye()
    }

    /// Lets things happen until `isDone`; looked at every few steps, because looking takes time.
    private func runUntil(patience: TimeSpan, _ isDone: () -> Bool) -> Bool {
        let end = now + patience
        var count = 0
        while verdict == .passed {
            step()
            count += 1
            if count % 8 == 0 {
                if isDone() { return true }
                if now > end { return false }
            }
        }
        return true
    }

    // MARK: Quiet

    /// Whether nothing waits anywhere for a client that could have it.
    private var isQuiet: Bool {
        guard clients.indices.allSatisfy(isSettled), streamNumbers.allSatisfy({ streams[$0]?.isBroken == false }),
            now >= healedAt + Self.leastQuiet
        else { return false }
        let census = gateway.census()
        // Those that keep no rule may leave messages waiting for ever.
        let areQueuesEmpty =
            census.queuedMessages == 0 || !options.areAllAbleToConnect || !hostiles.isEmpty
            || options[.unteachables] > 0
        return areQueuesEmpty && (census.brokerExchanges == 0 || !hostiles.isEmpty)
    }

    private func isSettled(_ index: Int) -> Bool {
        let client = clients[index]
        guard options.areAllAbleToConnect else { return true }
        switch client.device.state {
        case .active, .asleep: break
        case .disconnected, .connecting, .disconnecting, .fallingAsleep, .awake: return false
        }
        // It has nothing to say that would tell it.
        if client.isGivenUpUnawares { return client.device.isIdle }
        let isDone = client.device.isIdle || options[.fewTopics] + options[.fewSubscriptions] > 0
        return isDone && isToldAgain(index) && isDelivered(index) && broker.isConnected(client.clientID)
            && (client.device.state != .active || !isWanting(index))
    }

    /// Whether there was time to tell the broker what it has forgotten.
    private func isToldAgain(_ index: Int) -> Bool { now >= clients[index].brokerOpenedAt + .seconds(30) }

    /// Whether the broker holds nothing for the client but what it does not understand.
    private func isDelivered(_ index: Int) -> Bool {
        let client = clients[index]
        let waiting = broker.queuedMessageCount(of: client.clientID) ?? 0
        let inFlight = broker.inFlightCount(of: client.clientID) ?? 0
        if waiting + inFlight == 0 { return true }
        guard client.device.configuration.ignoresRegister else { return false }
        let topicNames = broker.inFlightTopicNames(of: client.clientID)
        let areAllUnknown = topicNames.count == inFlight && !topicNames.contains { isUnderstood($0, by: index) }
        // What the broker sends at once may be filled with such messages.
        return areAllUnknown && (waiting == 0 || inFlight >= plan.broker.inFlightWindow)
    }

    private func isUnderstood(_ topicName: [UInt8], by index: Int) -> Bool {
        // What its rule keeps from it does not reach it.
        guard let own = plan.rules.clients[index].own(topicName), plan.rules.clients[index].mayHear(own) else {
            return true
        }
        // A name that is none of the world's topics is a Will's.
        let topic = plan.topics.first { $0.name == own }?.topic ?? .name(own)
        guard case .name(let name) = topic else { return true }
        // What a gateway told it in an earlier life this one cannot know.
        return clients[index].device.knowsTopic(name) && conversations.hasBeenTold(name, index)
    }

    private func isWanting(_ index: Int) -> Bool {
        options[.fewTopics] + options[.fewSubscriptions] == 0
            && clients[index].wanted.contains { subscriptions.isWanting(index, plan.name(of: $0)) }
    }

    /// What the first client that is not settled lacks is the kind of the standstill; others may only wait for it.
    private func reportStuck() {
        let hours = Self.patience.nanoseconds / 3_600_000_000_000
        let stuck = clients.indices.filter { !isSettled($0) }.map(wordsOfStuck)
        let text = "not quiet \(hours) hours after healing: \(stuck.first ?? "something waits in the gateway")"
        let others = stuck.dropFirst().map { "; \($0)" }.joined()
        standStill(text, details: "\(others): \(gateway.census())", by: "healing")
    }

    private func wordsOfStuck(_ index: Int) -> String {
        let client = clients[index]
        var text = "client \(index) is \(client.device.state), \(client.device.standing)"
        if !broker.isConnected(client.clientID) { text += ", without a broker connection" }
        let waiting = broker.queuedMessageCount(of: client.clientID) ?? 0
        let inFlight = broker.inFlightCount(of: client.clientID) ?? 0
        if waiting + inFlight > 0 { text += ", and the broker holds \(waiting) + \(inFlight) messages for it" }
        if client.device.state == .active, isWanting(index) { text += ", and lacks a subscription" }
        return text
    }

    // MARK: The end

    /// Every client leaves; after a while the gateway has forgotten what it need not remember.
    private func sayGoodbye() {
        hasEnded = true
        for index in clients.indices { command(index, .disconnect) }
        let end = now + Self.afterlife
        while verdict == .passed, now < end { step() }
        let latestEnd = now + Self.longestSleep
        while verdict == .passed, !hostiles.isEmpty, remains != nil, now < latestEnd { step() }
        if let remains, verdict == .passed {
            standStill("after everybody has left, \(remains)", details: ": \(gateway.census())", by: "end")
        }
    }

    /// What has no reason to be there any more; nil where there is nothing.
    private var remains: String? {
        let census = gateway.census()
        if census.sessions != census.remembered { return "a session is still connected" }
        if census.upstreams != 1 { return "a broker connection is left" }
        if census.peers > 0 || census.routes > 0 { return "an address is remembered" }
        if census.forwardedNodes > 0 { return "a node behind a forwarder is remembered" }
        if census.openExchanges > 0 || census.brokerExchanges > 0 { return "an exchange is open" }
        if ledger.livePeerCount > 0 { return "the host still knows a peer" }
        if ledger.liveStreamCount > 1 { return "a stream is left" }
        if census.sessions == 0, census.topicNames != 2 { return "topic names are left" }
        return nil
    }
}

extension WorldOptions {
    /// Where places are few, somebody may wait for ever.
    var areAllAbleToConnect: Bool { self[.fewPlaces] == 0 || self[.fewPlaces] >= self[.clients] + self[.hostile] }
}

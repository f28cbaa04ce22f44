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

    /// Takes every fault away.
    func heal() {
        chronicle?.note("the world heals", at: now)
        isHealed = true
        healedAt = now
        broker.configuration.connectRefusals = []
        isBrokerUp = true
        if !isGatewayUp { startGateway() }
        if options[.radios] > 0 { healRadio() }
        for number in streamNumbers { unblockStream(number) }
        for index in clients.indices {
            clients[index].cloggedUntil = nil
            healPartition(index)
            restartClient(index)
        }
    }

    func comeToAnEnd() {
        guard runUntil(patience: Self.patience, { isQuiet }) else {
            return reportStuck()
        }
        for index in clients.indices where broker.isConnected(clients[index].clientID) {
            subscriptions.check(index) { broker.grantedQoS(of: clients[index].clientID, for: $0) }
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
        let areQueuesEmpty = census.queuedMessages == 0 || !options.areAllAbleToConnect || !hostiles.isEmpty
        return areQueuesEmpty && (census.brokerExchanges == 0 || !hostiles.isEmpty)
    }

    private func isSettled(_ index: Int) -> Bool {
        let client = clients[index]
        guard options.areAllAbleToConnect else { return true }
        switch client.device.state {
        case .active, .asleep: break
        case .disconnected, .connecting, .disconnecting, .fallingAsleep, .awake: return false
        }
        let isDone = client.device.isIdle || options[.fewTopics] + options[.fewSubscriptions] > 0
        let isDelivered =
            (broker.queuedMessageCount(of: client.clientID) ?? 0) == 0
            && (broker.inFlightCount(of: client.clientID) ?? 0) == 0
        return isDone && isDelivered && broker.isConnected(client.clientID)
            && (client.device.state != .active || !isWanting(index))
    }

    private func isWanting(_ index: Int) -> Bool {
        options[.fewTopics] + options[.fewSubscriptions] == 0
            && clients[index].wanted.contains { subscriptions.isWanting(index, plan.name(of: $0)) }
    }

    private func reportStuck() {
        guard verdict == .passed else { return }
        var text = "not quiet \(Self.patience.nanoseconds / 3_600_000_000_000) hours after healing: \(gateway.census())"
        for index in clients.indices where !isSettled(index) {
            let client = clients[index]
            text += "; client \(index) is \(client.device.state)"
            text += client.device.isIdle ? ", idle" : ", busy"
            text += ", the broker holds \(broker.queuedMessageCount(of: client.clientID) ?? -1)"
            text += " + \(broker.inFlightCount(of: client.clientID) ?? -1) for it"
        }
        verdict = .stuck(text)
    }

    // MARK: The end

    /// Every client leaves; after a while the gateway has forgotten what it need not remember.
    private func sayGoodbye() {
        hasEnded = true
        for index in clients.indices { command(index, .disconnect) }
        let end = now + Self.afterlife
        while verdict == .passed, now < end { step() }
        guard verdict == .passed else { return }
        let census = gateway.census()
        func expect(_ holds: Bool, _ text: String) {
            if !holds, verdict == .passed { verdict = .stuck("after everybody has left, \(text): \(census)") }
        }
        expect(census.sessions == census.remembered, "a session is still connected")
        expect(census.upstreams == 1, "a broker connection is left")
        expect(census.peers == 0 && census.routes == 0, "an address is remembered")
        expect(census.forwardedNodes == 0, "a node behind a forwarder is remembered")
        expect(census.openExchanges == 0 && census.brokerExchanges == 0, "an exchange is open")
        expect(ledger.livePeerCount == 0, "the host still knows a peer")
        expect(ledger.liveStreamCount <= 1, "a stream is left")
        if census.sessions == 0 { expect(census.topicNames == 2, "topic names are left") }
    }
}

extension WorldOptions {
    /// Where places are few, somebody may wait for ever.
    var areAllAbleToConnect: Bool { self[.fewPlaces] == 0 || self[.fewPlaces] >= self[.clients] + self[.hostile] }
}

// Proves the routing against a model that keeps a plain list of subscriptions and looks at all of them.

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerRoutingModelTests {
    /// A subscription in the model.
    private struct Subscription {
        var client: Int
        var filter: String
        var qos: DeliveryQoS
    }

    private static let filters = ["a", "a/b", "a/c", "+", "+/b", "a/+", "a/#", "#", "+/+", "d/e/f", "d/+/f", "d/#"]
    private static let topicNames = ["a", "b", "a/b", "a/c", "d/b", "d/e/f", "d/x/f", "d"]
    private static let clientCount = 12

    @Test("§3.3.5, §3.8.4, §3.10.4: after any subscriptions, a message goes where the model says", arguments: 1...5)
    func agreesWithModel(seed: Int) {
        let broker = BrokerDriver()
        var random = SmallRandom(state: UInt64(seed))
        var model: [Subscription] = []
        var clients = (0..<Self.clientCount).map { broker.connects("c\($0)") }
        let publisher = broker.connects("publisher")
        for _ in 0..<600 {
            let client = random.next(below: Self.clientCount)
            let filter = Self.filters[random.next(below: Self.filters.count)]
            switch random.next(below: 8) {
            case 0...2:
                let qos = random.next(below: 2) == 0 ? DeliveryQoS.atMostOnce : .atLeastOnce
                model.removeAll { $0.client == client && $0.filter == filter }
                model.append(Subscription(client: client, filter: filter, qos: qos))
                clients[client].sends(.subscribe(1, (filter, qos)))
                broker.sends(.subscribeAcknowledgement(1, [qos.rawValue]), to: clients[client])
            case 3...4:
                model.removeAll { $0.client == client && $0.filter == filter }
                clients[client].sends(.unsubscribe(1, filter))
                broker.sends(.unsubscribeAcknowledgement(1), to: clients[client])
            case 5:
                model.removeAll { $0.client == client }
                clients[client].vanishes()
                clients[client] = broker.connects("c\(client)")
            default:
                let topicName = Self.topicNames[random.next(below: Self.topicNames.count)]
                publisher.sends(.publish(topicName, "x", qos: .atLeastOnce, id: 1))
                broker.sends(.publishAcknowledgement(1), to: publisher)
                check(topicName, model, clients, broker)
            }
        }
    }

    /// Compares what each client got with what the model's subscriptions ask for, and acknowledges it.
    private func check(
        _ topicName: String, _ model: [Subscription], _ clients: [TestConnection], _ broker: BrokerDriver
    ) {
        for (number, client) in clients.enumerated() {
            let matching = model.filter { $0.client == number && matches($0.filter, topicName) }
            var got: [DeliveryQoS] = []
            for case .publish(topicName, "x", let qos, let id, false, false) in broker.read(client) {
                got.append(qos)
                if qos == .atLeastOnce { client.sends(.publishAcknowledgement(id)) }
            }
            #expect(got == (matching.map(\.qos).max().map { [$0] } ?? []))
        }
    }

    /// §4.7 once more, on levels as strings; the topic names here do not begin with `$`.
    private func matches(_ filter: String, _ topicName: String) -> Bool {
        let filterLevels = filter.split(separator: "/", omittingEmptySubsequences: false)
        let nameLevels = topicName.split(separator: "/", omittingEmptySubsequences: false)
        for (index, level) in filterLevels.enumerated() {
            if level == "#" { return true }
            guard index < nameLevels.count, level == "+" || level == nameLevels[index] else { return false }
        }
        return filterLevels.count == nameLevels.count
    }

    @Test("5,000 clients with a subscription each: every message goes to its one client") func manyClients() {
        let broker = BrokerDriver()
        let clients = (0..<5_000).map { number -> TestConnection in
            let client = broker.connects("c\(number)", keepAlive: 60)
            let filter = number % 2 == 0 ? "device/\(number)" : "device/\(number)/#"
            client.sends(.subscribe(1, (filter, .atLeastOnce)))
            return client
        }
        let publisher = broker.connects("p")
        for number in stride(from: 0, to: 5_000, by: 250) {
            for target in [number, number + 1] {
                publisher.sends(.publish("device/\(target)", "x", qos: .atLeastOnce, id: 1))
                broker.sends(
                    .subscribeAcknowledgement(1, [1]), .publish("device/\(target)", "x", qos: .atLeastOnce, id: 1),
                    to: clients[target])
            }
        }
        #expect(broker.broker.counters.messagesRouted == 40)
        broker.passes(milliseconds: 90_000)
        #expect(broker.broker.connectionCount == 1)
    }
}

/// A linear congruential generator: the same numbers for the same seed.
struct SmallRandom {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
    }
}

import GatewayCore
import MQTT
import Testing
import Time

@testable import GatewayCore

/// Searches what can happen to deliveries in what order: whatever it is, QoS 2 arrives once, and nothing is
/// acknowledged to the broker that did not arrive (AMB-14, AMB-23, GW-56, GW-78, GW-86).
@Suite struct DeliverySearchTests {
    /// A kind of broker, and what may happen with it.
    struct Scope: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var qos: [DeliveryQoS]
        var countsUp: Bool
        var happenings: [DeliveryWorld.Happening]

        private static let ordinary: [DeliveryWorld.Happening] = [
            .brokerPublishes, .clientAnswers, .answerIsDelayed, .lateAnswerComes, .timePasses, .connectionEnds,
        ]

        static let all = [
            Scope(
                testDescription: "QoS 1, lowest free identifiers, everything", qos: [.atLeastOnce], countsUp: false,
                happenings: DeliveryWorld.Happening.allCases),
            Scope(
                testDescription: "QoS 2, lowest free identifiers", qos: [.exactlyOnce], countsUp: false,
                happenings: ordinary + [.answerOfBrokerIsLost, .brokerForgets, .brokerForgetsUnnoticed]),
            Scope(
                testDescription: "QoS 1 and 2, lowest free identifiers", qos: [.exactlyOnce, .atLeastOnce],
                countsUp: false,
                happenings: ordinary + [.answerOfBrokerIsLost, .brokerForgets, .brokerForgetsUnnoticed]),
            Scope(
                testDescription: "QoS 1 and 2, a broker that counts, and a gateway that is killed",
                qos: [.exactlyOnce, .atLeastOnce], countsUp: true,
                happenings: ordinary + [.answerOfBrokerIsLost, .gatewayIsKilled]),
        ]
    }

    @Test("AMB-14 AMB-23 Every order of three happenings after the first message", arguments: Scope.all)
    func everyOrder(scope: Scope) {
        let count = scope.happenings.count
        var orders = 1
        for _ in 0..<Self.depth { orders *= count }
        for number in 0..<orders {
            var rest = number
            var order: [DeliveryWorld.Happening] = [.brokerPublishes]
            for _ in 0..<Self.depth {
                order.append(scope.happenings[rest % count])
                rest /= count
            }
            guard holds(order, scope) else { return }
        }
    }

    @Test("AMB-14 AMB-23 Long orders, drawn by chance", arguments: Scope.all)
    func longOrders(scope: Scope) {
        for seed in 0..<Self.seeds {
            var random = RandomNumbers(seed: UInt64(seed))
            let order = (0..<30).map { _ in scope.happenings[Int.random(in: 0..<scope.happenings.count, using: &random)]
            }
            guard holds(order, scope) else { return }
        }
    }

    private static let depth = 3
    private static let seeds = 150

    private func holds(_ order: [DeliveryWorld.Happening], _ scope: Scope) -> Bool {
        var world = DeliveryWorld(qos: scope.qos, countsUp: scope.countsUp)
        for happening in order { world.happens(happening) }
        world.heals()
        let violations = world.violations
        #expect(violations == [], "\(order)")
        return violations.isEmpty
    }
}

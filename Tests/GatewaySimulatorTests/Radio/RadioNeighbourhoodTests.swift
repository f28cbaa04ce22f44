// The XBee link against a simulated radio, in many worlds.

import GatewayCore
import GatewaySimulator
import LinkFraming
import Testing
import Time

@Suite("An XBee link and the radio network behind it")
struct RadioNeighbourhoodTests {
    @Test("whatever goes wrong, nothing is changed or misdirected, and all goes on afterwards", arguments: 0..<8)
    func worlds(block: Int) {
        var undetectedDamageCount = 0
        for seed in UInt64(block * 25)..<UInt64(block * 25 + 25) {
            let plan = RadioNeighbourhoodPlan(seed: seed)
            var neighbourhood = RadioNeighbourhood(plan, seed: seed)
            neighbourhood.run()
            let violations = neighbourhood.violations
            #expect(violations.isEmpty, "seed \(seed)")
            undetectedDamageCount += neighbourhood.undetectedDamageCount
            checkTruth(of: neighbourhood, plan, seed)
        }
        // A sum of eight bits overlooks some, but not many.
        #expect(undetectedDamageCount < 200)
    }

    /// Where every status is true, the link believes no more than what nodes received.
    private func checkTruth(
        of neighbourhood: borrowing RadioNeighbourhood, _ plan: RadioNeighbourhoodPlan, _ seed: UInt64
    ) {
        guard plan.isTruthful else { return }
        let delivered = Int(neighbourhood.counters.delivered)
        let arrived = neighbourhood.unicastArrivalCount + neighbourhood.takenBroadcastCount
        #expect(delivered <= arrived, "seed \(seed)")
        // What the link gave up with the network the module may still have.
        guard plan.dissociations == 0 else { return }
        let most = neighbourhood.radio.mostOutstanding
        #expect(most <= plan.link.maximumOutstanding, "seed \(seed)")
    }

    /// Twenty nodes in a network without faults, of which `deadCount` are dead.
    private func longestWay(deadCount: Int) -> (TimeSpan, LinkCounters, mostOutstanding: Int) {
        var plan = RadioNeighbourhoodPlan(seed: 0)
        plan.radio = SimulatedRadioConfiguration()
        plan.link = XBeeLinkConfiguration()
        (plan.nodeCount, plan.deadCount, plan.pace) = (20, deadCount, 50)
        (plan.noisePerMillion, plan.resets, plan.dissociations, plan.addressChanges) = (0, 0, 0, 0)
        (plan.babble, plan.reopenings, plan.naps) = (0, 0, 0)
        var neighbourhood = RadioNeighbourhood(plan, seed: 5)
        neighbourhood.run()
        let violations = neighbourhood.violations
        #expect(violations.isEmpty)
        return (neighbourhood.longestWay, neighbourhood.counters, neighbourhood.radio.mostOutstanding)
    }

    @Test("one dead node delays nobody")
    func deadNode() {
        let (without, healthyCounters, _) = longestWay(deadCount: 0)
        let (with, counters, mostOutstanding) = longestWay(deadCount: 1)
        #expect(healthyCounters.undelivered == 0)
        #expect(counters.undelivered > 0)
        #expect(mostOutstanding <= 4)
        // The dead node's own searches take three seconds and more.
        #expect(without < .milliseconds(500))
        #expect(with < .milliseconds(500))
    }

    @Test("of several dead nodes, once they are known, the others notice nothing")
    func deadNodes() {
        let (with, counters, _) = longestWay(deadCount: 10)
        #expect(counters.undelivered > 0)
        #expect(with < .milliseconds(500))
    }
}

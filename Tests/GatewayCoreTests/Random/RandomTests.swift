import Testing
import Time

@testable import GatewayCore

/// The core under everything at once, decided by seeds; a failing seed is run alone by naming it here.
@Suite struct RandomTests {
    @Test(
        "GW-90 GW-87 Whatever comes in whatever order, the host's books and the core's tables agree",
        arguments: 0..<30)
    func invariants(block: Int) {
        for seed in block * 8..<(block + 1) * 8 {
            var world = RandomWorld(seed: UInt64(seed))
            for _ in 0..<200 { world.happens() }
            world.settles()
            world.tell(.shutdownRequested)
            world.passes(.seconds(100))
            let broken = world.broken
            let count = world.steps.count
            #expect(broken == [], "seed \(seed), step \(count)")
            guard broken.isEmpty else { return }
            let streams = world.ledger.liveStreamIDs.count
            let peers = world.ledger.livePeers.count
            #expect(streams == 0, "seed \(seed) leaves streams behind")
            // Those that were just answered are not looked at any more.
            #expect(peers <= world.configuration.limits.recentDepartures, "seed \(seed) leaves peers behind")
        }
    }

    @Test("GW-90 The random worlds reach everything that can be observed")
    func reach() {
        var counts: [ObservationKind: Int] = [:]
        for seed in 0..<30 {
            var world = RandomWorld(seed: UInt64(seed))
            for _ in 0..<400 { world.happens() }
            for effect in world.steps.flatMap(\.effects) {
                if case .observe(let observation) = effect { counts[observation.kind, default: 0] += 1 }
            }
        }
        let missing = ObservationKind.allCases.filter { counts[$0] == nil }
        #expect(missing == [])
    }

    @Test("The same events give the same effects, byte for byte", arguments: 1_000..<1_020)
    func determinism(seed: UInt64) {
        var world = RandomWorld(seed: seed)
        for _ in 0..<200 { world.happens() }
        var gateway = Gateway(configuration: world.configuration, seed: seed)
        var effects = Effects()
        for (number, step) in world.steps.enumerated() {
            effects.removeAll()
            gateway.handle(step.event, step.bytes.span.bytes, at: step.now, into: &effects)
            let again = RandomWorld.Step(
                now: step.now, event: step.event, bytes: step.bytes, effects: effects.list, arena: effects.bytes)
            #expect(again == step, "seed \(seed), step \(number)")
            guard again == step else { return }
        }
    }
}

import FuzzTargets
import GatewaySimulator
import Synchronization
import Testing
import Time
import TraceFile

@testable import GatewayCore

/// "The record of every session that a random test makes round-trips and, given to a fresh gateway, brings an equal
/// session."
@Suite struct RecordedSessionsTests {
    /// Records are taken after so many events.
    private static let period = 7

    /// The latest life of a world's gateway once more, with a look at its records on the way.
    private func prove(_ world: World, _ proof: inout RecordProof) -> String? {
        world.recordsTrace = true
        world.run(steps: 1_000)
        var gateway = Gateway(configuration: world.trace.configuration, seed: world.trace.seed)
        var effects = Effects()
        for (number, entry) in world.trace.entries.enumerated() {
            effects.removeAll()
            entry.tell(&gateway, into: &effects)
            guard number % Self.period == 0, let fault = proof.fault(of: gateway) else { continue }
            return "seed \(world.seed), event \(number): \(fault)"
        }
        return nil
    }

    @Test("GW-39 GW-42 GW-70 The record of every session of random worlds brings an equal session")
    func worlds() throws {
        var proof = RecordProof()
        // Worlds in which brokers forget and clients come and go, and some made for what is rare.
        let rare = try [
            "clients=3,comparers=1000,duplication=300,jitter=8000,publishing=1000,loss=100",
            "clients=5,unteachables=1000,publishing=1000,delay=20,smallQueues=10",
            "clients=5,sleepers=1000,publishing=1000,delay=20",
        ].map { try #require(WorldOptions(text: $0)) }
        let worlds =
            (1...UInt64(60)).map { World(seed: $0) }
            + rare.flatMap { options in (1...UInt64(3)).map { World(seed: $0, options: options) } }
        for world in worlds {
            let fault = prove(world, &proof)
            #expect(fault == nil)
        }
        // What takes no time in a world is seen in scripts.
        let brief: Set<RecordProof.Feature> = [.awake, .willUpdate, .settledToken]
        let unseen = RecordProof.Feature.allCases.filter { !brief.contains($0) && proof.counts[$0, default: 0] < 10 }
        #expect(unseen == [], "\(proof.counts)")
    }

    @Test("GW-90 The record of every session of the fuzzer's scripts brings an equal session, at every limit")
    func scripts() throws {
        let proof = Mutex(RecordProof())
        for input in try FuzzCorpusTests.file(of: .core).inputs {
            let span = input.bytes.span
            let fault = FuzzTarget.core.fault(in: span.bytes) { gateway, _, _, _ in
                proof.withLock { $0.fault(of: gateway) }.map { [$0] } ?? []
            }
            #expect(fault == nil, "Core.txt:\(input.line)")
        }
        let counts = proof.withLock { $0.counts }
        let brief: [RecordProof.Feature] = [.asleep, .awake, .node, .willUpdate, .settledToken]
        #expect(brief.filter { counts[$0] == nil } == [], "\(counts)")
    }
}

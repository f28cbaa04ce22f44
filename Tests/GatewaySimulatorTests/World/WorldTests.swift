import GatewayCore
import GatewaySimulator
import Testing
import TraceFile

/// Worlds that strike at the gateway, a few hundred of the thousands that `simulate` runs.
@Suite struct WorldTests {
    private static let steps = 1_500
    /// A world that publishes more at QoS −1 than may wait for the broker.
    private static let manyAtMinusOne =
        "clients=1,sleepers=351,hostile=2,loss=151,delay=223,mtu=53,clogging=7,addressChanges=22,"
        + "streamSplitting=35,streamBlocking=41,brokerRestarts=3,brokerWindow=20,clientCrashes=9,"
        + "clientForgets=442,publishing=805,churn=73,departures=33,retained=371,longPayloads=479,"
        + "smallQueues=7,fewTopics=6,wakeUpLimit=1,pacing=540,fixedAddresses=1,sendBuffer=370,"
        + "takeovers=3,smallStreamQueues=1659,smallByteQueues=7874,forwarderMoves=10,oldPlaces=214,"
        + "airLoss=71,lostStatuses=22,slowStatuses=77,busyChannel=38,naps=41,windows=7,fewIDs=4,"
        + "comparers=910,setUpResets=26,refusedFilters=3,linkLosses=9,store=853,version5=5"

    /// In portions, so that they run beside each other.
    @Test("GW-88 GW-89 Nothing is lost, doubled or left behind in hostile worlds", arguments: 0..<10)
    func hostileWorlds(portion: UInt64) {
        for seed in (portion * 25)..<(portion * 25 + 25) {
            let world = World(seed: seed)
            #expect(world.run(steps: Self.steps) == .passed, "seed \(seed), options \(world.options.text)")
        }
    }

    @Test("Every seed that ever failed", arguments: FailedSeed.all)
    func failedSeed(_ failed: FailedSeed) {
        let world = World(seed: failed.seed, options: failed.options)
        #expect(world.run(steps: failed.steps) == .passed)
    }

    @Test("The list of failed seeds is there")
    func failedSeedsAreRead() { #expect(FailedSeed.all.count >= 3) }

    @Test("A planted bug is found", arguments: Canary.allCases)
    func canary(_ canary: Canary) {
        #expect(canary.find(steps: 3_000) != nil, "\(canary.rawValue) in \(canary.seedLimit) seeds")
    }

    @Test("GW-90 Worlds bring every rudeness, and the gateway to everything that it can observe")
    func everythingOccurs() throws {
        var rudeness = OccurrenceCounts(kindCount: Rudeness.allCases.count)
        var observations = OccurrenceCounts(kindCount: ObservationKind.allCases.count)
        // What few worlds bring is looked for in those that are made for it: copies behind their exchange, and more
        // messages than a client that understands no REGISTER may leave lying.
        let rare = try [
            "clients=3,comparers=1000,duplication=300,jitter=8000,publishing=1000,loss=100",
            "clients=3,duplication=300,jitter=8000,publishing=1000,loss=100",
            "clients=5,unteachables=600,publishing=1000,delay=20,smallQueues=1",
        ].map { try #require(WorldOptions(text: $0)) }
        let manyAtMinusOne = try #require(WorldOptions(text: Self.manyAtMinusOne))
        let worlds =
            // The last one has a Will that the gateway cannot publish.
            ((1...UInt64(500)) + [1_754]).map { World(seed: $0) }
            + rare.flatMap { options in (1...UInt64(6)).map { World(seed: $0, options: options) } }
            + [World(seed: 664, options: manyAtMinusOne)]
        for world in worlds {
            world.run(steps: Self.steps)
            rudeness.add(world.rudeness)
            observations.add(world.observations)
        }
        #expect(Rudeness.allCases.filter { rudeness.worlds[$0.rawValue] == 0 } == [])
        let unseen = ObservationKind.allCases.filter { observations.worlds[Int($0.rawValue)] == 0 }
        // No broker of a world talks nonsense, as that of an operation script does, there is one only, which refers to
        // no other, and no owner changes the rules for clients or has topics of their own for them; it is chance
        // whether one is silent for so long that it seems to ignore QoS 2.
        let strange: [ObservationKind] = [
            .brokerSpeaksOtherProtocol, .malformedPacket, .unexpectedPacket, .sessionDisowned, .brokerGivenUp,
            .brokerRegained, .predefinedTopicLeftOut, .brokerRefersElsewhere,
        ]
        #expect(unseen.filter { $0 != .brokerIgnoresExactlyOnce } == strange)
    }

    // MARK: Failures

    @Test("A failure's kind is the failure without the numbers of its case")
    func failureKind() throws {
        let options = try #require(WorldOptions(text: "clients=2,delay=20,publishing=1000"))
        let worlds = [UInt64(7), 8].map { World(seed: $0, options: options, canary: .acknowledgeBeforeBroker) }
        let failures = worlds.compactMap { $0.run(steps: 4_000).failure }
        #expect(failures.count == 2)
        #expect(failures[0].kind == failures[1].kind)
        #expect(failures[0].text != failures[0].kind)
        #expect(failures[0].kind.hasPrefix("publications: client lasting was told that message # at QoS 1 has arrived"))
    }

    @Test("A world without faults comes to its end, and everything arrives")
    func peace() throws {
        let options = try #require(WorldOptions(text: "clients=4,sleepers=500,delay=20,publishing=1000"))
        let world = World(seed: 7, options: options)
        #expect(world.run(steps: 4_000) == .passed)
        #expect(world.deliveredCount > 300)
    }

    // MARK: Determinism

    @Test("The same seed is the same world, effect for effect", arguments: [UInt64(3), 11, 40])
    func sameSeed(seed: UInt64) {
        let (first, second) = (World(seed: seed), World(seed: seed))
        first.run(steps: Self.steps)
        second.run(steps: Self.steps)
        #expect(first.effectHash.value == second.effectHash.value)
        #expect(first.stepCount == second.stepCount)
    }

    /// Telling what happens, and recording it, change nothing.
    @Test("An observed world is the same world")
    func observedWorld() {
        let (plain, observed) = (World(seed: 5), World(seed: 5))
        observed.chronicle = Chronicle(limit: 10, from: observed.now)
        observed.recordsTrace = true
        plain.run(steps: Self.steps)
        observed.run(steps: Self.steps)
        #expect(plain.effectHash.value == observed.effectHash.value)
        #expect(observed.chronicle?.latest.count == 10)
    }
}

import GatewayCore
import GatewaySimulator
import Testing

/// The swarm of options and their text.
@Suite struct WorldOptionsTests {
    @Test("Each kind of fault is absent in about half of the worlds, and QoS 2 where it is not promised")
    func swarm() {
        var absent = [WorldOption: Int]()
        for seed in 0..<1_000 {
            var random = RandomNumbers(seed: UInt64(seed))
            let options = WorldOptions(drawnFrom: &random)
            for option in WorldOption.allCases where options[option] == 0 { absent[option, default: 0] += 1 }
            let restarts = options[.gatewayRestarts] + options[.shutdowns] + options[.totalRestarts]
            #expect((options[.noExactlyOnce] == 1) == (restarts > 0 && options[.store] == 0), "seed \(seed)")
            #expect(!options.asksTooMuch)
        }
        for option in WorldOption.allCases where option.isDrawn {
            let count = absent[option] ?? 0
            let isNeeded = option == .clients || option == .delay || option == .publishing
            // Who starts again has a disk more often.
            let expected = isNeeded ? 0...0 : option == .store ? 200...350 : 400...600
            #expect(expected.contains(count), "\(option): \(count)")
        }
    }

    @Test("Options survive as text")
    func text() {
        var random = RandomNumbers(seed: 1)
        let options = WorldOptions(drawnFrom: &random)
        #expect(WorldOptions(text: options.text) == options)
        #expect(WorldOptions(text: "") == WorldOptions())
        #expect(WorldOptions(text: "loss") == nil)
        #expect(WorldOptions(text: "nonsense=1") == nil)
        #expect(WorldOptions(text: "loss=-1") == nil)
    }
}

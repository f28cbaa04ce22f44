import GatewaySimulator
import Testing

/// Recorded gateways brought back.
@Suite struct TraceTests {
    private func recorded(seed: UInt64) -> Trace {
        let world = World(seed: seed)
        world.recordsTrace = true
        world.run(steps: 1_000)
        return world.trace
    }

    @Test("A recorded gateway does the same again, also through text", arguments: [UInt64(2), 9, 31])
    func replay(seed: UInt64) {
        let trace = recorded(seed: seed)
        #expect(trace.entries.count > 50)
        #expect(trace.firstDifference() == nil)
        let copy = Trace(text: trace.text)
        #expect(copy == trace)
    }

    @Test("A changed event is noticed")
    func difference() {
        var trace = recorded(seed: 2)
        trace.entries[20].effectHash ^= 1
        #expect(trace.firstDifference() == 20)
    }

    @Test(
        "What is no trace is not read",
        arguments: ["", "swiftlet-trace 2\n1\n\n", "swiftlet-trace 1\n1\n\n1 nonsense x 0"])
    func noTrace(text: String) {
        #expect(Trace(text: text) == nil)
    }
}

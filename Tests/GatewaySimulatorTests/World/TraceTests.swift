import Describe
import GatewayCore
import GatewaySimulator
import Testing
import TraceFile

/// Recorded gateways brought back.
@Suite struct TraceTests {
    private func recorded(seed: UInt64) -> Trace {
        let world = World(seed: seed)
        world.recordsTrace = true
        world.run(steps: 1_000)
        return world.trace
    }

    @Test("A recorded gateway does the same again, also through text", arguments: [UInt64(2), 9, 31])
    func replay(seed: UInt64) throws {
        let trace = recorded(seed: seed)
        #expect(trace.entries.count > 50)
        #expect(trace.firstDifference() == nil)
        #expect(trace.note == "world options \(World(seed: seed).options.text)")
        let copy = try Trace(reading: trace.text, file: "world.trace")
        #expect(copy == trace)
        #expect(copy.firstDifference() == nil)
    }

    @Test("A changed hash is noticed")
    func difference() throws {
        var trace = recorded(seed: 2)
        trace.entries[20].effectHash = try #require(trace.entries[20].effectHash) ^ 1
        #expect(trace.firstDifference() == 20)
    }

    @Test("Another configuration is noticed")
    func otherConfiguration() {
        var trace = recorded(seed: 2)
        trace.configuration.upstream.sharedClientID = [0x78]
        #expect(trace.firstDifference() != nil)
    }

    @Test("An event without a hash is handled, and nothing is compared")
    func eventWithoutHash() {
        var trace = recorded(seed: 2)
        trace.entries[trace.entries.count - 1].effectHash = nil
        var (toldCount, handledCount) = (0, 0)
        #expect(
            trace.firstDifference { _ in
                toldCount += 1
            } hasHandled: { _, _ in
                handledCount += 1
            } == nil)
        #expect(toldCount == trace.entries.count)
        #expect(handledCount == trace.entries.count)
    }

    @Test("A trace is told in words")
    func words() throws {
        let options = try #require(WorldOptions(text: "clients=3,delay=20,publishing=1000"))
        let world = World(seed: 2, options: options)
        world.recordsTrace = true
        world.run(steps: 1_000)
        let trace = world.trace
        let words = TraceWords(trace)
        var lines: [String] = []
        _ = trace.firstDifference {
            lines.append(words.event($0))
        } hasHandled: {
            lines += words.effects($1)
        }
        #expect(lines[0] == "0.000000 s  is told the time")
        #expect(lines[1].hasPrefix("    opens stream 0:"))
        #expect(lines.contains { $0.contains("hears peer 0:") && $0.contains(": CONNECT ") })
        #expect(lines.contains { $0.hasPrefix("    ⇒ stream ") && $0.contains(": PUBLISH ") })
        #expect(lines.contains { $0.hasPrefix("    → peer 0:") && $0.contains("PUBLISH") })
    }
}

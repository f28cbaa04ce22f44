import LinkFraming
import Testing

/// Proves that every number that a line counts is told by its name.
@Suite struct CounterTests {
    @Test func eachCounterHasItsName() {
        var counters = LinkCounters()
        (counters.received, counters.frameErrors) = (1, 2)
        #expect(counters.named.map(\.name) == Mirror(reflecting: counters).children.compactMap(\.label))
        #expect(counters.named.map(\.count) == Mirror(reflecting: counters).children.compactMap { $0.value as? UInt64 })
        var framing = FramingCounters()
        (framing.frames, framing.discardedByteCount) = (3, 4)
        #expect(framing.named.map(\.name) == Mirror(reflecting: framing).children.compactMap(\.label))
        #expect(framing.named.map(\.count) == Mirror(reflecting: framing).children.compactMap { $0.value as? UInt64 })
    }
}

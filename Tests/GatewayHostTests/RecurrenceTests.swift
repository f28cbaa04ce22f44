import Testing

@testable import GatewayHost

/// Proves that what happens again and again is told in few lines, and that no time is left out of the numbers.
@Suite struct RecurrenceTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func theFirstTimeIsToldThenNumbersAtGrowingIntervals() {
        var recurrence = Recurrence()
        var told: [(second: UInt64, count: UInt64)] = []
        // A thousand times in each second.
        for millisecond in UInt64(0)..<100_000 {
            let now = 5 * Self.second + millisecond * 1_000_000
            if let count = recurrence.happened(at: now) { told.append((millisecond / 1_000, count)) }
        }
        #expect(told.map(\.second) == [0, 10, 30, 70])
        #expect(told.map(\.count) == [1, 10_000, 20_000, 40_000])
    }

    @Test func afterAQuietTimeItIsNewsAgain() {
        var recurrence = Recurrence()
        #expect(recurrence.happened(at: 1) == 1)
        #expect(recurrence.happened(at: 2) == nil)
        #expect(recurrence.happened(at: 2 + 60 * Self.second) == 2)
        #expect(recurrence.happened(at: 3 + 60 * Self.second) == nil)
        #expect(recurrence.happened(at: 3 + 70 * Self.second) == 2)
    }
}

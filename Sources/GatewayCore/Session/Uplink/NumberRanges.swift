/// A set of numbers as a few ranges, as most clients count up or have few; what does not fit is not in it.
///
/// Invariant: the ranges are in order and do not touch.
struct NumberRanges: Hashable, Sendable {
    private static let limit = 16

    private(set) var ranges: [ClosedRange<UInt16>] = []

    init(_ ranges: [ClosedRange<UInt16>] = []) { self.ranges = ranges }

    func contains(_ number: UInt16) -> Bool { ranges.contains { $0.contains(number) } }

    /// Takes the number in where there is room, or a range beside it.
    mutating func insert(_ number: UInt16) {
        guard !contains(number), ranges.count < Self.limit || ranges.contains(where: { touches($0, number) }) else {
            return
        }
        var joined = number...number
        for range in ranges where touches(range, number) {
            joined = min(joined.lowerBound, range.lowerBound)...max(joined.upperBound, range.upperBound)
        }
        ranges.removeAll { joined.overlaps($0) }
        ranges.insert(joined, at: ranges.firstIndex { $0.lowerBound > joined.upperBound } ?? ranges.endIndex)
    }

    private func touches(_ range: ClosedRange<UInt16>, _ number: UInt16) -> Bool {
        Int(number) + 1 == Int(range.lowerBound) || Int(range.upperBound) + 1 == Int(number)
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        let areApart = zip(ranges, ranges.dropFirst()).allSatisfy { Int($0.upperBound) + 1 < Int($1.lowerBound) }
        return areApart ? nil : "ranges of numbers touch"
    }
}

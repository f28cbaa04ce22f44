/// How often each of several things occurred, and in how many worlds: rudeness, what the gateway observes, the cells of a
/// table.
package struct OccurrenceCounts: Equatable, Sendable {
    package private(set) var times: [Int]
    /// In one world 0 or 1.
    package private(set) var worlds: [Int]

    /// None of `kindCount` kinds has occurred.
    package init(kindCount: Int) {
        times = [Int](repeating: 0, count: kindCount)
        worlds = times
    }

    /// One world in which the kinds occurred so often.
    package init(times: [Int]) {
        self.times = times
        worlds = times.map { min($0, 1) }
    }

    mutating func note(_ kind: Int) {
        times[kind] += 1
        worlds[kind] = 1
    }

    /// Counts in those of other worlds, of the same kinds.
    package mutating func add(_ other: OccurrenceCounts) {
        for index in times.indices {
            times[index] += other.times[index]
            worlds[index] += other.worlds[index]
        }
    }
}

extension OccurrenceCounts {
    mutating func note(_ rudeness: Rudeness) { note(rudeness.rawValue) }
}

/// Messages up and down of the last sixty whole minutes, and of the one that goes on.
struct HourHistory {
    private static let minute: UInt64 = 60_000_000_000
    /// The minute that goes on, since the clock's origin.
    private var current: UInt64
    private let first: UInt64
    private var up: [64 of UInt32] = .init(repeating: 0)
    private var down: [64 of UInt32] = .init(repeating: 0)

    /// Begins at `now`, in monotonic nanoseconds.
    init(at now: UInt64) {
        current = now / Self.minute
        first = current
    }

    mutating func countUp(at now: UInt64) {
        begin(now)
        up[Int(current % 64)] &+= 1
    }

    mutating func countDown(at now: UInt64) {
        begin(now)
        down[Int(current % 64)] &+= 1
    }

    /// The sixty whole minutes before the one at `now`, oldest first.
    mutating func lines(at now: UInt64) -> (up: [UInt32], down: [UInt32]) {
        begin(now)
        func line(_ counts: [64 of UInt32]) -> [UInt32] {
            (1...60).reversed().map { current >= $0 ? counts[Int((current - $0) % 64)] : 0 }
        }
        return (line(up), line(down))
    }

    /// Of the last whole minute; of the first one while that goes on.
    mutating func lastMinute(at now: UInt64) -> (up: UInt32, down: UInt32) {
        begin(now)
        let minute = Int((current == first ? current : current - 1) % 64)
        return (up[minute], down[minute])
    }

    /// Empties the minutes that have passed since the last look.
    private mutating func begin(_ now: UInt64) {
        let minute = now / Self.minute
        guard minute > current else { return }
        var passed = max(current + 1, minute >= 63 ? minute - 63 : 0)
        while passed <= minute {
            up[Int(passed % 64)] = 0
            down[Int(passed % 64)] = 0
            passed += 1
        }
        current = minute
    }
}

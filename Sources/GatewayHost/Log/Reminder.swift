/// Something that is told at once, and when it goes on once a minute, with how often it happened meanwhile.
struct Reminder {
    private static let interval: UInt64 = 60_000_000_000

    private var untoldCount = 0
    private var nextTelling: UInt64 = 0

    /// It happened; returns how often it did since it was last told when it is to be told now. Time in monotonic
    /// nanoseconds.
    mutating func count(at now: UInt64) -> Int? {
        untoldCount += 1
        guard now >= nextTelling else { return nil }
        nextTelling = now + Self.interval
        defer { untoldCount = 0 }
        return untoldCount
    }
}

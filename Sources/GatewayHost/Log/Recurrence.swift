/// Something that may happen again and again: told the first time, then as a number at growing intervals.
struct Recurrence {
    /// Between the first two lines; each interval is twice the one before. In nanoseconds.
    private static let shortestInterval: UInt64 = 10_000_000_000
    private static let longestInterval: UInt64 = 3_600_000_000_000
    /// What has not happened for so long, and for as long as its lines are apart, is news again.
    private static let quietTime: UInt64 = 60_000_000_000

    private var interval = shortestInterval
    private var untoldCount: UInt64 = 0
    private var lineDueAt: UInt64 = 0
    private var lastAt: UInt64 = 0

    /// Takes note that it has happened at `now`, in monotonic nanoseconds.
    ///
    /// - Returns: how often it has since the last line, this time included, where a line is due; nil where none is.
    mutating func happened(at now: UInt64) -> UInt64? {
        if now &- lastAt >= max(interval, Self.quietTime) { (interval, lineDueAt) = (Self.shortestInterval, 0) }
        lastAt = now
        untoldCount += 1
        guard now >= lineDueAt else { return nil }
        lineDueAt = now + interval
        interval = min(interval * 2, Self.longestInterval)
        defer { untoldCount = 0 }
        return untoldCount
    }

    /// What a line adds where it stands for several.
    static func suffix(_ count: UInt64) -> String { count > 1 ? "; \(count) times since the last line" : "" }
}

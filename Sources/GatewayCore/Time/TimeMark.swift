import Time

/// A moment in four octets, to tell how long ago it was: to about a millisecond, for 52 days.
///
/// It is no part of what it stands in: two exchanges are the same whenever they began, as nothing is decided by it.
struct TimeMark: Sendable {
    /// 2^20 ns.
    private static let unitBits: UInt64 = 20
    private var units: UInt32

    init(_ instant: Instant) { units = UInt32(truncatingIfNeeded: instant.nanoseconds >> Self.unitBits) }

    func age(at now: Instant) -> TimeSpan {
        TimeSpan(nanoseconds: UInt64(TimeMark(now).units &- units) << Self.unitBits)
    }
}

extension TimeMark: Hashable {
    static func == (left: TimeMark, right: TimeMark) -> Bool { true }
    func hash(into hasher: inout Hasher) {}
}

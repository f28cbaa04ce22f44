/// A point on its owner's monotonic clock; those who are given one never read a clock: they are told the time with each
/// event.
public struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an origin that only the owner knows.
    public var nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `span` later; saturates at the end of time instead of wrapping.
    @inlinable
    public static func + (instant: Instant, span: TimeSpan) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The instant `span` earlier; the origin where the clock began later than that.
    @inlinable
    public static func - (instant: Instant, span: TimeSpan) -> Instant {
        Instant(nanoseconds: instant.nanoseconds > span.nanoseconds ? instant.nanoseconds - span.nanoseconds : 0)
    }

    /// How much later this instant is than `earlier`; zero when it is not later.
    @inlinable
    public func since(_ earlier: Instant) -> TimeSpan {
        TimeSpan(nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}

/// A length of time, never negative, in one machine word (Swift's `Duration` takes two and is signed).
public struct TimeSpan: Comparable, Hashable, Sendable {
    public var nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable
    public static func seconds(_ count: Int) -> TimeSpan {
        .milliseconds(count.multipliedReportingOverflow(by: 1000).0)
    }

    /// - Precondition: `count` is not negative.
    @inlinable
    public static func milliseconds(_ count: Int) -> TimeSpan {
        TimeSpan(nanoseconds: UInt64(count).multipliedReportingOverflow(by: 1_000_000).0)
    }

    @inlinable
    public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The span `factor` times; saturates.
    @inlinable
    public static func * (span: TimeSpan, factor: Int) -> TimeSpan {
        let (product, overflow) = span.nanoseconds.multipliedReportingOverflow(by: UInt64(max(0, factor)))
        return TimeSpan(nanoseconds: overflow ? .max : product)
    }

    /// The span enlarged by `percent` of itself; saturates.
    @inlinable
    public func extended(byPercent percent: Int) -> TimeSpan {
        let (product, overflow) = nanoseconds.multipliedReportingOverflow(by: UInt64(max(0, percent)) &+ 100)
        return TimeSpan(nanoseconds: overflow ? .max : product / 100)
    }

    public static var zero: TimeSpan { TimeSpan(nanoseconds: 0) }

    public var isZero: Bool { nanoseconds == 0 }
}

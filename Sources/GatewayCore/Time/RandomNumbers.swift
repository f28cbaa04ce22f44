import Time

/// Random numbers that one seed decides (SplitMix64); the only source of chance in the core.
package struct RandomNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// How long to wait after a failure, so that many waiters do not come back together: the first time between half
    /// of `minimum` and all of it, then between `minimum` and three times the `last` pause (decorrelated jitter), but
    /// never longer than `maximum`, which is no less than `minimum`.
    mutating func pause(after last: TimeSpan?, from minimum: TimeSpan, upTo maximum: TimeSpan) -> TimeSpan {
        guard let last else { return between(TimeSpan(nanoseconds: minimum.nanoseconds / 2), minimum) }
        return between(minimum, max(minimum, min(maximum, last * 3)))
    }

    private mutating func between(_ least: TimeSpan, _ most: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: UInt64.random(in: least.nanoseconds...most.nanoseconds, using: &self))
    }
}

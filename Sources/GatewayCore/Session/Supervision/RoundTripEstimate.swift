import Time

/// What the measured round trips of a client say about how long to wait for it (RFC 6298 §2).
struct RoundTripEstimate: Sendable {
    /// Answers of a fast client must not make the gateway impatient: a radio sleeps, a scheduler is busy.
    private static let least = TimeSpan.milliseconds(500)

    /// Microseconds; 0 before the first measurement.
    private var smoothed: UInt32 = 0
    private var variation: UInt32 = 0

    mutating func take(_ sample: TimeSpan) {
        let sample = UInt32(clamping: sample.nanoseconds / 1_000) | 1
        guard smoothed > 0 else {
            (smoothed, variation) = (sample, sample / 2)
            return
        }
        let deviation = sample > smoothed ? sample - smoothed : smoothed - sample
        variation = variation - variation / 4 + deviation / 4
        smoothed = smoothed - smoothed / 8 + sample / 8
    }

    /// Smoothed; nil before the first measurement.
    var measured: TimeSpan? { smoothed > 0 ? TimeSpan(nanoseconds: UInt64(smoothed) * 1_000) : nil }

    /// nil before the first measurement.
    var timeout: TimeSpan? {
        guard smoothed > 0 else { return nil }
        let microseconds = UInt64(smoothed) + 4 * UInt64(variation)
        return max(TimeSpan(nanoseconds: microseconds * 1_000), Self.least)
    }
}

import Time

/// The time that the core is told: the loop's, without the spells in which it stood still.
///
/// As long as nothing of what the core says may leave, no time passes for it. Else clients would pass for silent that
/// it has not heard or could not answer, and the broker for one that does not answer a PINGREQ that never left.
struct CoreClock {
    /// Nobody takes a shorter spell for silence: the core's time then goes on as if there had been none, so that a disk
    /// that is slow again and again does not keep it from the PINGREQs that are due. In nanoseconds.
    private static let shortestSpell: UInt64 = 1_000_000_000

    /// Nanoseconds of all spells.
    private var stoodFor: UInt64 = 0
    /// In the loop's time; nil while time goes on.
    private var standsSince: UInt64?

    /// What the core is told in a turn of the loop at `now` (monotonic nanoseconds).
    func time(at now: UInt64) -> Instant { Instant(nanoseconds: (standsSince ?? now) &- stoodFor) }

    /// When a moment of the core comes, in the loop's time; nil for never, and as long as time stands still.
    func moment(of deadline: Instant?) -> UInt64? {
        guard standsSince == nil, let deadline else { return nil }
        let (sum, isTooLate) = deadline.nanoseconds.addingReportingOverflow(stoodFor)
        return isTooLate ? nil : sum
    }

    /// Lets time stand still or go on, from the turn of the loop at `now` on.
    mutating func stand(_ stands: Bool, at now: UInt64) {
        guard stands else {
            guard let since = standsSince else { return }
            if now &- since >= Self.shortestSpell { stoodFor &+= now &- since }
            standsSince = nil
            return
        }
        if standsSince == nil { standsSince = now }
    }
}

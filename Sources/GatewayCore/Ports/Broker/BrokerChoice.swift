import Time

/// Which of the owner's brokers connections go to, where there are several, in the order in which they are preferred.
///
/// **What it owns.** The one that is chosen, what each has shown of the versions that it speaks, and how long the first
/// has been there again. **Invariants.** Connections that begin go to the one that is chosen, but for a look at the
/// first. **Awkward cases.** Hundreds of attempts fail together: only one that began since the choice says anything of
/// it. A first one that takes connections and is no broker would be returned to for ever: after each return that was in
/// vain it must have been there for twice as long.
struct BrokerChoice {
    /// What a failed attempt means.
    enum Failure: Equatable {
        /// Nothing: the choice is a later one, or there is none.
        case stale
        /// From now on another one is chosen.
        case next
        /// The same, and none of them could be reached.
        case all
    }

    /// The place among them.
    private(set) var current: UInt8 = 0
    private var chosenAt = Instant(nanoseconds: 0)
    /// So many in a row could not be reached.
    private var failureCount = 0
    /// Since when the first has been there whenever it was looked at; nil where it was not the last time.
    private var firstIsThereSince: Instant?
    private var returnedAt: Instant?
    private var vainReturnCount = 0
    private var versions: [BrokerVersion] = []

    /// What the broker at that place speaks.
    subscript(_ broker: UInt8) -> BrokerVersion {
        get { Int(broker) < versions.count ? versions[Int(broker)] : BrokerVersion() }
        set {
            while versions.count <= Int(broker) { versions.append(BrokerVersion()) }
            versions[Int(broker)] = newValue
        }
    }

    /// An attempt that began then could not reach a broker, of `count`.
    mutating func failed(_ broker: UInt8, begunAt: Instant, count: Int, at now: Instant) -> Failure {
        guard count > 1, broker == current, begunAt >= chosenAt else { return .stale }
        failureCount += 1
        if let returnedAt {
            vainReturnCount = now.since(returnedAt) < Self.shortStay ? min(vainReturnCount + 1, 6) : 0
        }
        choose(UInt8((Int(current) + 1) % count), at: now)
        guard failureCount >= count else { return .next }
        failureCount = 0
        return .all
    }

    /// The broker has accepted a CONNECT.
    mutating func accepted(_ broker: UInt8) { if broker == current { failureCount = 0 } }

    /// The first is there.
    ///
    /// - Returns: whether it has been for long enough to go back to it, which is done.
    mutating func firstIsThere(_ steadyTime: TimeSpan, at now: Instant) -> Bool {
        guard current != 0 else { return false }
        let since = firstIsThereSince ?? now
        firstIsThereSince = since
        guard now.since(since) >= steadyTime * (1 << vainReturnCount) else { return false }
        choose(0, at: now)
        (returnedAt, failureCount) = (now, 0)
        return true
    }

    mutating func firstIsAway() { firstIsThereSince = nil }

    private mutating func choose(_ broker: UInt8, at now: Instant) {
        (current, chosenAt, firstIsThereSince, returnedAt) = (broker, now, nil, nil)
    }

    /// A first one that fails again sooner after a return had not come back.
    private static var shortStay: TimeSpan { .seconds(300) }
}

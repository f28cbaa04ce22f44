/// Senders that are owed, or no longer owed, an answer to a DISCONNECT: clients that have just left and may repeat
/// theirs, and strangers that have been answered (GW-64, GW-65, GW-79).
struct RecentDepartures {
    private struct Entry {
        var route: Route
        /// How often a DISCONNECT of this sender is still answered.
        var answers: Int
        var expiry: Instant
    }

    private let limit: Int
    /// In the order of their arrival; `first` is the oldest that still counts.
    private var entries: [Entry] = []
    private var first = 0
    /// Where each route's entry is, counted from the beginning of time.
    private var position: [Route: Int] = [:]
    private var forgottenCount = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count - first }

    var nextExpiry: Instant? { first < entries.count ? entries[first].expiry : nil }

    /// Whether a DISCONNECT from `route` is answered now. One who is not noted here is; the caller then notes him.
    mutating func mayAnswer(_ route: Route, at now: Instant) -> Bool {
        guard let place = position[route] else { return true }
        let index = place - forgottenCount
        guard entries[index].expiry > now else { return true }
        guard entries[index].answers > 0 else { return false }
        entries[index].answers -= 1
        return true
    }

    /// - Returns: true where the route is new here and must be kept; false where it was noted already.
    mutating func note(_ route: Route, answers: Int, until expiry: Instant) -> Bool {
        guard position[route] == nil else { return false }
        entries.append(Entry(route: route, answers: answers, expiry: expiry))
        position[route] = forgottenCount + entries.count - 1
        return true
    }

    mutating func takeExcess() -> Route? { count > limit ? takeFirst() : nil }

    mutating func takeExpired(at now: Instant) -> Route? {
        guard let nextExpiry, nextExpiry <= now else { return nil }
        return takeFirst()
    }

    private mutating func takeFirst() -> Route {
        let route = entries[first].route
        position[route] = nil
        first += 1
        if first > 64, first * 2 > entries.count {
            entries.removeFirst(first)
            forgottenCount += first
            first = 0
        }
        return route
    }
}

/// So many per second, and no more than that at once.
struct TokenBucket {
    private let perSecond: Int
    private var tokens: Int
    private var lastRefill: Instant?

    init(perSecond: Int) {
        self.perSecond = perSecond
        tokens = perSecond
    }

    mutating func take(at now: Instant) -> Bool {
        refill(at: now)
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }

    private mutating func refill(at now: Instant) {
        guard perSecond > 0, let last = lastRefill else {
            lastRefill = now
            return
        }
        let perToken = 1_000_000_000 / UInt64(perSecond)
        let earned = now.since(last).nanoseconds / max(1, perToken)
        guard earned > 0 else { return }
        tokens = Int(min(UInt64(perSecond), UInt64(tokens) + earned))
        lastRefill = now
    }
}

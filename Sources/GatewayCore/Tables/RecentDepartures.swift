import Time

/// Senders that are owed, or no longer owed, an answer to a DISCONNECT: clients that have just left and may repeat
/// theirs, and strangers that have been answered (GW-64, GW-65, GW-79).
struct RecentDepartures {
    private struct Entry {
        var route: Route
        /// How often a DISCONNECT of this sender is still answered.
        var answers: Int
        var expiry: Instant
    }

    /// Beyond it the oldest go, one for each that comes.
    var limit: Int
    /// In the order of their arrival; an entry that is not at its route's position is stale.
    private var entries: [Entry] = []
    /// The oldest entry that counts; it is not stale.
    private var first = 0
    private var position: [Route: Int] = [:]

    init(limit: Int) { self.limit = limit }

    var count: Int { position.count }

    var nextExpiry: Instant? { first < entries.count ? entries[first].expiry : nil }

    /// Whether a DISCONNECT from `route` is answered now. One who is not noted here is; the caller then notes him.
    mutating func mayAnswer(_ route: Route, at now: Instant) -> Bool {
        guard let place = position[route], entries[place].expiry > now else { return true }
        guard entries[place].answers > 0 else { return false }
        entries[place].answers -= 1
        return true
    }

    /// Notes a sender, and one who is noted already again if he has answers to get or his time was over.
    ///
    /// - Returns: true where the route is new here and must be kept; false where it was noted already.
    mutating func note(_ route: Route, answers: Int, at now: Instant, until expiry: Instant) -> Bool {
        let former = position[route]
        if let former, answers == 0, entries[former].expiry > now { return false }
        position[route] = entries.count
        entries.append(Entry(route: route, answers: answers, expiry: expiry))
        if former == first { skipStale() }
        compact()
        return former == nil
    }

    mutating func takeExcess() -> Route? { count > limit ? takeFirst() : nil }

    mutating func takeExpired(at now: Instant) -> Route? {
        guard let nextExpiry, nextExpiry <= now else { return nil }
        return takeFirst()
    }

    private mutating func takeFirst() -> Route {
        let route = entries[first].route
        position[route] = nil
        skipStale()
        compact()
        return route
    }

    private mutating func skipStale() {
        while first < entries.count, position[entries[first].route] != first { first += 1 }
    }

    /// Drops what is past or stale once that is most of the list, so that the list stays as short as its senders.
    private mutating func compact() {
        guard entries.count > 64, entries.count > position.count * 2 else { return }
        var kept = 0
        for index in first..<entries.count where position[entries[index].route] == index {
            position[entries[index].route] = kept
            entries[kept] = entries[index]
            kept += 1
        }
        // In place, as a list that is emptied all the time would be allocated anew all the time.
        entries.removeLast(entries.count - kept)
        first = 0
    }
}

/// So many per second, and no more than that at once.
struct TokenBucket {
    private var perSecond: Int
    private var tokens: Int
    private var lastRefill: Instant?

    init(perSecond: Int) {
        self.perSecond = perSecond
        tokens = perSecond
    }

    /// From now on another rate holds; what has been taken in this second counts.
    mutating func setRate(perSecond: Int) {
        guard perSecond != self.perSecond else { return }
        tokens = max(0, perSecond - max(0, self.perSecond - tokens))
        self.perSecond = perSecond
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
        tokens += Int(min(UInt64(perSecond - tokens), earned))
        lastRefill = now
    }
}

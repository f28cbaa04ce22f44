import Time

/// The broker connections that were closed from this side and whose end nobody has told yet, by the client in whose
/// name they spoke.
///
/// A client's next connection waits for the end of the one before. If its CONNECT reached the broker first, the broker
/// would take it for a takeover (MQTT 3.1.1 §3.1.4) and publish the Will of a client that lives, though the DISCONNECT
/// that takes it back is on its way. Whether the session, its place and its connection's place are the same does not
/// matter; the name is what the broker goes by.
///
/// The end may never be told, so each is awaited for a bounded time only. An older connection of a name whose bound
/// has passed is no longer awaited; what is not awaited is forgotten when others come, oldest first, so that there are
/// never more than were closed within the bound.
///
/// Invariants: every connection awaited is in the order of its bound, once.
struct ClosingConnections {
    private struct Entry {
        var stream: UpstreamID
        var deadline: Instant
    }

    /// The latest of each name.
    private var entries: [ClientID: Entry] = [:]
    private var names: [UpstreamID: ClientID] = [:]
    /// Those of `names` and some that have ended, by their bounds; those before `first` are over.
    private var order: [Entry] = []
    private var first = 0

    /// The connection has just been closed; until `deadline` the next of that name waits for its end.
    mutating func closed(_ stream: UpstreamID, of name: ClientID, awaitedUntil deadline: Instant, at now: Instant) {
        forgetOverdue(at: now)
        let entry = Entry(stream: stream, deadline: deadline)
        if let older = entries.updateValue(entry, forKey: name) { names[older.stream] = nil }
        names[stream] = name
        order.append(entry)
    }

    /// The connection has ended.
    ///
    /// - Returns: whose it was, if its end was awaited.
    mutating func ended(_ stream: UpstreamID) -> ClientID? {
        guard let name = names.removeValue(forKey: stream) else { return nil }
        entries[name] = nil
        return name
    }

    /// How long the next connection of that name has to wait, unless the end is told before; nil for not at all.
    func deadline(of name: ClientID, at now: Instant) -> Instant? {
        guard !entries.isEmpty, let entry = entries[name], entry.deadline > now else { return nil }
        return entry.deadline
    }

    private mutating func forgetOverdue(at now: Instant) {
        while first < order.count, order[first].deadline <= now || names[order[first].stream] == nil {
            _ = ended(order[first].stream)
            first += 1
        }
        guard first > 64, first * 2 > order.count else { return }
        order.removeFirst(first)
        first = 0
    }

    /// - Returns: what does not hold; nil if all does.
    func checkInvariants() -> String? {
        if entries.count != names.count { return "closing connections and their names differ" }
        let awaited = order[first...].filter { names[$0.stream] != nil }
        if awaited.count != names.count { return "a closing connection would never be forgotten" }
        if zip(awaited, awaited.dropFirst()).contains(where: { $0.deadline > $1.deadline }) {
            return "closing connections are not in order"
        }
        return nil
    }
}

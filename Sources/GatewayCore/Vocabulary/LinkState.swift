import Time

/// Whether the gateway can send on a link, and since when.
///
/// A link that is lost says nothing of the clients behind it: what would be repeated to them, and what they are judged
/// by, stands still until it returns.
enum LinkState: Equatable, Sendable {
    /// The link works; where it was lost before, it has since `returnedAt`.
    case up(returnedAt: Instant?)
    case lost(since: Instant)

    var isLost: Bool { lostSince != nil }

    var lostSince: Instant? {
        guard case .lost(let since) = self else { return nil }
        return since
    }

    var returnedAt: Instant? {
        guard case .up(let returnedAt) = self else { return nil }
        return returnedAt
    }
}

import Time

/// Where a session stands with its broker: connected, or coming back to it (GW-86, AMB-30).
///
/// **What it owns.** The place of the session's connection among all, whether what the broker keeps of the session
/// ends with that connection, and since when a lost one is being restored. **Invariants.** What is restored has a place
/// and a beginning. **Awkward cases.** A connection that does not stay was none: the time for the restoration goes on
/// from the first loss. With several brokers a session may be restored at one that has something older of it. A
/// sleeper's session may be kept here and end there with the connection (AMB-02).
struct BrokerSide: Sendable {
    /// The place of the connection, open or not; nil while the client is away.
    private(set) var connection: UInt32?
    /// Whether the connection is lost and being restored.
    private(set) var isRestoring = false
    /// Whether the broker forgets the session with the connection, as the last CONNECT that it accepted said.
    private(set) var isClean: Bool
    /// The place among the brokers of the one that has accepted last; `nowhere` before any has.
    private(set) var home: UInt8
    /// When it was lost; where it was restored and soon lost again, the first time. nil before any loss.
    private var lostSince: Instant?
    /// What is told of the broker where it seems to forbid something.
    var conduct = BrokerConduct()

    static let nowhere = UInt8.max

    init(isClean: Bool = true, home: UInt8 = nowhere) { (self.isClean, self.home) = (isClean, home) }

    // MARK: The connection's place

    mutating func takePlace(_ place: UInt32) { connection = place }

    mutating func giveUpPlace() {
        connection = nil
        isRestoring = false
    }

    // MARK: Coming and going

    /// The connection is lost, or could not be opened, and is to be restored.
    ///
    /// - Returns: false where it was being restored already.
    mutating func lost(hasStayed: Bool, at now: Instant) -> Bool {
        guard !isRestoring else { return false }
        isRestoring = true
        if hasStayed || lostSince == nil { lostSince = now }
        return true
    }

    /// The connection is left, or was another life's, and there will be another one.
    mutating func isReplaced(at now: Instant) { _ = lost(hasStayed: true, at: now) }

    /// The client is set up anew; what was lost before is over.
    mutating func beginsAnew() { lostSince = nil }

    /// The session is left; nothing is restored.
    mutating func left() { isRestoring = false }

    /// Whether that is another broker than the one that has accepted last: what it has of a session is not this one.
    func isElsewhere(_ broker: UInt8) -> Bool { home != Self.nowhere && home != broker }

    /// That broker has accepted a CONNECT.
    ///
    /// - Returns: whether that restores the session.
    mutating func accepted(isClean: Bool, by broker: UInt8) -> Bool {
        self.isClean = isClean
        home = broker
        defer { isRestoring = false }
        return isRestoring
    }

    /// When the connection has been lost for `patience`; nil where it is not.
    func deadline(_ patience: TimeSpan) -> Instant? {
        guard isRestoring, let lostSince else { return nil }
        return lostSince + patience
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        if isRestoring, lostSince == nil { return "a restoration without a beginning" }
        return isRestoring && connection == nil ? "a restoration without a place" : nil
    }
}

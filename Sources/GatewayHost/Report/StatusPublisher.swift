import Configuration
import GatewayCore

/// What the gateway has to publish of itself at the broker, and when; it reads no clock and makes no text.
///
/// **What it owns.** The clients whose availability stands at the broker or is to, each with its latest state. No
/// message waits here: a client that changes twice before its turn is published once. **Invariant.** A client is in
/// the table while it has a session, and then until its availability is deleted; those without a session are never more
/// than `clients.maximum`. **Awkward case.** What an earlier run has left of a client stands while the core still
/// searches for such things, so a client of that time is deleted even if this run has published nothing of it.
struct StatusPublisher {
    /// Where a client stands for whoever subscribes.
    enum Availability: String, Equatable {
        case awake, asleep, overdue
        /// Silent for good. The session may be kept.
        case lost
        /// Gone with a word, and its session kept.
        case remembered
    }

    /// Something to be published next.
    enum Turn: Equatable {
        case info, health
        case client([UInt8])
    }

    struct Client: Equatable {
        var availability: Availability
        /// Since when, in monotonic nanoseconds.
        var since: UInt64
        /// Whether there is a session.
        var isThere = true
        /// The number of its turn; nil while none comes.
        fileprivate var turn: UInt64?
        /// Whether the broker may have an availability of it.
        fileprivate var mayStand = false
    }

    private static let second: UInt64 = 1_000_000_000
    private static let healthInterval: UInt64 = 60 * second

    private(set) var clients: [[UInt8]: Client] = [:]
    /// Whose turn comes, and before `first` those that had it. One that its client does not have any more is none.
    private var turns: [(number: UInt64, clientID: [UInt8])] = []
    private var first = 0
    private var turnCount: UInt64 = 0
    private var settings: StatusSettings
    /// `clients.maximum`.
    private var clientLimit: Int
    /// Those of `clients` without a session.
    private var goneCount = 0
    /// Clients whose availability stays at the broker until there is another announcement, as too many had gone.
    private(set) var leftBehindCount: UInt64 = 0
    /// Which announcement of the gateway holds; nil while nothing can be published.
    private(set) var announcement: UInt32?
    /// Whether the core looks for what an earlier run has left.
    private var isSearching = false
    private var infoIsDue = false
    private var healthDueAt: UInt64 = 0
    /// When the second began in which so many clients had their turn.
    private var secondBegan: UInt64 = 0
    private var countInSecond = 0
    /// Not before, as the connection took no more.
    private var blockedUntil: UInt64 = 0

    init(_ settings: StatusSettings, clientLimit: Int) {
        (self.settings, self.clientLimit) = (settings, clientLimit)
    }

    // MARK: What happens

    /// The owner has decided otherwise.
    mutating func reconfigure(_ settings: StatusSettings, clientLimit: Int) {
        (self.settings, self.clientLimit) = (settings, clientLimit)
        infoIsDue = true
    }

    /// A client that was there before anybody asked, unless it is known; before the announcement that is followed next.
    mutating func know(_ clientID: [UInt8], _ availability: Availability, since: UInt64) {
        guard clients[clientID] == nil else { return }
        clients[clientID] = Client(availability: availability, since: since)
    }

    /// Something was observed of a client at `now`, which has a session after it or not.
    mutating func note(_ kind: ObservationKind, of clientID: [UInt8], isThere: Bool, at now: UInt64) {
        let availability = Self.availability(after: kind)
        let known = clients[clientID]
        guard var client = known ?? availability.map({ Client(availability: $0, since: now, mayStand: isSearching) })
        else { return }
        if let availability, availability != client.availability {
            (client.availability, client.since) = (availability, now)
        }
        if known?.isThere == false { goneCount -= 1 }
        client.isThere = isThere
        clients[clientID] = isThere || isToBeDeleted(client) ? client : nil
        guard clients[clientID] != nil else { return }
        if !isThere { goneCount += 1 }
        if announcement != nil { giveTurn(to: clientID) }
    }

    /// Of whom nothing stands there is nothing to delete. Without a connection nothing is deleted here: what no longer
    /// holds is, when there is one again.
    private mutating func isToBeDeleted(_ gone: Client) -> Bool {
        guard announcement != nil, gone.mayStand else { return false }
        guard goneCount < clientLimit else {
            leftBehindCount += 1
            return false
        }
        return true
    }

    /// What was not observed: whoever has no session any more is gone, and an overdue sleeper that was heard without
    /// waking up is asleep. `state` is nil without a session.
    mutating func review(at now: UInt64, state: ([UInt8]) -> ClientReport.State?) {
        for (clientID, client) in clients where client.isThere {
            switch state(clientID) {
            case nil: note(.sessionEvicted, of: clientID, isThere: false, at: now)
            case .asleep where client.availability == .overdue:
                note(.clientWokeUp, of: clientID, isThere: true, at: now)
            case .awake, .asleep, .overdue, .remembered: break
            }
        }
    }

    /// Which announcement holds at `now`, and whether there is still a search. With another announcement everything is
    /// published anew.
    mutating func follow(_ announcement: UInt32?, isSearching: Bool, at now: UInt64) {
        self.isSearching = isSearching
        guard announcement != self.announcement else { return }
        self.announcement = announcement
        (turns, first) = ([], 0)
        clients = clients.filter(\.value.isThere)
        goneCount = 0
        for clientID in clients.keys {
            clients[clientID]?.turn = nil
            clients[clientID]?.mayStand = true
        }
        guard announcement != nil else { return }
        for clientID in clients.keys { giveTurn(to: clientID) }
        infoIsDue = true
        (healthDueAt, blockedUntil) = (now, now)
    }

    private static func availability(after kind: ObservationKind) -> Availability? {
        switch kind {
        case .clientConnected, .clientResumed: .awake
        case .clientFellAsleep, .clientWokeUp: .asleep
        case .clientOverdue: .overdue
        case .clientLost: .lost
        case .clientDisconnected, .clientDismissed: .remembered
        default: nil
        }
    }

    /// Whether an observation says something of the availability of its client.
    static func concerns(_ kind: ObservationKind) -> Bool {
        switch kind {
        case .clientRefused, .clientSetUpAbandoned, .sessionEvicted: true
        default: availability(after: kind) != nil
        }
    }

    // MARK: Turns

    private mutating func giveTurn(to clientID: [UInt8]) {
        guard clients[clientID] != nil, clients[clientID]?.turn == nil else { return }
        turnCount += 1
        clients[clientID]?.turn = turnCount
        turns.append((turnCount, clientID))
        // Clients that came and went leave turns behind.
        guard waitingTurnCount > 2 * clients.count + 64 else { return }
        turns = turns[first...].filter { clients[$0.clientID]?.turn == $0.number }
        first = 0
    }

    /// Turns that are kept, those that are none any more included.
    var waitingTurnCount: Int { turns.count - first }

    /// When something is to be published next, in monotonic nanoseconds; nil while nothing is.
    var nextDeadline: UInt64? {
        guard announcement != nil else { return nil }
        guard !infoIsDue else { return blockedUntil }
        return max(blockedUntil, min(healthDueAt, first < turns.count ? clientDueAt : .max))
    }

    private var clientDueAt: UInt64 { countInSecond < settings.clientsPerSecond ? 0 : secondBegan + Self.second }

    /// What is to be published at `now`; nil for nothing. It stays due until `published` or `blocked`.
    mutating func due(at now: UInt64) -> Turn? {
        guard let deadline = nextDeadline, deadline <= now else { return nil }
        if infoIsDue { return .info }
        if healthDueAt <= now { return .health }
        while first < turns.count, clients[turns[first].clientID]?.turn != turns[first].number { first += 1 }
        forgetFormerTurns()
        return first < turns.count ? .client(turns[first].clientID) : nil
    }

    private mutating func forgetFormerTurns() {
        guard first > 64, first * 2 > turns.count else { return }
        turns.removeFirst(first)
        first = 0
    }

    /// What was due is said.
    mutating func published(_ turn: Turn, at now: UInt64) {
        switch turn {
        case .info: infoIsDue = false
        case .health: healthDueAt = now + Self.healthInterval
        case .client(let clientID):
            if now &- secondBegan >= Self.second { (secondBegan, countInSecond) = (now, 0) }
            countInSecond += 1
            first += 1
            forgetFormerTurns()
            clients[clientID]?.turn = nil
            clients[clientID]?.mayStand = true
            guard clients[clientID]?.isThere == false else { return }
            clients[clientID] = nil
            goneCount -= 1
        }
    }

    /// The connection takes no more at `now`; it is tried again after a second.
    mutating func blocked(at now: UInt64) { blockedUntil = now + Self.second }
}

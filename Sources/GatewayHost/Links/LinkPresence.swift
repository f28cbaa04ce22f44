import Transports

/// Whether anything can leave on a UDP link, by what the system says of its interface, its address and the ways to its
/// peers.
///
/// One peer that cannot be reached is that peer's affair: a link with several interfaces is lost only when nothing has
/// left and nobody was heard for a second.
struct LinkPresence {
    /// Why nothing can leave.
    enum Obstacle: Equatable {
        /// The address to listen on is not there.
        case notOpen
        /// The interface is gone, down or without a carrier.
        case interface(String)
        /// There is no way to the last peer tried, nor was there a success with another.
        case noWay(SocketAddress)
    }

    /// How long sends must fail without a success.
    static let patience: UInt64 = 1_000_000_000

    /// The interface that the owner has named, or that has the listener's address; nil where there may be several.
    private(set) var interface: String?
    private(set) var obstacle: Obstacle?
    /// Whether the core takes the link for lost.
    private(set) var isToldLost = false
    var isClosed = false
    /// When to look again at what nobody tells, in monotonic nanoseconds; nil for never.
    var lookAt: UInt64?
    /// When to open the sockets; nil while they are open.
    private(set) var openAt: UInt64?
    private var pause = GrowingPause()
    private var isInterfaceUsable = true
    private var interfaceIndex: UInt32 = 0
    private var failingSince: UInt64?
    private var failedPeer: SocketAddress?
    private(set) var lastHeard: SocketAddress?

    init(interface: String?) { self.interface = interface }

    /// When something is to be done; 0 where the core is to be told at once.
    var nextDeadline: UInt64? {
        guard !isClosed else { return nil }
        guard isToldLost == (obstacle != nil) else { return 0 }
        let doubt = obstacle == nil ? failingSince.map { $0 + Self.patience } : nil
        let next = min(openAt ?? .max, lookAt ?? .max, doubt ?? .max)
        return next == .max ? nil : next
    }

    // MARK: What is seen

    /// Takes note of what became of datagrams.
    mutating func sent(_ result: FlushResult, at now: UInt64) {
        if result.sentCount > 0 {
            failingSince = nil
            // An interface without a carrier takes everything.
            if case .noWay = obstacle { obstacle = nil }
        } else if let peer = result.unreachable {
            (failedPeer, failingSince) = (peer, failingSince ?? now)
        }
    }

    /// Takes note of a datagram that came in; true where it shows that the link is not lost.
    mutating func heard(_ source: SocketAddress, on local: LocalAddress) -> Bool {
        (lastHeard, failingSince) = (source, nil)
        switch obstacle {
        case nil, .notOpen: return false
        // What has waited in the socket since before says nothing.
        case .interface where local.interfaceIndex == interfaceIndex: return false
        case .interface, .noWay:
            obstacle = nil
            return true
        }
    }

    /// Looks at the named interface and at the ways to peers.
    mutating func look(at now: UInt64) {
        if let interface { look(atInterface: interface) }
        switch obstacle {
        case .noWay(let peer): if !peer.isUnreachable { obstacle = nil }
        case nil:
            if let lastHeard, failingSince == nil, lastHeard.isUnreachable {
                (failedPeer, failingSince) = (lastHeard, now)
            }
        case .notOpen, .interface: break
        }
    }

    private mutating func look(atInterface name: String) {
        let found = NetworkInterface(named: name)
        if let found { interfaceIndex = found.index }
        let isUsable = found?.isUsable ?? false
        guard isUsable != isInterfaceUsable else { return }
        isInterfaceUsable = isUsable
        if !isUsable, obstacle == nil {
            obstacle = .interface(name)
        } else if isUsable, case .interface = obstacle {
            // Its addresses may still be on their way.
            obstacle = lastHeard.flatMap { $0.isUnreachable ? .noWay($0) : nil }
        }
    }

    /// Decides where sends have failed for long enough at `now`.
    mutating func settleDoubt(at now: UInt64) {
        guard obstacle == nil, let since = failingSince, now >= since + Self.patience else { return }
        failingSince = nil
        if let peer = failedPeer, peer.isUnreachable { obstacle = .noWay(peer) }
    }

    /// The interface with the number `old` has another one now, so peers on it have another address.
    mutating func interface(_ old: UInt32, is new: UInt32) {
        if let heard = lastHeard, heard.scopeIdentifier == old { lastHeard = heard.onInterface(new) }
        if let failed = failedPeer, failed.scopeIdentifier == old { failedPeer = failed.onInterface(new) }
        if case .noWay(let peer) = obstacle, peer.scopeIdentifier == old { obstacle = .noWay(peer.onInterface(new)) }
    }

    /// The sockets are not open at `now`, as their address is not there: they are tried again after a pause, which
    /// grows each time that it is over.
    mutating func isNotOpen(at now: UInt64) {
        obstacle = .notOpen
        if openAt.map({ $0 <= now }) ?? true { openAt = now + pause.take() }
    }

    /// The sockets are open, at an address of the interface called `name` where it is of one.
    mutating func isOpen(on name: String?) {
        if obstacle == .notOpen { obstacle = nil }
        interface = interface ?? name
        isInterfaceUsable = true
        (openAt, failingSince, pause) = (nil, nil, GrowingPause())
    }

    /// What the core is to be told: true where the link is lost; nil where it knows.
    mutating func newsForCore() -> Bool? {
        guard !isClosed, isToldLost != (obstacle != nil) else { return nil }
        isToldLost.toggle()
        return isToldLost
    }
}

/// Pauses between attempts that grow as long as none succeeds: from one second to thirty, in nanoseconds.
struct GrowingPause {
    private static let longest: UInt64 = 30_000_000_000
    private var next: UInt64 = 1_000_000_000

    mutating func take() -> UInt64 {
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}

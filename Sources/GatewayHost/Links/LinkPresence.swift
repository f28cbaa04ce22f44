import Transports

/// Whether anything can leave on a UDP link, by what the system says of its interface, its address and the ways to its
/// peers.
///
/// One peer that cannot be reached is that peer's affair: a link with several interfaces is lost only when none of
/// those on which somebody was heard is usable, or when nothing has left and nobody was heard for a second.
struct LinkPresence {
    /// Why nothing can leave.
    enum Obstacle: Equatable {
        /// The address to listen on is not there.
        case notOpen
        /// The interfaces of the link are gone, down or without a carrier.
        case interfaces([String])
        /// There is no way to the last peer tried, nor was there a success with another.
        case noWay(SocketAddress)
    }

    /// How long sends must fail without a success.
    static let patience: UInt64 = 1_000_000_000
    /// The most interfaces of one link that are kept in mind.
    private static let maximumInterfaceCount = 16

    /// An interface by its name, and the number that it had last.
    private struct Interface {
        let name: String
        var index: UInt32 = 0
    }

    /// The one that the owner has named or that has the listener's address; else all on which somebody was heard, but
    /// for those that lead to this machine.
    private var interfaces: [Interface]
    private var isNamed: Bool
    /// The number of the interface on which somebody was heard last.
    private var lastIndex: UInt32 = 0
    private(set) var obstacle: Obstacle?
    /// Whether the core takes the link for lost.
    private(set) var isToldLost = false
    var isClosed = false
    /// When to look again at what nobody tells, in monotonic nanoseconds; nil for never.
    var lookAt: UInt64?
    /// When to open the sockets; nil while they are open.
    private(set) var openAt: UInt64?
    private var pause = GrowingPause()
    private var hasUsableInterface = true
    private var failingSince: UInt64?
    private var failedPeer: SocketAddress?
    private(set) var lastHeard: SocketAddress?

    init(interface: String?) {
        interfaces = interface.map { [Interface(name: $0)] } ?? []
        isNamed = interface != nil
    }

    /// From now on the owner has named the interface, or another, or none any more.
    mutating func belongs(to interface: String?) {
        interfaces = interface.map { [Interface(name: $0)] } ?? []
        isNamed = interface != nil
    }

    /// Whether something that can go away is known.
    var hasInterfaces: Bool { !interfaces.isEmpty }

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
        let wasKnown = interfaces.contains { $0.index == local.interfaceIndex }
        if local.interfaceIndex != lastIndex { learn(local.interfaceIndex) }
        switch obstacle {
        case nil, .notOpen: return false
        // What has waited in the socket since before says nothing.
        case .interfaces where wasKnown: return false
        case .interfaces:
            obstacle = nil
            // The interface that was learned just now is one of the link's.
            if !isNamed { hasUsableInterface = true }
            return true
        case .noWay:
            obstacle = nil
            return true
        }
    }

    private mutating func learn(_ index: UInt32) {
        lastIndex = index
        guard !isNamed, let name = NetworkInterface.name(of: index), !interfaces.contains(where: { $0.name == name }),
            let found = NetworkInterface(named: name), !found.isLoopback
        else { return }
        if interfaces.count == Self.maximumInterfaceCount { interfaces.removeFirst() }
        interfaces.append(Interface(name: name, index: index))
    }

    /// Looks at the interfaces and at the ways to peers.
    mutating func look(at now: UInt64) {
        lookAtInterfaces()
        switch obstacle {
        case .noWay(let peer): if !peer.isUnreachable { obstacle = nil }
        case nil:
            if let lastHeard, failingSince == nil, lastHeard.isUnreachable {
                (failedPeer, failingSince) = (lastHeard, now)
            }
        case .notOpen, .interfaces: break
        }
    }

    private mutating func lookAtInterfaces() {
        var isUsable = interfaces.isEmpty
        for position in interfaces.indices {
            guard let found = NetworkInterface(named: interfaces[position].name) else { continue }
            interfaces[position].index = found.index
            if found.isUsable { isUsable = true }
        }
        guard isUsable != hasUsableInterface else { return }
        hasUsableInterface = isUsable
        if !isUsable, obstacle == nil {
            obstacle = .interfaces(interfaces.map(\.name))
        } else if isUsable, case .interfaces = obstacle {
            // Its addresses may still be on their way.
            obstacle = lastHeard.flatMap { $0.isUnreachable ? .noWay($0) : nil }
        }
    }

    /// Decides where sends have failed for long enough at `now`.
    mutating func settleDoubt(at now: UInt64) {
        guard obstacle == nil, let since = failingSince, now >= since + Self.patience else { return }
        failingSince = nil
        guard let peer = failedPeer, peer.isUnreachable else { return }
        (obstacle, lookAt) = (.noWay(peer), now + Self.patience)
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

    /// The system could not be asked at `now`: everything stays as it is for a second.
    mutating func cannotLook(at now: UInt64) {
        lookAt = now + Self.patience
        if let due = openAt, due <= now { openAt = now + Self.patience }
    }

    /// The sockets are open, at an address of the interface called `name` where it is of one.
    mutating func isOpen(on name: String?) {
        if obstacle == .notOpen { obstacle = nil }
        if !isNamed, let name { (interfaces, isNamed) = ([Interface(name: name)], true) }
        hasUsableInterface = true
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

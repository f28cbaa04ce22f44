import Time

/// The nodes of a radio network that were heard or are written to; the one idle for longest makes room for a new one.
struct XBeeNodeTable: Sendable {
    /// What is known of a node, and what waits for it.
    struct Node: Sendable {
        var address: LinkAddress
        /// Its 16-bit address when last heard of, which may have changed since.
        var route = XBeeAddress16.unknown
        /// The nodes on the way to it as frame 0x21 lists them; empty where the module finds the way by itself.
        var sourceRoute: [UInt8] = []
        /// The strength of its packets that was last told, in -dBm, and over how many nodes they came.
        var toldSignal: UInt8?
        var toldHopCount: Int?
        /// Whether it was last heard through a frame that only 802.15.4 firmware sends.
        var usesLegacyFrames = false
        /// Whether the last transmission to it failed: it must not take the places of those who listen.
        var isSuspect = false
        /// How often it did not ask for what was kept for it since it was heard, or took something.
        var notRequestedCount = 0
        var isInFlight = false
        /// Whether it stands in the line of those who want to be sent to.
        var isInLine = false
        /// Not to be sent to before.
        var notBefore: Instant?
        var firstMessage: Int?
        var lastMessage: Int?
        var messageCount = 0
        fileprivate var older: Int?
        fileprivate var newer: Int?

        var isIdle: Bool { messageCount == 0 && !isInFlight && !isInLine }
    }

    /// The place of the node that stands for all nodes; it is never forgotten.
    static let broadcast = 0

    private var nodes: [Node]
    private var placeByAddress: [LinkAddress: Int] = [:]
    private let capacity: Int
    private var oldest: Int?
    private var newest: Int?

    /// - Precondition: more nodes fit than can be busy at the same time.
    init(capacity: Int) {
        self.capacity = capacity
        nodes = [Node(address: .xbee64(.broadcast))]
        nodes.reserveCapacity(capacity + 1)
        placeByAddress.reserveCapacity(capacity)
    }

    /// How many nodes are remembered.
    var count: Int { placeByAddress.count }

    subscript(place: Int) -> Node {
        get { nodes[place] }
        _modify { yield &nodes[place] }
    }

    func place(of address: LinkAddress) -> Int? { placeByAddress[address] }

    /// The place of a node, which from now on is the most recently used one; nil when all others are busy.
    mutating func use(_ address: LinkAddress) -> Int? {
        if let place = placeByAddress[address] {
            unlink(place)
            link(place)
            return place
        }
        let place: Int
        if nodes.count <= capacity {
            place = nodes.count
            nodes.append(Node(address: address))
        } else {
            guard let idle = oldestIdle() else { return nil }
            unlink(idle)
            placeByAddress[nodes[idle].address] = nil
            place = idle
            nodes[place] = Node(address: address)
        }
        placeByAddress[address] = place
        link(place)
        return place
    }

    /// The node with a factory address that was last heard of at `route`.
    func address64(at route: XBeeAddress16) -> XBeeAddress64? {
        guard route.isNode else { return nil }
        for node in nodes where node.route == route {
            if case .xbee64(let address) = node.address { return address }
        }
        return nil
    }

    /// A node is at `route` now, and nobody else; a source route to where it was leads nowhere.
    mutating func note(_ route: XBeeAddress16, for place: Int) {
        guard route.isNode, route != nodes[place].route else { return }
        for other in nodes.indices where nodes[other].route == route { dropRoute(of: other) }
        nodes[place].route = route
        nodes[place].sourceRoute = []
    }

    /// How to reach a node is not known any more.
    mutating func dropRoute(of place: Int) {
        nodes[place].route = .unknown
        nodes[place].sourceRoute = []
    }

    /// Whether `route` is remembered as the way to another node than the one at `place`.
    func leads(_ route: XBeeAddress16, toOtherThan place: Int) -> Bool {
        nodes.indices.contains { $0 != place && nodes[$0].route == route }
    }

    /// The network changed: none of the 16-bit addresses can be relied on.
    mutating func dropRoutes() {
        for place in nodes.indices {
            dropRoute(of: place)
            nodes[place].isSuspect = false
        }
    }

    private func oldestIdle() -> Int? {
        var place = oldest
        while let candidate = place, !nodes[candidate].isIdle { place = nodes[candidate].newer }
        return place
    }

    private mutating func link(_ place: Int) {
        nodes[place].older = newest
        nodes[place].newer = nil
        if let newest { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (nodes[place].older, nodes[place].newer)
        if let older { nodes[older].newer = newer } else { oldest = newer }
        if let newer { nodes[newer].older = older } else { newest = older }
    }
}

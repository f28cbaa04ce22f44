/// The sessions of those who may send a datagram, by where it comes from; every datagram asks.
///
/// Open addressing in one piece of memory. Nobody outside chooses a peer's number or a node's, which the host and the
/// core count up, so no one can make them meet: a product mixes them. **Invariants.** A route is found in its bucket or
/// behind it without a gap; at most three quarters of the buckets are taken.
struct RouteTable {
    private struct Bucket {
        var route = Route(peer: PeerID(link: LinkID(0), number: 0))
        /// `nobody` where nothing is.
        var session = RouteTable.nobody
    }

    private static let nobody = SessionIndex.max
    private static let leastBucketCount = 32

    /// The count is a power of two.
    private var buckets: [Bucket] = []
    private(set) var count = 0

    /// Nil takes the route out.
    subscript(_ route: Route) -> SessionIndex? {
        @inline(__always)
        get { bucket(of: route).map { buckets[$0].session } }
        set {
            guard let newValue else { return remove(route) }
            if let bucket = bucket(of: route) {
                buckets[bucket].session = newValue
            } else {
                insert(route, newValue)
            }
        }
    }

    private func bucket(of route: Route) -> Int? {
        guard count > 0 else { return nil }
        var bucket = home(of: route)
        while buckets[bucket].session != Self.nobody {
            if buckets[bucket].route == route { return bucket }
            bucket = (bucket &+ 1) & (buckets.count &- 1)
        }
        return nil
    }

    /// Where the route is looked for first: the high digits of a product, in which all of its numbers take part.
    @inline(__always)
    private func home(of route: Route) -> Int {
        let numbers = UInt64(route.peer.number) << 32 | UInt64(route.node)
        let product = (numbers ^ UInt64(route.peer.link.rawValue) &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> UInt64(64 - buckets.count.trailingZeroBitCount))
    }

    private mutating func insert(_ route: Route, _ session: SessionIndex) {
        if (count + 1) * 4 > buckets.count * 3 { grow() }
        count += 1
        put(Bucket(route: route, session: session))
    }

    private mutating func put(_ content: Bucket) {
        var bucket = home(of: content.route)
        while buckets[bucket].session != Self.nobody { bucket = (bucket + 1) & (buckets.count - 1) }
        buckets[bucket] = content
    }

    private mutating func grow() {
        let former = buckets
        buckets = Array(repeating: Bucket(), count: max(Self.leastBucketCount, 2 * former.count))
        for content in former where content.session != Self.nobody { put(content) }
    }

    /// Empties the route's bucket and moves those behind it up, so that no search breaks off too early.
    private mutating func remove(_ route: Route) {
        guard var hole = bucket(of: route) else { return }
        let mask = buckets.count - 1
        var bucket = (hole + 1) & mask
        while buckets[bucket].session != Self.nobody {
            let home = home(of: buckets[bucket].route)
            if (bucket &- home) & mask >= (bucket &- hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[hole] = Bucket()
        count -= 1
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        let taken = buckets.filter { $0.session != Self.nobody }
        if taken.count != count || count * 4 > buckets.count * 3 { return "a table of routes is counted wrong" }
        return taken.contains { self[$0.route] != $0.session } ? "a route is not found" : nil
    }
}

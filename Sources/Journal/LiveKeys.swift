/// Which keys a journal holds, in which segment the last value of each lies, and which of them are the oldest: the
/// writer's books, which know no values.
///
/// They take about 120 octets for each key, and its own octets where the owner does not keep the same array.
struct LiveKeys: Sendable {
    private struct Node: Sendable {
        var key: [UInt8]
        /// The first sequence number of the segment.
        var segment: UInt64
        var byteCount: Int
        var previous: Int
        var next: Int
    }

    /// Stands for no node.
    private static let none = -1

    private var nodes: [Node] = []
    private var free: [Int] = []
    private var indexByKey: [[UInt8]: Int] = [:]
    private var first = none
    private var last = none
    /// Octets of all the statements that hold.
    private(set) var byteCount = 0

    var count: Int { indexByKey.count }

    /// The segment with the value that was written least recently; nil where there is none.
    var oldestSegment: UInt64? { first == Self.none ? nil : nodes[first].segment }

    /// The value at `key` is now a statement of `byteCount` octets in `segment`, the youngest.
    mutating func put(_ key: [UInt8], byteCount: Int, in segment: UInt64) {
        remove(key)
        let node = Node(key: key, segment: segment, byteCount: byteCount, previous: last, next: Self.none)
        let index: Int
        if let unused = free.popLast() {
            index = unused
            nodes[index] = node
        } else {
            index = nodes.count
            nodes.append(node)
        }
        indexByKey[key] = index
        if last == Self.none { first = index } else { nodes[last].next = index }
        last = index
        self.byteCount += byteCount
    }

    /// Nothing stands at `key` any more.
    mutating func remove(_ key: [UInt8]) {
        guard let index = indexByKey.removeValue(forKey: key) else { return }
        let node = nodes[index]
        if node.previous == Self.none { first = node.next } else { nodes[node.previous].next = node.next }
        if node.next == Self.none { last = node.previous } else { nodes[node.next].previous = node.previous }
        byteCount -= node.byteCount
        nodes[index].key = []
        free.append(index)
    }

    /// The keys that were written least recently, of segments that begin before `segment`: as many as have `byteCount`
    /// octets, and one more.
    func oldest(before segment: UInt64, byteCount: Int) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        var sum = 0
        var index = first
        while index != Self.none, nodes[index].segment < segment, sum < byteCount {
            keys.append(nodes[index].key)
            sum += nodes[index].byteCount
            index = nodes[index].next
        }
        return keys
    }
}

import Bytes

/// The nodes behind forwarders that the gateway has to do with, as small numbers (MQTT-SN 1.2 §5.5, GW-80).
struct ForwarderTable {
    private struct Key: Hashable {
        var peer: PeerID
        var nodeID: [UInt8]
    }

    private struct Node {
        var key: Key?
        /// How many routes lead to the node.
        var useCount = 0
    }

    /// The node with number n is at index n − 1; 0 stands for the peer itself.
    private var nodes: [Node] = []
    private var free: [UInt32] = []
    private var numberByKey: [Key: UInt32] = [:]

    var count: Int { numberByKey.count }

    /// Numbers ever given out at the same time.
    var placeCount: Int { nodes.count }

    /// The number of a node, a new one if it has none; it stays while `use` outweighs `release`.
    mutating func number(of nodeID: RawSpan, behind peer: PeerID) -> UInt32 {
        let key = Key(peer: peer, nodeID: nodeID.copy(of: 0..<nodeID.byteCount))
        if let number = numberByKey[key] { return number }
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
        } else {
            nodes.append(Node())
            number = UInt32(nodes.count)
        }
        nodes[Int(number) - 1] = Node(key: key)
        numberByKey[key] = number
        return number
    }

    /// The node id as the forwarder sent it; empty for the peer itself.
    func nodeID(_ number: UInt32) -> [UInt8] {
        number == 0 ? [] : nodes[Int(number) - 1].key?.nodeID ?? []
    }

    mutating func use(_ number: UInt32) {
        if number > 0 { nodes[Int(number) - 1].useCount += 1 }
    }

    mutating func release(_ number: UInt32) {
        guard number > 0 else { return }
        nodes[Int(number) - 1].useCount -= 1
        forgetIfUnused(number)
    }

    /// Forgets a node that no route leads to.
    private mutating func forgetIfUnused(_ number: UInt32) {
        guard number > 0, nodes[Int(number) - 1].useCount == 0, let key = nodes[Int(number) - 1].key else { return }
        nodes[Int(number) - 1].key = nil
        numberByKey[key] = nil
        free.append(number)
    }
}

import Bytes

/// The nodes behind forwarders that the gateway has to do with, as small numbers (MQTT-SN 1.2 §5.5, GW-80); 0 stands
/// for the peer itself.
struct ForwarderTable {
    /// A node's number is one more than that of its id, whose scope is the forwarder.
    private var nodeIDs = CountedNameTable()

    var count: Int { nodeIDs.count }

    /// Numbers ever given out at the same time.
    var placeCount: Int { nodeIDs.placeCount }

    /// The number of a node, a new one if it has none; the caller now uses it and must `release` it.
    mutating func use(_ nodeID: RawSpan, behind peer: PeerID) -> UInt32 {
        nodeIDs.use(nodeID, in: Self.scope(of: peer)) + 1
    }

    /// The number of a node that is in use; nil where nobody uses it.
    func number(of nodeID: RawSpan, behind peer: PeerID) -> UInt32? {
        nodeIDs.find(nodeID, in: Self.scope(of: peer)).map { $0 + 1 }
    }

    private static func scope(of peer: PeerID) -> UInt64 { UInt64(peer.link.rawValue) << 32 | UInt64(peer.number) }

    /// The node id as the forwarder sent it; empty for the peer itself.
    func nodeID(_ number: UInt32) -> [UInt8] { number == 0 ? [] : nodeIDs.name(number - 1) }

    /// One more route that leads to a node in use.
    mutating func use(_ number: UInt32) {
        if number > 0 { nodeIDs.use(number - 1) }
    }

    /// One route less; a node without one is forgotten.
    mutating func release(_ number: UInt32) {
        if number > 0 { nodeIDs.release(number - 1) }
    }
}

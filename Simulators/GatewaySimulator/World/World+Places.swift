import Bytes
import GatewayCore
import MQTTSN

/// A forwarder of a world: the nodes behind it share its address (MQTT-SN 1.2 §5.5).
struct WorldForwarder {
    /// What NAT shows of it at the moment.
    var address: Int
    var model = SimulatedForwarder(nodeIDs: [])
    /// The place of each node, in the order of the node ids.
    var places: [Int] = []

    /// A node id that none behind this forwarder has had; behind another one it may well be in use.
    func makeNodeID() -> [UInt8] {
        let number = UInt8(truncatingIfNeeded: places.count)
        switch places.count % 3 {
        case 0: return [number]
        case 1: return [0, number]
        default: return [0x00, 0x12, 0x4B, 0x00, 0x01, 0x02, 0x03, number]
        }
    }
}

/// Where a node is, and how the gateway's host sees it.
struct NodePlace {
    /// The position of its forwarder; several share one where its own address has changed.
    var forwarder: Int
    var node: Int
}

// Where clients are: each place has a number of its own, be it an address or a node behind a forwarder's address.

extension World {
    /// A place that nobody has been at: behind a forwarder, or at an address of its own.
    func newPlace() -> Int {
        guard options[.forwarders] > 0, pick(3) > 0 else { return newAddress() }
        let current = forwarders.indices.suffix(options[.forwarders])
        return newNode(behind: current.startIndex + pick(current.count))
    }

    private func newNode(behind forwarder: Int, nodeID: [UInt8]? = nil) -> Int {
        let place = newAddress()
        let nodeID = nodeID ?? forwarders[forwarder].makeNodeID()
        nodeByPlace[place] = NodePlace(forwarder: forwarder, node: forwarders[forwarder].places.count)
        forwarders[forwarder].places.append(place)
        forwarders[forwarder].model = SimulatedForwarder(nodeIDs: forwarders[forwarder].model.nodeIDs + [nodeID])
        return place
    }

    func makeForwarders() {
        for _ in 0..<options[.forwarders] { addForwarder() }
    }

    private func addForwarder() {
        let address = newAddress()
        forwarderByAddress[address] = forwarders.count
        forwarders.append(WorldForwarder(address: address))
    }

    /// NAT shows the forwarders at new addresses: with its address everybody behind one moves, under the old node ids.
    func moveForwarders() {
        let count = options[.forwarders]
        guard count > 0 else { return }
        let first = forwarders.count - count
        chronicle?.note("the forwarders appear at other addresses", at: now)
        for index in first..<first + count {
            addForwarder()
            for (node, place) in forwarders[index].places.enumerated() {
                let moved = newNode(behind: index + count, nodeID: forwarders[index].model.nodeIDs[node])
                guard let client = clientByAddress[place] else { continue }
                clientByAddress[moved] = client
                if clients[client].address == place { clients[client].address = moved }
            }
        }
    }

    // MARK: Through a forwarder

    /// The address that a datagram from a place comes from, and the datagram as it comes from there.
    func wrapped(_ bytes: [UInt8], at place: Int) -> (address: Int, bytes: [UInt8]) {
        guard let node = nodeByPlace[place] else { return (place, bytes) }
        let forwarder = forwarders[node.forwarder]
        var datagram: [UInt8] = []
        forwarder.model.wrap(bytes.span.bytes, ofNode: node.node, into: &datagram)
        return (forwarder.address, datagram)
    }

    /// A datagram of the gateway, without its envelope where a forwarder is at the address, and the place it goes to.
    func unwrapped(_ bytes: [UInt8], at address: Int) -> (place: Int, bytes: [UInt8])? {
        guard let index = forwarderByAddress[address] else { return (address, bytes) }
        switch forwarders[index].model.unwrap(bytes.span.bytes) {
        case .toNode(let node, let inner, _): return (forwarders[index].places[node], Array(bytes[inner]))
        case .refused(let refusal):
            fail("a forwarder gets what it cannot pass on: \(refusal)")
            return nil
        }
    }
}

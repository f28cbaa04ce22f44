import GatewayCore
import Transports

/// The senders on one link that the core knows by number: their addresses, and the way back to each.
struct PeerTable<Address: Hashable, Way> {
    private struct Entry {
        var address: Address
        var way: Way
    }

    private let link: LinkID
    private var entries: [Entry?] = []
    private var free: [UInt32] = []
    private var numberByAddress: [Address: UInt32] = [:]

    init(link: LinkID) { self.link = link }

    var count: Int { numberByAddress.count }

    /// The name of a sender, the same as before if the core has not had it forgotten; notes the way it came.
    mutating func peer(_ address: Address, by way: Way) -> PeerID {
        if let number = numberByAddress[address] {
            entries[Int(number)]?.way = way
            return PeerID(link: link, number: number)
        }
        let entry = Entry(address: address, way: way)
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
            entries[Int(number)] = entry
        } else {
            number = UInt32(entries.count)
            entries.append(entry)
        }
        numberByAddress[address] = number
        return PeerID(link: link, number: number)
    }

    func address(of peer: PeerID) -> Address? { entries[Int(peer.number)]?.address }

    func way(to peer: PeerID) -> Way? { entries[Int(peer.number)]?.way }

    mutating func forget(_ peer: PeerID) {
        guard let entry = entries[Int(peer.number)] else { return }
        numberByAddress[entry.address] = nil
        entries[Int(peer.number)] = nil
        free.append(peer.number)
    }
}

/// The senders on a UDP link, each with the address of ours that it wrote to.
typealias UDPPeerTable = PeerTable<SocketAddress, LocalAddress>

extension PeerTable<SocketAddress, LocalAddress> {
    mutating func peer(_ address: SocketAddress, writingTo local: LocalAddress) -> PeerID { peer(address, by: local) }

    /// Where an answer to the peer goes and from which of our addresses: the one it wrote to. An answer never leaves
    /// from a group's address.
    func destination(of peer: PeerID) -> (address: SocketAddress, local: LocalAddress?)? {
        guard let address = address(of: peer), let local = way(to: peer) else { return nil }
        return (address, local.isMulticastOrBroadcast ? nil : local)
    }
}

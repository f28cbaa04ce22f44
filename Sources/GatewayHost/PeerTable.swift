import GatewayCore
import Transports

/// The senders on one link that the core knows by number: their addresses, and the address of ours they wrote to.
struct PeerTable {
    private struct Entry {
        var address: SocketAddress
        var local: LocalAddress
    }

    private let link: LinkID
    private var entries: [Entry?] = []
    private var free: [UInt32] = []
    private var numberByAddress: [SocketAddress: UInt32] = [:]

    init(link: LinkID) { self.link = link }

    var count: Int { numberByAddress.count }

    /// The name of a sender, the same as before if the core has not had it forgotten; notes where it wrote to.
    mutating func peer(_ address: SocketAddress, writingTo local: LocalAddress) -> PeerID {
        if let number = numberByAddress[address] {
            entries[Int(number)]?.local = local
            return PeerID(link: link, number: number)
        }
        let entry = Entry(address: address, local: local)
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

    func address(of peer: PeerID) -> SocketAddress? { entries[Int(peer.number)]?.address }

    /// Where an answer to the peer goes and from which of our addresses: the one it wrote to. An answer never leaves
    /// from a group's address.
    func destination(of peer: PeerID) -> (address: SocketAddress, local: LocalAddress?)? {
        guard let entry = entries[Int(peer.number)] else { return nil }
        return (entry.address, entry.local.isMulticastOrBroadcast ? nil : entry.local)
    }

    mutating func forget(_ peer: PeerID) {
        guard let entry = entries[Int(peer.number)] else { return }
        numberByAddress[entry.address] = nil
        entries[Int(peer.number)] = nil
        free.append(peer.number)
    }
}

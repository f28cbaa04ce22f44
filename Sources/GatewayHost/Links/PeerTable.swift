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

    /// Those that are not forgotten, among them those that the core knows no more and that something may still go to.
    var count: Int { entries.count - free.count }

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

    /// nil also for a number that only a link before this one at the same place has given.
    func address(of peer: PeerID) -> Address? { entry(of: peer)?.address }

    func way(to peer: PeerID) -> Way? { entry(of: peer)?.way }

    private func entry(of peer: PeerID) -> Entry? {
        Int(peer.number) < entries.count ? entries[Int(peer.number)] : nil
    }

    /// Gives entries another address and way, as `change` says; each stays the sender that it was.
    mutating func readdress(_ change: (inout Address, inout Way) -> Void) {
        for number in entries.indices {
            guard var entry = entries[number] else { continue }
            let before = entry.address
            change(&entry.address, &entry.way)
            // Who is there under the new address already is somebody else by now.
            guard entry.address == before || numberByAddress[entry.address] == nil else { continue }
            if numberByAddress[before] == UInt32(number) {
                numberByAddress[before] = nil
                numberByAddress[entry.address] = UInt32(number)
            }
            entries[number] = entry
        }
    }

    /// The core has forgotten the sender; what was said to it before still goes there. Whoever comes from its address
    /// is somebody else.
    mutating func retire(_ peer: PeerID) {
        guard let entry = entry(of: peer), numberByAddress[entry.address] == peer.number else { return }
        numberByAddress[entry.address] = nil
    }

    mutating func forget(_ peer: PeerID) {
        guard entry(of: peer) != nil else { return }
        retire(peer)
        entries[Int(peer.number)] = nil
        free.append(peer.number)
    }
}

/// The senders on a UDP link, each with the address of ours that it wrote to.
struct UDPPeerTable {
    private var peers: PeerTable<SocketAddress, LocalAddress>
    /// The names of interfaces that link-local senders are on, by the interfaces' numbers.
    private var interfaces: [UInt32: String] = [:]

    init(link: LinkID) { peers = PeerTable(link: link) }

    mutating func peer(_ address: SocketAddress, writingTo local: LocalAddress) -> PeerID {
        peers.peer(address, by: local)
    }

    var count: Int { peers.count }

    func address(of peer: PeerID) -> SocketAddress? { peers.address(of: peer) }

    mutating func retire(_ peer: PeerID) { peers.retire(peer) }

    mutating func forget(_ peer: PeerID) { peers.forget(peer) }

    /// The sender's address and ours, as they can be found again after a restart; nil for one that is forgotten.
    func octets(of peer: PeerID) -> [UInt8]? {
        guard let address = peers.address(of: peer), let local = peers.way(to: peer) else { return nil }
        return StoredAddress(address, local).octets
    }

    /// The sender at an address that `octets` has told; nil where that is none any more.
    mutating func peer(at octets: [UInt8]) -> PeerID? {
        StoredAddress(octets.span.bytes).map { peers.peer($0.address, by: $0.local) }
    }

    /// Where an answer to the peer goes and from which of our addresses: the one it wrote to. An answer never leaves
    /// from a group's address.
    func destination(of peer: PeerID) -> (address: SocketAddress, local: LocalAddress?)? {
        guard let address = peers.address(of: peer), let local = peers.way(to: peer) else { return nil }
        return (address, local.isMulticastOrBroadcast ? nil : local)
    }

    // MARK: Interfaces that are made anew

    /// Takes note that a sender is on the interface with that number.
    mutating func noteInterface(_ index: UInt32) {
        if interfaces[index] == nil { interfaces[index] = NetworkInterface.name(of: index) }
    }

    /// Senders on an interface that has another number than before are the same senders; returns each number with the
    /// new one.
    mutating func followInterfaces() -> [(old: UInt32, new: UInt32)] {
        var changes: [(old: UInt32, new: UInt32)] = []
        for (old, name) in interfaces {
            if let new = NetworkInterface(named: name)?.index, new != old { changes.append((old, new)) }
        }
        guard !changes.isEmpty else { return [] }
        // All at once, as numbers may be exchanged.
        let newNumbers = Dictionary(uniqueKeysWithValues: changes.map { ($0.old, $0.new) })
        peers.readdress { address, way in
            if let new = newNumbers[address.scopeIdentifier] { address = address.onInterface(new) }
            if let new = newNumbers[way.interfaceIndex] { way = way.onInterface(new) }
        }
        let names = changes.map { interfaces.removeValue(forKey: $0.old) }
        for (change, name) in zip(changes, names) { interfaces[change.new] = name }
        return changes
    }
}

import Configuration
import Transports

/// One group of a listener: joined, or waited for until its interface is there.
struct UDPGroupMembership {
    let group: UDPGroup
    /// The interface that the owner has named; nil: the one that the routing table names.
    let interface: String?
    /// Where broadcasts go and others are heard; nil while it is not joined.
    private(set) var address: SocketAddress?
    /// The number of the interface on which it is joined, 0 where that is not known.
    private(set) var index: UInt32 = 0
    /// A socket of the group's own.
    private var receiver: UDPTransport?
    /// What was last said of it.
    var lastTrouble: String?
    /// Whether it was joined before.
    private(set) var isOld = false

    init(_ group: UDPGroup, interface: String?) { (self.group, self.interface) = (group, interface) }

    var isJoined: Bool { address != nil }

    /// Whether it is the same group on the same interface.
    func isSame(as other: UDPGroupMembership) -> Bool { group == other.group && interface == other.interface }

    /// Gives the group's own socket back; a membership of the main socket ends with that one.
    mutating func close() {
        receiver?.close()
        (receiver, address) = (nil, nil)
    }

    /// Leaves the group, whose interface may be gone.
    mutating func leave(_ main: UDPTransport) {
        if let address, address.isMulticast, receiver == nil {
            main.leaveMulticast(group: address, interfaceIndex: index)
        }
        close()
    }

    /// The number of the interface on which the group is to be joined now, 0 where that does not matter or is not
    /// known; throws where there is none.
    func wantedIndex(_ addresses: [SocketAddress: UInt32]?) throws(IOError) -> UInt32 {
        let operation = "find an interface for \(group.name)"
        if let interface {
            guard let found = NetworkInterface(named: interface) else {
                throw IOError.noInterface(operation: "use the network interface \(interface)")
            }
            return found.index
        }
        guard let target = SocketAddress(numeric: group.host, port: group.port) else {
            throw IOError.noInterface(operation: operation)
        }
        guard target.isMulticast else { return 0 }
        do throws(IOError) {
            let source = try target.sourceOfRoute()
            // A link-local address is told without its interface.
            return addresses?[source] ?? addresses?.first { $0.key.onInterface(0) == source }?.value ?? 0
        } catch {
            throw error.isUnreachable ? IOError.noInterface(operation: operation) : error
        }
    }

    /// Joins the group on the interface with the number `wanted`, so that `main` sends to it and some socket of `owner`
    /// hears it.
    mutating func join(_ main: UDPTransport, on wanted: UInt32, owner: UDPLink) throws(IOError) {
        guard let target = Self.address(of: group, on: wanted) else {
            throw IOError.noInterface(operation: "join \(group.name)")
        }
        let name = wanted == 0 ? nil : "\(wanted)"
        if interface != nil, let name { try main.setMulticastInterface(name) }
        if !target.isMulticast { try main.setBroadcast(true) }
        // A socket gets what is addressed to its own address or, bound to none, to any; always at its own port.
        if !main.localAddress.isUnspecified || main.localAddress.port != group.port {
            let own = try UDPLink.bind(target, owner.listener, owner.host.loop)
            own.delegate = owner
            receiver = own
        }
        do throws(IOError) {
            if target.isMulticast { try (receiver ?? main).joinMulticast(group: target, interface: name) }
        } catch {
            close()
            throw error
        }
        (address, index, lastTrouble, isOld) = (target, wanted, nil, true)
    }

    /// An IPv6 group belongs to an interface, which stands in its address.
    private static func address(of group: UDPGroup, on index: UInt32) -> SocketAddress? {
        let bare = String(group.host.prefix { $0 != "%" })
        return SocketAddress(numeric: bare, port: group.port)?.onInterface(index)
    }
}

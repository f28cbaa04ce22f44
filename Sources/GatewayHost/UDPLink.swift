import Configuration
import GatewayCore
import Transports

/// The UDP sockets of one listener as the gateway's host uses them: the core's link, with the senders on it.
///
/// Everything leaves from the main socket. What is sent to a group comes in there too where the system allows it, else
/// on a socket of the group's own.
final class UDPLink: UDPTransportDelegate {
    /// Hops that stand for the whole network (radius 0) and that nobody's search goes beyond: the time to live that
    /// keeps multicast within a site.
    private static let siteHopLimit: UInt8 = 32

    let id: LinkID
    let transport: UDPTransport
    var peers: UDPPeerTable
    let forwarders: ForwarderList
    /// Where broadcasts go.
    private(set) var groups: [SocketAddress] = []
    private var groupTransports: [UDPTransport] = []
    /// How many networks the main socket's multicast datagrams may cross; 1 at the start (ip(7), ipv6(7)).
    private var hopLimit: UInt8 = 1
    /// Whether datagrams wait for the end of the turn.
    var hasQueued = false
    private unowned let host: Host

    /// Binds the listener; the port may be one that the system chooses.
    init(
        _ listener: UDPListener, address: SocketAddress, forwarders: ForwarderList, id: LinkID, host: Host
    ) throws(IOError) {
        self.id = id
        self.forwarders = forwarders
        self.host = host
        peers = UDPPeerTable(link: id)
        transport = try Self.bind(address, listener, host.loop)
        transport.delegate = self
    }

    private static func bind(
        _ address: SocketAddress, _ listener: UDPListener, _ loop: EventLoop
    ) throws(IOError) -> UDPTransport {
        try UDPTransport(
            binding: address, receiveBufferByteCount: listener.receiveBufferByteCount,
            maximumDatagramByteCount: 65_507, loop: loop)
    }

    func transportReadable(_ transport: UDPTransport) { host.receiveDatagrams(on: self, from: transport) }

    func close() {
        transport.close()
        for transport in groupTransports { transport.close() }
    }

    // MARK: Groups

    /// Makes the main socket send to the listener's groups, and some socket receive what others send to them.
    func joinGroups(of listener: UDPListener) throws(HostError) {
        let interface = listener.interface ?? listener.groups.lazy.compactMap(\.interface).first
        for group in listener.groups {
            if let interface {
                try joining(group, listener) { () throws(IOError) in try transport.setMulticastInterface(interface) }
            }
            guard let address = Self.address(of: group, on: interface) else { throw .notAnAddress(group.name) }
            try joining(group, listener) { () throws(IOError) in try join(address, on: interface, listener) }
            groups.append(address)
        }
    }

    /// Does `step`; names the listener and the group when it fails.
    private func joining(
        _ group: UDPGroup, _ listener: UDPListener, _ step: () throws(IOError) -> Void
    ) throws(HostError) {
        do throws(IOError) {
            try step()
        } catch {
            throw .cannotJoin(group: group.name, listener: listener.name, error)
        }
    }

    /// An IPv6 group belongs to an interface, which stands in its address.
    private static func address(of group: UDPGroup, on interface: String?) -> SocketAddress? {
        guard group.host.contains(":"), group.interface == nil, let interface else {
            return SocketAddress(numeric: group.host, port: group.port)
        }
        return SocketAddress(numeric: "\(group.host)%\(interface)", port: group.port)
    }

    private func join(_ group: SocketAddress, on interface: String?, _ listener: UDPListener) throws(IOError) {
        if !group.isMulticast { try transport.setBroadcast(true) }
        var receiver = transport
        // A socket gets what is addressed to its own address or, bound to none, to any; always at its own port.
        if !transport.localAddress.isUnspecified || transport.localAddress.port != group.port {
            receiver = try Self.bind(group, listener, host.loop)
            receiver.delegate = self
            groupTransports.append(receiver)
        }
        if group.isMulticast { try receiver.joinMulticast(group: group, interface: interface) }
    }

    /// Whether multicast datagrams go another number of hops than `radius` says; 0 stands for the whole network.
    func needsNewHopLimit(for radius: UInt8) -> Bool { Self.hopLimit(of: radius) != hopLimit }

    /// Lets multicast datagrams go `radius` hops far, those included that are queued already.
    func setHopLimit(for radius: UInt8) throws(IOError) {
        try transport.setMulticastHopLimit(Self.hopLimit(of: radius))
        hopLimit = Self.hopLimit(of: radius)
    }

    private static func hopLimit(of radius: UInt8) -> UInt8 {
        radius == 0 ? siteHopLimit : min(radius, siteHopLimit)
    }
}

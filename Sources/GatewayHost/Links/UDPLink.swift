import Configuration
import GatewayCore
import Transports

/// The UDP sockets of one listener as the gateway's host uses them: the core's link, with the senders on it.
///
/// Everything leaves from the main socket. What is sent to a group comes in there too where the system allows it, else
/// on a socket of the group's own.
final class UDPLink: Link, UDPTransportDelegate {
    /// Hops that stand for the whole network (radius 0) and that nobody's search goes beyond: the time to live that
    /// keeps multicast within a site.
    private static let siteHopLimit: UInt8 = 32

    let transport: UDPTransport
    private var peers: UDPPeerTable
    private let forwarders: ForwarderList
    /// Where broadcasts go.
    private var groups: [SocketAddress] = []
    private var groupTransports: [UDPTransport] = []
    /// How many networks the main socket's multicast datagrams may cross; 1 at the start (ip(7), ipv6(7)).
    private var hopLimit: UInt8 = 1
    /// Whether datagrams wait for the end of the turn.
    private var hasQueued = false
    private var failures = Recurrence()
    private unowned let host: Host

    /// Binds the listener, the port may be one that the system chooses, and joins its groups.
    init(_ listener: UDPListener, id: LinkID, host: Host) throws(HostError) {
        guard let address = SocketAddress(numeric: listener.host, port: listener.port) else {
            throw .notAnAddress(listener.name)
        }
        self.host = host
        forwarders = try ForwarderList(listener.forwarders)
        peers = UDPPeerTable(link: id)
        do throws(IOError) {
            transport = try Self.bind(address, listener, host.loop)
        } catch {
            throw .cannotListen(listener.name, error)
        }
        transport.delegate = self
        host.reporter.listening(on: transport, asked: listener.receiveBufferByteCount)
        do throws(HostError) {
            try joinGroups(of: listener)
        } catch {
            close()
            throw error
        }
        host.reporter.joined(listener, groups, on: transport.localAddress)
    }

    private static func bind(
        _ address: SocketAddress, _ listener: UDPListener, _ loop: EventLoop
    ) throws(IOError) -> UDPTransport {
        try UDPTransport(
            binding: address, receiveBufferByteCount: listener.receiveBufferByteCount,
            maximumDatagramByteCount: 65_507, loop: loop)
    }

    var listeningAddress: SocketAddress? { transport.localAddress }

    func name(of peer: PeerID) -> String? { peers.address(of: peer).map { "\($0)" } }

    /// The number of a sender that wrote to `local`.
    func peer(_ sender: SocketAddress, writingTo local: LocalAddress) -> PeerID {
        peers.peer(sender, writingTo: local)
    }

    func forget(_ peer: PeerID) { peers.forget(peer) }

    // MARK: Receiving

    /// One batch: the kernel tells again in the next turn when there is more, so the broker's side gets its turn too.
    ///
    /// `transport` is the main socket or a group's; a sender is the same peer on each.
    func transportReadable(_ transport: UDPTransport) {
        do throws(IOError) {
            _ = try transport.receive { datagram, source, local in
                let peer = peer(source, writingTo: local)
                host.reporter.traceReceived(datagram.byteCount, from: "\(source)")
                host.handle(.datagramReceived(from: peer, mayForward: forwarders.allows(source)), datagram)
            } truncated: { _, source, local in
                host.handle(.datagramTruncated(from: peer(source, writingTo: local)))
            }
        } catch {
            host.reporter.failed(error, &failures, at: host.loop.now)
        }
    }

    // MARK: Sending

    func send(_ datagram: RawSpan, to peer: PeerID) {
        guard let destination = peers.destination(of: peer) else { return }
        queue(datagram, to: destination.address, from: destination.local)
    }

    private func queue(_ datagram: RawSpan, to address: SocketAddress, from local: LocalAddress?) {
        host.reporter.traceSent(datagram.byteCount, to: "\(address)")
        transport.queue(datagram, to: address, from: local)
        hasQueued = true
    }

    /// To every group of the link; a link without one broadcasts nothing.
    func broadcast(_ datagram: RawSpan, radius: UInt8) {
        guard !groups.isEmpty else { return }
        let limit = radius == 0 ? Self.siteHopLimit : min(radius, Self.siteHopLimit)
        if limit != hopLimit { setHopLimit(limit) }
        for group in groups { queue(datagram, to: group, from: nil) }
    }

    /// Lets the multicast datagrams that follow go so far.
    private func setHopLimit(_ limit: UInt8) {
        // What is queued goes first, as the limit is the socket's.
        flush()
        do throws(IOError) {
            try transport.setMulticastHopLimit(limit)
            hopLimit = limit
        } catch {
            host.reporter.failed(error, &failures, at: host.loop.now)
        }
    }

    func flush() {
        guard hasQueued else { return }
        hasQueued = false
        host.reporter.flushed(transport.flush())
    }

    func close() {
        transport.close()
        for transport in groupTransports { transport.close() }
    }

    // MARK: Groups

    /// Makes the main socket send to the listener's groups, and some socket receive what others send to them.
    private func joinGroups(of listener: UDPListener) throws(HostError) {
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
}

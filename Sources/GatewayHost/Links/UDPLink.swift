import Configuration
import GatewayCore
import Transports

/// The UDP sockets of one listener as the gateway's host uses them: the core's link, with the senders on it.
///
/// Everything leaves from the main socket. What is sent to a group comes in there too where the system allows it, else
/// on a socket of the group's own. Addresses and interfaces may come and go: see `UDPLink+Presence.swift`.
final class UDPLink: Link, UDPTransportDelegate {
    /// Hops that stand for the whole network (radius 0) and that nobody's search goes beyond: the time to live that
    /// keeps multicast within a site.
    private static let siteHopLimit: UInt8 = 32

    let id: LinkID
    private(set) var listener: UDPListener
    unowned let host: Host
    /// The main socket; nil while the listener's address is not there.
    var transport: UDPTransport?
    var peers: UDPPeerTable
    var forwarders: ForwarderList
    var groups: [UDPGroupMembership]
    var presence: LinkPresence
    /// How many networks the main socket's multicast datagrams may cross; 1 at the start (ip(7), ipv6(7)).
    private var hopLimit: UInt8 = 1
    /// Whether datagrams wait for the end of the turn.
    private var hasQueued = false
    private var failures = Recurrence()
    /// The port that the first socket got.
    var knownPort: UInt16?
    /// Whether the sockets are closed for a listener that takes this one's place.
    var hasGivenWay = false
    /// What was last said of sockets that are not open.
    var lastTrouble: String?
    var losses = Recurrence()
    /// Whether the last loss is in the log, so that the return belongs there too.
    var isLossWritten = false

    /// Binds the listener, the port may be one that the system chooses, and joins its groups; waits for what is not
    /// there yet.
    init(_ listener: UDPListener, id: LinkID, host: Host) throws(HostError) {
        guard SocketAddress.isNumeric(listener.host) else { throw .notAnAddress(listener.name) }
        (self.listener, self.id, self.host) = (listener, id, host)
        forwarders = try ForwarderList(listener.forwarders)
        peers = UDPPeerTable(link: id)
        groups = listener.groups.map { UDPGroupMembership($0, interface: listener.interfaceOfGroups) }
        presence = LinkPresence(interface: listener.interfaceOfGroups ?? listener.interfaceOfAddress)
        try start()
    }

    var listeningAddress: SocketAddress? { transport?.localAddress }

    var title: String { listener.name }

    var isUp: Bool { transport != nil }

    var peerCount: Int { peers.count }

    func name(of peer: PeerID) -> String? { peers.address(of: peer).map { "\($0)" } }

    /// The number of a sender that wrote to `local`.
    func peer(_ sender: SocketAddress, writingTo local: LocalAddress) -> PeerID {
        peers.peer(sender, writingTo: local)
    }

    func retire(_ peer: PeerID) { peers.retire(peer) }

    func octets(of peer: PeerID) -> [UInt8]? { peers.octets(of: peer) }

    func peer(at octets: [UInt8]) -> PeerID? { peers.peer(at: octets) }

    func forget(_ peer: PeerID) { peers.forget(peer) }

    // MARK: Receiving

    /// One batch: the kernel tells again in the next turn when there is more, so the broker's side gets its turn too.
    ///
    /// `transport` is the main socket or a group's; a sender is the same peer on each.
    func transportReadable(_ transport: UDPTransport) {
        do throws(IOError) {
            _ = try transport.receive { datagram, source, local in
                guard hears(source, on: local) else { return }
                let peer = peer(source, writingTo: local)
                host.log.traceReceived(datagram, from: "\(source)")
                let network = network(of: source)
                host.handle(
                    .datagramReceived(from: peer, mayForward: forwarders.allows(source), network: network), datagram)
            } truncated: { _, source, local in
                host.handle(.datagramTruncated(from: peer(source, writingTo: local)))
            }
        } catch {
            host.reporter.failed(error, &failures, at: host.loop.now)
        }
    }

    func network(of peer: PeerID) -> UInt16 { peers.address(of: peer).map(network) ?? 0 }

    /// The number of the sender's network among those of the rules for clients.
    private func network(of sender: SocketAddress) -> UInt16 {
        guard !host.clientNetworks.isEmpty else { return 0 }
        let (high, low) = sender.octets
        return host.clientNetworks.number(isIPv6: sender.isIPv6, high: high, low: low)
    }

    // MARK: Sending

    func send(_ datagram: RawSpan, to peer: PeerID) {
        guard let destination = peers.destination(of: peer) else { return }
        queue(datagram, to: destination.address, from: destination.local)
    }

    private func queue(_ datagram: RawSpan, to address: SocketAddress, from local: LocalAddress?) {
        guard let transport else { return host.reporter.flushed(.oneDropped) }
        host.log.traceSent(datagram, to: "\(address)")
        transport.queue(datagram, to: address, from: local)
        hasQueued = true
    }

    /// To every group of the link that is there; a link without one broadcasts nothing.
    func broadcast(_ datagram: RawSpan, radius: UInt8) {
        guard groups.contains(where: \.isJoined) else { return }
        let limit = radius == 0 ? Self.siteHopLimit : min(radius, Self.siteHopLimit)
        if limit != hopLimit { setHopLimit(limit) }
        for group in groups {
            if let address = group.address { queue(datagram, to: address, from: nil) }
        }
    }

    /// Lets the multicast datagrams that follow go so far.
    private func setHopLimit(_ limit: UInt8) {
        // What is queued goes first, as the limit is the socket's.
        flush()
        do throws(IOError) {
            try transport?.setMulticastHopLimit(limit)
            hopLimit = limit
        } catch {
            host.reporter.failed(error, &failures, at: host.loop.now)
        }
    }

    func flush() {
        guard hasQueued, let transport else { return }
        hasQueued = false
        let result = transport.flush()
        host.reporter.flushed(result)
        presence.sent(result, at: host.loop.now)
    }

    /// Goes on with other settings at the same address; the senders stay known.
    func reconfigure(_ settings: UDPListener, _ forwarders: ForwarderList) {
        guard settings != listener else { return }
        let former = listener
        (listener, self.forwarders) = (settings, forwarders)
        if settings.receiveBufferByteCount != former.receiveBufferByteCount {
            transport?.requestReceiveBuffer(settings.receiveBufferByteCount)
        }
        let interface = settings.interfaceOfGroups ?? settings.interfaceOfAddress
        if interface != former.interfaceOfGroups ?? former.interfaceOfAddress { presence.belongs(to: interface) }
        followSettingsOfGroups()
        networkChanged()
    }

    /// Leaves the groups that are no longer wanted; others stay joined, and new ones are joined with the next look.
    private func followSettingsOfGroups() {
        let wanted = listener.groups.map { UDPGroupMembership($0, interface: listener.interfaceOfGroups) }
        var former = groups
        groups = wanted.map { membership in
            guard let index = former.firstIndex(where: { $0.isSame(as: membership) }) else { return membership }
            return former.remove(at: index)
        }
        for index in former.indices {
            if let transport { former[index].leave(transport) } else { former[index].close() }
        }
    }

    func close() {
        closeSockets()
        presence.isClosed = true
    }

    /// Gives the sockets back; the senders stay known.
    func closeSockets() {
        if let transport {
            host.network.closed(transport.localAddress)
            transport.close()
        }
        transport = nil
        // A new socket begins with the system's limit.
        (hopLimit, hasQueued) = (1, false)
        for index in groups.indices { groups[index].close() }
    }
}

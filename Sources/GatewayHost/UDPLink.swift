import Configuration
import GatewayCore
import Transports

/// A UDP socket as the gateway's host uses it: the core's link, with the senders on it.
final class UDPLink: UDPTransportDelegate {
    let id: LinkID
    let transport: UDPTransport
    var peers: PeerTable
    /// Datagrams the system did not take; reported now and then.
    var droppedCount = 0
    /// Whether datagrams wait for the end of the turn.
    var hasQueued = false
    private unowned let host: Host

    /// Binds the listener; the port may be one that the system chooses.
    init(_ listener: UDPListener, address: SocketAddress, id: LinkID, host: Host) throws(IOError) {
        self.id = id
        self.host = host
        peers = PeerTable(link: id)
        transport = try UDPTransport(
            binding: address, receiveBufferByteCount: listener.receiveBufferByteCount,
            maximumDatagramByteCount: 65_507, loop: host.loop)
        transport.delegate = self
    }

    func transportReadable(_ transport: UDPTransport) { host.receiveDatagrams(on: self) }
}

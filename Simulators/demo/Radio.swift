import Transports

/// What carries a device's datagrams to the gateway, and the gateway's to the device.
protocol Radio: AnyObject {
    /// Who hears what comes in.
    var device: Device? { get set }

    /// Calls `found`, once, as soon as it is known where the gateway is; nothing is sent to it before.
    func findGateway(_ found: @escaping () -> Void)

    /// The datagram leaves with the next `flush`.
    func queue(_ datagram: RawSpan)
    func flush()

    /// Nothing goes out or comes in any more.
    func close()
}

/// A UDP socket of a device's own, which was told the gateway's address.
final class OwnSocket: Radio, UDPTransportDelegate {
    weak var device: Device?
    private let transport: UDPTransport
    private let gateway: SocketAddress

    /// Binds a socket to a port of `localAddress` that the system chooses.
    init(localAddress: SocketAddress, gateway: SocketAddress, loop: EventLoop) throws(IOError) {
        self.gateway = gateway
        transport = try UDPTransport(binding: localAddress, receiveBufferByteCount: nil, loop: loop)
        transport.delegate = self
    }

    func findGateway(_ found: @escaping () -> Void) { found() }

    func queue(_ datagram: RawSpan) { transport.queue(datagram, to: gateway, from: nil) }

    func flush() { transport.flush() }

    func close() { transport.close() }

    func transportReadable(_ transport: UDPTransport) {
        // An error of the socket shows as a message that does not arrive.
        _ = try? transport.receive { datagram, source, _ in
            if source == gateway { device?.receive(datagram) }
        }
    }
}

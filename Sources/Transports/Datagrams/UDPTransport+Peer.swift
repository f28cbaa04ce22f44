import Glibc

extension UDPTransport {
    /// Takes datagrams from `peer` alone from here on, and hears that nobody listens there: `receiveErrorCount`.
    package func connect(to peer: SocketAddress) throws(IOError) {
        let socket = descriptor
        guard peer.withNative({ Glibc.connect(socket, $0, $1) }) == 0 else {
            throw IOError(operation: "send to udp://\(peer)", code: errno)
        }
    }
}

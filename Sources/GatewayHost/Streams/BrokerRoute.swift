package import Configuration
import HTTP
package import Transports

/// What lies between an address and MQTT: TCP, and where the owner wants them, a proxy, TLS and WebSocket around it.
package struct BrokerRoute {
    private let broker: BrokerEndpoint
    /// Nil where there is no proxy.
    private let tunnel: HTTPTunnel?
    /// Protects connections; nil where they go in the clear.
    private let tls: TLSClients?
    private let loop: EventLoop

    /// The way to the broker of these settings; with `tls` where that is wanted.
    package init(_ settings: HostSettings, tls: TLSClients?, loop: EventLoop) {
        (broker, self.tls, self.loop) = (settings.broker, tls, loop)
        let proxy = settings.proxy
        tunnel = proxy.endpoint.map { _ in
            HTTPTunnel(to: settings.broker.target, username: proxy.username, password: proxy.password)
        }
    }

    /// Connects to an address of the broker's, or of the proxy's, in the time that `options` gives for it; the stream
    /// is open when MQTT can be spoken. Where it is protected, it shows the gateway's certificate, or that of `pair`.
    package func connect(
        to address: SocketAddress, options: TCPStreamOptions, as pair: TLSClients.Pair? = nil,
        delegate: any ByteStreamDelegate
    ) -> any ByteStream {
        // Sooner than the core gives up, who would not know what it has waited for; and an inner layer sooner than one
        // that only waits for it.
        var layersLeft = [tunnel != nil, tls != nil, broker.webSocketPath != nil].count { $0 }
        var timeout: Duration { options.connectTimeout * (10 - layersLeft) / 10 }
        // What is queued in the clear needs some more room as records and frames.
        let limit = options.maximumQueuedByteCount
        var room: Int { limit + layersLeft * (limit / 16 + 65_536) }

        var inner = options
        inner.maximumQueuedByteCount = room
        var stream: any ByteStream = TCPStream(
            connectingTo: address, options: inner, loop: loop, delegate: nil)
        if let tunnel {
            let time = timeout
            layersLeft -= 1
            stream = TunnelStream(
                over: stream, tunnel: tunnel, timeout: time, maximumQueuedByteCount: room, loop: loop, delegate: nil)
        }
        if let tls {
            let time = timeout
            layersLeft -= 1
            stream = TLSStream(
                over: stream, client: tls.client(for: pair), handshakeTimeout: time, maximumQueuedByteCount: room,
                loop: loop, delegate: nil)
        }
        if let path = broker.webSocketPath {
            let time = timeout
            layersLeft -= 1
            stream = WebSocketStream(
                over: stream, authority: broker.authorityInHTTP, path: path, timeout: time,
                maximumQueuedByteCount: room, loop: loop, delegate: nil)
        }
        stream.delegate = delegate
        return stream
    }
}

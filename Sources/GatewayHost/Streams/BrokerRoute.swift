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
        let stream = TCPStream(connectingTo: address, options: tcpOptions(options), loop: loop, delegate: nil)
        return wrap(stream, options: options, as: pair, delegate: delegate)
    }

    /// What holds for the TCP connection under a stream for which `options` hold.
    func tcpOptions(_ options: TCPStreamOptions) -> TCPStreamOptions {
        var inner = options
        inner.maximumQueuedByteCount = room(under: layerCount, options)
        return inner
    }

    private var layerCount: Int { [tunnel != nil, tls != nil, broker.webSocketPath != nil].count { $0 } }

    /// What is queued in the clear needs some more room as records and frames.
    private func room(under layers: Int, _ options: TCPStreamOptions) -> Int {
        let limit = options.maximumQueuedByteCount
        return limit + layers * (limit / 16 + 65_536)
    }

    /// Lays around a connection what there is between TCP and MQTT, all of it in the time for connecting, from now on.
    func wrap(
        _ tcp: TCPStream, options: TCPStreamOptions, as pair: TLSClients.Pair?, delegate: any ByteStreamDelegate
    ) -> any ByteStream {
        // Sooner than the core gives up, who would not know what it has waited for; and an inner layer sooner than one
        // that only waits for it.
        var layersLeft = layerCount
        var timeout: Duration { options.connectTimeout * (10 - layersLeft) / 10 }
        var room: Int { self.room(under: layersLeft, options) }

        var stream: any ByteStream = tcp
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

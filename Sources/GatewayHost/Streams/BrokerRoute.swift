package import Configuration
package import Transports

/// What lies between the broker's address and MQTT: TCP, and where the owner wants them, TLS and WebSocket around it.
package struct BrokerRoute {
    private let broker: BrokerEndpoint
    /// Protects connections; nil where they go in the clear.
    private let tls: TLSClient?
    private let loop: EventLoop

    /// The way to the broker of these settings; with `tls` where that is wanted.
    package init(_ settings: HostSettings, tls: TLSClient?, loop: EventLoop) {
        (broker, self.tls, self.loop) = (settings.broker, tls, loop)
    }

    /// Connects to one of the broker's addresses, in the time that `options` gives for it; the stream is open when MQTT
    /// can be spoken.
    package func connect(
        to address: SocketAddress, options: TCPStreamOptions, delegate: any ByteStreamDelegate
    ) -> any ByteStream {
        let limit = options.maximumQueuedByteCount
        let layerCount = (tls == nil ? 0 : 1) + (broker.webSocketPath == nil ? 0 : 1)
        var inner = options
        // What is queued in the clear needs some more room as records and frames.
        inner.maximumQueuedByteCount += room(forLayers: layerCount, over: limit)
        var stream: any ByteStream = TCPStream(
            connectingTo: address, options: inner, loop: loop, delegate: layerCount == 0 ? delegate : nil)
        // Sooner than the core gives up, who would not know what it has waited for; and an inner layer sooner than one
        // that only waits for it.
        var tenths = 10 - layerCount
        if let tls {
            stream = TLSStream(
                over: stream, client: tls, handshakeTimeout: options.connectTimeout * tenths / 10,
                maximumQueuedByteCount: limit + room(forLayers: layerCount - 1, over: limit), loop: loop,
                delegate: layerCount == 1 ? delegate : nil)
            tenths += 1
        }
        if let path = broker.webSocketPath {
            stream = WebSocketStream(
                over: stream, authority: broker.authorityInHTTP, path: path,
                timeout: options.connectTimeout * tenths / 10, maximumQueuedByteCount: limit, loop: loop,
                delegate: delegate)
        }
        return stream
    }

    private func room(forLayers count: Int, over limit: Int) -> Int { count * (limit / 16 + 65_536) }
}

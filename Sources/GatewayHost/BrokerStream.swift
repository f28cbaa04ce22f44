import GatewayCore
import Transports

/// One TCP connection to the broker on behalf of an upstream of the core, tried at each of the broker's addresses.
final class BrokerStream: TCPStreamDelegate {
    let id: UpstreamID
    private(set) var stream: TCPStream?
    private var remainingAddresses: ArraySlice<SocketAddress> = []
    private var options: TCPStreamOptions
    /// What another machine's silence or refusal said, before this one failed by itself.
    private var remoteFailure: IOError?
    /// Whether the core knows that bytes wait in the write queue.
    private var isReportedBlocked = false
    /// Whether bytes were queued in this turn.
    var hasQueued = false
    private unowned let host: Host

    init(_ id: UpstreamID, host: Host) {
        self.id = id
        self.host = host
        options = host.streamOptions
    }

    /// Connects to the first of the addresses; to the next when that fails. Together they have the time that the core
    /// gives an attempt, so that one that does not answer leaves some to the next.
    func connect(to addresses: [SocketAddress]) {
        remainingAddresses = addresses[...]
        options.connectTimeout /= max(1, addresses.count)
        connectToNext()
    }

    private func connectToNext() {
        guard let address = remainingAddresses.popFirst() else { return }
        stream = TCPStream(connectingTo: address, options: options, loop: host.loop, delegate: self)
    }

    func write(_ bytes: RawSpan) { stream?.queueWrite(bytes) }

    /// Octets that the system has not been handed.
    var queuedByteCount: Int { stream?.queuedByteCount ?? 0 }

    /// Whether the system may take what is queued: it has not refused anything since it last took all.
    var canFlush: Bool { !isReportedBlocked }

    /// Hands what was queued to the system; tells the core when not all was taken.
    func flush() {
        guard let stream else { return }
        stream.flush()
        let queued = stream.queuedByteCount
        guard queued > 0, !isReportedBlocked, stream.isOpen else { return }
        isReportedBlocked = true
        host.handle(.streamBlocked(id, queuedByteCount: queued))
    }

    func pause() { stream?.pauseReading() }

    func resume() { stream?.resumeReading() }

    /// Delivers what is queued and ends the stream; nothing is heard of it any more.
    func close() {
        stream?.closeGracefully()
    }

    /// Ends the stream at once; nothing is heard of it any more.
    func abort() { stream?.abort() }

    // MARK: TCPStreamDelegate

    func streamOpened(_ stream: TCPStream) { host.streamOpened(self, to: stream.remoteAddress) }

    func streamReadable(_ stream: TCPStream) {
        _ = stream.read { host.handle(.streamReceived(id), $0) }
    }

    func streamDrained(_ stream: TCPStream) {
        isReportedBlocked = false
        host.handle(.streamDrained(id))
    }

    func streamClosed(_ stream: TCPStream, reason: StreamCloseReason) {
        guard case .failed(let error) = reason, error.phase == .connecting else {
            return host.streamEnded(self, reason: reason)
        }
        if !error.isLocal { remoteFailure = error }
        if remainingAddresses.isEmpty {
            host.streamEnded(self, reason: .failed(remoteFailure ?? error))
        } else {
            connectToNext()
        }
    }
}

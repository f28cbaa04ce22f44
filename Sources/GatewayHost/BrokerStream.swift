import GatewayCore
import Transports

/// One TCP connection to the broker on behalf of an upstream of the core, tried at each of the broker's addresses.
final class BrokerStream: TCPStreamDelegate {
    let id: UpstreamID
    private(set) var stream: TCPStream?
    private var remainingAddresses: ArraySlice<SocketAddress> = []
    /// Whether the core knows that bytes wait in the write queue.
    private var isReportedBlocked = false
    /// Whether bytes were queued in this turn.
    var hasQueued = false
    private unowned let host: Host

    init(_ id: UpstreamID, host: Host) {
        self.id = id
        self.host = host
    }

    /// Connects to the first of the addresses; to the next when that fails.
    func connect(to addresses: [SocketAddress]) {
        remainingAddresses = addresses[...]
        connectToNext()
    }

    private func connectToNext() {
        guard let address = remainingAddresses.popFirst() else { return }
        stream = TCPStream(
            connectingTo: address, options: host.streamOptions, loop: host.loop, delegate: self)
    }

    func write(_ bytes: RawSpan) { stream?.queueWrite(bytes) }

    /// Hands what was queued in this turn to the system; tells the core when not all was taken.
    func flush() {
        hasQueued = false
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

    func streamOpened(_ stream: TCPStream) { host.handle(.streamOpened(id)) }

    func streamReadable(_ stream: TCPStream) {
        _ = stream.read { host.handle(.streamReceived(id), $0) }
    }

    func streamDrained(_ stream: TCPStream) {
        isReportedBlocked = false
        host.handle(.streamDrained(id))
    }

    func streamClosed(_ stream: TCPStream, reason: StreamCloseReason) {
        if !wasOpened(reason), !remainingAddresses.isEmpty {
            connectToNext()
            return
        }
        host.streamEnded(self, reason: reason)
    }

    private func wasOpened(_ reason: StreamCloseReason) -> Bool {
        guard case .failed(let error) = reason else { return true }
        return !error.isConnecting
    }
}

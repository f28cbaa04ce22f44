import GatewayCore
import Transports

/// One connection to the broker on behalf of an upstream of the core, tried at each of the broker's addresses.
final class BrokerStream: ByteStreamDelegate, TimerHandler {
    let id: UpstreamID
    /// The place among the brokers of the one that it goes to.
    let broker: Int
    /// The certificate that it shows the broker, where that is not the gateway's.
    let certificate: ShownCertificate?
    private var stream: (any ByteStream)?
    /// The address that is tried, or was reached.
    private var address: SocketAddress?
    private var remainingAddresses: ArraySlice<SocketAddress> = []
    private var options: TCPStreamOptions
    /// What another machine's silence or refusal said, before this one failed by itself.
    private var remoteFailure: StreamCloseReason?
    /// Whether bytes wait in the write queue that the system has refused, as the core knows.
    private var isBlocked = false
    /// Tells the owner that there was no stream to close yet.
    private var timer: LoopTimer?
    /// Whether the core wants nothing read.
    var isPaused = false
    /// Whether it has ended when the core was not to hear of it.
    var isGone = false
    /// Whether bytes were queued in this turn.
    var hasQueued = false
    private unowned let owner: BrokerStreams

    init(_ id: UpstreamID, to broker: Int, _ certificate: ShownCertificate?, of owner: BrokerStreams) {
        (self.id, self.broker, self.certificate) = (id, broker, certificate)
        self.owner = owner
        options = owner.options
    }

    /// Connects to the first of the addresses; to the next when that fails. Together they have the time that the core
    /// gives an attempt, so that one that does not answer leaves some to the next.
    func connect(to addresses: [SocketAddress]) {
        remainingAddresses = addresses[...]
        options.connectTimeout /= max(1, addresses.count)
        connectToNext()
    }

    /// Whether the core has not closed it.
    var isWanted: Bool { owner.isInUse(self) }

    /// The broker's name leads nowhere.
    func hasNoAddress(_ error: ResolveError) { owner.unresolved(self, error) }

    private func connectToNext() {
        guard let address = remainingAddresses.popFirst() else { return }
        self.address = address
        stream = owner.ways[broker].route.connect(to: address, options: options, as: certificate?.pair, delegate: self)
    }

    func write(_ bytes: RawSpan) { stream?.queueWrite(bytes) }

    /// Octets that the system has not been handed.
    var queuedByteCount: Int { stream?.queuedByteCount ?? 0 }

    /// Whether the system may take what is queued: it has not refused anything since it last took all.
    var canFlush: Bool { !isBlocked }

    /// Hands what was queued to the system; the core is told when not all was taken.
    func flush() { stream?.flush() }

    func pause() { stream?.pauseReading() }

    func resume() { stream?.resumeReading() }

    /// Delivers what is queued and ends the stream; `finished` is all that its owner hears of it, in a later turn.
    func close() {
        if let stream, !isGone { stream.close() } else { timer = owner.loop.schedule(at: 0, self) }
    }

    /// After `close`: nothing is waited for any longer. The system goes on delivering what it was handed, and
    /// `finished` comes in a later turn.
    func cutShort() {
        stream?.leaveToSystem()
        if timer == nil { timer = owner.loop.schedule(at: 0, self) }
    }

    /// Ends the stream at once; nothing is heard of it any more.
    func abort() { stream?.abort() }

    /// For the end of the process, after `close`; nothing is heard of the stream any more.
    func leaveToSystem() {
        stream?.leaveToSystem()
        if let timer { owner.loop.cancel(timer) }
    }

    func timerFired(_ timer: LoopTimer) { owner.finished(self) }

    // MARK: ByteStreamDelegate

    func streamOpened(_ stream: any ByteStream) {
        if let address { owner.ways[broker].address.hasWorked(address) }
        if owner.isReadingHeld { stream.pauseReading() }
        owner.handle(.streamOpened(id), of: self)
    }

    func stream(_ stream: any ByteStream, received bytes: RawSpan) { owner.received(bytes, on: self) }

    func streamBlocked(_ stream: any ByteStream) {
        isBlocked = true
        owner.handle(.streamBlocked(id, queuedByteCount: stream.queuedByteCount), of: self)
    }

    func streamDrained(_ stream: any ByteStream) {
        isBlocked = false
        owner.handle(.streamDrained(id), of: self)
    }

    func streamFinished(_ stream: any ByteStream) { owner.finished(self) }

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        switch reason {
        case .failed(let error) where error.phase == .connecting: if !error.isLocal { remoteFailure = reason }
        case .insecure(let failure) where failure.isInHandshake && !failure.reason.isWantOfCertificate:
            remoteFailure = reason
        case .noPassage(let failure) where failure.isInHandshake: remoteFailure = reason
        case .failed, .insecure, .noPassage, .endOfStream, .writeQueueOverflow: return owner.ended(self, reason: reason)
        }
        if remainingAddresses.isEmpty {
            owner.ways[broker].address.haveFailed()
            owner.ended(self, reason: remoteFailure ?? reason)
        } else {
            connectToNext()
        }
    }
}

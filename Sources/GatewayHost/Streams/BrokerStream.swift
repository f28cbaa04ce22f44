import GatewayCore
import Transports

/// One connection to the broker on behalf of an upstream of the core, tried at each of the broker's addresses.
final class BrokerStream: ByteStreamDelegate, TCPRaceDelegate, TimerHandler {
    let id: UpstreamID
    /// The place among the brokers of the one that it goes to.
    let broker: Int
    /// The certificate that it shows the broker, where that is not the gateway's.
    let certificate: ShownCertificate?
    private var stream: (any ByteStream)?
    /// While there is no connection; then there is a stream.
    private var race: TCPRace?
    /// The address that was reached.
    private var address: SocketAddress?
    /// Those that have not failed.
    private var addresses: [SocketAddress] = []
    private var options: TCPStreamOptions
    /// When the core gives up, in monotonic nanoseconds.
    private var deadline: UInt64 = 0
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

    /// Connects to the addresses, of which one that fails does not hold up the others. Together they have the time that
    /// the core gives an attempt.
    func connect(to addresses: [SocketAddress]) {
        self.addresses = addresses
        deadline = MonotonicClock.now().advanced(by: options.connectTimeout)
        startRace()
    }

    private var timeLeft: Duration {
        let now = MonotonicClock.now()
        return .nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))
    }

    private var way: BrokerWay { owner.ways[broker] }

    private func startRace() {
        options.connectTimeout = timeLeft
        stream = nil
        race = TCPRace(to: addresses, options: way.route.tcpOptions(options), loop: owner.loop, delegate: self)
    }

    /// Whether the core has not closed it.
    var isWanted: Bool { owner.isInUse(self) }

    /// The broker's name leads nowhere.
    func hasNoAddress(_ error: ResolveError) { owner.unresolved(self, error) }

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
        race?.abort()
        if let stream, !isGone { stream.close() } else { timer = owner.loop.schedule(at: 0, self) }
    }

    /// After `close`: nothing is waited for any longer. The system goes on delivering what it was handed, and
    /// `finished` comes in a later turn.
    func cutShort() {
        stream?.leaveToSystem()
        if timer == nil { timer = owner.loop.schedule(at: 0, self) }
    }

    /// Ends the stream at once; nothing is heard of it any more.
    func abort() {
        race?.abort()
        stream?.abort()
    }

    /// For the end of the process, after `close`; nothing is heard of the stream any more.
    func leaveToSystem() {
        stream?.leaveToSystem()
        if let timer { owner.loop.cancel(timer) }
    }

    func timerFired(_ timer: LoopTimer) { owner.finished(self) }

    // MARK: TCPRaceDelegate

    /// The broker may still be silent behind it, or be the wrong one: that leaves their part of the time to the others.
    func race(_ race: TCPRace, wonBy stream: TCPStream) {
        self.race = nil
        address = stream.remoteAddress
        addresses.removeAll { $0 == stream.remoteAddress }
        options.connectTimeout = timeLeft / (addresses.count + 1)
        self.stream = way.route.wrap(stream, options: options, as: certificate?.pair, delegate: self)
        stream.delegate?.streamOpened(stream)
    }

    func race(_ race: TCPRace, lostWith reason: StreamCloseReason) {
        self.race = nil
        if case .failed(let error) = reason, error.isLocal {} else { remoteFailure = reason }
        giveUp(reason)
    }

    private func giveUp(_ reason: StreamCloseReason) {
        way.address.haveFailed()
        owner.ended(self, reason: remoteFailure ?? reason)
    }

    // MARK: ByteStreamDelegate

    func streamOpened(_ stream: any ByteStream) {
        if let address { way.address.hasWorked(address) }
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
        case .insecure(let failure) where failure.isInHandshake && !failure.reason.isWantOfCertificate:
            remoteFailure = reason
        case .noPassage(let failure) where failure.isInHandshake: remoteFailure = reason
        case .failed, .insecure, .noPassage, .endOfStream, .writeQueueOverflow: return owner.ended(self, reason: reason)
        }
        if addresses.isEmpty { giveUp(reason) } else { startRace() }
    }
}

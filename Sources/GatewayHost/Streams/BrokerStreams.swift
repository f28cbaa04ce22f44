import Configuration
import GatewayCore
import Time
import Transports

/// All connections to the broker: those in use, by the core's names for them, and those that the core is done with and
/// that still deliver their last bytes.
///
/// What is written waits until the end of the turn, so that each stream has one write in it.
final class BrokerStreams {
    /// To each broker, the preferred first.
    private(set) var ways: [BrokerWay]
    let loop: EventLoop
    private(set) var options: TCPStreamOptions
    /// The last ones, for whoever asks why there is no connection.
    private(set) var lastTLSFailure: TLSText?
    private(set) var lastPassageFailure: PassageFailure?
    private var inUse = StreamTable()
    private var closing = ClosingStreams()
    private var closingLimit: Int
    /// Streams with bytes of this turn.
    private var written: [BrokerStream] = []
    /// Those of them that hold more than the core allows a stream that is blocked.
    private var crowded: [BrokerStream] = []
    private var queuedByteCountPerStream: Int
    private unowned let host: Host

    init(_ settings: Settings, host: Host) {
        let loop = host.loop
        self.loop = loop
        ways = settings.host.brokers.indices.map { BrokerWay(settings.host.at(broker: $0), loop: loop) }
        let configuration = settings.gateway
        options = Self.options(for: settings)
        closingLimit = settings.host.closingConnectionCount
        queuedByteCountPerStream = configuration.limits.queuedByteCountPerUpstream
        self.host = host
    }

    /// What holds for connections from now on; the first call comes before there are any.
    func reconfigure(_ settings: Settings, _ tls: [TLSClients?]) {
        for place in ways.indices { ways[place].reconfigure(settings.host.at(broker: place), tls[place], loop: loop) }
        options = Self.options(for: settings)
        closingLimit = settings.host.closingConnectionCount
        queuedByteCountPerStream = settings.gateway.limits.queuedByteCountPerUpstream
    }

    /// The host's bounds lie behind the core's, which has a policy for reaching them.
    private static func options(for settings: Settings) -> TCPStreamOptions {
        let configuration = settings.gateway
        var options = TCPStreamOptions()
        options.readByteCount = settings.host.readByteCountPerConnection
        options.maximumQueuedByteCount = configuration.limits.queuedByteCountPerUpstream * 2 + 1_048_576
        let upstream = configuration.upstream
        options.connectTimeout = .nanoseconds(Int64(clamping: upstream.connectTimeout.nanoseconds))
        options.noticeSilence(after: settings.host.networkTimeoutSeconds)
        // A broker that lives has read its DISCONNECT within milliseconds. One that does not must cost a client that
        // connects anew less than the time after which it repeats itself, which is 10 s or more (MQTT-SN 1.2 §7.2).
        options.lingerTimeout = .seconds(5)
        return options
    }

    /// Streams that the core has closed, while what it has said before is held back: it hears no more of them.
    private var silenced: Set<UpstreamID> = []
    /// Whether nothing is read, as there is no room for what would come of it.
    private(set) var isReadingHeld = false

    func isInUse(_ stream: BrokerStream) -> Bool { inUse[stream.id] === stream }

    // MARK: What the core wants

    /// The ranges of `certificate` index `arena`.
    func open(_ id: UpstreamID, with certificate: StreamCertificate, _ arena: RawSpan) {
        let broker = min(Int(host.gateway.broker(of: id)), ways.count - 1)
        let shown = ShownCertificate(certificate, arena, host.settings.host)
        let stream = BrokerStream(id, to: broker, shown, of: self)
        inUse.insert(stream)
        ways[broker].address.connect(stream)
    }

    func write(_ bytes: RawSpan, on id: UpstreamID) {
        guard let stream = inUse[id] else { return }
        stream.write(bytes)
        if stream.canFlush, stream.queuedByteCount > queuedByteCountPerStream { crowded.append(stream) }
        guard !stream.hasQueued else { return }
        stream.hasQueued = true
        written.append(stream)
    }

    func pause(_ id: UpstreamID) {
        inUse[id]?.isPaused = true
        inUse[id]?.pause()
    }

    func resume(_ id: UpstreamID) {
        inUse[id]?.isPaused = false
        if !isReadingHeld { inUse[id]?.resume() }
    }

    /// Nothing is read from any stream, or what the core has not paused is read again.
    func holdReading(_ isHeld: Bool) {
        guard isHeld != isReadingHeld else { return }
        isReadingHeld = isHeld
        inUse.forEach { stream in
            if isHeld { stream.pause() } else if !stream.isPaused { stream.resume() }
        }
    }

    /// The core has closed the stream and hears nothing of it before `close`, when what it has said before has left.
    func silence(_ id: UpstreamID) { silenced.insert(id) }

    func close(_ id: UpstreamID) {
        silenced.remove(id)
        guard let stream = inUse.remove(id) else { return }
        closing.append(stream)
        stream.close()
        // At the end nothing more is opened, and each is to hear its DISCONNECT.
        guard !host.isStopping, let oldest = closing.takeExcess(limit: closingLimit) else { return }
        host.reporter.cutShort(limit: closingLimit)
        oldest.cutShort()
    }

    /// Hands what was written to the system. That may tell the core of a blocked stream, which may write to others.
    func flush() {
        while let stream = written.popLast() {
            stream.hasQueued = false
            stream.flush()
        }
    }

    /// One turn can bring more than a stream's bound: the core learns in time when the system takes no more.
    func flushCrowded() {
        while let stream = crowded.popLast() { stream.flush() }
    }

    /// Hands what was written to the system.
    ///
    /// - Returns: whether it has taken all; false for a stream that is not in use.
    func takesAll(_ id: UpstreamID) -> Bool {
        guard let stream = inUse[id], !silenced.contains(id) else { return false }
        stream.flush()
        return stream.canFlush
    }

    // MARK: What the streams tell

    func handle(_ event: Event, of stream: BrokerStream) {
        if !silenced.contains(stream.id) { host.handle(event) }
    }

    func received(_ bytes: RawSpan, on stream: BrokerStream) {
        if !silenced.contains(stream.id) { host.handle(.streamReceived(stream.id), bytes) }
    }

    func ended(_ stream: BrokerStream, reason: StreamCloseReason) {
        guard !silenced.contains(stream.id) else { return stream.isGone = true }
        guard inUse.remove(stream.id) != nil else { return }
        let settings = host.settings.host.at(broker: stream.broker)
        if case .insecure(let failure) = reason {
            let text = TLSText(failure, settings, stream.certificate)
            if !failure.reason.isWantOfCertificate { lastTLSFailure = text }
            host.reporter.streamIsInsecure(text, isWantOfCertificate: failure.reason.isWantOfCertificate)
        } else {
            host.reporter.streamEnded(reason, settings)
        }
        if case .noPassage(let failure) = reason { lastPassageFailure = failure }
        host.handle(.streamClosed(stream.id, StreamEnd(reason)))
    }

    func unresolved(_ stream: BrokerStream, _ error: ResolveError) {
        guard !silenced.contains(stream.id) else { return stream.isGone = true }
        guard inUse.remove(stream.id) != nil else { return }
        host.reporter.unresolved(error)
        host.handle(.streamClosed(stream.id, error.isLocal ? .localFailure : .unresolved))
    }

    /// What `close` asked for is done: the broker has read everything and ended its side, or the time for that is over.
    /// Comes once for each stream that was in use, in a later turn.
    func finished(_ stream: BrokerStream) {
        guard closing.remove(stream.id) else { return }
        host.handle(.streamEnded(stream.id))
    }

    // MARK: The end

    /// Certificates of clients that are held for the broker that has the most.
    var certificateCount: Int { ways.map { $0.tls?.count ?? 0 }.max() ?? 0 }

    /// What is protected with the broker at that place; nil where nothing is.
    func tls(ofBroker place: Int) -> TLSClients? { ways.indices.contains(place) ? ways[place].tls : nil }

    /// Connections that the core is done with and that still hold a descriptor.
    var closingCount: Int { closing.count }

    /// Whether those that were closed have delivered their last bytes.
    var areFinished: Bool { closing.isEmpty }

    /// Connections that were ended are left to the system, which goes on delivering what it was handed; others are cut.
    func abandon() {
        for stream in inUse.removeAll() { stream.abort() }
        for stream in closing.removeAll() { stream.leaveToSystem() }
        for way in ways { way.address.close() }
    }
}

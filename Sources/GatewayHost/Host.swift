import Bytes
package import Configuration
import GatewayCore
import LinkFraming
import TraceFile
package import Transports

/// The interpreter of the core on a real machine: it owns one gateway, one event loop and the clock, feeds events and
/// runs effects. It decides nothing about MQTT.
///
/// Effects are run after each event, since what they name may change with the next one; datagrams and bytes they send
/// wait until the end of the turn and leave together.
package final class Host {
    package let loop: EventLoop
    private var gateway: Gateway
    private var effects = Effects()
    private(set) var links = LinkTable()
    private var streams = StreamTable()
    /// Streams with bytes of this turn.
    private var written: [BrokerStream] = []
    /// Those of them that hold more than the core allows a stream that is blocked.
    private var crowded: [BrokerStream] = []
    private let queuedByteCountPerStream: Int
    /// Streams that still deliver their last bytes.
    private var closing = ClosingStreams()
    private(set) var brokerAddress: BrokerAddress?
    var reporter: Reporter
    /// Where everything that the core is told goes; nil where nobody wants to know.
    private var recorder: Recorder?
    private let configuration: GatewayConfiguration
    private let seed: UInt64
    private let log: Log
    let streamOptions: TCPStreamOptions
    package private(set) var isStopping = false

    /// Opens the sockets; nothing is sent before the first turn.
    package init(settings: Settings, seed: UInt64, log: Log, loop: EventLoop) throws(HostError) {
        self.loop = loop
        (configuration, self.seed, self.log) = (settings.gateway, seed, log)
        gateway = Gateway(configuration: configuration, seed: seed)
        reporter = Reporter(log: log, settings.host)
        queuedByteCountPerStream = settings.gateway.limits.queuedByteCountPerUpstream
        streamOptions = Self.streamOptions(for: settings.gateway)
        do throws(HostError) {
            for (index, listener) in settings.host.listeners.enumerated() {
                links.udp.append(try openLink(listener, id: LinkID(UInt16(index))))
            }
        } catch {
            for link in links.udp { link.close() }
            throw error
        }
        for port in settings.host.serialPorts {
            let id = LinkID(UInt16(links.udp.count + links.serial.count))
            let known = configuration.link(id).maximumDatagramByteCount
            links.serial.append(SerialLink(port, id: id, knownMaximumByteCount: known, host: self))
        }
        brokerAddress = BrokerAddress(settings.host.broker, host: self)
    }

    /// The host's bounds lie behind the core's, which has a policy for reaching them.
    private static func streamOptions(for configuration: GatewayConfiguration) -> TCPStreamOptions {
        var options = TCPStreamOptions()
        options.maximumQueuedByteCount = configuration.limits.queuedByteCountPerUpstream * 2 + 1_048_576
        let upstream = configuration.upstream
        options.connectTimeout = .nanoseconds(Int64(clamping: upstream.connectTimeout.nanoseconds))
        // What the network does not acknowledge for this long is as lost as a PINGRESP that does not come.
        options.userTimeout = .seconds(Int64(upstream.keepAliveSeconds)) + .seconds(15)
        return options
    }

    private func openLink(_ listener: UDPListener, id: LinkID) throws(HostError) -> UDPLink {
        guard let address = SocketAddress(numeric: listener.host, port: listener.port) else {
            throw HostError.notAnAddress(listener.name)
        }
        let forwarders = try ForwarderList(listener.forwarders)
        let link: UDPLink
        do throws(IOError) {
            link = try UDPLink(listener, address: address, forwarders: forwarders, id: id, host: self)
        } catch {
            throw HostError.cannotListen(listener.name, error)
        }
        reporter.listening(on: link.transport, asked: listener.receiveBufferByteCount)
        do throws(HostError) {
            try link.joinGroups(of: listener)
        } catch {
            link.close()
            throw error
        }
        reporter.joined(listener, on: link)
        return link
    }

    /// Records everything that the core is told from its first event on in a new file at `path`, of at most
    /// `maximumByteCount` octets; `note` says where the recording is from.
    ///
    /// - Precondition: The host has not turned yet.
    package func record(to path: String, maximumByteCount: Int, note: String) throws(RecorderError) {
        recorder = try Recorder(
            Trace(seed: seed, configuration: configuration, note: note), path: path,
            maximumByteCount: maximumByteCount, log: log)
    }

    // MARK: Turns

    /// The addresses that clients reach, in the order of the configuration; ports are the real ones.
    package var listeningAddresses: [SocketAddress] { links.udp.map(\.transport.localAddress) }

    package var counters: Counters { reporter.counters }

    package var sessionCount: Int { gateway.sessionCount }

    /// When the loop must turn again for the gateway or a serial line, in monotonic nanoseconds.
    package var nextDeadline: UInt64? {
        var next = gateway.nextDeadline?.nanoseconds ?? .max
        for link in links.serial { next = min(next, link.nextDeadline ?? .max) }
        return next == .max ? nil : next
    }

    /// Waits for something to happen and deals with it.
    package func turn() throws(IOError) {
        try loop.turn(deadline: nextDeadline)
        finishTurn()
    }

    /// What follows a turn of the loop: deadlines, and everything that is to be sent.
    package func finishTurn() {
        // What lines brought in this turn has been dealt with by now, so no answer comes too late by a hair.
        for link in links.serial {
            if let deadline = link.nextDeadline, deadline <= loop.now { link.deadlineReached() }
        }
        if let deadline = gateway.nextDeadline, deadline.nanoseconds <= loop.now { handle(.deadlineReached) }
        tellEnds()
        flush()
        recorder?.flush()
        reporter.turnEnded(at: loop.now)
    }

    /// What the core has closed and has ended meanwhile; telling it may end others at once.
    private func tellEnds() {
        while true {
            let ended = closing.takeEnded()
            guard !ended.isEmpty else { return }
            for id in ended { handle(.streamEnded(id)) }
        }
    }

    private func flush() {
        for link in links.udp where link.hasQueued { flush(link) }
        for link in links.serial { link.flush() }
        // Flushing may tell the core of a blocked stream, which may write to others.
        while let stream = written.popLast() {
            stream.hasQueued = false
            stream.flush()
        }
    }

    private func flush(_ link: UDPLink) {
        link.hasQueued = false
        reporter.flushed(link.transport.flush())
    }

    // MARK: Events

    func handle(_ event: Event) {
        let nothing: [UInt8] = []
        handle(event, nothing.span.bytes)
    }

    func handle(_ event: Event, _ bytes: RawSpan) {
        let now = Instant(nanoseconds: loop.now)
        if let recorder {
            recorder.willHandle(event, bytes, at: now)
            gateway.handle(event, bytes, at: now, into: &effects)
            recorder.hasHandled(effects, at: now)
        } else {
            gateway.handle(event, bytes, at: now, into: &effects)
        }
        runEffects()
        flushCrowded()
    }

    /// One turn can bring more than a stream's bound: the core learns in time when the system takes no more.
    private func flushCrowded() {
        while let stream = crowded.popLast() { stream.flush() }
    }

    /// One batch: the kernel tells again in the next turn when there is more, so the broker's side gets its turn too.
    ///
    /// `transport` is the link's own or one of its groups'; a sender is the same peer on each.
    func receiveDatagrams(on link: UDPLink, from transport: UDPTransport) {
        do {
            _ = try transport.receive { datagram, source, local in
                let peer = link.peers.peer(source, writingTo: local)
                self.reporter.traceReceived(datagram.byteCount, from: "\(source)")
                let mayForward = link.forwarders.allows(source)
                self.handle(.datagramReceived(from: peer, mayForward: mayForward), datagram)
            } truncated: { _, source, local in
                self.handle(.datagramTruncated(from: link.peers.peer(source, writingTo: local)))
            }
        } catch {
            reporter.failed(error)
        }
    }

    func receiveDatagram(_ datagram: RawSpan, from address: LinkAddress, on link: SerialLink) {
        let peer = link.peers.peer(address, by: ())
        reporter.traceReceived(datagram.byteCount, from: link.name(of: address))
        handle(.datagramReceived(from: peer, mayForward: link.port.allowsForwarding), datagram)
    }

    func streamOpened(_ stream: BrokerStream, to address: SocketAddress) {
        brokerAddress?.hasWorked(address)
        handle(.streamOpened(stream.id))
    }

    func isCurrent(_ stream: BrokerStream) -> Bool { streams[stream.id] === stream }

    func streamEnded(_ stream: BrokerStream, reason: StreamCloseReason) {
        guard streams.remove(stream.id) != nil else { return }
        reporter.streamEnded(reason)
        handle(.streamClosed(stream.id, StreamEnd(reason)))
    }

    func streamUnresolved(_ stream: BrokerStream, _ error: ResolveError) {
        guard streams.remove(stream.id) != nil else { return }
        reporter.unresolved(error)
        handle(.streamClosed(stream.id, error.isLocal ? .localFailure : .unresolved))
    }

    // MARK: Effects

    private func runEffects() {
        // An effect never causes an event on the spot, so what is taken out here is not missed.
        var current = Effects()
        swap(&current, &effects)
        run(current)
        current.removeAll()
        swap(&current, &effects)
    }

    private func run(_ effects: borrowing Effects) {
        let arena = effects.bytes.span
        for index in effects.list.indices { run(effects.list[index], arena.bytes) }
    }

    /// Ranges in the effect index `arena`.
    private func run(_ effect: Effect, _ arena: RawSpan) {
        switch effect {
        case .sendDatagram(let range, let peer): send(arena.extracting(range), to: peer)
        case .broadcastDatagram(let range, let radius, let id):
            switch links[id] {
            case .udp(let link): broadcast(arena.extracting(range), radius: radius, on: link)
            case .serial(let link): link.broadcast(arena.extracting(range), radius: radius)
            }
        case .openStream(let id): open(id)
        case .sendStream(let range, let id): write(arena.extracting(range), on: id)
        case .closeStream(let id): close(id)
        case .pauseStream(let id): streams[id]?.pause()
        case .resumeStream(let id): streams[id]?.resume()
        case .forgetPeer(let peer):
            switch links[peer.link] {
            case .udp(let link): link.peers.forget(peer)
            case .serial(let link): link.peers.forget(peer)
            }
        case .observe(let observation): observe(observation, arena)
        }
    }

    private func send(_ datagram: RawSpan, to peer: PeerID) {
        switch links[peer.link] {
        case .udp(let link): send(datagram, to: peer, on: link)
        case .serial(let link): link.send(datagram, to: peer)
        }
    }

    private func send(_ datagram: RawSpan, to peer: PeerID, on link: UDPLink) {
        guard let destination = link.peers.destination(of: peer) else { return }
        reporter.traceSent(datagram.byteCount, to: "\(destination.address)")
        link.transport.queue(datagram, to: destination.address, from: destination.local)
        link.hasQueued = true
    }

    /// MQTT-SN 1.2 §6.1: to every group of the link; a link without one broadcasts nothing.
    private func broadcast(_ datagram: RawSpan, radius: UInt8, on link: UDPLink) {
        guard !link.groups.isEmpty else { return }
        if link.needsNewHopLimit(for: radius) {
            // What is queued goes first, as the limit is the socket's.
            flush(link)
            do { try link.setHopLimit(for: radius) } catch { reporter.failed(error) }
        }
        for group in link.groups {
            reporter.traceSent(datagram.byteCount, to: "\(group)")
            link.transport.queue(datagram, to: group, from: nil)
        }
        link.hasQueued = true
    }

    private func open(_ id: UpstreamID) {
        let stream = BrokerStream(id, host: self)
        streams.insert(stream)
        brokerAddress?.connect(stream)
    }

    private func write(_ bytes: RawSpan, on id: UpstreamID) {
        guard let stream = streams[id] else { return }
        stream.write(bytes)
        if stream.canFlush, stream.queuedByteCount > queuedByteCountPerStream { crowded.append(stream) }
        guard !stream.hasQueued else { return }
        stream.hasQueued = true
        written.append(stream)
    }

    private func close(_ id: UpstreamID) {
        guard let stream = streams.remove(id) else { return }
        stream.close()
        closing.insert(stream.stream, id)
    }

    private func observe(_ observation: Observation, _ arena: RawSpan) {
        guard let level = reporter.count(observation.kind) else { return }
        let address = observation.peer.flatMap { name(of: $0) }
        reporter.write(level, observation, clientID: arena.extracting(observation.clientID), address: address)
    }

    private func name(of peer: PeerID) -> String? {
        switch links[peer.link] {
        case .udp(let link): link.peers.address(of: peer).map { "\($0)" }
        case .serial(let link): link.peers.address(of: peer).map(link.name)
        }
    }

    // MARK: The end

    /// Says goodbye to clients and broker; `hasStopped` tells when everybody has heard it.
    package func stop() {
        guard !isStopping else { return }
        isStopping = true
        reporter.stopBegan()
        handle(.shutdownRequested)
        flush()
        for link in links.serial { link.watchDraining() }
        reporter.stopEnded()
    }

    /// Whether every connection to the broker has delivered its last bytes, and so has every serial line.
    package var hasStopped: Bool { isStopping && closing.areDone && links.serial.allSatisfy(\.isDrained) }

    /// Closes the sockets. Connections that were ended are left to the system, which goes on delivering what it was
    /// handed; others are cut. The host must not be used afterwards.
    package func close() {
        for link in links.udp { link.close() }
        for link in links.serial { link.close() }
        for stream in streams.removeAll() { stream.abort() }
        closing.leaveToSystem()
        brokerAddress?.close()
        recorder?.finish(.complete)
        reporter.summarize(links.serial)
    }
}

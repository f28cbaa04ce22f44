import Bytes
package import Configuration
package import GatewayCore
import Time
import TraceFile
package import Transports

/// The interpreter of the core on a real machine: it owns one gateway, one event loop and the clock, feeds events and
/// runs effects. It decides nothing about MQTT.
///
/// Effects are run after each event, since what they name may change with the next one; datagrams and bytes they send
/// wait until the end of the turn and leave together.
package final class Host {
    package let loop: EventLoop
    var gateway: Gateway
    var effects = Effects()
    /// By the core's numbers for them: the listeners' first, then those of serial lines.
    var links: [any Link] = []
    private(set) lazy var streams = BrokerStreams(
        settings, host: self)
    var reporter: Reporter
    var statistics: Statistics
    /// What is published at the broker of the gateway itself; nil where nothing is.
    var publisher: StatusPublisher?
    /// Where everything that the core is told goes; nil where nobody wants to know.
    private(set) var recorder: Recorder?
    /// What the core has been given.
    var configuration: GatewayConfiguration
    private let seed: UInt64
    /// Those that the rules for clients name; only a start can change them.
    let clientNetworks: ClientNetworks
    /// As the owner has decided last, but for what only a start can change.
    var settings: Settings
    let log: Log
    private(set) lazy var network = HostNetwork(self)
    package private(set) var isStopping = false

    /// What keeps sessions over the process's end; nil where nothing does.
    private(set) var keeping: SessionKeeping?
    private var coreClock = CoreClock()

    /// What shows others what goes on; nil where no door is open.
    private(set) var server: HTTPServer?
    /// Reads the configuration anew for whoever asks, and tells what has changed; nil where that cannot be done.
    package var reload: (() -> Result<String, ReloadRefusal>)?

    /// Opens the sockets; nothing is sent before the first turn.
    package init(settings: Settings, seed: UInt64, log: Log, loop: EventLoop) throws(HostError) {
        self.loop = loop
        (configuration, self.settings, self.seed, self.log) = (settings.gateway, settings, seed, log)
        configuration.clientRules = settings.clientRules(withLinks: settings.host.linkNames)
        clientNetworks = ClientNetworks(settings.host.clientPlaces)
        if let sharedClientID = settings.host.sharedClientID { configuration.upstream.sharedClientID = sharedClientID }
        gateway = Gateway(configuration: configuration, seed: seed)
        reporter = Reporter(log: log, settings.host)
        statistics = Statistics(
            udpCount: settings.host.listeners.count, serialCount: settings.host.serialPorts.count, at: loop.now)
        reconfigureStatus()
        streams.reconfigure(settings, try makeTLSClients(ofEach: settings.host))
        warnOfMissingVerification()
        do throws(HostError) {
            for listener in settings.host.listeners {
                links.append(try UDPLink(listener, id: nextLinkID, host: self))
            }
        } catch {
            for link in links { link.close() }
            network.close()
            throw error
        }
        for port in settings.host.serialPorts {
            let known = configuration.link(nextLinkID).maximumDatagramByteCount
            links.append(SerialLink(port, id: nextLinkID, knownMaximumByteCount: known, host: self))
        }
        try openDoors()
    }

    private func openDoors() throws(HostError) {
        do throws(HostError) {
            try showItself(settings.host.http)
        } catch {
            for link in links { link.close() }
            network.close()
            throw error
        }
    }

    /// Opens the doors that `settings` want, and closes those that they do not; on an error all stays as it is.
    func showItself(_ settings: HTTPSettings) throws(HostError) {
        if let server, settings.isOn {
            try server.apply(settings)
        } else if settings.isOn {
            server = try HTTPServer(settings, host: self)
        } else {
            server?.close()
            server = nil
        }
    }

    private var nextLinkID: LinkID { LinkID(UInt16(links.count)) }

    /// Records everything that the core is told from its first event on in a new file at `path`, of at most
    /// `maximumByteCount` octets; `note` says where the recording is from.
    ///
    /// - Precondition: The host has not turned yet.
    package func record(to path: String, maximumByteCount: Int, note: String) throws(RecorderError) {
        recorder = try Recorder(
            Trace(seed: seed, configuration: configuration, note: note), path: path,
            maximumByteCount: maximumByteCount, log: log)
    }

    /// Opens the store and goes on with what an earlier life has left in it, if the owner wants one.
    ///
    /// - Parameter acceptsForeign: The owner's word that another gateway's store is taken over.
    /// - Throws: why the store cannot be had.
    /// - Precondition: The host has not turned yet; recording has begun.
    package func openStore(acceptsForeign: Bool = false) throws(StoreRefusal) {
        guard let directory = settings.host.store.directory else { return }
        keeping = try SessionKeeping(directory, settings.host.store, acceptsForeign: acceptsForeign, host: self)
        keeping?.restoreSessions()
    }

    // MARK: Turns

    /// The addresses that clients reach, in the order of the configuration; ports are the real ones.
    package var listeningAddresses: [SocketAddress] { links.compactMap(\.listeningAddress) }

    package var counters: Counters { reporter.counters }

    package var sessionCount: Int { gateway.sessionCount }

    package var census: Census { gateway.takeCensus() }

    /// When the loop must turn again for the gateway or a link, in monotonic nanoseconds.
    package var nextDeadline: UInt64? {
        var next = min(coreDeadline ?? .max, reporter.nextDeadline ?? .max)
        next = min(next, publisher?.nextDeadline ?? .max, keeping?.nextDeadline ?? .max)
        for link in links { next = min(next, link.nextDeadline ?? .max) }
        return next == .max ? nil : next
    }

    /// The core's time, in which all is told that it is asked.
    var now: Instant { coreClock.time(at: loop.now) }

    /// When the core must be told that time has passed; nil for never, and while its time stands still.
    private var coreDeadline: UInt64? { coreClock.moment(of: gateway.nextDeadline) }

    /// Waits for something to happen and deals with it.
    package func turn() throws(IOError) {
        try loop.turn(deadline: nextDeadline)
        finishTurn()
    }

    /// What follows a turn of the loop: deadlines, and everything that is to be sent.
    package func finishTurn() {
        // What links brought in this turn has been dealt with by now, so no answer comes too late by a hair.
        for link in links {
            if let deadline = link.nextDeadline, deadline <= loop.now { link.deadlineReached() }
        }
        if let deadline = coreDeadline, deadline <= loop.now { handle(.deadlineReached) }
        if publisher != nil { publishStatus() }
        endTurnOfStore()
        flush()
        recorder?.flush()
        reporter.turnEnded(at: loop.now)
    }

    private func endTurnOfStore() {
        guard let keeping else { return }
        keeping.turnEnded()
        // What waits is read in the next turn, before anybody's time has come.
        coreClock.stand(keeping.isAtAStandstill, at: loop.now)
    }

    private func flush() {
        for link in links { link.flush() }
        streams.flush()
        server?.flush()
    }

    // MARK: Events

    func handle(_ event: Event) {
        let nothing: [UInt8] = []
        handle(event, nothing.span.bytes)
    }

    func handle(_ event: Event, _ bytes: RawSpan) {
        let now = now
        if let server { noteReceived(event, bytes, server) }
        if case .datagramReceived(let peer, _, _) = event { statistics.received(on: peer.link) }
        if let keeping, keeping.isFull, let sender = event.sender { return keeping.drop(from: sender) }
        if let recorder {
            recorder.willHandle(event, bytes, at: now)
            gateway.handle(event, bytes, at: now, into: &effects)
            recorder.hasHandled(effects, at: now)
        } else {
            gateway.handle(event, bytes, at: now, into: &effects)
        }
        runEffects()
        streams.flushCrowded()
    }

    // MARK: Effects

    func runEffects() {
        // An effect never causes an event on the spot, so what is taken out here is not missed.
        var current = Effects()
        swap(&current, &effects)
        if let keeping { keeping.hold(&current) } else { run(current) }
        current.removeAll()
        swap(&current, &effects)
    }

    /// What was held back.
    func run(_ list: [Effect], _ bytes: [UInt8]) {
        let arena = bytes.span
        for effect in list {
            switch effect {
            case .pauseStream, .resumeStream: break
            case .sendDatagram, .broadcastDatagram, .openStream, .sendStream, .closeStream, .forgetPeer, .observe:
                run(effect, arena.bytes, server)
            }
        }
    }

    private func run(_ effects: borrowing Effects) {
        let arena = effects.bytes.span
        // Doors open and close by a reload only.
        let server = server
        for index in effects.list.indices { run(effects.list[index], arena.bytes, server) }
    }

    /// Ranges in the effect index `arena`.
    private func run(_ effect: Effect, _ arena: RawSpan, _ server: HTTPServer?) {
        switch effect {
        case .sendDatagram(let range, let peer):
            if let server { noteSent(arena.extracting(range), to: peer, server) }
            statistics.sent(on: peer.link)
            link(of: peer).send(arena.extracting(range), to: peer)
        case .broadcastDatagram(let range, let radius, let id):
            statistics.sent(on: id)
            links[Int(id.rawValue)].broadcast(arena.extracting(range), radius: radius)
        case .openStream(let id, let certificate): streams.open(id, with: certificate, arena)
        case .sendStream(let range, let id):
            if let server, server.isWatched { noteSent(arena.extracting(range), on: id, server) }
            streams.write(arena.extracting(range), on: id)
        case .closeStream(let id): streams.close(id)
        case .pauseStream(let id): streams.pause(id)
        case .resumeStream(let id): streams.resume(id)
        case .forgetPeer(let peer): link(of: peer).forget(peer)
        case .observe(let observation): observe(observation, arena, server)
        }
    }

    func link(of peer: PeerID) -> any Link { links[Int(peer.link.rawValue)] }

    private func observe(_ observation: Observation, _ arena: RawSpan, _ server: HTTPServer?) {
        if let server, server.hasFollowers { note(observation, arena, server) }
        let now = loop.now
        statistics.note(observation, arena, at: now)
        if StatusPublisher.concerns(observation.kind), publisher != nil { noteStatus(observation, arena) }
        guard let level = reporter.count(observation.occurrence, at: now) else { return }
        let address = observation.peer.flatMap { link(of: $0).name(of: $0) }
        reporter.write(
            level, observation, clientID: arena.extracting(observation.clientID),
            topic: arena.extracting(observation.topic), address: address)
    }

    /// Whether a listener is left out where the system lacks its family: nobody has asked for it.
    func mayDoWithout(_ listener: UDPListener, _ error: HostError) -> Bool {
        error.isFamilyMissing && HostSettings.isOptional(listener, among: settings.host.listeners)
    }

    // MARK: The end

    /// Says goodbye to clients and broker; `hasStopped` tells when everybody has heard it.
    package func stop() {
        guard !isStopping else { return }
        isStopping = true
        reporter.stopBegan()
        handle(keeping?.isToGoOn() == true ? .suspensionRequested : .shutdownRequested)
        endTurnOfStore()
        flush()
        for link in links { link.watchDraining() }
        reporter.stopEnded()
    }

    /// Whether every connection to the broker has delivered its last bytes, and so has every link.
    package var hasStopped: Bool {
        isStopping && !awaitsStore && streams.areFinished && links.allSatisfy(\.isDrained)
    }

    /// Whether something waits for the disk that is to leave before the end, if the disk takes it.
    package var awaitsStore: Bool { keeping?.isIdle == false }

    /// Closes the sockets. Connections that were ended are left to the system, which goes on delivering what it was
    /// handed; others are cut. The host must not be used afterwards.
    package func close() {
        keeping?.close()
        // With the last batch the last words have become free.
        flush()
        server?.close()
        for link in links { link.close() }
        network.close()
        streams.abandon()
        recorder?.finish(.complete)
        reporter.summarize(links)
    }
}

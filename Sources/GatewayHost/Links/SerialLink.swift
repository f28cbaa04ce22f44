import Bytes
import Configuration
import GatewayCore
import LinkFraming
import Time
import Transports

/// One serial line as the gateway's host uses it: the core's link, the state machine of its radio or wire, and the
/// device, which may come and go.
final class SerialLink: Link, SerialTransportDelegate, TimerHandler {
    /// The first pause before a device is opened again; each failure doubles it.
    private static let shortestPause: UInt64 = 1_000_000_000
    private static let longestPause: UInt64 = 30_000_000_000
    /// A line that held for so long was in order: the next pause is a short one.
    private static let goodTime: UInt64 = 10_000_000_000
    /// Between two looks at whether the last octets have left.
    private static let drainingInterval: UInt64 = 10_000_000

    private let id: LinkID
    private(set) var port: SerialPort
    private var peers: PeerTable<LinkAddress, Void>
    private(set) var counters = SerialLinkCounters()
    private var line: any DatagramLine & ~Copyable
    private var effects = LinkEffects()
    /// Empty, and keeps its room: what runs is swapped with it.
    private var spareEffects = LinkEffects()
    private var isRunningEffects = false
    private var transport: SerialTransport?
    /// Which of the speeds is tried.
    private var speedIndex = 0
    /// Octets that came in at the speeds that were tried in vain.
    private var unansweredByteCount: UInt64 = 0
    /// When to open the device; nil while it is open.
    private var openAt: UInt64?
    private var pause = shortestPause
    private var openedAt: UInt64 = 0
    /// What was last said of a line that is not in order; nil when it is.
    private var lastTrouble: String?
    private var fullQueues = Recurrence()
    private var unencrypted = Recurrence()
    /// What the core believes the longest datagram to be.
    private(set) var knownMaximumByteCount: Int
    /// What the core believes of `canSend`; of a link that nothing was said of it believes the best.
    private var isBelievedToSend = true
    private unowned let host: Host

    /// Opens the device; one that cannot be opened is tried again.
    init(_ port: SerialPort, id: LinkID, knownMaximumByteCount: Int, host: Host) {
        (self.port, self.id, self.knownMaximumByteCount, self.host) = (port, id, knownMaximumByteCount, host)
        peers = PeerTable(link: id)
        line = port.makeLine()
        open()
    }

    private var now: Instant { Instant(nanoseconds: host.loop.now) }

    /// Whether the gateway can send on this line now: the device is open and, on a radio, the module in a network.
    private var canSend: Bool { line.state == .ready }

    var nextDeadline: UInt64? {
        guard canSend == isBelievedToSend else { return 0 }
        return openAt ?? line.nextDeadline?.nanoseconds
    }

    var listeningAddress: SocketAddress? { nil }

    var counted: (link: String, counts: [(name: String, count: UInt64)])? {
        let waiting = [(name: "waiting", count: UInt64(line.queuedMessageCount))]
        return (port.device, counters.named + line.counters.named + waiting + line.framingCounters.named)
    }

    var title: String { port.device }

    var isUp: Bool { canSend }

    var peerCount: Int { peers.count }

    func name(of peer: PeerID) -> String? { peers.address(of: peer).map { name(of: $0) } }

    func retire(_ peer: PeerID) { peers.retire(peer) }

    func octets(of peer: PeerID) -> [UInt8]? { peers.address(of: peer)?.octets }

    func peer(at octets: [UInt8]) -> PeerID? { LinkAddress(octets: octets).map { peers.peer($0, by: ()) } }

    func forget(_ peer: PeerID) { peers.forget(peer) }

    /// Who somebody on the line is, in words.
    func name(of address: LinkAddress?) -> String {
        switch address {
        case .otherEnd: port.device
        case .xbee64(let node): "xbee \(Hexadecimal.number(node.rawValue, digitCount: 16)) on \(port.device)"
        case .xbee16(let node): "xbee \(Hexadecimal.number(UInt64(node.rawValue), digitCount: 4)) on \(port.device)"
        case nil: "everybody on \(port.device)"
        }
    }

    // MARK: The device

    private func open() {
        openAt = nil
        let settings = port.lineSettings(speed: port.speeds[speedIndex])
        do throws(SerialOpenError) {
            let opened = try SerialTransport(
                opening: port.device, settings: settings, maximumQueuedByteCount: port.queuedByteCount, loop: host.loop)
            opened.delegate = self
            transport = opened
        } catch {
            counters.failedOpenings += 1
            // The message names the speed, which changes from try to try.
            let isNew = trouble("\(error)")
            host.reporter.cannotOpen(self, error, isNew: isNew)
            return openLater()
        }
        counters.openings += 1
        openedAt = host.loop.now
        host.reporter.opened(self, speed: settings.speed, isNews: port.framing != .xbee || counters.openings == 1)
        // An XBee is in order only when it has answered.
        if port.framing != .xbee { lastTrouble = nil }
        line.lineOpened(at: now, into: &effects)
        runEffects()
    }

    /// Notes what is wrong; true when that is not what was wrong before.
    private func trouble(_ words: String) -> Bool {
        defer { lastTrouble = words }
        return lastTrouble != words
    }

    /// Tries again after a pause, which grows as long as the line does not hold.
    private func openLater() {
        let time = host.loop.now
        if openedAt > 0, time &- openedAt >= Self.goodTime { pause = Self.shortestPause }
        openAt = time + pause
        openedAt = 0
        pause = min(pause * 2, Self.longestPause)
    }

    /// Goes on with other settings of the same device, the nodes stay known; what the line was made with is made anew.
    func reconfigure(_ settings: SerialPort) {
        let former = port
        port = settings
        var same = settings
        (same.allowsForwarding, same.broadcasts, same.xbee.broadcastRadius) = (
            former.allowsForwarding, former.broadcasts, former.xbee.broadcastRadius
        )
        guard same != former else { return }
        closeLine()
        runEffects()
        if settings.maximumDatagramByteCount != former.maximumDatagramByteCount {
            knownMaximumByteCount = settings.initialMaximumDatagramByteCount
        }
        line = settings.makeLine()
        (speedIndex, unansweredByteCount, pause, lastTrouble) = (0, 0, Self.shortestPause, nil)
        openAt = host.loop.now
    }

    private func closeLine() {
        transport?.close()
        transport = nil
        line.lineClosed(at: now, into: &effects)
    }

    func transportReadable(_ transport: SerialTransport) {
        transport.read { line.receive($0, at: now, into: &effects) }
        runEffects()
    }

    func transportEnded(_ transport: SerialTransport, _ error: IOError?) {
        guard transport === self.transport else { return }
        counters.losses += 1
        _ = trouble("lost")
        host.reporter.lost(self, error)
        closeLine()
        openLater()
        runEffects()
    }

    /// Does what is due: tells the core how the line is, opens the device, or goes on in the state machine.
    func deadlineReached() {
        tellWhetherItCanSend()
        if let openAt {
            if openAt <= host.loop.now { open() }
            return
        }
        line.deadlineReached(at: now, into: &effects)
        runEffects()
    }

    /// Tells the core of a line that is lost, or has returned. Never while the core makes the link do something.
    private func tellWhetherItCanSend() {
        guard canSend != isBelievedToSend else { return }
        isBelievedToSend = canSend
        host.handle(canSend ? .linkReturned(id) : .linkLost(id))
    }

    /// Hands the octets of this turn to the system.
    func flush() { transport?.flush() }

    // MARK: To clients

    func send(_ datagram: RawSpan, to peer: PeerID) {
        guard let address = peers.address(of: peer) else { return }
        host.log.traceSent(datagram, to: name(of: address))
        if let refusal = refusalOfLine(for: datagram) ?? line.send(datagram, to: address, at: now, into: &effects) {
            refused(refusal, to: address, datagram)
        }
        runEffects()
    }

    /// Of a wire, where nothing waits before the octets do; a radio is never given more than it has said to be free.
    private func refusalOfLine(for datagram: RawSpan) -> SendRefusal? {
        guard port.framing != .xbee, let transport else { return nil }
        // Escapes double a frame at worst; `effects` holds what is about to be queued.
        let byteCount = effects.bytes.count + 2 * datagram.byteCount + 16
        guard transport.queuedByteCount + byteCount > port.queuedByteCount else { return nil }
        counters.refusedLineFull += 1
        return .lineQueueFull
    }

    private func refused(_ refusal: SendRefusal, to address: LinkAddress?, _ datagram: RawSpan) {
        host.reporter.refused(self, refusal, to: address, datagram)
        switch refusal {
        case .nodeQueueFull, .queueFull, .lineQueueFull:
            guard let count = fullQueues.happened(at: host.loop.now) else { return }
            host.reporter.limitReached(self, refusal, to: address, count: count)
        case .tooLong, .linkDown, .notSendable: break
        }
    }

    /// As far as the owner lets broadcasts go.
    func broadcast(_ datagram: RawSpan, radius: UInt8) {
        guard port.broadcasts else { return }
        let limit = port.xbee.broadcastRadius
        let hops = radius == 0 || limit == 0 ? max(radius, limit) : min(radius, limit)
        host.log.traceSent(datagram, to: name(of: nil))
        if let refusal = refusalOfLine(for: datagram)
            ?? line.broadcast(datagram, radius: hops, at: now, into: &effects)
        {
            refused(refusal, to: nil, datagram)
        }
        runEffects()
    }

    // MARK: Effects

    /// Runs what the state machine wants done, and what comes of that; what an effect adds meanwhile is run behind it.
    private func runEffects() {
        guard !isRunningEffects else { return }
        isRunningEffects = true
        while !effects.list.isEmpty {
            var current = LinkEffects()
            swap(&current, &spareEffects)
            swap(&current, &effects)
            run(current)
            current.removeAll()
            swap(&current, &spareEffects)
        }
        isRunningEffects = false
    }

    private func run(_ effects: borrowing LinkEffects) {
        let arena = effects.bytes.span
        for index in effects.list.indices { run(effects.list[index], arena.bytes) }
    }

    /// Ranges in the effect index `arena`.
    private func run(_ effect: LinkEffect, _ arena: RawSpan) {
        switch effect {
        case .write(let range):
            guard let transport, transport.isOpen else { return }
            if !transport.queueWrite(arena.extracting(range)) {
                counters.writesDropped += 1
                host.reporter.writeDropped()
            }
        case .datagramReceived(let range, let address, _):
            received(arena.extracting(range), from: address)
        case .tryNextSpeed: tryNextSpeed()
        case .observe(let observation): observe(observation)
        }
    }

    private func received(_ datagram: RawSpan, from address: LinkAddress) {
        let peer = peers.peer(address, by: ())
        host.log.traceReceived(datagram, from: name(of: address))
        host.handle(.datagramReceived(from: peer, mayForward: port.allowsForwarding), datagram)
    }

    /// The next speed at once; after the last one the first, after a pause.
    private func tryNextSpeed() {
        closeLine()
        speedIndex = (speedIndex + 1) % port.speeds.count
        if speedIndex == 0 {
            openLater()
        } else {
            openAt = host.loop.now
        }
    }

    private func observe(_ observation: LinkObservation) {
        switch observation {
        // A wire is open or closed, which has been told.
        case .stateChanged where port.framing != .xbee: return
        case .stateChanged(.ready): lastTrouble = nil
        case .signal(_, let decibelMilliwatts): host.statistics.heardSignal(decibelMilliwatts, on: id)
        case .stateChanged(.wrongMode):
            // The owner may set the module right; nobody says so.
            closeLine()
            openLater()
        case .maximumDatagramChanged(let byteCount, _): tellMaximum(byteCount)
        case .noRadioAnswers(let receivedByteCount):
            unansweredByteCount += receivedByteCount
            guard speedIndex == port.speeds.count - 1 else { break }
            host.reporter.noRadio(self, unansweredByteCount, isNew: trouble("no radio"))
            unansweredByteCount = 0
            return
        case .wrongAPIMode(let mode):
            return host.reporter.wrongAPIMode(self, mode, isNew: trouble("API mode \(mode)"))
        case .unencrypted(let address):
            guard let count = unencrypted.happened(at: host.loop.now) else { return }
            return host.reporter.unencrypted(self, from: address, count: count)
        case .stateChanged, .moduleIdentified, .networkIdentified, .sourceRoutesWanted, .distance,
            .commandRefused, .modemStatus, .frameError, .deliveryFailed, .statusMissing, .messageExpired, .paused,
            .payloadTooLarge, .configurationError:
            break
        }
        host.reporter.observed(observation, on: self)
    }

    private func tellMaximum(_ byteCount: Int) {
        guard byteCount != knownMaximumByteCount else { return }
        knownMaximumByteCount = byteCount
        host.handle(.linkChanged(id, maximumDatagramByteCount: byteCount))
    }

    // MARK: The end

    /// Nothing can leave through a line that is not in order.
    var isDrained: Bool {
        guard let transport, transport.isOpen, line.state == .ready else { return true }
        return line.queuedMessageCount == 0 && transport.queuedByteCount == 0 && transport.systemQueuedByteCount == 0
    }

    func watchDraining() {
        guard !isDrained else { return }
        host.loop.schedule(at: host.loop.now + Self.drainingInterval, self)
    }

    func timerFired(_ timer: LoopTimer) { watchDraining() }

    func close() {
        closeLine()
        openAt = nil
    }
}

/// What became of a line itself; each number only grows.
struct SerialLinkCounters {
    var openings: UInt64 = 0
    var failedOpenings: UInt64 = 0
    var losses: UInt64 = 0
    /// Datagrams for which the write queue had no room.
    var refusedLineFull: UInt64 = 0
    /// Frames that found no room in the write queue.
    var writesDropped: UInt64 = 0

    /// Each number by its name.
    var named: [(name: String, count: UInt64)] {
        [
            ("openings", openings),
            ("failedOpenings", failedOpenings),
            ("losses", losses),
            ("refusedLineFull", refusedLineFull),
            ("writesDropped", writesDropped),
        ]
    }
}

import Bytes
package import GatewayCore
import Time

/// What somebody who sees the core's tables finds wrong with them, given the peers and streams that the host has and
/// the highest limits that there were: one line for each invariant that does not hold.
package typealias GatewayInspection = (inout Gateway, Set<PeerID>, Set<UpstreamID>, Limits) -> [String]

/// A gateway in whose surroundings everything happens that a list of octets says: sense and nonsense from clients, from
/// a broker, from the host and from time.
///
/// It is made for fuzzing: any octets are a script, a small change of them is a small change of what happens, and the
/// host itself never breaks its contract. The first three octets choose the configuration, each operation after them
/// takes an octet and what it reads further. After each event the host's books and the core's tables must agree.
package struct OperationScript: ~Copyable {
    private(set) var configuration: GatewayConfiguration
    /// The highest limits that there were, as lower ones take nothing away.
    private var highestLimits: Limits
    var input: ScriptInput
    var gateway: Gateway
    var broker = SimulatedBroker()
    var now = Instant(nanoseconds: 5_000_000_000)
    private(set) var ledger: HostLedger
    /// What was wrong first.
    private(set) var fault: String?
    private let inspect: GatewayInspection
    private var effects = Effects()
    private var brokerEffects = BrokerEffects()
    private var eventCount = 0
    private var isReconfigured = false

    /// Streams that are asked for and not yet open.
    var requestedStreams: [UpstreamID] = []
    /// Those whose end the gateway is told next.
    private var endedStreams: [UpstreamID] = []
    /// Streams that are open, in the order of their opening, with the broker's name for them.
    var openStreams: [(stream: UpstreamID, connection: BrokerConnectionID)] = []
    private var connectionCount: UInt32 = 0
    /// What the broker has written and the gateway not yet read; nil is the end of the stream.
    var toGateway: [(stream: UpstreamID, bytes: [UInt8]?)] = []
    /// What the gateway has said to its clients and nobody has answered, by address.
    var toClients: [(address: Int, bytes: [UInt8])] = []
    private var peerByAddress: [Int: PeerID] = [:]
    private var addressByPeer: [PeerID: Int] = [:]
    private var peerCount: UInt32 = 0

    /// Runs the script in `bytes` to its end and shuts the gateway down.
    ///
    /// - Returns: what was wrong first, with the number of the event; nil when nothing was.
    package static func fault(in bytes: RawSpan, inspect: GatewayInspection) -> String? {
        withoutActuallyEscaping(inspect) { inspect in
            var script = OperationScript(bytes, inspect: inspect)
            while !script.input.isAtEnd, script.fault == nil { script.runOperation() }
            script.finish()
            return script.fault.map { "event \(script.eventCount): \($0)" }
        }
    }

    private init(_ bytes: RawSpan, inspect: @escaping GatewayInspection) {
        var input = ScriptInput(bytes)
        configuration = .cramped(&input)
        highestLimits = configuration.limits
        self.input = input
        self.inspect = inspect
        gateway = Gateway(configuration: configuration, seed: 1)
        gateway.keepSessions()
        ledger = HostLedger(configuration)
        tell(.deadlineReached)
    }

    /// The process ends: nothing is left open, and who was just answered is soon forgotten.
    private mutating func finish() {
        tell(.shutdownRequested)
        for _ in 0..<10 { passes(.seconds(100)) }
        guard fault == nil else { return }
        if ledger.liveStreamCount > 0 { report("\(ledger.liveStreamCount) streams are left behind") }
        if gateway.takeCensus().upstreams > 1 { report("broker connections are left behind") }
        if ledger.livePeerCount > highestLimits.recentDepartures { report("peers are left behind") }
    }

    mutating func report(_ text: String) { if fault == nil { fault = text } }

    // MARK: The gateway

    mutating func tell(_ event: Event, _ bytes: [UInt8] = []) {
        guard fault == nil else { return }
        eventCount += 1
        effects.removeAll()
        ledger.note(event)
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        checkAndCarryOut(after: "\(event)")
    }

    /// Everything that an owner may change while a gateway runs is as other octets have it.
    mutating func reconfigure() {
        guard fault == nil else { return }
        var next = GatewayConfiguration.cramped(&input)
        let numbers = input.next()
        next.limits.vary(by: numbers)
        next.upstream.keepAliveSeconds = numbers & 0x80 != 0 ? 60 : 20
        if numbers & 0x40 != 0 { next.predefinedTopics.entries.removeFirst() }
        next.willUpdate = configuration.willUpdate
        configuration = next
        isReconfigured = true
        highestLimits = .highest(highestLimits, next.limits)
        eventCount += 1
        effects.removeAll()
        ledger.reconfigure(next)
        gateway.reconfigure(next, at: now, into: &effects)
        checkAndCarryOut(after: "another configuration")
    }

    /// The gateway ends in good order, and another life goes on with what is left of its sessions.
    mutating func suspend() {
        tell(.suspensionRequested)
        guard fault == nil else { return }
        if ledger.liveStreamCount > 0 { report("\(ledger.liveStreamCount) streams are left behind") }
        if gateway.nextDeadline != nil { report("who has ended asks to be woken") }
        let records = gateway.records(at: now)
        let addresses = records.map { gateway.peer(of: $0.clientID).flatMap { addressByPeer[$0] } }
        gateway = Gateway(configuration: configuration, seed: 2)
        gateway.keepSessions()
        ledger.restart()
        ledger.reconfigure(configuration)
        (peerByAddress, addressByPeer) = ([:], [:])
        (openStreams, toGateway) = ([], [])
        for (record, address) in zip(records, addresses) { goOn(with: record, at: address) }
        tell(.deadlineReached)
    }

    private mutating func goOn(with record: SessionRecord, at address: Int?) {
        let peer = address.map { self.peer(at: $0) }
        do throws(RestoreRefusal) {
            try gateway.restore(record, from: peer, age: .zero, at: now)
            if let peer, gateway.peer(of: record.clientID) != nil { ledger.know(peer) }
        } catch {
            // An owner who has decided otherwise may have left no place for it.
            if !isReconfigured { report("a session is not gone on with: \(error)") }
        }
    }

    private mutating func checkAndCarryOut(after event: String) {
        ledger.check(effects)
        if let violation = ledger.violation { report("\(event): \(violation)") }
        checkBounds(after: event)
        let broken = inspect(&gateway, ledger.livePeers, ledger.liveStreamIDs, highestLimits)
        if let first = broken.first { report("\(event): \(first)") }
        for effect in effects.list { carryOut(effect) }
        if let id = endedStreams.popLast() { tell(.streamEnded(id)) }
    }

    private mutating func checkBounds(after event: String) {
        let census = gateway.takeCensus()
        let limits = highestLimits
        func held(_ bound: Bool, _ text: String) -> String? { bound ? nil : "\(event): \(text): \(census)" }
        let broken =
            held(census.sessions - census.newcomers <= limits.clients, "more sessions than the limit")
            ?? held(census.newcomers <= limits.setUps, "more set-ups than the limit")
            ?? held(census.mostTopics <= limits.topicsPerClient + 1, "more topic ids than the limit")
            ?? held(census.mostSubscriptions <= limits.subscriptionsPerClient, "more subscriptions than the limit")
            ?? held(census.upstreams <= census.sessions + 1, "a broker connection without a client")
            ?? held(census.upstreams >= ledger.liveStreamCount, "a stream without a broker connection")
            ?? held(census.peers == ledger.livePeerCount, "the host remembers other peers than the core")
            ?? held(census.routes <= 2 * census.sessions + limits.recentDepartures, "more routes than the limit")
        if let broken { report(broken) }
    }

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .sendDatagram(let range, let peer):
            if toClients.count >= 64 { toClients.removeFirst() }
            toClients.append((addressByPeer[peer] ?? 0, copy(of: range)))
        case .openStream(let id, _): requestedStreams.append(id)
        case .sendStream(let range, let id):
            guard let connection = connection(of: id) else { return }
            tellBroker(.received(connection), copy(of: range))
        case .closeStream(let id):
            endedStreams.append(id)
            requestedStreams.removeAll { $0 == id }
            toGateway.removeAll { $0.stream == id }
            guard let connection = connection(of: id) else { return }
            openStreams.removeAll { $0.stream == id }
            tellBroker(.closed(connection))
        case .forgetPeer(let peer):
            if let address = addressByPeer.removeValue(forKey: peer) { peerByAddress[address] = nil }
        case .broadcastDatagram, .pauseStream, .resumeStream, .observe: break
        }
    }

    /// What an effect names; nothing where it lies outside the arena, which the ledger has reported.
    private func copy(of range: ByteRange) -> [UInt8] {
        range.upperBound <= effects.bytes.count ? Array(effects.bytes[range]) : []
    }

    /// The peer that stands for an address at the moment.
    mutating func peer(at address: Int) -> PeerID {
        if let peer = peerByAddress[address] { return peer }
        peerCount += 1
        let peer = PeerID(link: LinkID(UInt16(address % 2)), number: peerCount)
        peerByAddress[address] = peer
        addressByPeer[peer] = address
        return peer
    }

    // MARK: The broker

    private func connection(of stream: UpstreamID) -> BrokerConnectionID? {
        openStreams.first { $0.stream == stream }?.connection
    }

    private func stream(of connection: BrokerConnectionID) -> UpstreamID? {
        openStreams.first { $0.connection == connection }?.stream
    }

    mutating func makeConnection() -> BrokerConnectionID {
        connectionCount += 1
        let connection = BrokerConnectionID(connectionCount)
        tellBroker(.accepted(connection))
        return connection
    }

    mutating func tellBroker(_ event: BrokerEvent, _ bytes: [UInt8] = []) {
        brokerEffects.removeAll()
        broker.handle(event, bytes.span.bytes, at: now, into: &brokerEffects)
        for effect in brokerEffects.list {
            switch effect {
            case .send(let range, let connection):
                guard let stream = stream(of: connection) else { continue }
                toGateway.append((stream, Array(brokerEffects.bytes[range])))
            case .close(let connection):
                guard let stream = stream(of: connection) else { continue }
                openStreams.removeAll { $0.stream == stream }
                toGateway.append((stream, nil))
            }
        }
    }

    // MARK: Time

    /// Lets `span` pass, or less where the gateway has more to do than a script can wait for.
    mutating func passes(_ span: TimeSpan) {
        let end = now + span
        for _ in 0..<Self.mostWakeUps {
            guard fault == nil else { return }
            let next = [gateway.nextDeadline, broker.nextDeadline].compactMap { $0 }.min()
            guard let next, next <= end else {
                now = end
                return
            }
            now = max(now, next)
            if let deadline = broker.nextDeadline, deadline <= now { tellBroker(.deadlineReached) }
            wakeIfDue()
        }
    }

    private static let mostWakeUps = 200

    /// What is due is done in one event: a gateway that asked again would never sleep.
    mutating func wakeIfDue() {
        guard let deadline = gateway.nextDeadline, deadline <= now else { return }
        tell(.deadlineReached)
        if let again = gateway.nextDeadline, again <= now { report("asks to be woken again at once") }
    }
}

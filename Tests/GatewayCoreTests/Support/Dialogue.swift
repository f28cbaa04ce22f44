import Bytes
import GatewayCore
import GatewaySimulator
import MQTT
import Testing
import Time

/// A gateway between clients and broker that a test plays: what they say is heard at once, and everything the gateway
/// says in return must be named by the test before anybody speaks again, so "nothing" needs no words.
///
/// Time stands still unless the test lets it pass. After every event the host's books and the core's tables are
/// checked.
final class Dialogue {
    /// Long enough to keep MQTT's PINGREQ out of dialogues that are not about it.
    static let upstreamKeepAlive: UInt16 = 65_535

    private(set) var configuration: GatewayConfiguration
    /// The highest that there were, as lower ones take nothing away.
    private var highestLimits: Limits
    /// Whether the test is about ADVERTISE and names each; others do not listen to it.
    let hearsAdvertise: Bool
    private var gateway: Gateway
    private var effects = Effects()
    private var ledger: HostLedger
    private var willLedger: WillLedger
    /// Writes everything down, if the test wants that; then nothing needs to be named.
    private(set) var recorder: TranscriptRecorder?
    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    private var lastLocation: SourceLocation

    // What was said and not yet named by the test.
    private var unreadMessages: [Int: [SNMessage]] = [:]
    private var unreadPackets: [UpstreamID: [BrokerPacket]] = [:]
    /// The CONNECT of each stream, with its version.
    private var connects: [UpstreamID: (version: ProtocolVersion, bytes: [UInt8])] = [:]
    private var requestedStreams: [UpstreamID] = []
    private(set) var certificates: [UpstreamID: ShownFiles] = [:]
    private var unreadBroadcasts: [Broadcast] = []
    /// Something said to every node of a link.
    struct Broadcast: Equatable {
        var message: SNMessage
        var radius: UInt8
        var link: LinkID
    }
    /// Of the last event, or of everything since time began to pass.
    private(set) var observations: [(occurrence: Occurrence, clientID: String)] = []

    /// The peer that stands for an address at the moment, and the address of every peer there ever was.
    private var peerByAddress: [Int: PeerID] = [:]
    private var addressByPeer: [PeerID: Int] = [:]
    private(set) var topicNumbers = TopicNumbers()
    private var addressCount = 0
    private var peerCount: UInt32 = 0

    /// Begins with the shared connection open and accepted, or, if the broker is away, with the attempt refused.
    init(
        _ configuration: GatewayConfiguration = .dialogue(), isBrokerReachable: Bool = true,
        hearsAdvertise: Bool = false, at location: SourceLocation = #_sourceLocation
    ) {
        (self.configuration, highestLimits) = (configuration, configuration.limits)
        self.hearsAdvertise = hearsAdvertise
        gateway = Gateway(configuration: configuration, seed: 1)
        ledger = HostLedger(configuration)
        willLedger = WillLedger(configuration)
        lastLocation = location
        happens(.deadlineReached, at: location)
        let stream = opensStream(at: location)
        guard isBrokerReachable else {
            stream.closes(.refused, at: location)
            return
        }
        acceptShared(stream, at: location)
    }

    private func acceptShared(_ stream: TestUpstream, at location: SourceLocation) {
        stream.opens(at: location)
        stream.receives(
            .connect(
                String(decoding: configuration.upstream.sharedClientID, as: UTF8.self),
                keepAlive: configuration.upstream.keepAliveSeconds,
                will: configuration.upstream.statusTopic.map {
                    TestWill(topic: String(decoding: $0, as: UTF8.self) + "/state", payload: "offline", retain: true)
                }), at: location)
        stream.sends(.connectAcknowledgement(), at: location)
        shared = stream
    }

    deinit { expectEverythingNamed() }

    /// The connection for QoS −1; nil where the broker was not reachable.
    private(set) var shared: TestUpstream?

    /// Whether the test takes no notice of ADVERTISE: for dialogues of many hours that are about something else.
    var ignoresAdvertisements = false
    /// Whether the test says itself when a connection that the gateway has left has ended (`TestUpstream.ends`, or
    /// `closes` after DISCONNECT); otherwise it ends at once.
    var holdsEnds = false
    /// Whether the host lets senders be forwarders.
    var allowsForwarders = false
    /// In which of the networks of the rules for clients everybody is who speaks.
    var network: UInt16 = 0

    /// The octets written last on each stream.
    private(set) var lastWritten: [UpstreamID: [UInt8]] = [:]

    var nextDeadline: Instant? { gateway.nextDeadline }
    var sessionCount: Int { gateway.sessionCount }
    var brokerInUse: UInt8 { gateway.brokerInUse }

    func broker(of stream: TestUpstream) -> UInt8 { gateway.broker(of: stream.id) }

    /// Takes note of all that was said to brokers.
    func readAll() { unreadPackets = [:] }

    var census: Census { gateway.takeCensus() }

    /// What whoever looks at the gateway sees of a client; nil where it has no session.
    func report(of clientID: String) -> ClientReport? {
        gateway.place(ofClient: Array(clientID.utf8)).map { gateway.clientReport(at: $0, now: now) }
    }

    // MARK: Who takes part

    /// A client at an address that nobody had before.
    func client(_ clientID: String, link: UInt16 = 0) -> TestClient {
        addressCount += 1
        return TestClient(clientID: clientID, address: addressCount, link: LinkID(link), dialogue: self)
    }

    /// A client that is a node behind the forwarder at another client's address.
    func client(_ clientID: String, node: [UInt8], behind forwarder: TestClient) -> TestClient {
        TestClient(
            clientID: clientID, address: forwarder.address, link: forwarder.link, node: node, dialogue: self)
    }

    /// The one stream that the gateway has just asked for.
    func opensStream(at location: SourceLocation = #_sourceLocation) -> TestUpstream {
        #expect(requestedStreams.count == 1, "one stream is asked for", sourceLocation: location)
        let id = requestedStreams.popLast() ?? UpstreamID(slot: .max, generation: .max)
        requestedStreams = []
        return TestUpstream(id: id, dialogue: self)
    }

    // MARK: Transcripts

    /// From now on everything is written down, and nothing needs to be named.
    func records(_ title: String) { recorder = TranscriptRecorder(title, at: now) }

    /// A sentence for the reader.
    func remarks(_ sentence: String) { recorder?.remark(sentence) }

    /// What a client's address, or the forwarder before it, is called.
    func calls(_ client: TestClient, _ name: String) { recorder?.names[client.address] = name }

    /// The stream that the gateway has asked for, if it has.
    var requestedStream: TestUpstream? { requestedStreams.last.map { TestUpstream(id: $0, dialogue: self) } }

    /// Whether the host still knows the address.
    func knows(_ address: Int) -> Bool { peerByAddress[address] != nil }

    // MARK: What happens

    /// Lets the gateway know of an event; everything it said before must have been named.
    func happens(_ event: Event, _ bytes: [UInt8] = [], at location: SourceLocation) {
        begin(at: location)
        handle(event, bytes)
    }

    /// Lets time pass; the gateway is woken whenever it asked for it.
    func passes(_ span: TimeSpan, at location: SourceLocation = #_sourceLocation) {
        begin(at: location)
        let end = now + span
        while let deadline = gateway.nextDeadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached, [])
            if let next = gateway.nextDeadline, next <= now { ledger.violate("asks to be woken again at once") }
            guard ledger.violation == nil else { break }
        }
        now = end
    }

    /// The process is to end, and another one to go on with the sessions.
    func suspends(at location: SourceLocation = #_sourceLocation) { happens(.suspensionRequested, at: location) }

    func shutsDown(at location: SourceLocation = #_sourceLocation) { happens(.shutdownRequested, at: location) }

    /// The owner decides otherwise while the gateway runs.
    func decides(at location: SourceLocation = #_sourceLocation, _ change: (inout GatewayConfiguration) -> Void) {
        begin(at: location)
        change(&configuration)
        highestLimits = .highest(highestLimits, configuration.limits)
        effects.removeAll()
        ledger.reconfigure(configuration)
        gateway.reconfigure(configuration, at: now, into: &effects)
        takeEffects()
    }

    /// The record as it comes out of a store.
    private static func writtenAndRead(_ record: SessionRecord) -> SessionRecord {
        var bytes: [UInt8] = []
        record.encode(into: &bytes)
        let read = try? SessionRecord.decode(bytes.span.bytes)
        #expect(read == record)
        return read ?? record
    }

    /// The gateway's process is killed, and another one with another clock is given what would have been left of every
    /// session; where addresses are known, it knows where its clients are.
    ///
    /// - Parameters:
    ///   - knowingAddresses: Whether it knows where its clients are.
    ///   - age: How old the records are, where they were written while the gateway went on.
    ///   - location: Where the test says so.
    /// - Returns: what was refused.
    @discardableResult
    func restarts(
        knowingAddresses: Bool = false, age: TimeSpan? = nil, at location: SourceLocation = #_sourceLocation
    ) -> [RestoreRefusal] {
        begin(at: location)
        // What is written while the gateway goes on is without what comes again by itself.
        let records = gateway.records(at: now).map { Self.writtenAndRead(age == nil ? $0 : $0.reduced()) }
        let addresses = records.map { gateway.peer(of: $0.clientID).flatMap { addressByPeer[$0] } }
        let links = records.map { gateway.peer(of: $0.clientID)?.link ?? LinkID(0) }
        now = Instant(nanoseconds: 77_000_000_000_000_000)
        gateway = Gateway(configuration: configuration, seed: 2)
        (ledger, willLedger) = (HostLedger(configuration), WillLedger(configuration))
        (peerByAddress, addressByPeer, peerCount) = ([:], [:], 100)
        var refusals: [RestoreRefusal] = []
        for (index, record) in records.enumerated() {
            let peer: PeerID? = knowingAddresses ? addresses[index].map { self.peer(at: $0, on: links[index]) } : nil
            do throws(RestoreRefusal) {
                try gateway.restore(record, from: peer, network: network, age: age, at: now)
            } catch {
                refusals.append(error)
            }
            // Who is not known after that, the host forgets.
            if let peer, gateway.knows(peer) { ledger.know(peer) }
        }
        handle(.deadlineReached, [])
        // What is said to clients at once is the test's to name.
        let said = unreadMessages
        unreadMessages = [:]
        acceptShared(opensStream(at: location), at: location)
        unreadMessages = said
        return refusals
    }

    /// What would be left of a session if the process ended now.
    func record(of client: TestClient) -> SessionRecord? { gateway.record(of: Array(client.clientID.utf8), at: now) }

    private func begin(at location: SourceLocation) {
        expectEverythingNamed()
        lastLocation = location
        observations = []
    }

    private func handle(_ event: Event, _ bytes: [UInt8]) {
        effects.removeAll()
        ledger.note(event)
        recorder?.note(event, bytes, from: sender(of: event), at: now)
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        willLedger.check(event, bytes, effects, at: now)
        takeEffects()
    }

    private func takeEffects() {
        ledger.check(effects)
        for effect in effects.list { take(effect) }
        topicNumbers.note(gateway)
        let broken = gateway.brokenInvariants(
            peers: ledger.livePeers, streams: ledger.liveStreamIDs, limits: highestLimits)
        let violations = [ledger.violation].compactMap(\.self) + willLedger.violations + broken
        #expect(violations == [], sourceLocation: lastLocation)
        if !holdsEnds { endStreams() }
    }

    /// The broker closes what it was told DISCONNECT on, and what the gateway has closed has ended.
    private func endStreams() {
        for id in willLedger.takeLeft() {
            take(.close, on: id)
            handle(.streamClosed(id, .closedByBroker), [])
        }
        for id in willLedger.takeClosed() { handle(.streamEnded(id), []) }
    }

    private func sender(of event: Event) -> Int? {
        if case .datagramReceived(let peer, _, _) = event { return addressByPeer[peer] }
        return nil
    }

    private func take(_ effect: Effect) {
        switch effect {
        case .sendDatagram(let range, let peer):
            let message = SNMessage(reading: effects.copy(of: range) ?? [])
            unreadMessages[addressByPeer[peer] ?? 0, default: []].append(message)
            recorder?.note(message, to: addressByPeer[peer], at: now)
        case .broadcastDatagram(let range, let radius, let link):
            let message = SNMessage(reading: effects.copy(of: range) ?? [])
            if ignoresAdvertisements, case .advertise = message { break }
            recorder?.note(broadcast: message, radius: radius, at: now)
            if case .advertise = message, !hearsAdvertise { break }
            unreadBroadcasts.append(Broadcast(message: message, radius: radius, link: link))
        case .openStream(let id, let certificate):
            requestedStreams.append(id)
            certificates[id] = ShownFiles(certificate, in: effects.bytes)
            recorder?.noteOpening(of: id, at: now)
        case .sendStream(let range, let id):
            let bytes = effects.copy(of: range) ?? []
            noteVersion(bytes, on: id)
            lastWritten[id] = bytes
            take(BrokerPacket(reading: bytes, version(of: id)), on: id)
        case .closeStream(let id): take(.close, on: id)
        case .pauseStream(let id): take(.pause, on: id)
        case .resumeStream(let id): take(.resume, on: id)
        case .forgetPeer(let peer): addressByPeer[peer].map { peerByAddress[$0] = nil }
        case .observe(let observation):
            let clientID = String(decoding: effects.copy(of: observation.clientID) ?? [], as: UTF8.self)
            observations.append((observation.occurrence, clientID))
        }
    }

    /// What a stream's CONNECT has said.
    func version(of id: UpstreamID) -> ProtocolVersion { connects[id]?.version ?? .v3_1_1 }

    /// A number among the properties of a stream's CONNECT (MQTT 5.0 §3.1.2.11).
    func connectProperty(_ identifier: PropertyIdentifier, on id: UpstreamID) -> UInt32? {
        guard let bytes = connects[id]?.bytes, let packet = try? Packet5.decode(bytes.span.bytes) else { return nil }
        return Packet5.number(identifier, in: packet.added.properties, of: bytes.span.bytes)
    }

    private func noteVersion(_ bytes: [UInt8], on id: UpstreamID) {
        let version = Connect.protocolLevel(of: bytes.span.bytes).flatMap(ProtocolVersion.init)
        if let version { connects[id] = (version, bytes) }
    }

    private func take(_ packet: BrokerPacket, on id: UpstreamID) {
        unreadPackets[id, default: []].append(packet)
        recorder?.note(packet, on: id, at: now)
    }

    // MARK: What the test names

    /// Takes what was said to an address.
    func readMessages(to address: Int) -> [SNMessage] { unreadMessages.removeValue(forKey: address) ?? [] }

    /// Everything the gateway has said to all nodes of its links since the last look is exactly this.
    func broadcasts(
        _ expected: SNMessage..., radius: UInt8 = 0, link: UInt16 = 0, at location: SourceLocation = #_sourceLocation
    ) {
        let found = takeBroadcasts()
        let wanted = expected.map { Broadcast(message: $0, radius: radius, link: LinkID(link)) }
        #expect(found == wanted, sourceLocation: location)
    }

    /// Takes what was said to all nodes of any link.
    func takeBroadcasts() -> [Broadcast] {
        defer { unreadBroadcasts = [] }
        return unreadBroadcasts
    }

    /// Takes what became of a stream.
    func readPackets(on id: UpstreamID) -> [BrokerPacket] { unreadPackets.removeValue(forKey: id) ?? [] }

    private func expectEverythingNamed() {
        defer {
            unreadMessages = [:]
            unreadPackets = [:]
            unreadBroadcasts = []
            requestedStreams = []
        }
        guard recorder == nil else { return }
        #expect(unreadMessages == [:], "messages that the test did not name", sourceLocation: lastLocation)
        #expect(unreadPackets == [:], "packets that the test did not name", sourceLocation: lastLocation)
        #expect(requestedStreams == [], "streams that the test did not name", sourceLocation: lastLocation)
        #expect(unreadBroadcasts == [], "broadcasts that the test did not name", sourceLocation: lastLocation)
    }

    /// Since the last event, something of this kind was observed exactly once; `clientID` is compared where it is given.
    func observes(
        _ kind: ObservationKind, of clientID: String? = nil, at location: SourceLocation = #_sourceLocation
    ) {
        let found = observations.filter { $0.occurrence.kind == kind }
        #expect(found.count == 1, "\(kind) was observed, among \(observations)", sourceLocation: location)
        if let clientID { #expect(found.first?.clientID == clientID, sourceLocation: location) }
    }

    /// Since the last event, exactly this was observed of its kind; `clientID` is compared where it is given.
    func observes(
        exactly occurrence: Occurrence, of clientID: String? = nil, at location: SourceLocation = #_sourceLocation
    ) {
        observes(occurrence.kind, of: clientID, at: location)
        #expect(observations.contains { $0.occurrence == occurrence }, "\(observations)", sourceLocation: location)
    }

    func doesNotObserve(_ kind: ObservationKind, at location: SourceLocation = #_sourceLocation) {
        #expect(!observations.contains { $0.occurrence.kind == kind }, sourceLocation: location)
    }

    /// The peer that stands for an address; a new one where the gateway has let the host forget the last.
    func peer(of client: TestClient) -> PeerID { peer(at: client.address, on: client.link) }

    private func peer(at address: Int, on link: LinkID) -> PeerID {
        if let peer = peerByAddress[address] { return peer }
        peerCount += 1
        let peer = PeerID(link: link, number: peerCount)
        peerByAddress[address] = peer
        addressByPeer[peer] = address
        return peer
    }
}

extension GatewayConfiguration {
    /// The defaults with quiet broker connections that are made at once, as time stands still, and what a test changes.
    static func dialogue(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.upstream.keepAliveSeconds = Dialogue.upstreamKeepAlive
        configuration.limits.brokerConnectsPerSecond = 1_000_000
        configuration.links = [LinkConfiguration()]
        change(&configuration)
        return configuration
    }
}

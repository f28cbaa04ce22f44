import Bytes
import GatewayCore
import MQTT
import Time
import Transports

/// How many effects of each kind some steps had: whether a scenario took the course that it is named after.
struct Tally: Equatable {
    var datagrams = 0
    var packets = 0
    /// Observations that say something was refused, dropped or not understood.
    var complaints = 0

    static func * (tally: Tally, factor: Int) -> Tally {
        Tally(
            datagrams: tally.datagrams * factor, packets: tally.packets * factor,
            complaints: tally.complaints * factor)
    }

    /// By the kind's number; a lookup costs next to nothing beside the event.
    fileprivate static let isComplaint: [Bool] = {
        let harmless: Set<ObservationKind> = [
            .messageForwarded, .messageAcknowledged, .messageDelivered, .clientAnswered, .brokerAnswered,
            .clientFellAsleep, .clientWokeUp, .qosMinusOneForwarded, .clientConnected, .clientResumed,
            .clientDisconnected, .upstreamOpened, .brokerReachable, .advertised,
        ]
        return (0...UInt8.max).map { number in ObservationKind(rawValue: number).map { !harmless.contains($0) } ?? true
        }
    }()
}

/// A gateway and a world around it that says what a script has written down, so that nothing but the core is measured.
struct Workbench: ~Copyable {
    private var gateway: Gateway
    private var effects = Effects()
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    /// The stream that was asked for last.
    private var latestStream = UpstreamID(slot: 0, generation: 0)
    private var sharedStream = UpstreamID(slot: 0, generation: 0)
    /// The one that was closed last, until the gateway is told that it has ended.
    private var closedStream: UpstreamID?
    /// Those that the gateway does not want to read: the broker keeps what it has.
    private var pausedStreams: Set<UpstreamID> = []
    private(set) var devices: [Device]
    /// Observations that said that something was refused, dropped or not understood.
    private(set) var complaintCount = 0
    private let isComplaint = Tally.isComplaint
    /// Events that the gateway was told: those of the scripts, and the ends of the streams that it closed.
    private(set) var eventCount = 0

    var sessionCount: Int { gateway.sessionCount }

    /// Between two events; far less than any time that the gateway waits for, unless a scenario has to wait.
    var pace = TimeSpan(nanoseconds: 10_000)
    /// The message id of the PUBLISH that was sent last to a device.
    private var latestMessageID: UInt16 = 0
    /// What devices and broker speak of in most scenarios.
    static let predefinedTopicID: UInt16 = 7

    /// Begins with the shared connection open; the devices are there and not connected. `change` says what is not as by
    /// default.
    init(
        deviceCount: Int, areForwarded: Bool = false, _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) {
        devices = (0..<deviceCount).map { Device(number: $0, isForwarded: areForwarded) }
        var configuration = GatewayConfiguration()
        configuration.links = [LinkConfiguration()]
        configuration.limits.clients = max(configuration.limits.clients, deviceCount)
        configuration.predefinedTopics = PredefinedTopics([
            PredefinedTopics.Entry(topicID: Self.predefinedTopicID, topicName: Array("house/weather".utf8))
        ])
        // Time stands still while thousands are connected, each before the next.
        configuration.limits.brokerConnectsPerSecond = 100_000_000
        change(&configuration)
        gateway = Gateway(configuration: configuration, seed: 1)
        var script = Script()
        script.add(.event(.deadlineReached))
        script.add(.latestStreamOpened)
        script.latestBroker(
            says: .connectAcknowledgement(.init(sessionPresent: false, returnCode: .accepted)))
        play(script)
        sharedStream = latestStream
    }

    /// Carries out a script; takes no memory of its own.
    @discardableResult
    mutating func play(_ script: borrowing Script) -> Tally {
        var tally = Tally()
        let bytes = script.bytes.span
        for step in script.steps {
            let event: Event
            switch step.happening {
            case .event(let given): event = given
            case .latestStreamOpened: event = .streamOpened(latestStream)
            case .latestStreamReceived: event = .streamReceived(latestStream)
            }
            if case .streamReceived(let id) = event, !pausedStreams.isEmpty, pausedStreams.contains(id) { continue }
            now = now + pace
            tell(event, bytes.bytes.extracting(step.bytes), &tally)
            if let ended = closedStream.take() { tell(.streamEnded(ended), bytes.bytes.extracting(0..<0), &tally) }
        }
        complaintCount += tally.complaints
        return tally
    }

    /// The broker ends the gateway's own connection, which is the first of all streams.
    mutating func loseSharedConnection() {
        var script = Script()
        script.add(.event(.streamClosed(sharedStream, .closedByBroker)))
        play(script)
    }

    private mutating func tell(_ event: Event, _ bytes: RawSpan, _ tally: inout Tally) {
        effects.removeAll()
        eventCount += 1
        gateway.handle(event, bytes, at: now, into: &effects)
        for effect in effects.list { note(effect, &tally) }
    }

    private mutating func note(_ effect: Effect, _ tally: inout Tally) {
        switch effect {
        case .sendDatagram: tally.datagrams += 1
        case .sendStream: tally.packets += 1
        case .openStream(let id, _): latestStream = id
        case .closeStream(let id): closedStream = id
        case .observe(let observation):
            if isComplaint[Int(observation.kind.rawValue)] { tally.complaints += 1 }
        case .pauseStream(let id): pausedStreams.insert(id)
        case .resumeStream(let id): pausedStreams.remove(id)
        case .broadcastDatagram, .forgetPeer: break
        }
    }

    /// Connects every device; from then on scripts can speak for its broker.
    mutating func connectAll(cleanSession: Bool = true) {
        for index in devices.indices {
            var script = Script()
            script.connects(devices[index], cleanSession: cleanSession)
            play(script)
            devices[index].stream = latestStream
        }
    }

    /// Finds out under which number each device got its last message of QoS 1, from which the gateway counts on.
    mutating func learnNumbers() {
        for index in devices.indices {
            let device = devices[index]
            var script = Script()
            script.brokerPublishes(to: device, .atLeastOnce, device.topicName("command"), packetID: 60_000)
            effects.removeAll()
            play(script)
            for case .sendDatagram(let range, _) in effects.list { note(datagram: range) }
            devices[index].lastNumber = latestMessageID
            var answer = Script()
            answer.acknowledges(device, topicID: device.topicID("command"), messageID: latestMessageID)
            play(answer)
        }
    }

    /// A PUBLISH, with or without a forwarder's envelope.
    private mutating func note(datagram range: ByteRange) {
        var bytes = Array(effects.bytes[range])
        if bytes.count > 1, bytes[1] == 0xFE { bytes.removeFirst(Int(bytes[0])) }
        guard bytes.count > 6, bytes[1] == 0x0C else { return }
        latestMessageID = UInt16(bytes[5]) << 8 | UInt16(bytes[6])
    }

    /// Lets every device do something once.
    mutating func eachDevice(_ writes: (Device, inout Script) -> Void) {
        for device in devices {
            var script = Script()
            writes(device, &script)
            play(script)
        }
    }
}

import Configuration
import GatewayCore
import GatewayHost
import Time
import Transports

/// One run of the demo: broker, gateway and devices on one event loop, from their first word to the table.
final class DemoRun: SignalSourceDelegate {
    /// How long before the end nobody sends any more, so that everything under way can land; nanoseconds.
    private static let quietTime: UInt64 = 1_000_000_000
    /// How long before the end the devices say goodbye; nanoseconds.
    private static let goodbyeTime: UInt64 = 300_000_000
    /// How long gateway and broker may take to part; nanoseconds.
    private static let farewell: UInt64 = 800_000_000

    private let seconds: Int
    private let loop: EventLoop
    private let signals: SignalSource
    private let broker: BrokerHost
    private let network: RadioNetwork
    private let host: Host
    private let household: Household
    private let narrator: Narrator
    private let startedAt: UInt64
    private var isInterrupted = false

    /// Opens all sockets on 127.0.0.1, and the radio.
    init(seconds: Int) throws {
        self.seconds = seconds
        guard let loopback = SocketAddress(numeric: "127.0.0.1", port: 0) else { throw DemoError.noLoopback }
        loop = try EventLoop()
        signals = try SignalSource([.interrupt, .terminate], loop: loop)
        broker = try BrokerHost(address: loopback, loop: loop)
        startedAt = MonotonicClock.now()
        narrator = Narrator(startedAt: startedAt)
        network = try RadioNetwork(nodes: House.radioNodes, seed: startedAt, loop: loop)
        let group: Group
        (host, group) = try Self.openGateway(
            brokerPort: broker.address.port, device: network.device, seed: startedAt, loop: loop)
        guard let gateway = host.listeningAddresses.first else { throw DemoError.noLoopback }
        let places = Places(loopback: loopback, gateway: gateway, group: group)
        household = try Household(places: places, network: network, narrator: narrator, loop: loop)
        signals.delegate = self
        narrator.say("Swiftlet for \(seconds) seconds: devices speak MQTT-SN to the gateway at udp://\(gateway),")
        narrator.say("two of them by radio to the XBee at its serial line \(network.device),")
        narrator.say("and it speaks MQTT for each of them to a simulated broker at mqtt://\(broker.address).\n")
    }

    /// With a multicast group, where the machine allows one on its loopback.
    private static func openGateway(
        brokerPort: UInt16, device: String, seed: UInt64, loop: EventLoop
    ) throws(HostError) -> (Host, Group) {
        var settings = settings(brokerPort: brokerPort, device: device)
        let log = Log(level: .warning)
        // A port that is the broker's alone keeps demos that run at the same time apart.
        guard let address = SocketAddress(numeric: House.group, port: brokerPort) else {
            return (try Host(settings: settings, seed: seed, log: log, loop: loop), .impossible("no IPv4 multicast"))
        }
        settings.host.listeners[0].groups = [UDPGroup(host: House.group, port: brokerPort)]
        settings.host.listeners[0].interface = House.groupInterface
        do throws(HostError) {
            return (try Host(settings: settings, seed: seed, log: log, loop: loop), .open(address))
        } catch .cannotJoin(_, _, let error) {
            settings.host.listeners[0].groups = []
            return (try Host(settings: settings, seed: seed, log: log, loop: loop), .impossible("\(error)"))
        }
    }

    private static func settings(brokerPort: UInt16, device: String) -> Settings {
        var settings = Settings()
        var listener = UDPListener(host: "127.0.0.1", port: 0)
        listener.forwarders = [.address("127.0.0.1")]
        settings.host.listeners = [listener]
        settings.host.serialPorts = [serialPort(device)]
        settings.host.broker = BrokerEndpoint(host: "127.0.0.1", port: brokerPort)
        settings.host.logLevel = .warning
        var link = LinkConfiguration()
        // As for the devices: seconds are long on a loopback.
        link.retryInterval = .milliseconds(500)
        settings.gateway.links = [link, radioLink]
        settings.gateway.qosMinusOne = .predefined
        settings.gateway.discovery.advertiseIntervalSeconds = House.advertiseInterval
        settings.gateway.predefinedTopics = PredefinedTopics(
            House.predefinedTopics.map { .init(topicID: $0.topicID, topicName: Array($0.name.utf8)) })
        return settings
    }

    private static func serialPort(_ device: String) -> SerialPort {
        var port = SerialPort(device: device)
        port.speeds = [115_200]
        port.framing = .xbee
        // The nodes were told whom to speak to.
        port.broadcasts = false
        return port
    }

    private static var radioLink: LinkConfiguration {
        var link = LinkConfiguration()
        link.maximumDatagramByteCount = SerialPort(device: "").initialMaximumDatagramByteCount
        // A radio is slower than a loopback.
        link.retryInterval = .seconds(1)
        return link
    }

    func run() throws(IOError) -> ExitStatus {
        let end = startedAt + UInt64(seconds) * 1_000_000_000
        household.start()
        try turn(until: end - Self.quietTime)
        household.stopSending()
        try turn(until: end - Self.goodbyeTime)
        if isInterrupted { try turnRegardless(until: MonotonicClock.now() + Self.goodbyeTime) }
        household.leave()
        try turn(until: end)
        if isInterrupted { try turnRegardless(until: MonotonicClock.now() + Self.goodbyeTime / 3) }
        try stopGateway()
        household.close()
        broker.close()
        let summary = Summary(
            household.ledger, forwardedCount: household.forwardedCount, radioCount: network.carriedCount,
            narrator: narrator)
        summary.tell(wasInterrupted: isInterrupted)
        if isInterrupted { return .interrupted }
        return household.ledger.complaints.isEmpty ? .success : .failure
    }

    func signalReceived(_ signal: Signal) { isInterrupted = true }

    /// Lets things happen until the time has come or somebody wants to stop.
    private func turn(until end: UInt64) throws(IOError) {
        while !isInterrupted, MonotonicClock.now() < end { try turnOnce(until: end) }
    }

    private func turnRegardless(until end: UInt64) throws(IOError) {
        while MonotonicClock.now() < end { try turnOnce(until: end) }
    }

    private func turnOnce(until end: UInt64) throws(IOError) {
        try loop.turn(deadline: min(host.nextDeadline ?? end, end))
        host.finishTurn()
    }

    private func stopGateway() throws(IOError) {
        host.stop()
        let end = MonotonicClock.now() + Self.farewell
        while !host.hasStopped, MonotonicClock.now() < end { try turnOnce(until: end) }
        host.close()
    }
}

/// Why the demo could not begin.
enum DemoError: Error, CustomStringConvertible {
    case noLoopback

    var description: String { "127.0.0.1 cannot be used" }
}

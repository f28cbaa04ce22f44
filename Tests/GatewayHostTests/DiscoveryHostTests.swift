import Configuration
import GatewayCore
import GatewaySimulator
import Glibc
import SimulatorSupport
import Testing
import Time
import Transports

@testable import GatewayHost

/// Proves that a gateway is found over real groups, and that only the owner's forwarders speak for other nodes.
@Suite struct DiscoveryHostTests {
    private static let advertise: [UInt8] = [5, 0x00, 1, 0, 1]
    private static let gatewayInformation: [UInt8] = [3, 0x02, 1]

    private static func searchGateway(radius: UInt8 = 1) -> [UInt8] { [3, 0x01, radius] }

    /// The usual gateway and a sensor that hears and sends to the group; each test has a group of its own.
    private func network(
        group: String, listener host: String = "127.0.0.1", interface: String = "lo", sensor: String = "127.0.0.1",
        advertiseInterval: UInt16 = 1_200
    ) throws -> (network: TestNetwork, member: TestNode, sensor: TestNode, group: SocketAddress) {
        let loop = try EventLoop()
        let port = try freePort()
        var listener = UDPListener(host: host, port: 0)
        listener.groups = [UDPGroup(host: group, port: port)]
        listener.interface = interface
        let network = try TestNetwork(listener, loop, advertiseInterval: advertiseInterval)
        let isIPv6 = group.contains(":")
        let address = try numeric(isIPv6 ? "\(group)%\(interface)" : group, port)
        let member = try TestNode(address, loop)
        try member.transport.joinMulticast(group: address, interface: interface)
        let sensor = try TestNode(numeric(sensor, 0), loop)
        try sensor.transport.setMulticastInterface(interface)
        return (network, member, sensor, address)
    }

    /// GW-13: to the group and to whoever asked, both from the listener's own port.
    @Test func aSearchOfTheGroupIsAnsweredThereAndToTheSearcher() throws {
        let (network, member, sensor, group) = try network(group: "239.255.77.11")
        try network.untilBrokerIsReachable()
        sensor.send(Self.searchGateway(), to: group)
        try #require(
            try network.turn {
                sensor.heard.count == 1 && member.heard.contains { $0.bytes == Self.gatewayInformation }
            })
        #expect(sensor.heard.map(\.bytes) == [Self.gatewayInformation])
        #expect(sensor.heard.first?.source == network.address)
        #expect(member.heard.first { $0.bytes == Self.gatewayInformation }?.source == network.address)
        #expect(network.host.counters[.searchAnswered] == 1)
        network.close([member, sensor])
    }

    /// Interface-local groups (ff01::/16) never leave this machine.
    @Test(.enabled(if: interfaceOfIPv6Groups != nil, "no interface here takes IPv6 multicast"))
    func anIPv6GroupIsSearchedOnTheListenersInterface() throws {
        let interface = try #require(interfaceOfIPv6Groups)
        let (network, member, sensor, group) = try network(
            group: "ff01::77", listener: "::", interface: interface, sensor: "::")
        try network.untilBrokerIsReachable()
        sensor.send(Self.searchGateway(), to: group)
        try #require(
            try network.turn {
                sensor.heard.count == 1 && member.heard.contains { $0.bytes == Self.gatewayInformation }
            })
        #expect(sensor.heard.map(\.bytes) == [Self.gatewayInformation])
        network.close([member, sensor])
    }

    /// A second socket at the same port is neither needed nor possible.
    @Test func aListenerBoundToAllAddressesHearsItsGroupItself() throws {
        let loop = try EventLoop()
        let port = try freePort()
        var listener = UDPListener(host: "0.0.0.0", port: port)
        listener.groups = [UDPGroup(host: "239.255.77.12", port: port)]
        listener.interface = "lo"
        let network = try TestNetwork(listener, loop)
        let sensor = try TestNode(numeric("127.0.0.1", 0), loop)
        try sensor.transport.setMulticastInterface("lo")
        try network.untilBrokerIsReachable()
        sensor.send(Self.searchGateway(), to: try numeric("239.255.77.12", port))
        try #require(try network.turn { !sensor.heard.isEmpty })
        #expect(sensor.heard.map(\.bytes) == [Self.gatewayInformation])
        #expect(sensor.heard.first?.source == (try numeric("127.0.0.1", port)))
        network.close([sensor])
    }

    /// On a listener that is bound to one address or to another port, broadcasts come to a socket of their own.
    @Test(arguments: ["127.0.0.1", "0.0.0.0"])
    func aSearchByBroadcastIsAnswered(host: String) throws {
        let loop = try EventLoop()
        let port = try freePort()
        var listener = UDPListener(host: host, port: 0)
        listener.groups = [UDPGroup(host: "127.255.255.255", port: port)]
        let network = try TestNetwork(listener, loop)
        let sensor = try TestNode(numeric("127.0.0.1", 0), loop)
        try sensor.transport.setBroadcast(true)
        try network.untilBrokerIsReachable()
        sensor.send(Self.searchGateway(), to: try numeric("127.255.255.255", port))
        try #require(try network.turn { !sensor.heard.isEmpty })
        #expect(sensor.heard.map(\.bytes) == [Self.gatewayInformation])
        #expect(sensor.heard.first?.source.port == network.address.port)
        #expect(network.socketOption(SO_BROADCAST, SOL_SOCKET) == 1, "broadcasts leave from the main socket")
        network.close([sensor])
    }

    /// GW-09: again and again, each TADV.
    @Test func theGatewayAdvertisesToItsGroup() throws {
        let (network, member, sensor, _) = try network(group: "239.255.77.13", advertiseInterval: 1)
        try #require(try network.turn { member.heard.count >= 2 })
        #expect(member.heard.allSatisfy { $0.bytes == Self.advertise && $0.source == network.address })
        #expect(sensor.heard.isEmpty)
        network.close([member, sensor])
    }

    /// A group gives back what is sent to it, to the listener itself and to another one of the same gateway; that is no
    /// other gateway with the same number, as one at another port of the machine is (MQTT-SN 1.2 §5.3.8).
    @Test(arguments: ["127.0.0.1", "0.0.0.0"])
    func itsOwnMessagesAreNoOtherGateways(host: String) throws {
        let loop = try EventLoop()
        let port = try freePort()
        var listener = UDPListener(host: host, port: host == "0.0.0.0" ? port : 0)
        listener.groups = [UDPGroup(host: "239.255.77.16", port: port)]
        listener.interface = "lo"
        let network = try TestNetwork(listener, loop, advertiseInterval: 1)
        let other = try TestNode(numeric("127.0.0.1", 0), loop)
        try other.transport.setMulticastInterface("lo")
        try #require(try network.turn { network.host.counters[.advertised] >= 2 })
        // What came back of the last one waits in the socket.
        other.send(Self.searchGateway(), to: try numeric("127.0.0.1", network.address.port))
        try #require(try network.turn { !other.heard.isEmpty })
        #expect(network.host.counters[.gatewayIDTaken] == 0)
        #expect(network.host.counters[.unexpectedMessage] == 0)
        other.send(Self.advertise, to: try numeric("239.255.77.16", port))
        try #require(try network.turn { network.host.counters[.gatewayIDTaken] == 1 })
        network.close([other])
    }

    /// Radius 0 is the whole network: a site, not the world, and nobody may ask for more.
    @Test(arguments: [(UInt8(0), Int32(32)), (1, 1), (7, 7), (32, 32), (33, 32), (255, 32)])
    func theRadiusOfASearchBecomesTheHopLimit(radius: UInt8, hopLimit: Int32) throws {
        let (network, member, sensor, group) = try network(group: "239.255.77.\(20 + radius % 16)")
        try network.untilBrokerIsReachable()
        sensor.send(Self.searchGateway(radius: radius), to: group)
        try #require(try network.turn { !sensor.heard.isEmpty })
        #expect(network.socketOption(IP_MULTICAST_TTL, Int32(IPPROTO_IP)) == hopLimit)
        network.close([member, sensor])
    }

    @Test func aGroupWhosePortIsTakenIsNamed() throws {
        let loop = try EventLoop()
        let other = try UDPTransport(binding: numeric("0.0.0.0", 0), receiveBufferByteCount: nil, loop: loop)
        var listener = UDPListener(host: "127.0.0.1", port: 0)
        listener.groups = [UDPGroup(host: "239.255.77.15", port: other.localAddress.port)]
        let error = #expect(throws: HostError.self) { try TestNetwork(listener, loop) }
        #expect(try #require(error).description.contains("address already in use (EADDRINUSE)"))
        other.close()
    }

    // MARK: Forwarders

    /// GW-80, GW-81, AMB-26: what a listed forwarder passes on is answered in an envelope for the same node.
    @Test(arguments: [[Forwarder.address("127.0.0.2")], [.any], [.address("127.0.0.9"), .address("127.0.0.2")]])
    func anAllowedForwarderSpeaksForItsNodes(forwarders: [Forwarder]) throws {
        let (network, forwarder) = try network(forwarders: forwarders)
        forwarder.send([5, 0xFE, 0, 7, 9] + [7, 0x04, 0x04, 1, 0, 60, 0x6E], to: network.address)
        try #require(try network.turn { forwarder.heard.count == 1 })
        #expect(forwarder.heard.last?.bytes == [5, 0xFE, 0, 7, 9] + [3, 0x05, 0])
        // A retained PUBLISH of QoS 1 to the short topic name "ab".
        forwarder.send([5, 0xFE, 0, 7, 9] + [8, 0x0C, 0x32, 0x61, 0x62, 0, 5, 0x21], to: network.address)
        try #require(try network.turn { forwarder.heard.count == 2 })
        #expect(forwarder.heard.last?.bytes == [5, 0xFE, 0, 7, 9] + [7, 0x0D, 0x61, 0x62, 0, 5, 0])
        #expect(network.broker.machine.retainedPayload(of: Array("ab".utf8)) == [0x21])
        #expect(network.host.counters[.forwarderRefused] == 0)
        network.close([forwarder])
    }

    /// What comes first would be answered first: the answer to the search shows that nothing else was.
    @Test(arguments: [[], [Forwarder.address("127.0.0.9")], [.address("::1")]])
    func anotherSendersEnvelopeIsDroppedAndCounted(forwarders: [Forwarder]) throws {
        let (network, stranger) = try network(forwarders: forwarders)
        stranger.send([5, 0xFE, 0, 7, 9] + Self.searchGateway(), to: network.address)
        stranger.send(Self.searchGateway(), to: network.address)
        try #require(try network.turn { !stranger.heard.isEmpty })
        #expect(stranger.heard.map(\.bytes) == [Self.gatewayInformation])
        #expect(network.host.counters[.forwarderRefused] == 1)
        #expect(network.host.counters[.searchAnswered] == 1)
        network.close([stranger])
    }

    /// A gateway without groups, its broker reachable, and a node at 127.0.0.2.
    private func network(forwarders: [Forwarder]) throws -> (network: TestNetwork, node: TestNode) {
        let loop = try EventLoop()
        var listener = UDPListener(host: "127.0.0.1", port: 0)
        listener.forwarders = forwarders
        let network = try TestNetwork(listener, loop)
        try network.untilBrokerIsReachable()
        return (network, try TestNode(numeric("127.0.0.2", 0), loop))
    }
}

/// A gateway's host and a broker on one event loop that the test turns.
private final class TestNetwork {
    let host: Host
    let broker: TestBroker

    /// `advertiseInterval` is in seconds.
    init(_ listener: UDPListener, _ loop: EventLoop, advertiseInterval: UInt16 = 1_200) throws {
        broker = try TestBroker(loop)
        var settings = Settings()
        settings.host.listeners = [listener]
        settings.gateway.links = [LinkConfiguration()]
        settings.host.broker = BrokerEndpoint(host: "127.0.0.1", port: broker.port)
        settings.gateway.discovery.advertiseIntervalSeconds = advertiseInterval
        do {
            host = try Host(settings: settings, seed: 1, log: Log(level: .error), loop: loop)
        } catch {
            broker.close()
            throw error
        }
    }

    /// Of the main socket.
    var address: SocketAddress { host.listeningAddresses[0] }

    /// Turns until `condition` holds; whether it did within a bound that only a broken gateway reaches.
    func turn(until condition: () -> Bool) throws -> Bool {
        let end = MonotonicClock.now() + 20_000_000_000
        while !condition() {
            guard MonotonicClock.now() < end else { return false }
            try host.loop.turn(deadline: min(end, host.nextDeadline ?? end))
            host.finishTurn()
        }
        return true
    }

    func untilBrokerIsReachable() throws { try #require(try turn { host.counters[.brokerReachable] > 0 }) }

    func socketOption(_ option: Int32, _ level: Int32) -> Int32 {
        var (value, length) = (Int32(-1), socklen_t(4))
        getsockopt((host.links[0] as? UDPLink)?.transport?.descriptor ?? -1, level, option, &value, &length)
        return value
    }

    /// Closes the sockets, so that the loop and its handlers let go of each other.
    func close(_ nodes: [TestNode]) {
        host.close()
        broker.close()
        for node in nodes { node.transport.close() }
    }
}

/// The simulated broker behind a TCP port.
private final class TestBroker: TCPListenerDelegate, ByteStreamDelegate {
    private(set) var machine = SimulatedBroker()
    private let loop: EventLoop
    private let listener: TCPListener
    private var streams: [TCPStream] = []

    init(_ loop: EventLoop) throws {
        self.loop = loop
        listener = try TCPListener(binding: numeric("127.0.0.1", 0), loop: loop)
        listener.delegate = self
    }

    var port: UInt16 { listener.localAddress.port }

    func close() {
        listener.close()
        for stream in streams { stream.abort() }
    }

    func listener(_ listener: TCPListener, accepted connection: consuming AcceptedConnection) {
        let accepted = try? TCPStream(adopting: connection, options: TCPStreamOptions(), loop: loop, delegate: self)
        guard let accepted else { return }
        streams.append(accepted)
        handle(.accepted(identifier(of: accepted)), [])
    }

    private func identifier(of stream: any ByteStream) -> BrokerConnectionID {
        BrokerConnectionID(UInt32(streams.firstIndex { $0 === stream } ?? streams.count))
    }

    private func handle(_ event: BrokerEvent, _ bytes: [UInt8]) {
        var effects = BrokerEffects()
        machine.handle(event, bytes.span.bytes, at: Instant(nanoseconds: loop.now), into: &effects)
        let arena = effects.bytes.span
        for effect in effects.list {
            switch effect {
            case .send(let range, let connection):
                streams[Int(connection.rawValue)].queueWrite(arena.bytes.extracting(range))
                streams[Int(connection.rawValue)].flush()
            case .close(let connection): streams[Int(connection.rawValue)].close()
            }
        }
    }

    func streamOpened(_ stream: any ByteStream) {}

    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        handle(.received(identifier(of: stream)), bytes.withUnsafeBytes { Array($0) })
    }

    func streamBlocked(_ stream: any ByteStream) {}

    func streamDrained(_ stream: any ByteStream) {}

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        handle(.closed(identifier(of: stream)), [])
    }

    func streamFinished(_ stream: any ByteStream) {}
}

/// A node of the network with everything that came to it.
private final class TestNode: UDPTransportDelegate {
    let transport: UDPTransport
    private(set) var heard: [(bytes: [UInt8], source: SocketAddress)] = []

    init(_ address: SocketAddress, _ loop: EventLoop) throws {
        transport = try UDPTransport(binding: address, receiveBufferByteCount: nil, loop: loop)
        transport.delegate = self
    }

    func send(_ datagram: [UInt8], to address: SocketAddress) {
        transport.queue(datagram.span.bytes, to: address, from: nil)
        #expect(transport.flush().sentCount == 1)
    }

    func transportReadable(_ transport: UDPTransport) {
        _ = try? transport.receive { bytes, source, _ in heard.append((bytes.withUnsafeBytes { Array($0) }, source)) }
    }
}

private func numeric(_ host: String, _ port: UInt16) throws -> SocketAddress {
    try #require(SocketAddress(numeric: host, port: port))
}

/// A UDP port that nobody has at the moment.
private func freePort() throws -> UInt16 {
    let transport = try UDPTransport(binding: numeric("0.0.0.0", 0), receiveBufferByteCount: nil, loop: EventLoop())
    defer { transport.close() }
    return transport.localAddress.port
}

/// An interface that gives back what is sent to an IPv6 group; a bare loopback interface does not.
private let interfaceOfIPv6Groups: String? = {
    let all: UnsafeMutablePointer<if_nameindex>? = if_nameindex()
    guard let interfaces = all else { return nil }
    defer { if_freenameindex(interfaces) }
    var entry = interfaces
    while entry.pointee.if_index != 0, let name = entry.pointee.if_name {
        if takesIPv6Groups(String(cString: name)) { return String(cString: name) }
        entry += 1
    }
    return nil
}()

private func takesIPv6Groups(_ interface: String) -> Bool {
    guard let loop = try? EventLoop(), let group = SocketAddress(numeric: "ff01::76%\(interface)", port: 9),
        let node = try? UDPTransport(binding: .any(ipv6: true, port: 0), receiveBufferByteCount: nil, loop: loop)
    else { return false }
    defer { node.close() }
    guard (try? node.joinMulticast(group: group, interface: interface)) != nil else { return false }
    let datagram: [UInt8] = [0]
    node.queue(datagram.span.bytes, to: group, from: nil)
    return node.flush().sentCount == 1
}

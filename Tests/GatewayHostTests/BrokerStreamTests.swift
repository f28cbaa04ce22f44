import Configuration
import GatewayCore
import Glibc
import MQTT
import MQTTSN
import Testing
import Time
import Transports

@testable import GatewayHost

/// Proves how the host reaches a broker, writes to it and leaves it, on a loop that the test turns.
@Suite struct BrokerStreamTests {
    private let loop: EventLoop

    init() throws { loop = try EventLoop() }

    private func host(
        broker: BrokerEndpoint, _ configure: (inout Settings) -> Void = { _ in }
    ) throws -> Host {
        var settings = Settings()
        settings.host.listeners = [UDPListener(host: "127.0.0.1", port: 0)]
        settings.gateway.links = [LinkConfiguration()]
        settings.host.broker = broker
        configure(&settings)
        return try Host(settings: settings, seed: 1, log: Log(level: .error), loop: loop)
    }

    /// Turns until `condition` holds; whether it did within a bound that only a broken host reaches.
    private func turn(_ host: Host, until condition: () -> Bool) throws -> Bool {
        let deadline = Deadline(in: generous)
        while !condition() {
            guard !deadline.hasPassed else { return false }
            try loop.turn(deadline: min(MonotonicClock.now() + 10_000_000, host.nextDeadline ?? .max))
            host.finishTurn()
        }
        return true
    }

    /// Lets the host's next connection in and answers its CONNECT.
    private func accept(_ host: Host, _ broker: ScriptedBroker) throws -> PacketStream {
        try #require(try turn(host) { broker.hasConnectionWaiting })
        let stream = try broker.accept()
        try #require(try turn(host) { stream.socket.hasInput })
        #expect(try stream.hear()?.packet.type == .connect)
        let answer = ConnectAcknowledgement(sessionPresent: false, returnCode: .accepted)
        try stream.send(.connectAcknowledgement(answer))
        let count = host.counters[.upstreamOpened]
        try #require(try turn(host) { host.counters[.upstreamOpened] > count })
        return stream
    }

    // MARK: Where the broker is

    /// RFC 8305: an address that answers nothing holds up the next one for a moment only; its time would be 30 s here.
    /// The next attempt begins where the last one got through.
    @Test func theSecondAddressIsTriedWhenTheFirstDoesNotAnswer() throws {
        let silent = try SilentListener()
        let broker = try ScriptedBroker()
        let host = try host(broker: BrokerEndpoint(host: "broker.invalid", port: 1)) {
            $0.gateway.upstream.connectTimeout = .seconds(60)
        }
        defer { host.close() }
        let address = host.streams.ways[0].address
        address.found([silent.address, broker.address])
        _ = try accept(host, broker)
        #expect(host.counters[.upstreamUnavailable] == 0)
        #expect(address.inOrder == [broker.address, silent.address])
    }

    /// A stream that the core gives up while its addresses are tried is connected to none of them later.
    @Test func aRaceEndsWithItsStream() throws {
        let broker = try ScriptedBroker()
        let silent = try SilentListener()
        let other = try ScriptedBroker()
        let host = try host(broker: BrokerEndpoint(host: "broker.invalid", port: 1))
        defer { host.close() }
        let address = host.streams.ways[0].address
        address.found([broker.address])
        _ = try accept(host, broker)
        address.found([silent.address, other.address])
        let id = UpstreamID(slot: 99, generation: 1)
        let nothing: [UInt8] = []
        host.streams.open(id, with: .gateways, nothing.span.bytes)
        host.streams.close(id)
        #expect(try turn(host) { host.streams.areFinished })
        let deadline = Deadline(in: .milliseconds(600))
        #expect(try turn(host) { deadline.hasPassed })
        #expect(!other.hasConnectionWaiting)
    }

    /// Names move: who keeps to an address that nobody answers at any more would wait for half a minute.
    @Test func aNameWhoseAddressesRefuseIsResolvedAnew() throws {
        let broker = try ScriptedBroker()
        let host = try host(broker: BrokerEndpoint(host: "localhost", port: broker.address.port)) {
            $0.gateway.upstream.reconnectMinimum = .milliseconds(20)
        }
        defer { host.close() }
        let nobody = try SocketAddress.numeric("127.0.0.1", ScriptedBroker.unusedPort())
        host.streams.ways[0].address.found([nobody], at: loop.now - 2_000_000_000)
        _ = try accept(host, broker)
        #expect(host.counters[.upstreamUnavailable] >= 1)
    }

    // MARK: The end

    /// MQTT 3.1.1 §3.1.2.5: a new connection that overtakes the DISCONNECT of the old one has its Will published. That
    /// the broker has read it is known when the broker has ended its side, and not before.
    @Test func aConnectionIsDoneWhenTheBrokerHasEndedItsSide() throws {
        let broker = try ScriptedBroker()
        let host = try host(broker: BrokerEndpoint(broker.address))
        defer { host.close() }
        let stream = try accept(host, broker)
        #expect(host.streams.areFinished)
        host.stop()
        #expect(try turn(host) { stream.socket.hasInput })
        #expect(try stream.hear()?.packet.type == .disconnect)
        for _ in 0..<5 {
            try loop.turn(deadline: MonotonicClock.now() + 1_000_000)
            host.finishTurn()
        }
        #expect(!host.streams.areFinished && !host.hasStopped)
        stream.end()
        #expect(try turn(host) { host.hasStopped })
    }

    /// A stream that the core gives up before the broker's name is known is done in a later turn, like any other.
    @Test func aConnectionWithoutAnAddressIsDoneToo() throws {
        let host = try host(broker: BrokerEndpoint(host: "broker.invalid", port: 1))
        defer { host.close() }
        let id = UpstreamID(slot: 99, generation: 1)
        let nothing: [UInt8] = []
        host.streams.open(id, with: .gateways, nothing.span.bytes)
        host.streams.close(id)
        #expect(!host.streams.areFinished)
        #expect(try turn(host) { host.streams.areFinished })
    }

    /// At a broker that does not close, clients that come and go from one address would use up all descriptors.
    @Test func closingConnectionsAreBoundedAndTheOldestIsWaitedForNoLonger() throws {
        let broker = try ScriptedBroker()
        let host = try host(broker: BrokerEndpoint(broker.address)) { $0.host.closingConnectionCount = 3 }
        defer { host.close() }
        _ = try accept(host, broker)
        let peer = try peer(of: host)
        func connects(_ name: String) throws -> PacketStream {
            host.handle(.datagramReceived(from: peer), Datagram.connect(name).span.bytes)
            return try accept(host, broker)
        }
        let first = try connects("c0")
        for number in 1...3 { _ = try connects("c\(number)") }
        #expect(host.streams.closingCount == 3)
        #expect(host.reporter.cutShortCount == 0)
        for number in 4...8 {
            _ = try connects("c\(number)")
            #expect(host.streams.closingCount == 3)
        }
        #expect(host.reporter.cutShortCount == 5)
        #expect(try turn(host) { first.socket.hasInput })
        #expect(try first.hear(within: .zero) == nil)
        #expect(first.hasEnded)
        // The core knows that it has ended: the client need not wait for it.
        _ = try connects("c0")
    }

    /// A client's next connection waits for the end of the one before, so one that alternates its Duration has one.
    @Test func oneClientHasOneClosingConnection() throws {
        let broker = try ScriptedBroker()
        let host = try host(broker: BrokerEndpoint(broker.address))
        defer { host.close() }
        _ = try accept(host, broker)
        let peer = try peer(of: host)
        host.handle(.datagramReceived(from: peer), Datagram.connect("c1", keepAlive: 1).span.bytes)
        _ = try accept(host, broker)
        for number in 2...50 as ClosedRange<UInt16> {
            host.handle(.datagramReceived(from: peer), Datagram.connect("c1", keepAlive: number).span.bytes)
            try loop.turn(deadline: MonotonicClock.now() + 1_000_000)
            host.finishTurn()
            #expect(host.streams.closingCount == 1)
        }
        #expect(!broker.hasConnectionWaiting)
    }

    /// Somebody who writes to the host's first listener.
    private func peer(of host: Host) throws -> PeerID {
        let link = try #require(host.links[0] as? UDPLink)
        return link.peer(
            try SocketAddress.numeric("127.0.0.1", 9),
            writingTo: LocalAddress(address: host.listeningAddresses[0], interfaceIndex: 0, delivery: .unicast))
    }

    // MARK: What waits for the broker

    /// GW-88: what comes in one turn is more than the broker's connection may hold; the rest is refused, and the
    /// connection stays.
    @Test func oneTurnCannotOverrunTheBrokersConnection() throws {
        let broker = try ScriptedBroker(receiveBufferByteCount: 8_192)
        let host = try host(broker: BrokerEndpoint(broker.address)) {
            $0.gateway.limits.queuedByteCountPerUpstream = 65_536
            $0.gateway.qosMinusOne = .on
        }
        defer { host.close() }
        let stream = try accept(host, broker)
        let sender = try UDPTransport(binding: .numeric("127.0.0.1"), receiveBufferByteCount: nil, loop: loop)
        defer { sender.close() }
        let datagram = Datagram.publish(
            0x6162, [UInt8](repeating: 0x55, count: 60_000), type: .shortName, qos: .minusOne)
        let link = try #require(host.links[0] as? UDPLink)
        let peer = link.peer(
            sender.localAddress,
            writingTo: LocalAddress(address: host.listeningAddresses[0], interfaceIndex: 0, delivery: .unicast))
        // More than the host's own bound of 1.2 MB and what the system takes together; no turn ends in between.
        for _ in 0..<1_000 { host.handle(.datagramReceived(from: peer), datagram.span.bytes) }
        #expect(host.counters[.qosMinusOneDropped] > 0)
        let forwardedCount = Int(host.counters[.qosMinusOneForwarded])
        var heardCount = 0
        #expect(
            try turn(host) {
                while let heard = try? stream.hear(within: .zero) {
                    heardCount += heard.packet.type == .publish ? 1 : 0
                }
                return heardCount >= forwardedCount || stream.hasEnded
            })
        #expect(heardCount == forwardedCount)
        #expect(!stream.hasEnded)
    }
}

/// A listening socket with room for one connection, which is taken: the kernel answers nobody else.
private final class SilentListener {
    let address: SocketAddress
    private let listener: BlockingSocket
    private var fillers: [BlockingSocket] = []

    init() throws {
        let any = try SocketAddress.numeric("127.0.0.1")
        listener = try BlockingSocket(.stream, for: any, boundTo: any)
        guard listen(listener.descriptor, 0) == 0 else { throw SystemFailure(operation: "listen") }
        address = try listener.localAddress()
        for _ in 0..<4 {
            let filler = try BlockingSocket(.stream, for: address)
            _ = fcntl(filler.descriptor, F_SETFL, O_NONBLOCK)
            try? filler.connect(to: address)
            fillers.append(filler)
        }
    }
}

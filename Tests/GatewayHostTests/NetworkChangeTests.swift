import Glibc
import MQTTSN
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// A gateway whose interfaces and addresses come and go, in a network of its own.
    @Suite(
        .serialized,
        .enabled(if: OwnNetwork.isAvailable, "this process may have no network of its own (unshare), or lacks 'ip'"))
    struct NetworkChangeTests {
        /// Enters a network in which `v0` can be made, and what is sent from its other end comes in.
        private static func enterNetwork() throws {
            try OwnNetwork.enter()
            try OwnNetwork.ip("link set lo up")
            for name in ["all", "default"] {
                try OwnNetwork.set("ipv4/conf/\(name)/accept_local", to: "1")
                try OwnNetwork.set("ipv4/conf/\(name)/rp_filter", to: "0")
                try OwnNetwork.set("ipv6/conf/\(name)/accept_dad", to: "0")
            }
        }

        private static func makeInterface() throws {
            try OwnNetwork.ip("link add v0 type veth peer name v1")
            try OwnNetwork.ip("addr add 192.0.2.1/24 dev v0")
            try OwnNetwork.ip("addr add 192.0.2.2/24 dev v1")
            try OwnNetwork.ip("link set v1 up")
            try OwnNetwork.ip("link set v0 up")
        }

        /// Somebody at the other end of `v0` who searches a gateway.
        private final class Searcher: UDPTransportDelegate {
            private let loop: EventLoop
            private let transport: UDPTransport
            private let group: SocketAddress
            private var isAnswered = false

            init(_ group: SocketAddress) throws {
                (loop, self.group) = (try EventLoop(), group)
                transport = try UDPTransport(
                    binding: .any(ipv6: group.isIPv6, port: 0), receiveBufferByteCount: nil, loop: loop)
                try transport.setMulticastInterface("v1")
                transport.delegate = self
            }

            func transportReadable(_ transport: UDPTransport) {
                _ = try? transport.receive { bytes, _, _ in
                    if bytes.withUnsafeBytes({ Array($0) }) == [3, 0x02, 1] { isAnswered = true }
                }
            }

            /// Searches ten times a second, as several do; whether an answer comes in time.
            func finds(within duration: Duration) throws -> Bool {
                defer { transport.close() }
                let search: [UInt8] = [3, 0x01, 1]
                let deadline = Deadline(in: duration)
                while !isAnswered, !deadline.hasPassed {
                    transport.queue(search.span.bytes, to: group, from: nil)
                    transport.flush()
                    try loop.turn(deadline: MonotonicClock.now() + 100_000_000)
                }
                return isAnswered
            }
        }

        /// MQTT-SN 1.2 §6.1: a search of the group is answered within 5 s of the interface's return, whatever else the
        /// listener does; the log says that the group was lost and is joined again.
        @Test(arguments: [("0.0.0.0", "239.255.77.40"), ("[::]", "[ff05::77]"), ("[::]", "[ff02::77%v0]")])
        func groupsReturnWithTheirInterface(host: String, group: String) throws {
            let (found, log) = try OwnThread.run {
                try Self.enterNetwork()
                try Self.makeInterface()
                let broker = try ScriptedBroker()
                let gateway = try GatewayProcess(
                    brokerPort: broker.address.port,
                    """
                    [[udp]]
                    listen = "udp://\(host):1884"
                    groups = ["udp://\(group):1884"]
                    interface = "v0"
                    [[udp]]
                    listen = "udp://127.0.0.1:0"
                    """, listener: nil)
                try broker.acceptGateway()
                let client = try Sensor(.numeric(host == "0.0.0.0" ? "127.0.0.1" : "::1", 1_884))
                try client.send(Datagram.connect("busy"))
                try broker.acceptClient("busy")
                try client.expect(Datagram.connectAcknowledgement(.accepted))
                func isBusy() throws -> Bool {
                    try (0..<50).allSatisfy { _ in
                        try client.send(Datagram.pingRequest)
                        return try client.hear() == Datagram.pingResponse
                    }
                }
                func isFound(within duration: Duration) throws -> Bool {
                    let bare = group.drop { $0 == "[" }.prefix { $0 != "%" && $0 != "]" }
                    let address = group.contains(":") ? "\(bare)%v1" : "\(bare)"
                    return try Searcher(.numeric(address, 1_884)).finds(within: duration)
                }
                var found = [try isFound(within: generous), try isBusy()]
                for round in 1...3 {
                    try OwnNetwork.ip("link del v0")
                    if round == 1 { found += [gateway.logs("lost: use the network interface v0: no such device")] }
                    found += [try isBusy()]
                    try Self.makeInterface()
                    found += [try isFound(within: .seconds(5)), try isBusy()]
                }
                return (found, gateway.process.errorOutput)
            }
            #expect(!found.contains(false), "\(found) \(log)")
            #expect(log.lines.contains { $0.contains("multicast group") && $0.hasSuffix(" again") })
            #expect(!log.contains("another gateway in the network"), "it takes its own messages for another's")
        }

        /// Who has no descriptor left cannot ask for interfaces; they are not gone for that.
        @Test func withoutADescriptorGroupsStayJoined() throws {
            let (answers, log) = try OwnThread.run {
                try Self.enterNetwork()
                try Self.makeInterface()
                let broker = try ScriptedBroker()
                let gateway = try GatewayProcess(
                    brokerPort: broker.address.port,
                    """
                    [[udp]]
                    listen = "udp://0.0.0.0:1884"
                    groups = ["udp://239.255.77.42:1884"]
                    interface = "v0"
                    [[udp]]
                    listen = "udp://127.0.0.1:0"
                    """, descriptorLimit: 24, listener: nil)
                try broker.acceptGateway()
                let sensors = try (0..<30).map { _ in try Sensor(gateway.address) }
                for (number, sensor) in sensors.enumerated() { try sensor.send(Datagram.connect("s\(number)")) }
                var answers = [gateway.logs("too many open files (EMFILE)")]
                for number in 1...5 { try OwnNetwork.ip("addr add 127.1.0.\(number)/32 dev lo") }
                answers += [try Searcher(.numeric("239.255.77.42", 1_884)).finds(within: generous)]
                return (answers, gateway.process.errorOutput)
            }
            #expect(answers == [true, true], "\(answers) \(log)")
            #expect(!log.contains("lost: use the network interface"), "\(log)")
            #expect(!log.contains("nothing can be sent"), "\(log)")
        }

        /// A radio's interface is often made after the gateway has started.
        @Test func anAddressThatIsNotThereYetIsWaitedFor() throws {
            let (answers, log) = try OwnThread.run {
                try Self.enterNetwork()
                let broker = try ScriptedBroker()
                let gateway = try GatewayProcess(
                    brokerPort: broker.address.port,
                    """
                    [[udp]]
                    listen = "udp://192.0.2.1:1884"
                    groups = ["udp://239.255.77.41:1885"]
                    interface = "v0"
                    [[udp]]
                    listen = "udp://[fe80::5%v0]:1884"
                    forwarders = ["fe80::7%v0"]
                    [[udp]]
                    listen = "udp://127.0.0.1:0"
                    """, listener: nil)
                try broker.acceptGateway()
                var answers = [gateway.logs("cannot listen on udp://192.0.2.1:1884: bind udp://192.0.2.1:1884")]
                answers += [gateway.logs("cannot listen on udp://[fe80::5%v0]:1884: bind udp://[fe80::5%v0]:1884")]
                try Self.makeInterface()
                try OwnNetwork.ip("addr add fe80::5/64 dev v0")
                answers += [gateway.logs("listening on udp://192.0.2.1:1884", within: .seconds(5))]
                answers += [gateway.logs("listening on udp://[fe80::5%v0]:1884", within: .seconds(5))]
                answers += [try Searcher(.numeric("239.255.77.41", 1_885)).finds(within: .seconds(5))]
                return (answers, gateway.process.errorOutput)
            }
            #expect(answers == [true, true, true, true, true], "\(answers) \(log)")
            #expect(log.contains("(EADDRNOTAVAIL); no interface of this machine has that address now; waiting for it"))
        }

        /// Who cannot be heard while the address is gone, or the cable pulled, is not to blame: the client keeps its
        /// session, and is known by the same name afterwards.
        @Test(arguments: ["link del v0", "link set v1 down"])
        func aLostInterfaceCostsNoClientItsSession(loss: String) throws {
            let (answers, log) = try OwnThread.run {
                try Self.enterNetwork()
                try Self.makeInterface()
                let broker = try ScriptedBroker()
                let gateway = try GatewayProcess(
                    brokerPort: broker.address.port,
                    """
                    [[udp]]
                    listen = "udp://192.0.2.1:1884"
                    [[udp]]
                    listen = "udp://127.0.0.1:0"
                    """, listener: nil)
                try broker.acceptGateway()
                let client = try Sensor(.numeric("192.0.2.1", 1_884))
                try client.send(Datagram.connect("c", keepAlive: 1))
                try broker.acceptClient("c")
                try client.expect(Datagram.connectAcknowledgement(.accepted))
                try OwnNetwork.ip(loss)
                var answers = [gateway.logs("its clients keep their sessions meanwhile")]
                // Twice the time after which a silent client is lost.
                usleep(3_000_000)
                if loss == "link del v0" { try Self.makeInterface() } else { try OwnNetwork.ip("link set v1 up") }
                answers += [gateway.logs("udp://192.0.2.1:1884 can send again", within: .seconds(5))]
                try client.send(Datagram.pingRequest)
                answers += [try client.hear() == Datagram.pingResponse]
                return (answers, gateway.process.errorOutput)
            }
            #expect(answers == [true, true, true], "\(answers) \(log)")
            #expect(!log.contains("client lost"), "\(log)")
        }
    }
}

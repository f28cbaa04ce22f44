import GatewayCore
import Glibc
import MQTTSN
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// A gateway on a system that refuses it what others have: it says so, and goes on as far as it can.
    @Suite(
        .serialized,
        .enabled(if: SystemCallFilter.isAvailable, "this machine allows no system call filters (seccomp)"))
    struct RefusingSystemTests {
        /// The command, run where `refusal` holds.
        private func gateway(
            _ refusal: SystemCallFilter.Refusal, _ configuration: String = "", port: UInt16
        ) throws -> GatewayProcess {
            try OwnThread.run {
                try SystemCallFilter.install(refusal)
                return try GatewayProcess(brokerPort: port, configuration)
            }
        }

        /// An error that lasts would else be met, and told, as often as the processor can.
        @Test func anErrorThatLastsIsToldOnce() throws {
            let gateway = try gateway(.receivingDatagrams(ENOMEM), port: ScriptedBroker.unusedPort())
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            #expect(gateway.logs("error receive udp://127.0.0.1:"))
            #expect(gateway.logs("broker unreachable"))
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(gateway.log.count { $0.contains("cannot allocate memory (ENOMEM)") } == 1)
        }

        /// A kernel without IPv6: the owner has asked for nothing, so nothing is missing.
        @Test(.enabled(if: OwnNetwork.isAvailable, "this process may have no network of its own (unshare)"))
        func withoutIPv6TheUsualGatewayStartsAllTheSame() throws {
            let (isAnswered, log) = try OwnThread.run {
                try OwnNetwork.enter()
                try OwnNetwork.ip("link set lo up")
                let sensor = try Sensor(.numeric("127.0.0.1", 1_884))
                try SystemCallFilter.install(.sockets(family: AF_INET6))
                let process = try SwiftletCommand.start(["run"], in: TemporaryDirectory())
                let isAnswered = try eventually {
                    try sensor.send(Datagram.connect("s"))
                    return try sensor.hear(within: .milliseconds(200)) != nil
                }
                return (isAnswered, process.errorOutput)
            }
            #expect(isAnswered, "\(log)")
            #expect(log.contains("info  not listening on udp://[::]:1884: this system has no IPv6"))
        }

        @Test func anIPv6ListenerThatWasAskedForIsMissed() throws {
            let process = try OwnThread.run {
                try SystemCallFilter.install(.sockets(family: AF_INET6))
                let process = try SwiftletCommand.start(
                    ["run", "--listen", "udp://[::1]:0", "--listen", "udp://127.0.0.1:0"], in: TemporaryDirectory())
                _ = process.waitForExit()
                return process
            }
            #expect(process.poll() == .exited(69))
            let words = """
                error cannot listen on udp://[::1]:0: bind udp://[::1]:0: address family not supported by protocol \
                (EAFNOSUPPORT); the system has no IPv6, or no IPv4: leave out this [[udp]], or switch the family on
                """
            #expect(process.errorOutput.lines.last?.hasSuffix(words) == true)
        }

        /// Without netlink interfaces are looked for each second.
        @Test(.enabled(if: OwnNetwork.isAvailable, "this process may have no network of its own (unshare)"))
        func withoutNetlinkAddressesAreFoundAllTheSame() throws {
            let (isFound, log) = try OwnThread.run {
                try OwnNetwork.enter()
                try OwnNetwork.ip("link set lo up")
                let broker = try ScriptedBroker()
                let gateway = try OwnThread.run {
                    try SystemCallFilter.install(.sockets(family: AF_NETLINK))
                    return try GatewayProcess(
                        brokerPort: broker.address.port,
                        """
                        [[udp]]
                        listen = "udp://192.0.2.1:1884"
                        [[udp]]
                        listen = "udp://127.0.0.1:0"
                        """, listener: nil)
                }
                _ = gateway.logs("waiting for it, and trying again and again")
                try OwnNetwork.ip("addr add 192.0.2.1/32 dev lo")
                return (gateway.logs("listening on udp://192.0.2.1:1884"), gateway.process.errorOutput)
            }
            #expect(isFound, "\(log)")
            #expect(log.contains("interfaces that come and go are looked for each second"))
        }
    }
}

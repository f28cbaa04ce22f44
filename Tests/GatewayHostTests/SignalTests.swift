import GatewayHost
import Glibc
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// No signal but SIGTERM and SIGINT ends a gateway, as its end costs sensors their sessions and publishes Wills.
    @Suite(.serialized) struct SignalTests {
        @Test func hangUpAsksForAReloadAndCostsNobodyTheConnection() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayProcess(brokerPort: broker.address.port)
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            for signal in [SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE] { gateway.process.kill(signal) }
            #expect(gateway.logs("reload"))
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
            #expect(gateway.process.poll() == nil)
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
        }

        /// From the first instruction on: what comes before the gateway listens to signals waits.
        @Test func aSignalBeforeTheFirstLineEndsNothing() throws {
            for signal in [SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE] {
                let process = try SwiftletCommand.start(
                    ["run", "--listen", "udp://127.0.0.1:0", "--broker", "mqtt://127.0.0.1:1"], in: TemporaryDirectory()
                )
                // The loader's work before `main` is not the program's.
                #expect(eventually { Self.ignores(SIGPIPE, process.identifier) })
                process.kill(signal)
                #expect(eventually { process.errorOutput.contains("listening on") })
                #expect(process.poll() == nil, "signal \(signal)")
            }
        }

        /// The mask of ignored signals in proc(5).
        private static func ignores(_ signal: Int32, _ process: pid_t) -> Bool {
            let status = try? FileReader.read(path: "/proc/\(process)/status", maximumByteCount: 65_536)
            let text = String(decoding: status ?? [], as: UTF8.self)
            guard let line = text.lines.first(where: { $0.hasPrefix("SigIgn:") }),
                let mask = UInt64(line.dropFirst(8), radix: 16)
            else { return false }
            return mask >> (signal - 1) & 1 == 1
        }

        @Test func user1TellsWhatIsHeldAndCounted() throws {
            let gateway = try GatewayProcess(brokerPort: ScriptedBroker.unusedPort(), level: "info")
            let stranger = try Sensor(gateway.address)
            try stranger.send([3, 0xEE, 0])
            let isTold = eventually {
                gateway.process.kill(SIGUSR1)
                return gateway.process.errorOutput.contains("info  counted malformed_datagram=1")
            }
            #expect(isTold)
            #expect(gateway.logs("info  held now: sessions=0"))
        }

        @Test func user2IsOneLevelMoreTalkativeAndThenReturns() throws {
            let gateway = try GatewayProcess(brokerPort: ScriptedBroker.unusedPort(), level: "info")
            let stranger = try Sensor(gateway.address)
            gateway.process.kill(SIGUSR2)
            #expect(gateway.logs("log level debug from now on, as SIGUSR2 asks"))
            try stranger.send([3, 0xEE, 0])
            #expect(gateway.logs("debug malformed datagram dropped"))
            gateway.process.kill(SIGUSR2)
            #expect(gateway.logs("log level info from now on, as SIGUSR2 asks"))
        }

        /// Such as `swiftlet run 2>&1 | head -2`.
        @Test func aReaderOfTheLogThatIsGoneEndsNothing() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            close(ends[0])
            let directory = try TemporaryDirectory()
            let program = try #require(SwiftletCommand.path)
            let process = try ChildProcess(
                "/bin/bash",
                [
                    "-c", "exec \"$0\" run --listen udp://127.0.0.1:0 --broker mqtt://127.0.0.1:1 2>&\(ends[1])",
                    program,
                ],
                name: "swiftlet", in: directory)
            close(ends[1])
            #expect(eventually { Self.ignores(SIGPIPE, process.identifier) })
            process.kill(SIGTERM)
            #expect(process.waitForExit() == .exited(0))
        }
    }
}

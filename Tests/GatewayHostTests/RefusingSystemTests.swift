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
    }
}

import Glibc
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// `swiftlet reload` at the control socket of a gateway that runs.
    @Suite(.serialized) struct ReloadCommandTests {
        @Test func changesAndErrorsAreToldToWhoAsks() throws {
            let directory = try TemporaryDirectory()
            chmod(directory.path, 0o700)
            let socket = "\(directory.path)/control"
            let control = "control.socket = \"\(socket)\"\n"
            let gateway = try GatewayProcess(brokerPort: ScriptedBroker.unusedPort(), control, level: "info")
            func ask() throws -> (exit: ChildProcess.ExitReason?, output: String, error: String) {
                try SwiftletCommand.run(["reload", "--socket", socket])
            }
            try gateway.write(control + "clients.maximum = 7\nbroker.client_id_prefix = \"p\"\n")
            let changed = try ask()
            #expect(changed.exit == .exited(0))
            #expect(
                changed.output
                    == "reloaded: 1 change (clients.maximum 10000 → 7); broker.client_id_prefix \"\" → \"p\" needs a restart\n"
            )
            // The log tells of it, whoever has asked.
            #expect(gateway.logs("reloaded: 1 change (clients.maximum 10000"))
            try gateway.write(control + "clients.maximum = 0\nnonsense = 1\n")
            let refused = try ask()
            #expect(refused.exit == .exited(78))
            #expect(refused.error.contains("gateway.toml:6:19: 'clients.maximum' must be"))
            #expect(refused.error.contains("gateway.toml:7:1: unknown key 'nonsense'"))
            #expect(gateway.logs("not reloaded, going on as before: "))
            // The socket may go by what it asks for, and the answer comes all the same.
            try gateway.write("clients.maximum = 7\n")
            let last = try ask()
            #expect(last.exit == .exited(0))
            #expect(last.output.contains("control.socket"))
            #expect(try ask().exit == .exited(75))
            #expect(gateway.process.poll() == nil)
        }
    }
}

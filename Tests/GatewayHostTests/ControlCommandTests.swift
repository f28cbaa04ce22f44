import GatewayHost
import Glibc
import Testing
import Transports

extension RealSocketTests {
    /// The commands that ask a running gateway, as a person uses them.
    @Suite(.serialized) struct ControlCommandTests {
        private let directory: TemporaryDirectory
        private let socket: String

        init() throws {
            directory = try TemporaryDirectory()
            // Whoever may write beside a socket may take its place, so the gateway wants a directory of its own.
            chmod(directory.path, 0o700)
            socket = directory.path + "/control"
        }

        private func run(_ arguments: String...) throws -> (
            exit: ChildProcess.ExitReason?, output: String, error: String
        ) {
            try SwiftletCommand.run(arguments + ["--socket", socket])
        }

        @Test("A gateway that runs is told of by status, clients and top, also for programs")
        func answers() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayProcess(
                brokerPort: broker.address.port, "control.socket = \"\(socket)\"")
            try broker.acceptGateway()
            try #require(gateway.logs("broker reachable"))
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("soil"))
            try broker.acceptClient("soil")
            try #require(gateway.logs("client connected"))

            let status = try run("status")
            #expect(status.exit == .exited(0))
            #expect(status.output.contains("clients    1 of ") && status.output.contains("1 awake"))
            #expect(try run("status", "--ready").exit == .exited(0))
            #expect(try run("status", "--json").output.hasPrefix("{\""))
            let clients = try run("clients")
            #expect(clients.output.lines.count == 2 && clients.output.lines[1].hasPrefix(" soil "))
            #expect(try run("clients", "soil").output.hasPrefix("soil\n  state       awake"))
            let unknown = try run("clients", "nobody")
            #expect(unknown.exit == .exited(1) && unknown.error.contains("knows no client 'nobody'"))
            #expect(try run("top", "--count", "1").output.hasPrefix("swiftlet "))
        }

        @Test("What passes is watched until the gateway ends")
        func watch() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayProcess(
                brokerPort: broker.address.port, "control.socket = \"\(socket)\"")
            try broker.acceptGateway()
            try #require(gateway.logs("broker reachable"))
            let watch = try SwiftletCommand.start(["watch", "--malformed", "--socket", socket], in: directory)
            let sensor = try Sensor(gateway.address)
            // The command may still be on its way when the first ones come.
            #expect(
                eventually {
                    try? sensor.send([0x30, 0x26, 0x01, 0x6C, 0x6F, 0x6C])
                    return watch.output.contains("is this plain MQTT sent by UDP?")
                })
            #expect(!watch.output.contains("SEARCHGW"))
            gateway.process.kill(SIGTERM)
            #expect(watch.waitForExit() == .exited(0))
        }

        @Test("Nobody at the socket, and somebody who answers nonsense, are told apart")
        func failures() throws {
            let nobody = try run("status")
            #expect(nobody.exit == .exited(75))
            #expect(nobody.error.contains("does not answer") && nobody.error.contains("[control] socket"))
            let other = try ScriptedBroker()
            let command = try SwiftletCommand.start(
                ["status", "--url", "http://127.0.0.1:\(other.address.port)"], in: directory)
            let stream = try other.accept()
            try stream.socket.write(octets("SSH-2.0-OpenSSH_9.2\r\n\r\n"))
            #expect(command.waitForExit() == .exited(76))
            #expect(command.errorOutput.contains("no answer of HTTP"))
            #expect(try SwiftletCommand.run(["status", "--url", "https://h:1"]).exit == .exited(64))
        }
    }
}

import GatewayHost
import Testing

extension RealSocketTests {
    /// `swiftlet decode` and `swiftlet replay` as a person uses them.
    @Suite(.serialized) struct DecodeCommandTests {
        @Test("A datagram is told from its digits, a file of lines and a capture")
        func inputs() throws {
            let directory = try TemporaryDirectory()
            let told = try SwiftletCommand.run(["decode", "02:16"])
            #expect(told.exit == .exited(0))
            #expect(told.output.hasPrefix("PINGREQ            2 octets\n"))
            let lines = try directory.write("lines.txt", "# two of them\n0216\n0x02, 0x17\n")
            #expect(try SwiftletCommand.run(["decode", lines]).output.contains("PINGRESP "))
        }

        @Test("What is malformed is told, and the exit code says so")
        func malformed() throws {
            let result = try SwiftletCommand.run(["decode", "3026016c6f6c"])
            #expect(result.exit == .exited(65))
            #expect(result.output.contains("is this plain MQTT sent by UDP?"))
            let json = try SwiftletCommand.run(["decode", "--json", "3026016c6f6c"])
            #expect(json.exit == .exited(65))
            #expect(json.output.hasPrefix("{\"protocol\":\"mqtt-sn\",\"octets\":6,"))
            let packets = try SwiftletCommand.run(["decode", "--mqtt", "c000 d000"])
            #expect(packets.exit == .exited(0))
            #expect(packets.output.contains("PINGREQ ") && packets.output.contains("PINGRESP "))
            let refused = try SwiftletCommand.run(["decode", "--mqtt5", "40030001 87"])
            #expect(refused.exit == .exited(0))
            #expect(refused.output.contains("not authorized (0x87)"))
            #expect(try SwiftletCommand.run(["decode", "--mqtt5", "400300010f"]).exit == .exited(65))
        }

        @Test("What is neither octets nor a file is refused with both reasons")
        func neither() throws {
            let result = try SwiftletCommand.run(["decode", "nonsense"])
            #expect(result.exit == .exited(66))
            #expect(result.error.contains("no hexadecimal digit") && result.error.contains("no such file"))
        }

        @Test("What is no recording is refused with its line")
        func replayOfNonsense() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("a.trace", "nonsense\n")
            let result = try SwiftletCommand.run(["replay", file])
            #expect(result.exit == .exited(65))
            #expect(result.error.hasPrefix("swiftlet: \(file):1: this is no trace"))
        }
    }
}

import Glibc
import MQTT
import Testing
import Transports

extension RealSocketTests {
    /// `swiftlet config`, `check --here`, `discover` and `convert`: what a person asks before and beside a gateway.
    @Suite(.serialized) struct EnvironmentCommandTests {
        private static var root: String {
            #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
        }

        // MARK: config

        @Test func configIsTheFileOfTheRepository() throws {
            let result = try SwiftletCommand.run(["config"])
            let file = try FileReader.read(path: Self.root + "/Config/gateway.toml", maximumByteCount: 1_048_576)
            #expect(result.exit == .exited(0))
            #expect(Array(result.output.utf8) == file)
        }

        /// What holds is the file with the command line before it, without the password, and `check` takes it.
        @Test func configTellsWhatHolds() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "gateway.toml",
                """
                [broker]
                url = "mqtt://elsewhere"
                username = "me"
                password = "hush-hush"
                [clients]
                maximum = 77
                [[udp]]
                listen = "udp://127.0.0.1:1"
                """)
            let result = try SwiftletCommand.run(
                ["config", "--effective", file, "--broker", "mqtt://here:1", "--log-level", "warn"])
            #expect(result.exit == .exited(0))
            for part in [
                "url = \"mqtt://here:1\"", "maximum = 77", "username = \"me\"",
                "password = \"********\"", "level = \"warning\"", "listen = \"udp://127.0.0.1:1\"", "retry_count = 3",
            ] {
                #expect(result.output.contains(part), "\(part)")
            }
            #expect(!result.output.contains("hush"))
            #expect(try SwiftletCommand.run(["check", "-"], input: result.output).exit == .exited(0))
            let broken = try SwiftletCommand.run(["config", "-e", "-"], input: "id = 1")
            #expect(broken.exit == .exited(78))
        }

        // MARK: check --here

        /// A broker that is there, a port that is free, one that another program has, a device that is not there.
        @Test func checkLooksAround() throws {
            let broker = try ScriptedBroker()
            let any = try SocketAddress.numeric("127.0.0.1")
            let holder = try BlockingSocket(.datagrams, for: any, boundTo: any)
            let port = try holder.localAddress().port
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "gateway.toml",
                """
                [broker]
                url = "mqtt://127.0.0.1:\(broker.address.port)"
                username = "u"
                password = "p"
                [[udp]]
                listen = "udp://127.0.0.1:0"
                [[udp]]
                listen = "udp://127.0.0.1:\(port)"
                [[udp]]
                listen = "udp://198.51.100.9:1884"
                [[serial]]
                device = "/dev/no-such-device"
                """)
            let process = try SwiftletCommand.start(["check", file, "--here"], in: directory)
            // A ClientId of its own: nobody is thrown out.
            let stream = try broker.accept()
            let first = try #require(try stream.hear())
            guard case .connect(let connect) = first.packet else {
                Issue.record("no CONNECT")
                return
            }
            #expect(String(decoding: first.bytes[connect.clientID], as: UTF8.self).hasPrefix("swiftlet-1-check-"))
            #expect(connect.cleanSession)
            let answer = ConnectAcknowledgement(sessionPresent: false, returnCode: .accepted)
            try stream.send(.connectAcknowledgement(answer))
            #expect(process.waitForExit() == .exited(78))
            let lines = process.output.lines.map { $0.split(separator: " ").joined(separator: " ") }
            // The test's folder is open to all, and so is the password in it.
            #expect(lines.first?.hasPrefix("warning: \(file) holds a password") == true)
            #expect(lines.dropFirst().first == "\(file): no errors")
            #expect(lines.contains("✓ udp://127.0.0.1:0 free"))
            let taken = lines.first { $0.hasPrefix("✗ udp://127.0.0.1:\(port) in use by ") }
            #expect(taken?.hasSuffix(", process \(getpid())") == true)
            #expect(lines.contains { $0.hasPrefix("! udp://198.51.100.9:1884 no interface has this address now") })
            #expect(lines.contains { $0.hasPrefix("! /dev/no-such-device not there now") })
            #expect(lines.contains { $0.hasPrefix("✓ broker 127.0.0.1 127.0.0.1, CONNECT accepted in ") })
            #expect(lines.contains("! password \(file) is readable by everybody: chmod 640 \(file)"))
            withExtendedLifetime(holder) {}
        }

        /// A proxy's password is one as well; what stands in a file of its own is not in the open.
        @Test func everySecretInTheOpenIsWarnedOf() throws {
            let directory = try TemporaryDirectory()
            let secret = try directory.write("secret", "hush")
            chmod(secret, 0o600)
            let head = "broker.url = 'mqtt://127.0.0.1:1'\nproxy.url = 'http://127.0.0.1:1'\nproxy.username = 'u'\n"
            for (password, isOpen) in [("hush", true), ("file:\(secret)", false)] {
                let file = try directory.write("gateway.toml", head + "proxy.password = '\(password)'\n")
                let checked = try SwiftletCommand.run(["check", file, "--here"])
                let lines = checked.output.lines.map { $0.split(separator: " ").joined(separator: " ") }
                let isTold = lines.contains("! password \(file) is readable by everybody: chmod 640 \(file)")
                #expect(isTold == isOpen, "\(checked.output)")
            }
        }

        /// What the running gateway holds is no mistake; and whatever stands there instead of a broker is told.
        @Test func aRunningGatewayIsNoMistake() throws {
            let gateway = try GatewayProcess(brokerPort: ScriptedBroker.unusedPort())
            let text = """
                broker.url = "mqtt://127.0.0.1:\(try ScriptedBroker.unusedPort())"
                [[udp]]
                listen = "udp://127.0.0.1:\(gateway.address.port)"
                """
            let result = try SwiftletCommand.run(["check", "-", "--here", "--json"], input: text)
            #expect(result.exit == .exited(78))
            #expect(
                result.output.contains(
                    #""sentence":"held by the running gateway (swiftlet, process \#(gateway.process.identifier))""#))
            #expect(result.output.contains("connection refused (ECONNREFUSED)"))
            #expect(result.output.lines.allSatisfy { $0.hasPrefix(#"{"verdict":""#) && $0.hasSuffix(#""}"#) })
        }

        // MARK: discover

        /// The group may have no way out of the machine the tests run on.
        private static var hasMulticast: Bool {
            guard let group = SocketAddress(numeric: "239.255.18.84", port: 1) else { return false }
            return (try? group.sourceOfRoute()) != nil
        }

        @Test(.enabled(if: MosquittoProcess.isExpected && hasMulticast, "needs mosquitto and a way for multicast"))
        func discoverFindsAGateway() throws {
            let mosquitto = try MosquittoProcess()
            let port = try ScriptedBroker.unusedPort()
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                gateway.id = 42
                [[udp]]
                listen = "udp://127.0.0.1:0"
                [[udp]]
                listen = "udp://0.0.0.0:\(port)"
                groups = ["udp://239.255.18.84:\(port)"]
                """, listener: nil)
            try #require(gateway.logs("broker reachable"))
            let group = ["--group", "udp://239.255.18.84:\(port)", "--for", "500ms"]
            let plain = try SwiftletCommand.run(["discover"] + group)
            #expect(plain.exit == .exited(0), "\(plain.error)")
            #expect(plain.output.lines.first == "SEARCHGW radius 1 to udp://239.255.18.84:\(port) … 500 ms")
            #expect(plain.output.contains("GWINFO      gateway 42   from udp://"))
            #expect(plain.output.contains("CONNECT accepted in "))
            #expect(plain.output.lines.last == "1 gateway")
            let json = try SwiftletCommand.run(["discover", "--json"] + group)
            #expect(json.output.contains(#"{"gateway":42,"address":"udp://"#))
            #expect(json.output.contains(#""connect":"accepted"}"#))
        }

        @Test(.enabled(if: hasMulticast, "needs a way for multicast"))
        func discoverFindsNothingWhereNothingIs() throws {
            let port = try ScriptedBroker.unusedPort()
            let result = try SwiftletCommand.run(
                ["discover", "--group", "udp://239.255.18.84:\(port)", "--for", "200ms"])
            #expect(result.exit == .exited(75))
            #expect(result.output.lines.last == "no gateway")
        }

        // MARK: convert

        @Test func convertReadsPahosFiles() throws {
            let directory = try TemporaryDirectory()
            let gateway = try directory.write("gateway.conf", "GatewayID=9\nBrokerName=h\nMulticastTTL=2\n")
            let topics = try directory.write("predefinedTopic.conf", "*,a/b,7\n")
            let result = try SwiftletCommand.run(["convert", "paho", gateway, topics])
            #expect(result.exit == .exited(0))
            #expect(result.output.contains("id = 9  # GatewayID") && result.output.contains("name = \"a/b\""))
            #expect(result.error.hasPrefix("swiftlet: 1 settings have no counterpart"))
            #expect(try SwiftletCommand.run(["check", "-"], input: result.output).exit == .exited(0))
            #expect(try SwiftletCommand.run(["convert", "paho", topics]).exit == .exited(65))
            #expect(try SwiftletCommand.run(["convert", "paho", "/no/such"]).exit == .exited(66))
            #expect(try SwiftletCommand.run(["convert", "emqx", gateway]).exit == .exited(64))
        }
    }
}

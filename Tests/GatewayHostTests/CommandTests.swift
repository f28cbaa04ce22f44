import GatewayHost
import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// The command `swiftlet` as a person or a service manager uses it: what it prints and how it ends.
    @Suite(.serialized) struct CommandTests {
        // MARK: check

        /// Each mistake where it stands, in the form that editors jump to.
        @Test(arguments: [
            ("[gateway]\nidd = 1\n", ["2:1: unknown key 'gateway.idd'; did you mean 'gateway.id'?"]),
            ("[gateway]\nid = 256\n", ["2:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found 256"]),
            ("id 1\n", ["1:4: expected '=' after the key 'id'; found '1'"]),
            ("[log]\nlevel = \"info\n", ["2:9: the string does not end on its line"]),
            (
                "log.level = 'loud'\n",
                [
                    "1:13: 'log.level' must be one of \"error\", \"warning\", \"info\", \"debug\", \"trace\"; found 'loud'"
                ]
            ),
            ("broker.url = 'ssl://h'\n", ["1:14: 'broker.url' must start with 'mqtts://' for TLS; found 'ssl'"]),
            (
                "[broker]\nurl = 'mqtt://host:99999'\n",
                ["2:7: 'broker.url' must have a port from 1 to 65535 or none; found '99999'"]
            ),
            (
                "[gateway]\nid = 1\nid = 2\n",
                ["3:1: the key 'id' is already set; the first one is at line 2, column 1"]
            ),
            (
                "[[serial]]\ndevice = '/dev/ttyUSB0'\nspeeed = 9600\nmode = '7E1'\n",
                [
                    "3:1: unknown key 'serial.speeed'; did you mean 'serial.speed'?",
                    "4:8: 'serial.mode' must have 8 data bits, since datagrams hold octets of every value; found '7E1'",
                ]
            ),
            ("[[serial]]\nspeed = 9600\n", ["1:1: this [[serial]] lacks the key 'serial.device'"]),
            ("[[udp]]\nretry_count = 1\n", ["1:1: this [[udp]] lacks the key 'udp.listen'"]),
            (
                "[gateway]\nid = true\nqos = 1\n",
                [
                    "2:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found true",
                    "3:1: unknown key 'gateway.qos'",
                ]
            ),
        ])
        func checkPointsAtEveryMistake(text: String, mistakes: [String]) throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("broken.toml", text)
            let result = try SwiftletCommand.run(["check", file])
            #expect(result.exit == .exited(78))
            #expect(result.error.lines.map(String.init) == mistakes.map { "\(file):\($0)" })
            #expect(result.output.isEmpty)
        }

        @Test func checkFindsNothingWrongInAGoodFile() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("good.toml", "[gateway]\nid = 7\n")
            let result = try SwiftletCommand.run(["check", file])
            #expect(result.exit == .exited(0))
            #expect(result.output == "\(file): no errors\n")
            #expect(result.error.isEmpty)
        }

        @Test(arguments: [["check", "/no/such/file.toml"], ["run", "--config", "/no/such/file.toml"]])
        func aFileThatCannotBeReadIsNamed(arguments: [String]) throws {
            let result = try SwiftletCommand.run(arguments)
            #expect(result.exit == .exited(66))
            #expect(
                result.error == """
                    swiftlet: cannot read the configuration file '/no/such/file.toml': \
                    read /no/such/file.toml: no such file or directory (ENOENT)

                    """)
        }

        @Test func runRefusesABrokenFile() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("broken.toml", "[gateway]\nid = 256\n")
            let result = try SwiftletCommand.run(["run", "--config", file])
            #expect(result.exit == .exited(78))
            #expect(
                result.error == "\(file):2:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found 256\n")
        }

        /// Standard input instead of a file, and the option that `run` has.
        @Test func checkReadsWhatItIsGiven() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("good.toml", "[gateway]\nid = 7\n")
            #expect(try SwiftletCommand.run(["check", "--config", file]).output == "\(file): no errors\n")
            let good = try SwiftletCommand.run(["check", "-"], input: "[gateway]\nid = 7\n")
            #expect(good.output == "standard input: no errors\n")
            let broken = try SwiftletCommand.run(["check", "-"], input: "\nid = 7\n")
            #expect(broken.exit == .exited(78))
            #expect(broken.error.hasPrefix("standard input:2:1: "))
        }

        // MARK: Arguments

        @Test(arguments: [["--version"], ["-V"], ["version"]])
        func versionIsOneLine(arguments: [String]) throws {
            let result = try SwiftletCommand.run(arguments)
            #expect(result.exit == .exited(0))
            #expect(result.output.lines.count == 1)
            #expect(result.output.hasPrefix("swiftlet "))
            #expect(result.error.isEmpty)
        }

        @Test(arguments: [
            ([], "usage: swiftlet COMMAND [options]"), (["--help"], "usage: swiftlet COMMAND [options]"),
            (["help"], "usage: swiftlet COMMAND [options]"), (["run", "--help"], "--broker mqtt://HOST:PORT"),
            (["help", "run"], "--broker mqtt://HOST:PORT"), (["run", "--lisen", "-h"], "--broker mqtt://HOST:PORT"),
            (["check", "--help"], "usage: swiftlet check [options] FILE|-"),
            (["help", "check"], "usage: swiftlet check"),
            (["help", "exit-codes"], "75   EX_TEMPFAIL     nobody answered"),
        ])
        func helpIsPrinted(arguments: [String], part: String) throws {
            let result = try SwiftletCommand.run(arguments)
            #expect(result.exit == .exited(0))
            #expect(result.output.contains(part))
            #expect(result.output.lines.allSatisfy { $0.count <= 120 })
            #expect(result.error.isEmpty)
        }

        @Test(
            arguments: [
                ([], "there is no command 'walk'", ["walk"]),
                ([], "there is no command 'chek'; did you mean 'swiftlet check'?", ["chek"]),
                ([], "there is no command 'start'; did you mean 'swiftlet run'?", ["start"]),
                ([], "there is no command 'walk'", ["help", "walk"]),
                (
                    [], "'--broker=mqtt://h' stands before a command; did you mean 'swiftlet run --broker=mqtt://h'?",
                    ["--broker=mqtt://h"]
                ),
                (["check"], "'check' needs FILE|-", []),
                (["check"], "'check' takes one file, not two", ["a", "--config", "b"]),
                (["check"], "'check' does not know 'b': it takes no more than FILE|-", ["a", "b"]),
                (["check"], "'check' does not know '--fast'", ["--fast"]),
                (["check"], "'check' does not know '--broker'; 'swiftlet run' does", ["--broker", "mqtt://h", "a"]),
                (["run"], "'run' does not know '--harbour'", ["--harbour", "1"]),
                (["run"], "'run' does not know '--lisen'; did you mean '--listen'?", ["--lisen", "udp://h"]),
                (["run"], "'run' does not know '-config'; did you mean '--config'?", ["-config=x"]),
                (["run"], "'run' does not know 'file'; did you mean 'swiftlet run --config file'?", ["file"]),
                (["run"], "'--config' needs a value", ["--config"]),
                (["run"], "'--config' needs a value", ["-c", "--listen", "udp://h"]),
                (["run"], "'--config' is given twice", ["-c", "a", "--config=b"]),
                (
                    ["run"], "'--listen' must start with 'udp://', as in udp://0.0.0.0:1884; found 'tcp'",
                    ["--listen", "tcp://h"]
                ),
                (["run"], "'--broker' must start with 'mqtts://' for TLS; found 'ssl'", ["--broker=ssl://h"]),
                (
                    ["run"], "'--log-level' is one of error, warning, info, debug, trace; found 'loud'",
                    ["--log-level", "loud"]
                ),
                (["run"], "'--record' needs a value", ["--record"]),
                (["run"], "'--record' is given twice", ["--record", "a", "--record=b"]),
                (
                    ["run"], "'--record-limit' is given twice",
                    ["--record", "a", "--record-limit=70000", "--record-limit=70000"]
                ),
                (["run"], "'--record-limit' is for '--record', which is not given", ["--record-limit", "100000"]),
                (
                    ["run"], "'--record-limit' is a number of octets, 65536 or more, such as 5M; found '63K'",
                    ["--record", "a", "--record-limit", "63K"]
                ),
                (
                    ["run"], "'--record-limit' is a number of octets, 65536 or more, such as 5M; found '1T'",
                    ["--record", "a", "--record-limit=1T"]
                ),
                (["completion"], "there is completion for bash, zsh, fish, not for 'tcsh'", ["tcsh"]),
                (["man"], "'man' does not know 'run'", ["run"]),
            ] as [([String], String, [String])])
        func wrongArgumentsAreExplained(command: [String], message: String, arguments: [String]) throws {
            let result = try SwiftletCommand.run(command + arguments)
            #expect(result.exit == .exited(64))
            let help = (["swiftlet"] + command + ["--help"]).joined(separator: " ")
            #expect(result.error == "swiftlet: \(message)\n\nTry '\(help)'.\n")
            #expect(result.output.isEmpty)
        }

        // MARK: run

        /// Two gateways as shipped at one broker must not cut each other's connection.
        @Test func theMachineGivesTheGatewaysOwnConnectionItsName() throws {
            let broker = try ScriptedBroker()
            let url = "mqtt://127.0.0.1:\(broker.address.port)"
            let name = String(decoding: MachineIdentity.current.sharedClientID(gatewayID: 1), as: UTF8.self)
            let arguments = ["run", "--listen", "udp://127.0.0.1:0", "--broker", url]
            let process = try SwiftletCommand.start(arguments, in: TemporaryDirectory())
            try broker.acceptClient(name)
            #expect(eventually { process.errorOutput.contains("broker \(url) shared_client_id=\(name)") })
        }

        @Test func aPortInUseIsSaidInASentence() throws {
            let any = try SocketAddress.numeric("127.0.0.1")
            let holder = try BlockingSocket(.datagrams, for: any, boundTo: any)
            let port = try holder.localAddress().port
            let result = try SwiftletCommand.run(["run", "--listen", "udp://127.0.0.1:\(port)"])
            #expect(result.exit == .exited(69))
            #expect(result.error.lines.count == 2)
            #expect(
                result.error.lines.last?.dropFirst(25) == """
                    error cannot listen on udp://127.0.0.1:\(port): bind udp://127.0.0.1:\(port): address already in \
                    use (EADDRINUSE); is another gateway running? 'ss -lunp' says who has the port; another one can be \
                    named with 'listen'
                    """)
            withExtendedLifetime(holder) {}
        }

        @Test func aListenerThatIsANameIsRefused() throws {
            let result = try SwiftletCommand.run(["run", "--listen", "udp://localhost:0"])
            #expect(result.exit == .exited(64))
            #expect(result.error.contains("'--listen' holds the name 'localhost', and a listener needs an address"))
        }

        /// The file's listeners come with groups and forwarders, which nobody should miss without knowing.
        @Test(arguments: [("", 0), ("[[udp]]\nlisten = 'udp://127.0.0.1:1'\nforwarders = ['any']", 1)])
        func listenersOfTheCommandLineReplaceThoseOfTheFile(listeners: String, warningCount: Int) throws {
            let gateway = try GatewayProcess(brokerPort: ScriptedBroker.unusedPort(), listeners)
            // What comes behind everything that is said at the start.
            try #require(gateway.logs("broker unreachable"))
            let warnings = gateway.log.count { $0.contains("warn  --listen takes the place of every [[udp]]") }
            #expect(warnings == warningCount)
            #expect(!gateway.log.contains { $0.contains("forwarders of udp") })
        }

        /// An absent broker is a matter of time, not a reason to end.
        @Test func anUnreachableBrokerIsLoggedAndWaitedFor() throws {
            let gateway = try GatewayProcess(brokerPort: ScriptedBroker.unusedPort())
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
            #expect(gateway.logs("broker unreachable: clients are told to wait"))
            #expect(gateway.logs("connection refused (ECONNREFUSED)"))
            #expect(gateway.process.poll() == nil)
        }

        /// SIGTERM and SIGINT: everybody is told, and nobody's Will is published.
        @Test(arguments: [SIGTERM, SIGINT])
        func aSignalEndsTheGatewayInGoodOrder(signal: Int32) throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayProcess(brokerPort: broker.address.port)
            let shared = try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            let stream = try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))

            gateway.process.kill(signal)
            try sensor.expect(Datagram.disconnect)
            for connection in [stream, shared] {
                try connection.expect(.disconnect)
                #expect(try connection.hearsEnd())
                connection.end()
            }
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(gateway.log.last?.hasSuffix(" info  stopped") == true)
            #expect(gateway.log.contains { $0.contains("info  counted client_connected=1") })
        }

        /// A broker that does not answer the goodbye does not keep the gateway.
        @Test func aSignalEndsTheGatewayWithinASecondWhateverTheBrokerDoes() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayProcess(brokerPort: broker.address.port)
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            gateway.process.kill(SIGTERM)
            // A second, and as much again for a machine that is busy.
            #expect(gateway.process.waitForExit(within: .seconds(2)) == .exited(0))
            // Cut connections would have cost the broker the goodbye that it has not read yet.
            for connection in broker.streams {
                #expect(connection.socket.pendingError == 0)
                try connection.expect(.disconnect)
                #expect(try connection.hearsEnd())
            }
            #expect(gateway.log.contains { $0.hasSuffix(" info  clients told to connect anew: count=1") })
            #expect(!gateway.log.contains { $0.contains("client told to connect anew") })
        }

        @Test func theLogTellsWhatHappened() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayProcess(brokerPort: broker.address.port)
            try broker.acceptGateway()
            #expect(gateway.logs("info  broker reachable"))
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("line\u{2028}break"))
            try broker.acceptClient("line\u{2028}break")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            #expect(gateway.logs(#"client connected client="line\u{2028}break" address=127.0.0.1:"#))
            let pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn |info |debug) .+/
            for line in gateway.log { #expect(line.wholeMatch(of: pattern) != nil, "\(line)") }
            for part in ["starting, gateway id 1", "broker mqtt://127.0.0.1:", "limits clients=10000", "listening on"] {
                #expect(gateway.log.contains { $0.contains(part) }, "\(part)")
            }
        }

        /// A stranger cannot fill the disk: what it causes is limited, and what was left out is owned up to.
        @Test func strangersCauseFewLines() throws {
            let gateway = try GatewayProcess(
                brokerPort: ScriptedBroker.unusedPort(), "log.stranger_lines_per_second = 5")
            let stranger = try Sensor(gateway.address)
            let began = MonotonicClock.now()
            for _ in 0..<1_000 { try stranger.send([3, 0xEE, 0]) }
            #expect(gateway.logs("log lines about senders left out: count="))
            let seconds = Int((MonotonicClock.now() - began) / 1_000_000_000)
            let count = gateway.log.count { $0.contains("malformed datagram dropped") }
            #expect(count >= 1)
            // Five in each second that has begun.
            #expect(count <= 5 * (seconds + 2))
        }
    }
}

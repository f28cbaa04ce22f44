import Glibc
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// `swiftlet pub` and `sub` against the built gateway with a real broker behind it, and against what is none.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct ClientCommandTests {
        private let mosquitto: MosquittoProcess
        private let gateway: GatewayProcess
        private let directory: TemporaryDirectory

        init() throws {
            mosquitto = try MosquittoProcess()
            gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                gateway.qos_minus_one = "on"
                [[udp]]
                listen = "udp://127.0.0.1:0"
                forwarders = ["127.0.0.1"]
                [[topic]]
                id = 17
                name = "plant/door"
                """, listener: nil)
            directory = try TemporaryDirectory()
            // QoS −1 is dropped until the gateway's own connection is there.
            try #require(gateway.logs("broker connection open"))
        }

        private var url: String { "udp://127.0.0.1:\(gateway.address.port)" }

        /// A subscriber that is there when this returns.
        private func subscriber(_ options: [String]) throws -> ChildProcess {
            let process = try SwiftletCommand.start(
                ["sub", url, "--tell", "-W", "20"] + options, in: directory, name: "sub")
            try #require(eventually { process.errorOutput.contains("subscribed") }, "\(process.errorOutput)")
            return process
        }

        private func publish(_ options: [String], input: String = "") throws {
            let result = try SwiftletCommand.run(["pub", url] + options, input: input)
            #expect(result.exit == .exited(0), "\(options): \(result.error)")
            #expect(result.output.isEmpty && result.error.isEmpty, "\(options): \(result.error)")
        }

        /// Every QoS, all kinds of topics, each way in which a message is given, both forms of Length, a forwarded node.
        @Test func whatIsPublishedIsHeard() throws {
            let file = try directory.write("message", "from a\nfile")
            let ways: [(options: [String], input: String, messages: [String])] = [
                (["-t", "farm/0", "-m", "q0"], "", ["farm/0 0 q0"]),
                (["-t", "farm/1", "-m", "q1", "-q", "1"], "", ["farm/1 1 q1"]),
                (["-t", "farm/2", "-m", "q2", "-q", "2"], "", ["farm/2 2 q2"]),
                (["--predefined", "17", "-m", "open", "-q", "-1"], "", ["predefined:17 0 open"]),
                (["-t", "ab", "-m", "short", "-q", "-1"], "", ["ab 0 short"]),
                (["--short", "ab", "-m", "short", "-q", "1"], "", ["ab 1 short"]),
                (["-t", "farm/f", "-f", file, "-q", "1"], "", ["farm/f 1 from a\nfile"]),
                (["-t", "farm/s", "-s", "-q", "1"], "all of\nit\n", ["farm/s 1 all of\nit\n"]),
                (["-t", "farm/l", "-l", "-q", "1"], "one\n\ntwo", ["farm/l 1 one", "farm/l 1 ", "farm/l 1 two"]),
                (["-t", "farm/n", "-n", "-q", "1"], "", ["farm/n 1 "]),
                (["-t", "farm/r", "-m", "r", "--repeat", "2", "-q", "1"], "", ["farm/r 1 r", "farm/r 1 r"]),
                (["-t", "farm/w", "-m", "wide", "--long-length", "-q", "2"], "", ["farm/w 2 wide"]),
                (["-t", "farm/node", "-m", "far", "--node", "00aaFF", "-q", "1"], "", ["farm/node 1 far"]),
            ]
            let expected = ways.flatMap(\.messages)
            let subscriber = try subscriber(
                [
                    "-t", "farm/#", "--predefined", "17", "--short", "ab", "-q", "2", "-F", "%t %q %p", "-C",
                    "\(expected.count)",
                ])
            // The last of three subscriptions.
            #expect(eventually { subscriber.errorOutput.contains("subscribed to ab") })
            for way in ways { try publish(way.options, input: way.input) }
            #expect(subscriber.waitForExit() == .exited(0))
            #expect(subscriber.output == expected.map { $0 + "\n" }.joined())
        }

        /// What a program reads: one object a line, whatever the message holds.
        @Test func jsonIsALineForEachMessage() throws {
            let subscriber = try subscriber(["-t", "j", "--json", "-C", "1"])
            try publish(["-t", "j", "-m", "a\"b\\\n\u{1}\u{2028}"])
            #expect(subscriber.waitForExit() == .exited(0))
            #expect(
                subscriber.output == """
                    {"topic":"j","qos":0,"retain":false,"dup":false,"mid":0,"length":9,\
                    "payload":"a\\"b\\\\\\n\\u0001\\u2028","hex":"6122625c0a01e280a8"}

                    """)
            let result = try SwiftletCommand.run(["pub", url, "-t", "j", "-m", "x", "-q", "1", "--json"])
            #expect(result.output.hasPrefix(#"{"published":1,"repeated":0,"seconds":0."#))
        }

        /// A sleeper gets what came meanwhile when it wakes up, and a retained message when it subscribes.
        @Test func aSleeperIsServed() throws {
            try publish(["-t", "cmd/7", "-m", "kept", "-r", "-q", "1"])
            let sleeper = try subscriber(["-i", "sleeper", "-t", "cmd/7", "-q", "1", "--sleep", "1", "-C", "2", "-v"])
            #expect(eventually { sleeper.errorOutput.contains("asleep") })
            try publish(["-t", "cmd/7", "-m", "waited", "-q", "1"])
            #expect(sleeper.waitForExit() == .exited(0))
            #expect(sleeper.output == "cmd/7 kept\ncmd/7 waited\n")
            #expect(sleeper.errorOutput.contains("awake"))
        }

        /// The Will of a client that is killed, and not that of one which is stopped.
        @Test func theWillOfTheOneThatDies() throws {
            let observer = try subscriber(["-t", "will/#", "-C", "1", "-v"])
            let will = ["-t", "x", "-k", "1", "--will-qos", "1", "--will-payload", "gone"]
            for (name, signal) in [("good", SIGTERM), ("bad", SIGKILL)] {
                let process = try SwiftletCommand.start(
                    ["sub", url, "--tell", "--will-topic", "will/\(name)"] + will, in: directory, name: name)
                try #require(eventually { process.errorOutput.contains("subscribed") })
                process.kill(signal)
                #expect(process.waitForExit() == (signal == SIGTERM ? .exited(0) : .signalled(SIGKILL)))
            }
            #expect(observer.waitForExit() == .exited(0))
            #expect(observer.output == "will/bad gone\n")
        }

        /// Each end has its sentence and its code.
        @Test func theEndsAreTold() throws {
            let refused = try SwiftletCommand.run(["pub", url, "--predefined", "99", "-m", "x", "-q", "1"])
            #expect(refused.exit == .exited(69))
            #expect(
                refused.error == """
                    swiftlet: the gateway refuses PUBLISH: invalid topic id (2): is the pre-defined id configured there?

                    """)
            let late = try SwiftletCommand.run(["sub", url, "-t", "t", "-C", "1", "-W", "200ms"])
            #expect(late.exit == .exited(75))
            #expect(late.error == "swiftlet: 0 of 1 messages came in time\n")
            #expect(try SwiftletCommand.run(["sub", url, "-t", "t", "-W", "200ms"]).exit == .exited(0))
        }
    }

    /// The same commands where no gateway answers.
    @Suite(.serialized) struct ClientFailureTests {
        @Test func aSilentPortIsToldAfterTheLastRepetition() throws {
            let any = try SocketAddress.numeric("127.0.0.1")
            let holder = try BlockingSocket(.datagrams, for: any, boundTo: any)
            let port = try holder.localAddress().port
            let silent = try SwiftletCommand.run(
                [
                    "pub", "udp://127.0.0.1:\(port)", "-t", "t", "-m", "x", "--retry-interval", "50ms", "--retry-count",
                    "1",
                ])
            #expect(silent.exit == .exited(75))
            #expect(
                silent.error == "swiftlet: no answer from udp://127.0.0.1:\(port) to CONNECT, which was sent 2 times\n")
            withExtendedLifetime(holder) {}
        }

        @Test func nobodyThereIsToldAtOnce() throws {
            let port = try ScriptedBroker.unusedPort()
            let result = try SwiftletCommand.run(["pub", "udp://127.0.0.1:\(port)", "-t", "t", "-m", "x"])
            #expect(result.exit == .exited(69))
            #expect(
                result.error
                    == "swiftlet: no gateway listens on udp://127.0.0.1:\(port): the port is closed there\n")
        }

        /// What answers may be anything; its first octets are shown.
        @Test func nonsenseIsToldAsSuch() throws {
            let any = try SocketAddress.numeric("127.0.0.1")
            let other = try BlockingSocket(.datagrams, for: any, boundTo: any)
            let port = try other.localAddress().port
            let directory = try TemporaryDirectory()
            let process = try SwiftletCommand.start(
                [
                    "pub", "udp://127.0.0.1:\(port)", "-t", "t", "-m", "x", "--retry-interval", "300ms",
                    "--retry-count", "1",
                ], in: directory)
            let heard = try #require(try other.receive(until: Deadline(in: generous)))
            try other.send(Array("HTTP/1.1 400 Bad Request\r\n".utf8), to: heard.source)
            #expect(process.waitForExit() == .exited(76))
            #expect(process.errorOutput.contains("answers, but not in MQTT-SN: 485454502f312e31"))
        }

        @Test(arguments: [
            (["pub", "udp://h"], "'pub' needs one of '--topic', '--predefined' and '--short'"),
            (["pub", "-t", "a", "-m", "b"], "'pub' needs udp://HOST[:PORT]"),
            (
                ["pub", "tcp://h", "-t", "a", "-m", "b"],
                "'tcp://h' must start with 'udp://', as in udp://192.0.2.1:1884;"
            ),
            (["pub", "udp://h", "-t", "a/+", "-m", "b"], "'--topic' must be a topic name without wildcards"),
            (["pub", "udp://h", "-t", "abc", "-m", "b", "-q", "-1"], "at QoS -1 a topic is '--predefined'"),
            (["pub", "udp://h", "-t", "a"], "'pub' needs one of '--message', '--file'"),
            (["pub", "udp://h", "--predefined", "0", "-n"], "'--predefined' is a number from 1 to 65534; found '0'"),
            (["pub", "udp://h", "-t", "a", "-n", "--node", "abc"], "'--node' is 1 to 252 octets in hexadecimal"),
            (["pub", "udp://h", "-t", "a", "-n", "-c"], "'--disable-clean-session' needs '--id'"),
            (["pub", "udp://h", "-t", "a", "-n", "--will-qos", "1"], "'--will-qos' needs '--will-topic'"),
            (["pub", "h:0", "-t", "a", "-m", "b"], "'h:0' must have a port from 1 to 65535 or none; found '0'"),
            (["sub", "udp://h"], "'sub' needs '--topic', '--predefined' or '--short'"),
            (["sub", "udp://h", "-t", "a", "-F", "%z"], "'--format' has a '%' that stands for nothing; found '%z'"),
            (["sub", "udp://h", "-t", "a", "--sleep", "0"], "'--sleep' is a number of seconds from 1 to 65535; found"),
            (["sub", "udp://h", "-t", "a", "-q", "-1"], "'--qos' is one of 0, 1, 2; found '-1'"),
        ])
        func wrongArgumentsAreExplained(arguments: [String], message: String) throws {
            let result = try SwiftletCommand.run(arguments)
            #expect(result.exit == .exited(64))
            #expect(result.error.hasPrefix("swiftlet: \(message)"), "\(result.error)")
            #expect(result.error.hasSuffix("Try 'swiftlet \(arguments[0]) --help'.\n"))
        }
    }
}

import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// A built gateway in front of a real broker that speaks WebSocket, and before those that do not as they must.
    @Suite(
        .serialized,
        .enabled(
            if: MosquittoProcess.isExpected && TestCertificates.isExpected, "mosquitto or openssl is not installed"))
    struct MosquittoWebSocketTests {
        private let certificates: TestCertificates

        init() throws { certificates = try .shared() }

        /// mosquitto 2.0.11 does not start with listeners for WebSocket alone.
        private func broker(isEncrypted: Bool = false) throws -> MosquittoProcess {
            let own = certificates.server
            let tls = "cafile \(certificates.authority)\ncertfile \(own.certificate)\nkeyfile \(own.key)"
            return try MosquittoProcess(
                options: """
                    protocol websockets
                    \(isEncrypted ? tls : "")
                    listener \(try ScriptedBroker.unusedPort()) 127.0.0.1
                    """)
        }

        private func gateway(_ port: UInt16, isEncrypted: Bool = false, _ more: String = "") throws -> GatewayProcess {
            try GatewayProcess(
                brokerPort: port, (isEncrypted ? "tls.ca_file = '\(certificates.authority)'\n" : "") + more,
                scheme: isEncrypted ? "wss" : "ws")
        }

        // MARK: What works

        /// GW-72 and back; at the end the broker reads the gateway's goodbyes, so that no Will is published.
        @Test(arguments: [false, true], ["3.1.1", "5.0"])
        func messagesPassBothWays(isEncrypted: Bool, version: String) throws {
            let mosquitto = try broker(isEncrypted: isEncrypted)
            let gateway = try gateway(
                mosquitto.port, isEncrypted: isEncrypted, "broker.protocol = '\(version)'")
            let (sensor, display) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try sensor.connect("s")
            try display.connect("d")
            let topicID = try sensor.register("t")
            let shown = try display.subscribe("t", qos: .atLeastOnce)
            for number in 1...20 {
                // Frames of both lengths.
                let payload = [UInt8](repeating: UInt8(number), count: number * 40)
                try sensor.publishAtLeastOnce(topicID, payload, messageID: UInt16(number))
                let heard = try display.expectPublish()
                try #require(heard.payload == payload && heard.topicID == shown)
                try display.send(Datagram.publishAcknowledgement(shown, heard.messageID))
            }
            #expect(!gateway.log.contains { $0.contains("warn") || $0.contains("error") })
            #expect(mosquitto.hasClient("s", version: version))
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(eventually { ["s", "d"].allSatisfy { mosquitto.log.contains("Client \($0) disconnected.") } })
        }

        @Test(arguments: [false, true], ["3.1.1", "5.0"])
        func aRestartOfTheBrokerIsSurvived(isEncrypted: Bool, version: String) throws {
            let mosquitto = try broker(isEncrypted: isEncrypted)
            let gateway = try gateway(
                mosquitto.port, isEncrypted: isEncrypted, "broker.protocol = '\(version)'")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            try mosquitto.restart()
            #expect(gateway.logs("client's broker connection restored"))
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 7)
        }

        @Test(arguments: [false, true]) func checkAsksTheBrokerByWebSocket(isEncrypted: Bool) throws {
            let mosquitto = try broker(isEncrypted: isEncrypted)
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "gateway.toml",
                """
                broker.url = "\(isEncrypted ? "wss" : "ws")://127.0.0.1:\(mosquitto.port)/mqtt"
                \(isEncrypted ? "tls.ca_file = '\(certificates.authority)'" : "")
                [[udp]]
                listen = "udp://127.0.0.1:0"
                """)
            let result = try SwiftletCommand.run(["check", "--here", file])
            #expect(result.output.contains("127.0.0.1, CONNECT accepted in "), "\(result)")
            #expect(result.exit == .exited(0))
        }

        // MARK: Set-ups that are broken

        struct Broken: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// What the server does with a connection.
            var serve: @Sendable (WebSocketPeer) throws -> Void
            var sentence: String
        }

        static let brokenSetUps: [Broken] = [
            Broken(
                testDescription: "another path",
                serve: { try $0.upgrade(status: "404 Not \u{202E}Found") },
                sentence: "/mqtt answers the upgrade to WebSocket with 404 \"Not \\u{202e}Found\": it speaks no"
                    + " WebSocket at this path, which is often /mqtt, /ws or /"),
            Broken(
                testDescription: "a web page", serve: { try $0.upgrade(status: "200 OK") },
                sentence: "answers the upgrade to WebSocket with 200 OK: a web server listens there"),
            Broken(
                testDescription: "elsewhere",
                serve: { try $0.upgrade(status: "301", extra: "Location: wss://b/mqtt?token=hush") },
                sentence: "with 301, for wss://b/mqtt: write where the broker is into broker.url"),
            Broken(
                testDescription: "a proxy without its broker", serve: { try $0.upgrade(status: "502 Bad Gateway") },
                sentence: "with 502 \"Bad Gateway\": the broker behind that web server does not answer"),
            Broken(
                testDescription: "credentials", serve: { try $0.upgrade(status: "401 Unauthorized") },
                sentence: "with 401 Unauthorized: it wants to know by HTTP who asks"),
            Broken(
                testDescription: "wrong accept key", serve: { try $0.upgrade(accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") },
                sentence: "changes to WebSocket, but with a wrong Sec-WebSocket-Accept"),
            Broken(
                testDescription: "no subprotocol", serve: { try $0.upgrade(named: "") },
                sentence: "changes to WebSocket, but does not say that it speaks mqtt in it"),
            Broken(
                testDescription: "another subprotocol", serve: { try $0.upgrade(named: "chat") },
                sentence: "changes to WebSocket, but speaks chat in it, not mqtt"),
            Broken(
                testDescription: "compression", serve: { try $0.upgrade(extra: "Sec-WebSocket-Extensions: x-deflate") },
                sentence: "but with an extension that was not asked for: x-deflate"),
            Broken(
                testDescription: "TLS", serve: { try $0.socket.write([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]) },
                sentence: "speaks TLS: write wss://, or name its port without TLS"),
            Broken(
                testDescription: "plain MQTT", serve: { try $0.socket.write([0x20, 0x02, 0x00, 0x00]) },
                sentence: "answers the upgrade to WebSocket, but not in HTTP: name its port for WebSocket, or write"
                    + " mqtt:// where it speaks plain MQTT"),
            Broken(
                testDescription: "endless header",
                serve: { try $0.socket.write(octets("HTTP/1.1 200 " + String(repeating: "x", count: 8_200))) },
                sentence: "with more than 8192 octets of header"),
            Broken(
                testDescription: "an end without a word", serve: { $0.socket.shutDown() },
                sentence: "ended the connection instead of answering the upgrade to WebSocket: is that its port for"
                    + " WebSocket, and does it want TLS (wss://)?"),
            Broken(
                testDescription: "a text frame",
                serve: {
                    try $0.upgrade()
                    _ = try $0.hear()
                    try $0.send(0x81, octets("hello"))
                },
                sentence: "WebSocket ended after it was made: ws://127.0.0.1:"),
            Broken(
                testDescription: "a masked frame",
                serve: {
                    try $0.upgrade()
                    _ = try $0.hear()
                    try $0.send(0x82, [])
                    try $0.socket.write([0x82, 0x80, 1, 2, 3, 4])
                }, sentence: "does not keep to WebSocket: it sent a masked frame, as only clients do"),
            Broken(
                testDescription: "a goodbye with a reason",
                serve: {
                    try $0.upgrade()
                    _ = try $0.hear()
                    try $0.send(0x88, [0x03, 0xF0] + octets("go\u{7}away"))
                }, sentence: "ended it with close code 1008, policy violation: \"go\\u{7}away\""),
        ]

        @Test(
            "A set-up that cannot work is told in a sentence, and the gateway is not offered", arguments: brokenSetUps)
        func broken(_ broken: Broken) throws {
            let server = try ScriptedBroker()
            let gateway = try gateway(server.address.port)
            try broken.serve(WebSocketPeer(try server.accept().socket))
            #expect(gateway.logs("warn  broker connection failed: "))
            #expect(gateway.logs(broken.sentence), "\(gateway.log)")
            #expect(gateway.logs("broker answers, but refuses us"))
            #expect(!gateway.log.contains { $0.contains("broker reachable") || $0.contains("hush") })
            // The client hears that it is to try later, and not for good (AMB-17).
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            server.stopListening()
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
        }

        @Test func aServerThatDoesNotAnswerIsTold() throws {
            let silent = try ScriptedBroker()
            let gateway = try gateway(silent.address.port, "broker.connect_timeout_seconds = 1")
            #expect(gateway.logs("takes connections, but does not answer the upgrade to WebSocket in time"))
        }

        @Test func aBrokerWithoutWebSocketIsTold() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try gateway(mosquitto.port)
            #expect(gateway.logs("ended the connection instead of answering the upgrade to WebSocket"))
        }

        /// Accepts the next connection of the gateway as a broker does.
        private func accept(_ server: ScriptedBroker) throws -> WebSocketPeer {
            let peer = WebSocketPeer(try server.accept().socket)
            try peer.upgrade()
            let connect = try #require(try peer.hear())
            try #require(connect.kind == 2 && connect.payload.first == 0x10, "CONNECT")
            try peer.send(0x82, [0x20, 0x02, 0x00, 0x00])
            return peer
        }

        /// What goes wrong in one client's connection concerns no other one.
        @Test func othersAreNotTouchedByOneFault() throws {
            let server = try ScriptedBroker()
            let gateway = try gateway(server.address.port)
            let shared = try accept(server)
            let (one, other) = (try Sensor(gateway.address), try Sensor(gateway.address))
            var peers: [WebSocketPeer] = []
            for (sensor, name) in [(one, "one"), (other, "other")] {
                try sensor.send(Datagram.connect(name))
                peers.append(try accept(server))
                try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            }
            try peers[0].send(0x81, [1])
            #expect(gateway.logs("it sent a text frame, and MQTT is binary (MQTT 3.1.1 section 6)"))
            #expect(gateway.logs("client's broker connection lost: ended by WebSocket"))
            try other.send(Datagram.publish(try other.register("t"), [7], qos: .atMostOnce, messageID: 0))
            #expect(try peers[1].hear() == .init(kind: 2, payload: [0x30, 0x04, 0x00, 0x01, 0x74, 7]))
            // It is made again, as any that is lost.
            _ = try accept(server)
            #expect(gateway.logs("client's broker connection restored"))
            shared.socket.shutDown()
        }

        /// Whoever asks the gateway how it is gets the same sentence, with the key to look at.
        @Test func theStatusSaysWhyThereIsNoWebSocket() throws {
            let server = try ScriptedBroker()
            let directory = try TemporaryDirectory()
            chmod(directory.path, 0o755)
            let socket = directory.path + "/control"
            let gateway = try gateway(server.address.port, "control.socket = '\(socket)'")
            try WebSocketPeer(try server.accept().socket).upgrade(status: "404 Not Found")
            #expect(gateway.logs("broker answers, but refuses us"))
            let status = try SwiftletCommand.run(["status", "--socket", socket, "--json"]).output
            #expect(status.contains("No WebSocket with the broker: "))
            #expect(status.contains("with 404 \\\"Not Found\\\": it speaks no WebSocket at this path"))
            #expect(status.contains("\"key\":\"broker.url\""))
        }
    }
}

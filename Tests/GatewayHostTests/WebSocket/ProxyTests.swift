import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// A built gateway whose broker lies behind a proxy of HTTP.
    @Suite(
        .serialized,
        .enabled(
            if: MosquittoProcess.isExpected && TestCertificates.isExpected, "mosquitto or openssl is not installed"))
    struct ProxyTests {
        private let certificates: TestCertificates

        init() throws { certificates = try .shared() }

        private static func isEncrypted(_ scheme: String) -> Bool { scheme == "mqtts" || scheme == "wss" }

        private func broker(_ scheme: String) throws -> MosquittoProcess {
            let own = certificates.server
            let tls = "cafile \(certificates.authority)\ncertfile \(own.certificate)\nkeyfile \(own.key)"
            return try MosquittoProcess(
                options: """
                    \(scheme == "ws" || scheme == "wss" ? "protocol websockets" : "")
                    \(Self.isEncrypted(scheme) ? tls : "")
                    listener \(try ScriptedBroker.unusedPort()) 127.0.0.1
                    """)
        }

        private func configuration(_ port: UInt16, scheme: String = "mqtt", _ more: String = "") -> String {
            """
            proxy.url = "http://127.0.0.1:\(port)"
            \(Self.isEncrypted(scheme) ? "tls.ca_file = '\(certificates.authority)'" : "")
            \(more)
            """
        }

        private static let credentials = "proxy.username = 'gate'\nproxy.password = 'hush hush'\n"
        /// As they go over the wire.
        private static let encoded = "Z2F0ZTpodXNoIGh1c2g="

        // MARK: What works

        /// GW-72 and back, whatever lies around MQTT; at the end the broker reads the gateway's goodbyes.
        @Test(arguments: ["mqtt", "mqtts", "ws", "wss"]) func messagesPassBothWays(scheme: String) throws {
            let mosquitto = try broker(scheme)
            let proxy = try TestProxy(credentials: "gate:hush hush")
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, configuration(proxy.port, scheme: scheme, Self.credentials), scheme: scheme)
            let (sensor, display) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try sensor.connect("s")
            try display.connect("d")
            let topicID = try sensor.register("t")
            let shown = try display.subscribe("t", qos: .atLeastOnce)
            for number in 1...20 {
                let payload = [UInt8](repeating: UInt8(number), count: number * 40)
                try sensor.publishAtLeastOnce(topicID, payload, messageID: UInt16(number))
                let heard = try display.expectPublish()
                try #require(heard.payload == payload && heard.topicID == shown)
                try display.send(Datagram.publishAcknowledgement(shown, heard.messageID))
            }
            // The file of a test may be read by everybody, and is warned of.
            #expect(!gateway.log.contains { $0.contains("broker connection") && $0.contains("warn") })
            #expect(!gateway.log.contains { $0.contains("error") || $0.contains("hush") })
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(eventually { ["s", "d"].allSatisfy { mosquitto.log.contains("Client \($0) disconnected.") } })
            // The gateway's own and those of its clients.
            let target = "127.0.0.1:\(mosquitto.port)"
            let head =
                "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nProxy-Authorization: Basic \(Self.encoded)\r\n\r\n"
            #expect(proxy.heads == [head, head, head])
        }

        @Test func nobodyIsNamedToAProxyThatDoesNotAsk() throws {
            let mosquitto = try broker("mqtt")
            let proxy = try TestProxy()
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, configuration(proxy.port))
            #expect(gateway.logs("broker reachable"))
            #expect(gateway.logs(" proxy=http://127.0.0.1:\(proxy.port) shared_client_id="))
            #expect(proxy.heads.allSatisfy { !$0.contains("Authorization") } && !proxy.heads.isEmpty)
        }

        @Test func checkAsksThroughTheProxy() throws {
            let mosquitto = try broker("wss")
            let proxy = try TestProxy(credentials: "gate:hush hush")
            let directory = try TemporaryDirectory()
            func check(_ credentials: String) throws -> String {
                let file = try directory.write(
                    "gateway.toml",
                    "broker.url = 'wss://127.0.0.1:\(mosquitto.port)'\nudp = [{listen = 'udp://127.0.0.1:0'}]\n"
                        + configuration(proxy.port, scheme: "wss", credentials))
                let result = try SwiftletCommand.run(["check", "--here", file])
                #expect(!(result.output + result.error).contains("hush"))
                return result.output
            }
            #expect(try check(Self.credentials).contains("127.0.0.1 (proxy), CONNECT accepted in "))
            let refused = try check("")
            #expect(
                refused.contains("127.0.0.1 (proxy), the proxy http://127.0.0.1:\(proxy.port) answers CONNECT 127."))
            #expect(refused.contains(" with 407 \"Who Are You\": it wants to know who asks: proxy.username and"))
        }

        /// New connections name themselves as the file says now; nothing needs a restart.
        @Test func otherCredentialsHoldAtOnce() throws {
            let mosquitto = try broker("mqtt")
            let proxy = try TestProxy(credentials: "gate:hush hush")
            let wrong = "proxy.username = 'gate'\nproxy.password = 'hush'\n"
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, configuration(proxy.port, wrong))
            #expect(gateway.logs("it does not take proxy.username and proxy.password"))
            try gateway.reload(configuration(proxy.port, Self.credentials))
            #expect(gateway.logs("reloaded: 1 change (proxy.password changed)"))
            #expect(gateway.logs("broker reachable"))
            #expect(!gateway.log.contains { $0.contains("hush") || $0.contains("Z2F0Z") })
        }

        @Test func thePasswordIsMasked() throws {
            let result = try SwiftletCommand.run(
                ["config", "--effective", "-"], input: configuration(3_128, Self.credentials))
            #expect(result.output.contains("[proxy]\nurl = \"http://127.0.0.1:3128\"\nusername = \"gate\"\n"))
            #expect(result.output.contains("password = \"********\"") && !result.output.contains("hush"))
        }

        // MARK: Set-ups that are broken

        struct Broken: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// What the proxy answers; empty for the end of the connection.
            var answer: String
            var hasCredentials = false
            var sentence: String
        }

        static let brokenSetUps: [Broken] = [
            Broken(
                testDescription: "asks who it is",
                answer: "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
                sentence: " with 407 \"Proxy Authentication Required\": it wants to know who asks: proxy.username and"
                    + " proxy.password"),
            Broken(
                testDescription: "does not believe it", answer: "HTTP/1.1 407 No\r\n\r\n", hasCredentials: true,
                sentence: " with 407 No: it does not take proxy.username and proxy.password"),
            Broken(
                testDescription: "asks in another way",
                answer: "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate x\r\n\r\n",
                sentence: "it lets itself be told who asks by ntlm, negotiate alone, and the gateway knows Basic"),
            Broken(
                testDescription: "forbids the port", answer: "HTTP/1.1 403 Filter\u{202E}ed\r\n\r\n",
                sentence: " with 403 \"Filter\\u{202e}ed\": it forbids that: many let such connections go to port 443"),
            Broken(
                testDescription: "does not reach the broker", answer: "HTTP/1.0 504\r\n\r\n",
                sentence: " with 504: it does not reach the broker: look at broker.url"),
            Broken(
                testDescription: "is a web server", answer: "HTTP/1.1 405 Method Not Allowed\r\n\r\n<html>",
                sentence: "it does not let connections through; is that a proxy for CONNECT?"),
            Broken(
                testDescription: "is no web server", answer: "\u{5}\u{0}",
                sentence: ", but not in HTTP: is that a proxy, and its port?"),
            Broken(
                testDescription: "talks for ever",
                answer: "HTTP/1.1 200 OK\r\nA: " + String(repeating: "x", count: 8_200),
                sentence: " with more than 8192 octets of header"),
            Broken(
                testDescription: "ends it", answer: "",
                sentence: " ended the connection instead of answering CONNECT 127.0.0.1:1: is that its port?"),
        ]

        @Test(
            "A proxy that lets nobody through is told in a sentence, and the gateway is not offered",
            arguments: brokenSetUps)
        func broken(_ broken: Broken) throws {
            let proxy = try ScriptedBroker()
            let gateway = try GatewayProcess(
                brokerPort: 1, configuration(proxy.address.port, broken.hasCredentials ? Self.credentials : ""))
            let peer = WebSocketPeer(try proxy.accept().socket)
            _ = try peer.hearRequest()
            if broken.answer.isEmpty { peer.socket.shutDown() } else { try peer.socket.write(octets(broken.answer)) }
            #expect(gateway.logs("warn  broker connection failed: the proxy http://127.0.0.1:\(proxy.address.port) "))
            #expect(gateway.logs(broken.sentence), "\(gateway.log)")
            #expect(gateway.logs("broker answers, but refuses us"))
            let secrets = ["hush", Self.encoded]
            #expect(!gateway.log.contains { line in secrets.contains { line.contains($0) } })
            // The client hears that it is to try later, and not for good (AMB-17).
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            proxy.stopListening()
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
        }

        @Test func aProxyThatDoesNotAnswerIsTold() throws {
            let silent = try ScriptedBroker()
            let gateway = try GatewayProcess(
                brokerPort: 1, configuration(silent.address.port, "broker.connect_timeout_seconds = 1"))
            #expect(gateway.logs("takes connections, but does not answer CONNECT 127.0.0.1:1 in time"))
        }

        @Test func aProxyThatIsNotThereIsTold() throws {
            let port = try ScriptedBroker.unusedPort()
            let gateway = try GatewayProcess(brokerPort: 1, configuration(port))
            #expect(gateway.logs("connection refused (ECONNREFUSED); that is the proxy http://127.0.0.1:\(port)"))
        }

        /// TLS goes to the broker and not to the proxy: who sits in between cannot pass for it.
        @Test func behindAProxyTheBrokersNameIsVerified() throws {
            let other = certificates.otherServer
            let mosquitto = try MosquittoProcess(
                options: "cafile \(certificates.authority)\ncertfile \(other.certificate)\nkeyfile \(other.key)")
            let proxy = try TestProxy()
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, configuration(proxy.port, scheme: "mqtts"), scheme: "mqtts")
            #expect(gateway.logs("the certificate of mqtts://127.0.0.1:\(mosquitto.port) is not for 127.0.0.1"))
        }

        /// Whoever asks the gateway how it is gets the same sentence, with the key to look at.
        @Test func theStatusSaysWhyThereIsNoWayThrough() throws {
            let directory = try TemporaryDirectory()
            chmod(directory.path, 0o755)
            let socket = directory.path + "/control"
            let proxy = try TestProxy(credentials: "gate:hush hush")
            let gateway = try GatewayProcess(
                brokerPort: 1, configuration(proxy.port, "control.socket = '\(socket)'"))
            #expect(gateway.logs("broker answers, but refuses us"))
            let status = try SwiftletCommand.run(["status", "--socket", socket, "--json"]).output
            #expect(status.contains("No way through the proxy: the proxy http://127.0.0.1:\(proxy.port) answers"))
            #expect(status.contains("\"key\":\"proxy.username\""))
        }
    }
}

import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// A built gateway in front of a real broker that wants TLS.
    @Suite(
        .serialized,
        .enabled(
            if: MosquittoProcess.isExpected && TestCertificates.isExpected, "mosquitto or openssl is not installed"))
    struct MosquittoTLSTests {
        private let certificates: TestCertificates

        init() throws { certificates = try .shared() }

        private func broker(
            _ identity: TestCertificates.Identity? = nil, _ more: String = "", isPersistent: Bool = false
        ) throws -> MosquittoProcess {
            let identity = identity ?? certificates.server
            return try MosquittoProcess(
                isPersistent: isPersistent,
                options: """
                    cafile \(certificates.authority)
                    certfile \(identity.certificate)
                    keyfile \(identity.key)
                    \(more)
                    """)
        }

        private func gateway(_ port: UInt16, _ configuration: String = "") throws -> GatewayProcess {
            try GatewayProcess(
                brokerPort: port, "tls.ca_file = '\(certificates.authority)'\n" + configuration, scheme: "mqtts")
        }

        private func own(_ identity: TestCertificates.Identity) -> String {
            "tls.certificate_file = '\(identity.certificate)'\ntls.key_file = '\(identity.key)'\n"
        }

        /// GW-72 and back; at the end the broker reads the gateway's goodbyes, so that no Will is published.
        @Test(arguments: ["3.1.1", "5.0"]) func messagesPassBothWays(version: String) throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto.port, "broker.protocol = '\(version)'")
            let (sensor, display) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try sensor.connect("s")
            try display.connect("d")
            let topicID = try sensor.register("t")
            let shown = try display.subscribe("t", qos: .atLeastOnce)
            for number in 1...50 {
                try sensor.publishAtLeastOnce(topicID, [UInt8(number)], messageID: UInt16(number))
                let heard = try display.expectPublish()
                try #require(heard.payload == [UInt8(number)] && heard.topicID == shown)
                try display.send(Datagram.publishAcknowledgement(shown, heard.messageID))
            }
            #expect(!gateway.log.contains { $0.contains("warn") || $0.contains("error") })
            #expect(mosquitto.hasClient("s", version: version))
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(eventually { ["s", "d"].allSatisfy { mosquitto.log.contains("Client \($0) disconnected.") } })
        }

        /// Handshakes that come at once take turns; those that had to wait go on with what came meanwhile.
        @Test func manyHandshakesAtOnceAllEnd() throws {
            let mosquitto = try broker()
            let loop = try EventLoop()
            var options = TLSOptions(serverName: "127.0.0.1")
            options.authorityFile = certificates.authority
            let client = try TLSClient(options, loop: loop)
            let owner = StreamLog()
            for _ in 0..<300 {
                let inner = TCPStream(
                    connectingTo: try .numeric("127.0.0.1", mosquitto.port), loop: loop, delegate: nil)
                owner.streams.append(
                    TLSStream(
                        over: inner, client: client, handshakeTimeout: generous, maximumQueuedByteCount: 65_536,
                        loop: loop, delegate: owner))
            }
            let deadline = Deadline(in: generous)
            while owner.calls.count < 300, !deadline.hasPassed {
                try loop.turn(deadline: MonotonicClock.now() + 5_000_000)
            }
            #expect(owner.calls == [String](repeating: "opened", count: 300))
            #expect(client.handshakeCount == 0 && client.mostHandshakes > 100)
            for stream in owner.streams { stream.abort() }
        }

        /// What waits for an absent client outlives the broker's restart, over connections made anew.
        @Test(arguments: ["3.1.1", "5.0"]) func clientsSurviveARestartOfTheBroker(version: String) throws {
            let mosquitto = try broker(isPersistent: true)
            let gateway = try gateway(mosquitto.port, "broker.protocol = '\(version)'")
            let (sensor, display) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try sensor.connect("s", cleanSession: false)
            let topicID = try sensor.register("t")
            try display.connect("d", cleanSession: false)
            try display.subscribe("t", qos: .atLeastOnce)
            try mosquitto.restart()
            #expect(eventually { gateway.log.count { $0.contains("client's broker connection restored") } == 2 })
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 7)
            #expect(try display.expectPublish().payload == [1])
        }

        /// The broker knows the gateway by its certificate alone; the key may be encrypted, and its passphrase elsewhere.
        @Test(arguments: [false, true]) func theCertificateLetsTheGatewayIn(isEncrypted: Bool) throws {
            let mosquitto = try broker(nil, "require_certificate true\nuse_identity_as_username true")
            let directory = try TemporaryDirectory()
            var configuration = own(isEncrypted ? certificates.encryptedClient : certificates.client)
            if isEncrypted {
                let file = try directory.write("passphrase", "pass phrase\n")
                configuration += "tls.key_passphrase = 'file:\(file)'\n"
            }
            let gateway = try gateway(mosquitto.port, configuration)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            try sensor.publishAtLeastOnce(try sensor.register("t"), [1], messageID: 1)
            #expect(eventually { mosquitto.log.contains("as s (p2, c1, k60, u'gateway')") })
            #expect(!gateway.log.contains { $0.contains("pass phrase") })
        }

        // MARK: Set-ups that are broken

        struct Broken: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var server: @Sendable (TestCertificates) -> TestCertificates.Identity = { $0.server }
            var options = ""
            var configuration: @Sendable (TestCertificates) -> String = { _ in "" }
            var sentence: String
        }

        private static func own(_ identity: TestCertificates.Identity) -> String {
            "tls.certificate_file = '\(identity.certificate)'\ntls.key_file = '\(identity.key)'\n"
        }

        static let brokenSetUps: [Broken] = [
            Broken(
                testDescription: "wrong authority", configuration: { "tls.ca_file = '\($0.strangeAuthority)'" },
                sentence: " is vouched for by an unknown authority: none in "),
            Broken(
                testDescription: "wrong name", server: { $0.otherServer },
                sentence: " is not for 127.0.0.1: write a name that it has into broker.url, or name it with tls.server"),
            Broken(testDescription: "expired", server: { $0.expiredServer }, sentence: " has expired: have it renewed"),
            Broken(
                testDescription: "not yet valid", server: { $0.futureServer },
                sentence: " does not hold yet: look at this machine's clock"),
            Broken(
                testDescription: "no certificate of ours", options: "require_certificate true",
                sentence: "wants a certificate of ours: name it with tls.certificate_file"),
            Broken(
                testDescription: "a certificate of ours that nobody knows", options: "require_certificate true",
                configuration: { own($0.strangeClient) }, sentence: "does not know the authority of our certificate"),
            Broken(
                testDescription: "an expired certificate of ours", options: "require_certificate true",
                configuration: { own($0.expiredClient) },
                sentence: "says that our certificate (tls.certificate_file) has expired"),
        ]

        @Test(
            "A set-up that cannot work is told in a sentence, and the gateway is not offered", arguments: brokenSetUps)
        func broken(_ broken: Broken) throws {
            let mosquitto = try broker(broken.server(certificates), broken.options)
            let own = broken.configuration(certificates)
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                own.contains("ca_file") ? own : "tls.ca_file = '\(certificates.authority)'\n" + own, scheme: "mqtts")
            #expect(gateway.logs("warn  broker connection failed: "))
            #expect(gateway.logs(broken.sentence))
            #expect(gateway.logs("broker answers, but refuses us"))
            // The client hears that it is to try later, and not for good (AMB-17).
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
            #expect(!gateway.log.contains { $0.contains("broker reachable") })
        }

        /// Whoever asks the gateway how it is gets the same sentence, with the key to look at.
        @Test func theStatusSaysWhyThereIsNoTLS() throws {
            let mosquitto = try broker(nil, "require_certificate true")
            let directory = try TemporaryDirectory()
            chmod(directory.path, 0o755)
            let socket = directory.path + "/control"
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, "tls.insecure_skip_verify = true\ncontrol.socket = '\(socket)'",
                scheme: "mqtts")
            #expect(gateway.logs("broker answers, but refuses us"))
            let status = try SwiftletCommand.run(["status", "--socket", socket, "--json"]).output
            #expect(status.contains("No TLS with the broker: "))
            #expect(status.contains("wants a certificate of ours"))
            #expect(status.contains("\"key\":\"tls.certificate_file\""))
            #expect(status.contains("Anybody may pass for the broker: its certificate is not verified."))
            #expect(status.contains("\"key\":\"tls.insecure_skip_verify\""))
        }

        @Test func plainTextAtAPortForTLSIsTold() throws {
            let mosquitto = try broker()
            let gateway = try GatewayProcess(brokerPort: mosquitto.port)
            #expect(gateway.logs("does that port want TLS (mqtts://)?"))
        }

        @Test func tlsAtAPlainPortIsTold() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try gateway(mosquitto.port)
            #expect(gateway.logs("instead of finishing the TLS handshake: is that its port for TLS?"))
        }

        @Test func aHandshakeThatNeverEndsIsTold() throws {
            let silent = try ScriptedBroker()
            let gateway = try gateway(silent.address.port, "broker.connect_timeout_seconds = 1")
            #expect(gateway.logs("does not finish the TLS handshake in time"))
        }

        // MARK: The owner's side

        @Test func missingVerificationIsShoutedOfAndSeen() throws {
            let mosquitto = try broker(certificates.expiredServer)
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, "tls.insecure_skip_verify = true", scheme: "mqtts")
            #expect(gateway.logs("error TLS WITHOUT VERIFICATION: "))
            #expect(gateway.logs("broker reachable"))
        }

        /// A certificate that is renewed is used for new connections, without a signal.
        @Test func aRenewedCertificateIsUsedWithoutASignal() throws {
            let mosquitto = try broker(nil, "require_certificate true")
            let own = try certificates.copy(certificates.strangeClient, as: "soonrenewed")
            let gateway = try gateway(mosquitto.port, self.own(own))
            #expect(gateway.logs("does not know the authority of our certificate"))
            try certificates.replace(own, by: certificates.client)
            #expect(gateway.logs("certificates read again, for new connections to the broker"))
            #expect(gateway.logs("broker reachable"))
        }

        /// Other keys of TLS hold for new connections, and an error leaves all as it was.
        @Test func aReloadChangesTLS() throws {
            let mosquitto = try broker(nil, "require_certificate true")
            let gateway = try gateway(mosquitto.port)
            #expect(gateway.logs("wants a certificate of ours"))
            let authority = "tls.ca_file = '\(certificates.authority)'\n"
            try gateway.reload(authority + "tls.certificate_file = '/nowhere'\ntls.key_file = '/nowhere'")
            #expect(gateway.logs("'tls.key_file' names the file \"/nowhere\", which cannot be read: "))
            try gateway.reload(authority + own(certificates.client))
            #expect(gateway.logs("reloaded: 2 changes (tls.certificate_file none → "))
            #expect(gateway.logs("broker reachable"))
        }

        @Test func checkLooksIntoTheFiles() throws {
            let directory = try TemporaryDirectory()
            func check(_ text: String) throws -> (exit: ChildProcess.ExitReason?, output: String, error: String) {
                let file = try directory.write("gateway.toml", "broker.url = 'mqtts://broker.example'\n" + text)
                return try SwiftletCommand.run(["check", file])
            }
            let missing = try check("tls.ca_file = '/nowhere'")
            #expect(missing.exit == .exited(78))
            #expect(
                missing.error.contains("gateway.toml:2:15: 'tls.ca_file' names the file \"/nowhere\", which cannot"))
            let pair = TestCertificates.Identity(
                certificate: certificates.client.certificate, key: certificates.server.key)
            let mismatch = try check(own(pair))
            #expect(mismatch.exit == .exited(78))
            #expect(mismatch.error.contains("gateway.toml:3:16: 'tls.key_file' names the file "))
            #expect(mismatch.error.contains("whose key is not that of the certificate in "))
            let locked = try check(own(certificates.encryptedClient))
            #expect(locked.error.contains(":3:16: 'tls.key_file' names the file "))
            #expect(locked.error.contains("whose key is encrypted: give its passphrase"))
            let wrongPhrase = try check(own(certificates.encryptedClient) + "tls.key_passphrase = 'wrong'")
            #expect(wrongPhrase.error.contains(":4:22: 'tls.key_passphrase' does not open the key in "))
            #expect(!wrongPhrase.error.contains("wrong'"))
            let late = try check(own(certificates.expiredClient))
            #expect(late.exit == .exited(0))
            #expect(late.output.contains("gateway.toml:2:24: 'tls.certificate_file' names the file "))
            #expect(late.output.contains("whose certificate has expired 1 day ago: have it renewed"))
            let cipher = try check("tls.ciphers = 'NOTHING'\ntls.ciphersuites = 'TLS_NONE'")
            #expect(cipher.error.contains(":2:15: 'tls.ciphers' names no cipher that this machine's OpenSSL has"))
            #expect(cipher.error.contains(":3:20: 'tls.ciphersuites' names a ciphersuite that this machine's"))
            #expect(try check(own(certificates.client)).exit == .exited(0))
        }
    }
}

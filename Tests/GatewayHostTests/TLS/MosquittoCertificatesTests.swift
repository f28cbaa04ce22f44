import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// A built gateway in front of a real broker that knows each client by its own certificate, and by nothing else
    /// (AMB-39).
    @Suite(
        .serialized,
        .enabled(
            if: MosquittoProcess.isExpected && TestCertificates.isExpected, "mosquitto or openssl is not installed"))
    struct MosquittoCertificatesTests {
        private let certificates: TestCertificates
        /// Where the gateway looks for the certificates of its clients.
        private let directory: TemporaryDirectory
        private let openPort: UInt16

        init() throws {
            certificates = try .shared()
            directory = try TemporaryDirectory()
            openPort = try ScriptedBroker.unusedPort()
            for name in TestCertificates.deviceNames { try put(certificates.device(name), as: name) }
        }

        /// As whoever renews certificates does: key and certificate take the places of the former ones, one by one.
        private func put(_ identity: TestCertificates.Identity, as name: String) throws {
            for (source, kind) in [(identity.key, "key"), (identity.certificate, "pem")] {
                let bytes = try FileReader.read(path: source, maximumByteCount: 65_536)
                try directory.write("new", String(decoding: bytes, as: UTF8.self))
                try #require(rename("\(directory.path)/new", "\(directory.path)/\(name).\(kind)") == 0)
            }
        }

        private func remove(_ name: String) { unlink("\(directory.path)/\(name)") }

        /// A user is whom the certificate names, and has the topics below that name; whoever looks on comes in the
        /// clear.
        private func broker() throws -> MosquittoProcess {
            try MosquittoProcess(
                options: """
                    cafile \(certificates.authority)
                    certfile \(certificates.server.certificate)
                    keyfile \(certificates.server.key)
                    require_certificate true
                    use_identity_as_username true
                    listener \(openPort) 127.0.0.1
                    """, accessList: "topic readwrite #\npattern readwrite plant/%u/#\n")
        }

        private func gateway(
            _ broker: MosquittoProcess, _ configuration: String = "", rule: String = ""
        ) throws -> GatewayProcess {
            let gateway = try GatewayProcess(
                brokerPort: broker.port, self.configuration(configuration, rule: rule), scheme: "mqtts")
            try #require(gateway.logs("broker connection open"))
            return gateway
        }

        private func configuration(_ keys: String, rule: String = "") -> String {
            """
            tls.ca_file = '\(certificates.authority)'
            tls.certificate_file = '\(certificates.client.certificate)'
            tls.key_file = '\(certificates.client.key)'
            \(keys)
            [[client]]
            certificate_file = '\(directory.path)/${client_id}.pem'
            key_file = '\(directory.path)/${client_id}.key'
            \(rule)
            """
        }

        private func observer() throws -> BrokerSideClient {
            let observer = try BrokerSideClient(port: openPort, "observer")
            try observer.subscribe("#", qos: .atMostOnce)
            return observer
        }

        /// How often the broker has let in a client by that certificate's name.
        private func arrivals(of clientID: String, by name: String, _ broker: MosquittoProcess) -> Int {
            broker.log.lines.count { $0.contains(" as \(clientID) (") && $0.contains("u'\(name)'") }
        }

        private func isRefused(
            _ gateway: GatewayProcess, _ clientID: String, _ code: ReturnCode = .congestion,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect(clientID))
            try sensor.expect(Datagram.connectAcknowledgement(code), sourceLocation: sourceLocation)
        }

        /// Files are looked at once in a second.
        private func await1s() { usleep(1_050_000) }

        // MARK: Three clients

        /// Show 6 of the upstream: each publishes as itself, none may use another's topics, wherever it knocks.
        @Test(arguments: ["3.1.1", "5.0"]) func threeClientsAreThemselves(version: String) throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto, "broker.protocol = '\(version)'")
            let observer = try observer()
            let names = TestCertificates.deviceNames
            for place in 1...2 {
                // Each time from an address of its own.
                for name in names {
                    let sensor = try Sensor(gateway.address)
                    try sensor.connect(name)
                    for (number, other) in names.filter({ $0 != name }).enumerated() {
                        let id = UInt16(number + 10)
                        try sensor.send(
                            Datagram.subscribe(octets("plant/\(other)/t"), qos: .atLeastOnce, messageID: id))
                        _ = try #require(try sensor.hear())
                        let topicID = try sensor.register("plant/\(other)/t", messageID: id + 10)
                        try sensor.send(
                            Datagram.publish(topicID, octets("not \(other)"), qos: .atLeastOnce, messageID: id + 20))
                        _ = try #require(try sensor.hear())
                    }
                    let topicID = try sensor.register("plant/\(name)/t", messageID: 3)
                    try sensor.publishAtLeastOnce(topicID, octets("\(name) \(place)"), messageID: 4)
                    // What would have gone to another's topic would have come before.
                    #expect(
                        try observer.expectMessage()
                            == BrokerPublish(topic: "plant/\(name)/t", payload: octets("\(name) \(place)")))
                    try sensor.expectNothing(for: .milliseconds(50))
                }
            }
            try observer.expectNothingMore()
            for name in names {
                #expect(arrivals(of: name, by: name, mosquitto) == 2)
                #expect(mosquitto.log.lines.count { $0.contains("u'\(name)'") } == 2)
            }
            #expect(arrivals(of: "swiftlet-1", by: "gateway", mosquitto) == 1)
            #expect(!gateway.log.contains { $0.contains("PRIVATE KEY") })
        }

        /// A session that another one's connection has brought would make its client that one, for this broker too.
        @Test func nobodyGoesOnWithAnothersSession() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            let names = TestCertificates.deviceNames
            for round in 1...3 {
                let sensors = try names.map { _ in try Sensor(gateway.address) }
                for (sensor, name) in zip(sensors, names) { try sensor.send(Datagram.connect(name)) }
                for sensor in sensors { try sensor.expect(Datagram.connectAcknowledgement(.accepted)) }
                for name in names { #expect(arrivals(of: name, by: name, mosquitto) == round) }
            }
            #expect(mosquitto.log.lines.count { $0.contains("New client connected") && $0.contains("u'") } == 10)
        }

        /// The certificate that a session was connected with is that of its connection when it comes back, too.
        @Test func aConnectionThatComesBackShowsItsOwnCertificate() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("one")
            let topicID = try sensor.register("plant/one/t")
            try mosquitto.restart()
            #expect(gateway.logs("client's broker connection restored"))
            let observer = try observer()
            try sensor.publishAtLeastOnce(topicID, octets("x"), messageID: 7)
            #expect(try observer.expectMessage() == BrokerPublish(topic: "plant/one/t", payload: octets("x")))
        }

        // MARK: Files

        @Test func aCertificateThatIsAnotherIsShownByTheNextConnection() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            let (first, second) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try first.connect("one")
            try put(certificates.device("three"), as: "one")
            await1s()
            try second.connect("two")
            #expect(arrivals(of: "two", by: "two", mosquitto) == 1)
            // The connection that is there stays.
            try first.send(Datagram.pingRequest)
            _ = try #require(try first.hear())
            try first.connect("one", keepAlive: 61)
            #expect(arrivals(of: "one", by: "one", mosquitto) == 1 && arrivals(of: "one", by: "three", mosquitto) == 1)
            #expect(gateway.logs("client's certificate in \(directory.path)/one.pem read again"))
        }

        enum Fault: CaseIterable {
            case noCertificate
            case noKey
            case noPair
            case noPEM
        }

        @Test(
            "A pair of files that is none refuses its client alone, says which and what to do, and is looked at again",
            arguments: Fault.allCases)
        func unusable(fault: Fault) throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            let other = try Sensor(gateway.address)
            try other.connect("two")
            let words: String
            switch fault {
            case .noCertificate:
                remove("one.pem")
                words = "'client.certificate_file' names the file \"\(directory.path)/one.pem\", which cannot be read: "
            case .noKey:
                remove("one.key")
                words = "'client.key_file' names the file \"\(directory.path)/one.key\", which cannot be read: "
            case .noPair:
                try put(
                    .init(
                        certificate: certificates.device("one").certificate, key: certificates.device("three").key),
                    as: "one")
                words = "whose key is not that of the certificate in \"\(directory.path)/one.pem\""
            case .noPEM:
                try directory.write("one.pem", "nothing\n")
                words = "\"\(directory.path)/one.pem\", which holds no certificate in PEM form that can be used"
            }
            try isRefused(gateway, "one")
            #expect(gateway.logs(words))
            let beginning = "warn  no broker connection for a client: the certificate of client one in "
            #expect(gateway.log.contains { $0.contains(beginning) && $0.contains(words) })
            #expect(gateway.logs("the certificate that its rule names cannot be used"))
            #expect(!gateway.log.contains { $0.contains("broker answers, but refuses us") })
            // Others neither before nor after.
            try other.publishAtLeastOnce(try other.register("plant/two/t"), octets("x"), messageID: 5)
            try Sensor(gateway.address).connect("three")
            try put(certificates.device("one"), as: "one")
            await1s()
            try Sensor(gateway.address).connect("one")
            #expect(arrivals(of: "one", by: "one", mosquitto) == 1)
        }

        @Test func aCertificateThatIsTakenAwayEndsWhatComesAfter() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            try Sensor(gateway.address).connect("one")
            remove("one.pem")
            await1s()
            try isRefused(gateway, "one")
            #expect(arrivals(of: "one", by: "one", mosquitto) == 1)
        }

        @Test func aKeyMayBeEncrypted() throws {
            let mosquitto = try broker()
            let phrase = try directory.write("phrase", "pass phrase\n")
            try put(certificates.encryptedClient, as: "one")
            let gateway = try gateway(mosquitto, rule: "key_passphrase = 'file:\(phrase)'")
            try Sensor(gateway.address).connect("one")
            #expect(arrivals(of: "one", by: "gateway", mosquitto) == 1)
            #expect(!gateway.log.contains { $0.contains("pass phrase") })
        }

        @Test(arguments: ["../one", ".one", "a/one"]) func aNameOfAnotherFileIsToldNotSupported(clientID: String) throws
        {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            try isRefused(gateway, clientID, .notSupported)
            #expect(gateway.logs("it puts the ClientId into the name of a file, where '/' and a '.' in front must not"))
        }

        /// Whom the broker does not take is told as the gateway would be (AMB-17), with its own file.
        @Test func aCertificateThatTheBrokerDoesNotTakeIsItsClientsOwnTrouble() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto)
            try put(certificates.strangeClient, as: "one")
            try isRefused(gateway, "one")
            #expect(
                gateway.logs(
                    "does not know the authority of the certificate of client one in \(directory.path)/one.pem"
                        + " (client.certificate_file of rule 1): it must know who signed it"))
            #expect(!gateway.log.contains { $0.contains("broker answers, but refuses us") })
            try Sensor(gateway.address).connect("two")
        }

        // MARK: The limit

        @Test func noMoreCertificatesAreHeldThanAllowed() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto, "limits.client_certificates = 1")
            let first = try Sensor(gateway.address)
            try first.connect("one")
            try isRefused(gateway, "two")
            #expect(gateway.logs("in \(directory.path)/two.pem (client.certificate_file of rule 1) is one too many"))
            try first.send(Datagram.disconnect)
            _ = try #require(try first.hear())
            #expect(eventually { mosquitto.log.contains("Client one disconnected.") })
            try Sensor(gateway.address).connect("two")
            #expect(gateway.logs("no more than limits.client_certificates=1 are held"))
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(gateway.log.contains { $0.contains("counted client_certificates_let_go=1") })
            #expect(gateway.log.contains { $0.contains("counted client_certificates_missed=1") })
        }

        /// What is held is used on by a reload that does not change it, and the limit is another at once.
        @Test func aReloadChangesTheLimit() throws {
            let mosquitto = try broker()
            let gateway = try gateway(mosquitto, "limits.client_certificates = 1")
            let first = try Sensor(gateway.address)
            try first.connect("one")
            try isRefused(gateway, "two")
            try gateway.reload(configuration("limits.client_certificates = 2"))
            #expect(gateway.logs("reloaded: 1 change (limits.client_certificates 1 → 2)"))
            try Sensor(gateway.address).connect("two")
            // The first one is still counted.
            try isRefused(gateway, "three")
        }

        // MARK: The owner's side

        /// What names the same file for every client is looked at before anybody comes.
        @Test func checkLooksIntoTheFilesOfRules() throws {
            func check(_ text: String) throws -> (exit: ChildProcess.ExitReason?, output: String, error: String) {
                let file = try directory.write(
                    "gateway.toml", "broker.url = 'mqtts://broker.example'\n[[client]]\nid = 'x'\n" + text)
                return try SwiftletCommand.run(["check", file])
            }
            let missing = try check("certificate_file = '/nowhere'\nkey_file = '/nowhere'")
            #expect(missing.exit == .exited(78))
            let start = "gateway.toml:4:20: 'client.certificate_file' names the file \"/nowhere\", which cannot be read"
            #expect(missing.error.contains(start) && missing.error.contains(":5:12: 'client.key_file' names the file"))
            let pair = "certificate_file = '\(certificates.device("one").certificate)'\nkey_file = "
            let mismatch = try check(pair + "'\(certificates.device("two").key)'")
            #expect(mismatch.error.contains(":5:12: 'client.key_file' names the file "))
            #expect(mismatch.error.contains("whose key is not that of the certificate in "))
            let variable = try check("certificate_file = '/nowhere/${client_id}'\nkey_file = '/nowhere'")
            #expect(variable.exit == .exited(0))
            chmod(certificates.device("one").key, 0o644)
            defer { chmod(certificates.device("one").key, 0o600) }
            let good = try check(pair + "'\(certificates.device("one").key)'")
            #expect(good.exit == .exited(0))
            #expect(
                good.output.contains("everybody on this machine may read the secret in \(certificates.path)/one.key"))
        }

        /// One client's missing certificate keeps nobody else from being served, at a start neither.
        @Test func aStartWarnsOfWhatCheckRefuses() throws {
            let mosquitto = try broker()
            let gateway = try gateway(
                mosquitto,
                "[[client]]\nid = 'x'\ncertificate_file = '/nowhere'\nkey_file = '\(certificates.device("one").key)'")
            #expect(gateway.log.contains { $0.contains("warn") && $0.contains("'client.certificate_file' names the") })
            try Sensor(gateway.address).connect("one")
            try isRefused(gateway, "x")
        }
    }
}

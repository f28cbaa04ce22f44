import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// The clients of one server with certificates of their own, against OpenSSL's own server.
    @Suite(.serialized, .enabled(if: TestCertificates.isExpected, "openssl is not installed"))
    struct TLSClientsTests {
        private let loop: EventLoop
        private let owner = StreamLog()
        private let certificates: TestCertificates

        init() throws {
            loop = try EventLoop()
            certificates = try .shared()
        }

        private func clients(limit: Int = 3) throws -> TLSClients {
            var options = TLSOptions(serverName: "broker.example")
            options.authorityFile = certificates.authority
            return try TLSClients(options, limit: limit, loop: loop)
        }

        private func pair(_ name: String) -> TLSClients.Pair {
            let files = certificates.device(name)
            return TLSClients.Pair(certificateFile: files.certificate, keyFile: files.key, keyPassphrase: nil)
        }

        private func connect(_ port: UInt16, _ client: TLSClient) throws -> TLSStream {
            let inner = TCPStream(connectingTo: try .numeric("127.0.0.1", port), loop: loop, delegate: nil)
            return TLSStream(
                over: inner, client: client, handshakeTimeout: generous, maximumQueuedByteCount: 65_536, loop: loop,
                delegate: owner)
        }

        private func turn(until condition: () -> Bool) throws -> Bool {
            let deadline = Deadline(in: generous)
            while !condition() {
                guard !deadline.hasPassed else { return false }
                try loop.turn(deadline: MonotonicClock.now() + 5_000_000)
            }
            return true
        }

        /// Each goes on with its own session, and nobody with another's, in whatever order they come; TLS 1.3 brings
        /// sessions with the first octets, TLS 1.2 with the handshake.
        @Test(arguments: ["-tls1_2", "-tls1_3"]) func sessionsStayWithTheirPairs(version: String) throws {
            let server = try TLSServerProcess(
                "-rev -Verify 1 -verify_return_error -CAfile \(certificates.authority)", version)
            let clients = try clients()
            let order = ["one", "two", "three", "two", "one", "three", "one"]
            for (number, name) in order.enumerated() {
                let client = clients.client(for: pair(name))
                let madeBefore = client.madeCount
                let stream = try connect(server.port, client)
                stream.queueWrite(octets("ab\n").span.bytes)
                #expect(try turn { owner.text.count == 3 * (number + 1) })
                #expect(client.madeCount == madeBefore + 1 && client.resumedCount == madeBefore)
                stream.close()
                #expect(try turn { owner.calls.last == "finished" })
            }
            #expect(clients.count == 3 && clients.own.madeCount == 0)
        }

        /// A sensor may call itself what looks like another's name; it has other files, and is somebody else.
        @Test func pathsAreOctets() throws {
            let clients = try clients()
            let names = ["/c/pump\u{E9}.pem", "/c/pumpe\u{301}.pem"]
            #expect(names[0] == names[1])
            let made = names.map {
                clients.client(for: TLSClients.Pair(certificateFile: $0, keyFile: $0, keyPassphrase: nil))
            }
            #expect(made[0] !== made[1] && clients.count == 2)
        }

        /// One turn of the loop has no more time for handshakes than it has with one client, and the streams read into
        /// the same room.
        @Test func allShareOneBoundForHandshakes() throws {
            let clients = try clients()
            let (first, second) = (clients.client(for: pair("one")), clients.client(for: pair("two")))
            let listener = try ScriptedBroker()
            let streams = try [clients.own, first, second, first].map { try connect(listener.address.port, $0) }
            #expect(try turn { clients.own.handshakeCount == 4 })
            #expect(first.mostHandshakes == 4 && second.handshakeCount == 4)
            for stream in streams { stream.abort() }
            #expect(clients.own.handshakeCount == 0)
        }

        /// Whoever has been without streams for the longest makes room, and nobody who has one.
        @Test func whoIsIdleForTheLongestMakesRoom() throws {
            let clients = try clients(limit: 2)
            var letGoCount = 0
            clients.letGo = { letGoCount += 1 }
            let listener = try ScriptedBroker()
            var streams: [String: TLSStream] = [:]
            func begin(_ name: String) throws {
                streams[name] = try connect(listener.address.port, clients.client(for: pair(name)))
            }
            func isHeld(_ name: String, _ client: TLSClient) -> Bool { clients.client(for: pair(name)) === client }
            try begin("one")
            try begin("two")
            let (one, two) = (clients.client(for: pair("one")), clients.client(for: pair("two")))
            let refused = clients.client(for: pair("three"))
            #expect(clients.client(for: pair("three")) !== refused && clients.count == 2 && letGoCount == 0)
            // One was here last, as it has come back since.
            streams["one"] = nil
            streams["two"] = nil
            try begin("one")
            streams["one"] = nil
            let three = clients.client(for: pair("three"))
            #expect(clients.count == 2 && letGoCount == 1)
            #expect(isHeld("three", three) && isHeld("one", one))
            #expect(clients.client(for: pair("two")) !== two && letGoCount == 2)
        }

        /// A limit that the owner lowers holds at once, as far as it can.
        @Test func aLowerLimitHoldsForWhoIsIdle() throws {
            let clients = try clients(limit: 3)
            let listener = try ScriptedBroker()
            let stream = try connect(listener.address.port, clients.client(for: pair("one")))
            for name in ["two", "three"] { _ = clients.client(for: pair(name)) }
            clients.limit = 2
            #expect(clients.count == 2)
            clients.limit = 1
            #expect(clients.count == 1)
            let two = clients.client(for: pair("two"))
            #expect(clients.client(for: pair("two")) !== two, "the one that is held has a stream")
            withExtendedLifetime(stream) {}
        }

        /// Coming and going leaves nothing behind.
        @Test func manyComeAndGo() throws {
            let clients = try clients(limit: 4)
            let listener = try ScriptedBroker()
            for number in 0..<2_000 {
                var other = pair("one")
                other.certificateFile += "\(number % 7)"
                _ = try connect(listener.address.port, clients.client(for: other))
                #expect(clients.count <= 4)
            }
            #expect(clients.queuedCount <= 80)
        }

        @Test func whoIsOneTooManyIsToldSo() throws {
            let clients = try clients(limit: 1)
            let listener = try ScriptedBroker()
            let first = try connect(listener.address.port, clients.client(for: pair("one")))
            let second = try connect(listener.address.port, clients.client(for: pair("two")))
            #expect(try turn { !owner.reasons.isEmpty })
            let failure = TLSFailure(reason: .tooManyCertificates(limit: 1), isInHandshake: true)
            #expect(owner.reasons == [.insecure(failure)])
            withExtendedLifetime((first, second)) {}
        }

        /// The authorities are the gateway's, and are read again with its own.
        @Test func authoritiesThatChangeHoldForAll() throws {
            let server = try TLSServerProcess("-rev -Verify 1 -verify_return_error -CAfile \(certificates.authority)")
            let file = try certificates.copy(
                .init(certificate: certificates.strangeAuthority, key: certificates.strangeAuthority), as: "roots")
            var options = TLSOptions(serverName: "broker.example")
            options.authorityFile = file.certificate
            let clients = try TLSClients(options, limit: 3, loop: loop)
            let first = try connect(server.port, clients.client(for: pair("one")))
            #expect(try turn { !owner.reasons.isEmpty })
            try certificates.replace(
                file, by: .init(certificate: certificates.authority, key: certificates.authority))
            let then = MonotonicClock.now() + 1_050_000_000
            while MonotonicClock.now() < then { try loop.turn(deadline: then) }
            let second = try connect(server.port, clients.client(for: pair("one")))
            second.queueWrite(octets("ab\n").span.bytes)
            #expect(try turn { owner.text == "ba\n" })
            withExtendedLifetime(first) {}
        }
    }
}

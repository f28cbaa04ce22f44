import Glibc
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// The stream that TLS protects, against OpenSSL's own server.
    @Suite(.serialized, .enabled(if: TestCertificates.isExpected, "openssl is not installed"))
    struct TLSStreamTests {
        private let loop: EventLoop
        private let owner = StreamLog()
        private let certificates: TestCertificates

        init() throws {
            loop = try EventLoop()
            certificates = try .shared()
        }

        private func client(
            name: String = "broker.example", _ configure: (inout TLSOptions) -> Void = { _ in }
        ) throws -> TLSClient {
            var options = TLSOptions(serverName: name)
            options.authorityFile = certificates.authority
            configure(&options)
            return try TLSClient(options, loop: loop)
        }

        private func connect(
            _ port: UInt16, _ client: TLSClient, timeout: Duration = .seconds(20), through: Corruption? = nil
        ) throws -> TLSStream {
            var stream: any ByteStream = TCPStream(
                connectingTo: try .numeric("127.0.0.1", port), loop: loop, delegate: nil)
            if let through { stream = CorruptedStream(over: stream, through) }
            let protected = TLSStream(
                over: stream, client: client, handshakeTimeout: timeout, maximumQueuedByteCount: 4_000_000, loop: loop,
                delegate: owner)
            owner.streams.append(protected)
            return protected
        }

        /// Turns until `condition` holds; whether it did within a bound that only a broken loop reaches.
        private func turn(until condition: () -> Bool) throws -> Bool {
            let deadline = Deadline(in: generous)
            while !condition() {
                guard !deadline.hasPassed else { return false }
                try loop.turn(deadline: MonotonicClock.now() + 5_000_000)
            }
            return true
        }

        private func failure(of reason: StreamCloseReason?) throws -> TLSFailure {
            guard case .insecure(let failure) = reason else { throw NothingCame(awaited: "a failure of TLS") }
            return failure
        }

        // MARK: What goes through

        @Test(arguments: ["-tls1_2", "-tls1_3"]) func octetsPassBothWays(version: String) throws {
            let server = try TLSServerProcess("-rev", version)
            let client = try client()
            let stream = try connect(server.port, client)
            // It is written as soon as that may be.
            stream.queueWrite(octets("drawer\n").span.bytes)
            #expect(try turn { owner.text == "reward\n" })
            #expect(owner.calls.first == "opened")
            stream.close()
            #expect(try turn { owner.calls.last == "finished" })
            #expect(client.handshakeCount == 0 && client.madeCount == 1 && client.resumedCount == 0)
        }

        /// A server that does not read blocks the stream, which tells its owner so; all arrives when it reads on.
        @Test func aPeerThatDoesNotReadBlocksTheStream() throws {
            let server = try TLSServerProcess("-rev")
            let stream = try connect(server.port, try client())
            #expect(try turn { owner.calls == ["opened"] })
            server.process.kill(SIGSTOP)
            let line = [UInt8](repeating: UInt8(ascii: "x"), count: 9_999) + [UInt8(ascii: "\n")]
            var sent = 0
            while !owner.calls.contains("blocked"), sent < 40_000_000 {
                stream.queueWrite(line.span.bytes)
                stream.flush()
                sent += line.count
            }
            #expect(owner.calls == ["opened", "blocked"] && stream.queuedByteCount > 0)
            // Nothing more goes to the system meanwhile, and it is not told twice.
            stream.queueWrite(line.span.bytes)
            stream.flush()
            sent += line.count
            #expect(owner.calls == ["opened", "blocked"])
            server.process.kill(SIGCONT)
            #expect(try turn { owner.text.utf8.count == sent })
            #expect(owner.calls == ["opened", "blocked", "drained"] && stream.queuedByteCount == 0)
            stream.close()
            #expect(try turn { owner.calls.last == "finished" })
        }

        @Test func moreThanIsAllowedClosesTheStream() throws {
            let server = try TLSServerProcess("-rev")
            let stream = try connect(server.port, try client())
            let tooMuch = [UInt8](repeating: 0, count: 4_000_001)
            stream.queueWrite(tooMuch.span.bytes)
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == [.writeQueueOverflow])
        }

        @Test func whatIsPausedStaysWithThePeer() throws {
            let server = try TLSServerProcess("-rev")
            let stream = try connect(server.port, try client())
            stream.pauseReading()
            #expect(try turn { owner.calls == ["opened"] }, "the handshake goes on")
            stream.queueWrite(octets("stop\n").span.bytes)
            stream.flush()
            for _ in 0..<40 { try loop.turn(deadline: MonotonicClock.now() + 5_000_000) }
            #expect(owner.text.isEmpty)
            stream.resumeReading()
            #expect(try turn { owner.text == "pots\n" })
            stream.abort()
        }

        @Test func thePeersGoodbyeIsTheEnd() throws {
            let server = try TLSServerProcess("-rev")
            let stream = try connect(server.port, try client())
            // s_server's word for it.
            stream.queueWrite(octets("CLOSE\n").span.bytes)
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == [.endOfStream])
            stream.close()
            for _ in 0..<3 { try loop.turn(deadline: 0) }
            #expect(owner.calls.last == "closed", "the last call has come")
        }

        // MARK: Sessions

        @Test(arguments: ["-tls1_2", "-tls1_3"]) func aSecondConnectionGoesOnWithTheFirstOnesSession(
            version: String
        ) throws {
            let server = try TLSServerProcess("-rev", version)
            let client = try client()
            for round in 1...3 {
                let stream = try connect(server.port, client)
                stream.queueWrite(octets("ab\n").span.bytes)
                #expect(try turn { owner.text.count == 3 * round })
                // A network that breaks leaves the session good.
                if round == 2 { stream.abort() } else { stream.close() }
            }
            #expect(client.madeCount == 3 && client.resumedCount == 2)
        }

        /// Tickets that come late, over a connection with certificates that have been replaced since, stand for those.
        @Test func aSessionOfFormerCertificatesIsNotKept() throws {
            let server = try TLSServerProcess("-rev -tls1_3")
            let own = try certificates.copy(certificates.strangeClient, as: "former")
            let client = try client { ($0.certificateFile, $0.keyFile) = (own.certificate, own.key) }
            let first = try connect(server.port, client)
            first.pauseReading()
            #expect(try turn { owner.calls == ["opened"] })
            try certificates.replace(own, by: certificates.client)
            try await1s()
            var isRenewed = false
            client.filesChanged = { isRenewed = $0 == nil }
            let second = try connect(server.port, client)
            #expect(try turn { isRenewed })
            second.abort()
            first.resumeReading()
            first.queueWrite(octets("ab\n").span.bytes)
            first.flush()
            #expect(try turn { owner.text == "ba\n" })
            // The server has one connection at a time.
            first.abort()
            _ = try connect(server.port, client)
            #expect(try turn { owner.calls == ["opened", "opened"] })
            #expect(client.madeCount == 2 && client.resumedCount == 0)
        }

        /// Servers have more ways than an alert of not going on with a session; it is not offered again.
        @Test(arguments: [false, true]) func aSessionThatIsMetWithSilenceIsForgotten(isClosed: Bool) throws {
            let server = try TLSServerProcess("-rev -tls1_2")
            let client = try client()
            let first = try connect(server.port, client)
            first.queueWrite(octets("ab\n").span.bytes)
            #expect(try turn { owner.text == "ba\n" })
            first.abort()
            var listener: ScriptedBroker? = try ScriptedBroker()
            let port = try #require(listener?.address.port)
            _ = try connect(port, client, timeout: isClosed ? .seconds(20) : .milliseconds(50))
            #expect(try turn { listener?.hasConnectionWaiting == true })
            _ = try listener?.accept()
            if isClosed { listener = nil }
            #expect(try turn { !owner.reasons.isEmpty })
            let reason = isClosed ? TLSFailure.Reason.ended : .timedOut
            #expect(try failure(of: owner.reasons.first) == TLSFailure(reason: reason, isInHandshake: true))
            let third = try connect(server.port, client)
            third.queueWrite(octets("ab\n").span.bytes)
            #expect(try turn { owner.text.count == 6 })
            #expect(client.madeCount == 2 && client.resumedCount == 0)
        }

        // MARK: Who the server is

        /// OpenSSL takes no name with a zero in it, and would then take any server.
        @Test func aNameThatCannotBeVerifiedEndsTheHandshake() throws {
            let server = try TLSServerProcess("-rev")
            _ = try connect(server.port, try client(name: "broker.example\u{0}.org"))
            #expect(try turn { !owner.reasons.isEmpty })
            guard case .other = try failure(of: owner.reasons.first).reason else {
                Issue.record("\(owner.reasons)")
                return
            }
        }

        struct Refused: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var server: @Sendable (TestCertificates) -> TestCertificates.Identity = { $0.server }
            var options = ""
            var client: @Sendable (TestCertificates, inout TLSOptions) -> Void = { _, _ in }
            var reason: TLSFailure.Reason
            var isInHandshake = true
        }

        private static func certificate(_ fault: TLSFailure.CertificateFault, _ words: String) -> TLSFailure.Reason {
            .certificate(fault, words: words)
        }

        static let refusals: [Refused] = [
            Refused(
                testDescription: "wrong authority", client: { $1.authorityFile = $0.strangeAuthority },
                reason: certificate(.unknownAuthority, "unable to get local issuer certificate")),
            Refused(
                testDescription: "the system's authorities", client: { $1.authorityFile = nil },
                reason: certificate(.unknownAuthority, "unable to get local issuer certificate")),
            Refused(
                testDescription: "wrong name", server: { $0.otherServer },
                reason: certificate(.wrongName, "hostname mismatch")),
            Refused(
                testDescription: "wrong address", client: { $1.serverName = "127.0.0.2" },
                reason: certificate(.wrongName, "IP address mismatch")),
            Refused(
                testDescription: "expired", server: { $0.expiredServer },
                reason: certificate(.expired, "certificate has expired")),
            Refused(
                testDescription: "not yet valid", server: { $0.futureServer },
                reason: certificate(.notYetValid, "certificate is not yet valid")),
            Refused(
                testDescription: "too old a version", options: "-tls1_2", client: { $1.minimumVersion = .tls13 },
                reason: .alert(70)),
            Refused(
                testDescription: "no cipher in common", options: "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
                client: { $1.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" }, reason: .alert(40)),
            Refused(
                testDescription: "certificate wanted, TLS 1.2", options: "-Verify 1 -verify_return_error -tls1_2",
                reason: .alert(40)),
            Refused(
                testDescription: "certificate wanted, TLS 1.3", options: "-Verify 1 -verify_return_error -tls1_3",
                reason: .alert(116), isInHandshake: false),
            Refused(
                testDescription: "no protocol in common", options: "-alpn mqtt",
                client: { $1.applicationProtocols = ["x-amzn-mqtt-ca"] }, reason: .alert(120)),
        ]

        @Test("A handshake that fails says why", arguments: refusals) func refused(_ refused: Refused) throws {
            let words = refused.options.split(separator: " ").map(String.init).joined(separator: " ")
            let server = try TLSServerProcess("-rev", words, identity: refused.server(certificates))
            let client = try client { refused.client(certificates, &$0) }
            _ = try connect(server.port, client)
            #expect(try turn { !owner.reasons.isEmpty })
            let failure = try failure(of: owner.reasons.first)
            #expect(failure == TLSFailure(reason: refused.reason, isInHandshake: refused.isInHandshake))
            #expect(owner.calls == (refused.isInHandshake ? ["closed"] : ["opened", "closed"]))
            #expect(client.handshakeCount == 0)
        }

        @Test func withoutVerificationAnybodyWillDo() throws {
            let server = try TLSServerProcess("-rev", identity: certificates.expiredServer)
            let client = try client(name: "nobody.example") {
                $0.authorityFile = nil
                $0.verifiesServer = false
            }
            _ = try connect(server.port, client)
            #expect(try turn { owner.calls == ["opened"] })
        }

        @Test(arguments: ["localhost", "127.0.0.1", "broker.example."]) func namesAndAddressesAreVerified(
            name: String
        ) throws {
            let server = try TLSServerProcess("-rev")
            _ = try connect(server.port, try client(name: name))
            #expect(try turn { owner.calls == ["opened"] })
        }

        /// Each server may ask for a certificate; the passphrase opens the key.
        @Test(arguments: [false, true]) func theClientShowsItsCertificate(isEncrypted: Bool) throws {
            let server = try TLSServerProcess("-rev -Verify 1 -verify_return_error -CAfile \(certificates.authority)")
            let client = try client {
                let own = isEncrypted ? certificates.encryptedClient : certificates.client
                ($0.certificateFile, $0.keyFile) = (own.certificate, own.key)
                if isEncrypted { $0.keyPassphrase = octets("pass phrase") }
            }
            let stream = try connect(server.port, client)
            stream.queueWrite(octets("ab\n").span.bytes)
            #expect(try turn { owner.text == "ba\n" })
        }

        // MARK: Whoever is no such server

        @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", " \u{2}\u{0}\u{0}"]) func whatIsNoTLSIsToldAtOnce(
            answer: String
        ) throws {
            let listener = try ScriptedBroker()
            let client = try client()
            _ = try connect(listener.address.port, client)
            #expect(try turn { listener.hasConnectionWaiting })
            let peer = try listener.accept()
            try peer.socket.write(octets(answer))
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(try failure(of: owner.reasons.first) == TLSFailure(reason: .notTLS, isInHandshake: true))
        }

        @Test func aHandshakeThatNeverEndsIsEnded() throws {
            let listener = try ScriptedBroker()
            let client = try client()
            _ = try connect(listener.address.port, client, timeout: .milliseconds(50))
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(try failure(of: owner.reasons.first) == TLSFailure(reason: .timedOut, isInHandshake: true))
            #expect(client.handshakeCount == 0 && client.mostHandshakes == 1)
        }

        @Test func anEndInsteadOfAHandshakeIsTold() throws {
            var listener: ScriptedBroker? = try ScriptedBroker()
            _ = try connect(try #require(listener?.address.port), try client())
            #expect(try turn { listener?.hasConnectionWaiting == true })
            _ = try listener?.accept()
            listener = nil
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(try failure(of: owner.reasons.first) == TLSFailure(reason: .ended, isInHandshake: true))
        }

        /// Wherever octets of a record are changed, the stream ends and gives nothing of it to its owner.
        @Test func whatWasChangedOnTheWayEndsTheStream() throws {
            let server = try TLSServerProcess("-rev")
            let corruption = Corruption()
            let stream = try connect(server.port, try client(), through: corruption)
            #expect(try turn { owner.calls == ["opened"] })
            stream.queueWrite(octets("ab\n").span.bytes)
            stream.flush()
            #expect(try turn { owner.text == "ba\n" })
            corruption.isOn = true
            stream.queueWrite(octets("cd\n").span.bytes)
            stream.flush()
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(try !failure(of: owner.reasons.first).isInHandshake)
            #expect(owner.text == "ba\n")
        }

        @Test func aPortWithoutListenerIsNoFailureOfTLS() throws {
            let port = try ScriptedBroker.unusedPort()
            _ = try connect(port, try client())
            #expect(try turn { !owner.reasons.isEmpty })
            guard case .failed(let error) = owner.reasons.first else {
                Issue.record("\(owner.reasons)")
                return
            }
            #expect(error.phase == .connecting)
        }

        // MARK: Files

        @Test func changedFilesAreReadForNewConnections() throws {
            let server = try TLSServerProcess("-rev -Verify 1 -verify_return_error -CAfile \(certificates.authority)")
            let own = try certificates.copy(certificates.strangeClient, as: "renewed")
            let client = try client { ($0.certificateFile, $0.keyFile) = (own.certificate, own.key) }
            var changes: [TLSProblem?] = []
            client.filesChanged = { changes.append($0) }
            _ = try connect(server.port, client)
            #expect(try turn { !owner.reasons.isEmpty })
            // The certificate alone is half of the change: those from before are used on.
            try certificates.replace(
                own, by: TestCertificates.Identity(certificate: certificates.client.certificate, key: own.key))
            try await1s()
            _ = try connect(server.port, client)
            #expect(try turn { owner.reasons.count == 2 })
            #expect(changes.count == 1 && changes.first??.option == .keyFile)
            try certificates.replace(own, by: certificates.client)
            try await1s()
            let stream = try connect(server.port, client)
            stream.queueWrite(octets("ab\n").span.bytes)
            #expect(try turn { owner.text == "ba\n" })
            #expect(changes.count == 2 && changes.last == .some(nil))
        }

        /// Files are looked at once in a second.
        private func await1s() throws {
            let then = MonotonicClock.now() + 1_050_000_000
            while MonotonicClock.now() < then { try loop.turn(deadline: then) }
        }
    }
}

/// A stream's owner that writes down what it is told.
final class StreamLog: ByteStreamDelegate {
    private(set) var calls: [String] = []
    private(set) var text = ""
    private(set) var reasons: [StreamCloseReason] = []
    /// A stream does not live by itself.
    var streams: [TLSStream] = []

    func streamOpened(_ stream: any ByteStream) { calls.append("opened") }
    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        text += bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
    func streamBlocked(_ stream: any ByteStream) { calls.append("blocked") }
    func streamDrained(_ stream: any ByteStream) { calls.append("drained") }
    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        calls.append("closed")
        reasons.append(reason)
    }
    func streamFinished(_ stream: any ByteStream) { calls.append("finished") }
}

/// Whether what comes is changed on its way.
final class Corruption {
    var isOn = false
}

/// A stream that changes the last octet of what comes.
final class CorruptedStream: ByteStream, ByteStreamDelegate {
    private let inner: any ByteStream
    private let corruption: Corruption
    weak var delegate: (any ByteStreamDelegate)?

    init(over inner: any ByteStream, _ corruption: Corruption) {
        (self.inner, self.corruption) = (inner, corruption)
        inner.delegate = self
    }

    var queuedByteCount: Int { inner.queuedByteCount }
    func queueWrite(_ bytes: RawSpan) { inner.queueWrite(bytes) }
    func flush() { inner.flush() }
    func pauseReading() { inner.pauseReading() }
    func resumeReading() { inner.resumeReading() }
    func close() { inner.close() }
    func abort() { inner.abort() }
    func leaveToSystem() { inner.leaveToSystem() }
    func streamOpened(_ stream: any ByteStream) { delegate?.streamOpened(self) }
    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        var copy = bytes.withUnsafeBytes { Array($0) }
        if corruption.isOn { copy[copy.count - 1] ^= 1 }
        delegate?.stream(self, received: copy.span.bytes)
    }
    func streamBlocked(_ stream: any ByteStream) { delegate?.streamBlocked(self) }
    func streamDrained(_ stream: any ByteStream) { delegate?.streamDrained(self) }
    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        delegate?.streamClosed(self, reason: reason)
    }
    func streamFinished(_ stream: any ByteStream) { delegate?.streamFinished(self) }
}

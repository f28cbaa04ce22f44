import HTTP
import Testing
import Transports
import WebSocket

extension RealSocketTests {
    /// The stream that speaks WebSocket, against a server that does what the test says.
    @Suite(.serialized) struct WebSocketStreamTests {
        private let loop: EventLoop
        private let owner = StreamWords()
        private let server: ScriptedBroker

        init() throws {
            loop = try EventLoop()
            server = try ScriptedBroker()
        }

        private func connect(timeout: Duration = .seconds(20)) throws -> WebSocketStream {
            let inner = TCPStream(connectingTo: server.address, loop: loop, delegate: nil)
            let stream = WebSocketStream(
                over: inner, authority: "broker.example", path: "/mqtt", timeout: timeout,
                maximumQueuedByteCount: 4_000_000, loop: loop, delegate: owner)
            owner.stream = stream
            return stream
        }

        /// Connects, and answers as a server of MQTT.
        private func connected() throws -> (stream: WebSocketStream, peer: WebSocketPeer) {
            let stream = try connect()
            let peer = WebSocketPeer(try server.accept().socket)
            try turnABit()
            try peer.upgrade()
            try #require(try turn { owner.calls == ["opened"] })
            return (stream, peer)
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

        /// The client's next frame, turning until it is there.
        private func hear(_ peer: WebSocketPeer) throws -> WebSocketPeer.Frame? {
            var frame: WebSocketPeer.Frame?
            _ = try turn {
                frame = try? peer.hearAtOnce()
                return frame != nil
            }
            return frame
        }

        private func turnABit() throws {
            for _ in 0..<5 { try loop.turn(deadline: MonotonicClock.now() + 5_000_000) }
        }

        private func failure(_ reason: PassageFailure.Reason, isInHandshake: Bool = false) -> [StreamCloseReason] {
            [.noPassage(PassageFailure(reason, at: .webSocket, isInHandshake: isInHandshake))]
        }

        // MARK: What goes through

        @Test("RFC 6455 §5.2 Octets pass both ways; what is flushed at once is one frame")
        func octetsPassBothWays() throws {
            let stream = try connect()
            stream.queueWrite(octets("early ").span.bytes)
            let peer = WebSocketPeer(try server.accept().socket)
            try turnABit()
            let request = try peer.upgrade()
            #expect(request.first == "GET /mqtt HTTP/1.1" && request.contains("Host: broker.example"))
            #expect(try turn { owner.calls == ["opened"] })
            #expect(try peer.hear() == .init(kind: 2, payload: octets("early ")))
            stream.queueWrite(octets("on").span.bytes)
            stream.queueWrite(octets("ce").span.bytes)
            stream.flush()
            #expect(try peer.hear() == .init(kind: 2, payload: octets("once")))
            try peer.send(0x02, octets("a"))
            try peer.send(0x00, octets("b"))
            try peer.send(0x80, octets("c"))
            #expect(try turn { owner.text == "abc" })
            stream.close()
            #expect(try peer.hear() == .init(kind: 8, payload: [0x03, 0xE8]), "a goodbye (RFC 6455 §7.1.1)")
            #expect(try peer.hear() == nil)
            peer.socket.shutDown()
            #expect(try turn { owner.calls.last == "finished" })
        }

        /// The first frame may come with the answer, and go on later.
        @Test func whatComesWithTheAnswerIsHeard() throws {
            let stream = try connect()
            let peer = WebSocketPeer(try server.accept().socket)
            try turnABit()
            try peer.upgrade(followedBy: [0x82, 0x03] + octets("hi"))
            #expect(try turn { owner.text == "hi" })
            try peer.socket.write(octets("!"))
            #expect(try turn { owner.text == "hi!" })
            #expect(owner.calls == ["opened"])
            stream.abort()
        }

        @Test("RFC 6455 §5.5.2 A ping is answered with what it brought, and comes within a message too")
        func pings() throws {
            let (stream, peer) = try connected()
            try peer.send(0x02, octets("in"))
            try peer.send(0x89, octets("are you there?"))
            try peer.send(0x80, octets("side"))
            #expect(try turn { owner.text == "inside" })
            #expect(try hear(peer) == .init(kind: 0xA, payload: octets("are you there?")))
            try peer.send(0x8A, octets("unasked"))
            try peer.send(0x89, [])
            #expect(try hear(peer) == .init(kind: 0xA, payload: []))
            stream.abort()
        }

        /// A packet may be longer than a frame: some servers take no long ones.
        @Test("MQTT-6.0.0-2 What is long goes in several frames") func longWrites() throws {
            let (stream, peer) = try connected()
            let whole = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
            stream.queueWrite(whole.span.bytes)
            stream.flush()
            var heard: [UInt8] = []
            while heard.count < whole.count {
                try loop.turn(deadline: 0)
                guard let frame = try peer.hearAtOnce() else { continue }
                #expect(frame.kind == 2 && frame.payload.count <= WebSocketFrame.longestPayload)
                heard += frame.payload
            }
            let isWhole = heard == whole
            #expect(isWhole)
            stream.abort()
        }

        /// A server that does not read blocks the stream, which tells its owner so; all arrives when it reads on, and a
        /// ping is answered then.
        @Test func aPeerThatDoesNotReadBlocksTheStream() throws {
            let (stream, peer) = try connected()
            let line = [UInt8](repeating: 7, count: 10_000)
            var sent = 0
            while !owner.calls.contains("blocked"), sent < 40_000_000 {
                stream.queueWrite(line.span.bytes)
                stream.flush()
                sent += line.count
            }
            #expect(owner.calls == ["opened", "blocked"] && stream.queuedByteCount > 0)
            stream.queueWrite(line.span.bytes)
            stream.flush()
            sent += line.count
            try peer.send(0x89, [1])
            try turnABit()
            #expect(owner.calls == ["opened", "blocked"])
            var heard = 0
            var pongs = 0
            while heard < sent || pongs == 0 {
                try loop.turn(deadline: 0)
                guard let frame = try peer.hearAtOnce() else { continue }
                if frame.kind == 2 { heard += frame.payload.count } else { pongs += 1 }
            }
            #expect(heard == sent)
            #expect(try turn { owner.calls == ["opened", "blocked", "drained"] })
            #expect(stream.queuedByteCount == 0)
            stream.abort()
        }

        @Test func moreThanIsAllowedClosesTheStream() throws {
            let (stream, _) = try connected()
            let tooMuch = [UInt8](repeating: 0, count: 4_000_001)
            stream.queueWrite(tooMuch.span.bytes)
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == [.writeQueueOverflow])
        }

        @Test func whatIsPausedStaysWithThePeer() throws {
            let (stream, peer) = try connected()
            stream.pauseReading()
            try peer.send(0x82, octets("later"))
            try turnABit()
            #expect(owner.text.isEmpty)
            stream.resumeReading()
            #expect(try turn { owner.text == "later" })
            stream.abort()
        }

        /// Its owner may end it in the middle of what has come.
        @Test func nothingIsHeardAfterAnAbort() throws {
            let (stream, peer) = try connected()
            owner.whenHeard = { stream.abort() }
            try peer.socket.write([0x82, 0x01, 0x61, 0x82, 0x01, 0x62])
            #expect(try turn { owner.text == "a" })
            try turnABit()
            #expect(owner.text == "a" && owner.calls == ["opened"])
        }

        // MARK: The end

        @Test("RFC 6455 §5.5.1 A server's goodbye is told with its code, and answered") func goodbye() throws {
            let (_, peer) = try connected()
            try peer.send(0x88, [0x03, 0xF0] + octets("no entry"))
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == failure(.closed(WebSocketClose(code: 1_008, reason: octets("no entry")))))
            #expect(try peer.hear() == .init(kind: 8, payload: [0x03, 0xF0]))
            #expect(try peer.hear() == nil)
        }

        @Test(
            "MQTT-6.0.0-1 What no server may send ends it, with a code that says why",
            arguments: [(0x81, .text), (0x82 | 0x40, .reservedBits)] as [(UInt8, WebSocketFault)])
        func faults(kind: UInt8, fault: WebSocketFault) throws {
            let (_, peer) = try connected()
            try peer.send(kind, [1])
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == failure(.broken(fault)))
            #expect(try peer.hear() == .init(kind: 8, payload: [UInt8(fault.code >> 8), UInt8(fault.code & 0xFF)]))
        }

        @Test(
            "RFC 6455 §7.4 A goodbye that none may say is not said back",
            arguments: [[0x03], [0x03, 0xED], [0x0B, 0xB7]])
        func badGoodbye(payload: [UInt8]) throws {
            let (_, peer) = try connected()
            try peer.send(0x88, payload)
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == failure(.broken(.badClose)))
            #expect(try peer.hear() == .init(kind: 8, payload: [0x03, 0xEA]))
        }

        /// What read the answer is of no use afterwards, and there are thousands of streams.
        @Test func nothingIsKeptOfTheAnswer() throws {
            func isReaderKept(_ stream: WebSocketStream) -> Bool {
                let fields = Mirror(reflecting: stream).superclassMirror?.children
                guard let reader = fields?.first(where: { $0.label == "answer" })?.value else { return true }
                return Mirror(reflecting: reader).displayStyle != .optional || "\(reader)" != "nil"
            }
            let (stream, _) = try connected()
            #expect(!isReaderKept(stream))
            let asking = try connect()
            #expect(isReaderKept(asking))
            asking.abort()
            #expect(!isReaderKept(asking))
        }

        @Test func theEndWithoutAGoodbyeIsOneOfTheStream() throws {
            let (_, peer) = try connected()
            peer.socket.shutDown()
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == [.endOfStream])
        }

        @Test func aServerThatEndsItInsteadOfAnsweringIsTold() throws {
            let stream = try connect()
            let peer = WebSocketPeer(try server.accept().socket)
            try turnABit()
            _ = try peer.hearRequest()
            peer.socket.shutDown()
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == failure(.ended, isInHandshake: true))
            stream.close()
            try turnABit()
            #expect(owner.calls == ["closed"], "the last call has come")
        }

        @Test func aServerThatDoesNotAnswerIsGivenUp() throws {
            _ = try connect(timeout: .milliseconds(100))
            #expect(try turn { !owner.reasons.isEmpty })
            #expect(owner.reasons == failure(.timedOut, isInHandshake: true))
        }

        @Test func theOwnerMayEndItBeforeItIsOpen() throws {
            let stream = try connect()
            let peer = WebSocketPeer(try server.accept().socket)
            try turnABit()
            _ = try peer.hearRequest()
            stream.close()
            peer.socket.shutDown()
            #expect(try turn { owner.calls == ["finished"] })
        }
    }
}

/// A stream's owner that writes down what it is told.
private final class StreamWords: ByteStreamDelegate {
    private(set) var calls: [String] = []
    private(set) var text = ""
    private(set) var reasons: [StreamCloseReason] = []
    var whenHeard: (() -> Void)?
    /// A stream does not live by itself.
    var stream: WebSocketStream?

    func streamOpened(_ stream: any ByteStream) { calls.append("opened") }
    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        text += bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        whenHeard?()
    }
    func streamBlocked(_ stream: any ByteStream) { calls.append("blocked") }
    func streamDrained(_ stream: any ByteStream) { calls.append("drained") }
    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        calls.append("closed")
        reasons.append(reason)
    }
    func streamFinished(_ stream: any ByteStream) { calls.append("finished") }
}

import SimulatorSupport
import Testing
import Transports

/// The least of a stream that wraps another one: each octet goes through the inner stream with its bits turned.
private final class MaskedStream: ByteStream, ByteStreamDelegate {
    private let inner: any ByteStream
    weak var delegate: (any ByteStreamDelegate)?

    init(over inner: any ByteStream, delegate: any ByteStreamDelegate) {
        (self.inner, self.delegate) = (inner, delegate)
        inner.delegate = self
    }

    private func masked(_ bytes: RawSpan) -> [UInt8] { copied(bytes).map { ~$0 } }

    var queuedByteCount: Int { inner.queuedByteCount }

    func queueWrite(_ bytes: RawSpan) {
        let masked = masked(bytes)
        inner.queueWrite(masked.span.bytes)
    }

    func flush() { inner.flush() }

    func pauseReading() { inner.pauseReading() }

    func resumeReading() { inner.resumeReading() }

    func close() { inner.close() }

    func abort() { inner.abort() }

    func leaveToSystem() { inner.leaveToSystem() }

    func streamOpened(_ stream: any ByteStream) { delegate?.streamOpened(self) }

    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        let masked = masked(bytes)
        delegate?.stream(self, received: masked.span.bytes)
    }

    func streamBlocked(_ stream: any ByteStream) { delegate?.streamBlocked(self) }

    func streamDrained(_ stream: any ByteStream) { delegate?.streamDrained(self) }

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        delegate?.streamClosed(self, reason: reason)
    }

    func streamFinished(_ stream: any ByteStream) { delegate?.streamFinished(self) }
}

/// Proves that a stream over another one is one like any other to its owner.
@Suite struct WrappedStreamTests {
    private let loop: EventLoop
    private let owner = StreamRecorder()

    init() throws { loop = try EventLoop() }

    /// Twice masked, octets are what they were; the peer, which sees the wire, gets them masked once.
    @Test(arguments: [1, 2]) func everythingPassesThrough(layerCount: Int) throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        var options = TCPStreamOptions()
        options.maximumQueuedByteCount = 40_000_000
        var stream: any ByteStream = TCPStream(
            connectingTo: server.listener.localAddress, options: options, loop: loop, delegate: nil)
        for _ in 0..<layerCount { stream = MaskedStream(over: stream, delegate: owner) }
        #expect(try loop.turn { owner.openedCount == 1 && !server.streams.isEmpty })
        let accepted = try #require(server.streams.first)
        accepted.pauseReading()
        let sent = [UInt8](repeating: 0x5A, count: 20_000_000)
        stream.queueWrite(sent.span.bytes)
        stream.flush()
        #expect(owner.blockedCount == 1 && stream.queuedByteCount > 0)
        accepted.resumeReading()
        #expect(try loop.turn { owner.drainedCount == 1 && server.streamDelegate.received.count == sent.count })
        let onTheWire = [UInt8](repeating: layerCount == 1 ? ~0x5A : 0x5A, count: sent.count)
        // A plain value, because a failed comparison would print twenty million numbers.
        let isWhole = server.streamDelegate.received == onTheWire
        #expect(isWhole)
        let answer = octets("answer")
        accepted.queueWrite(answer.span.bytes)
        accepted.flush()
        #expect(try loop.turn { owner.received.count == answer.count })
        #expect(owner.received == (layerCount == 1 ? answer.map { ~$0 } : answer))
        stream.close()
        #expect(try loop.turn { owner.finishedCount == 1 })
        #expect(server.streamDelegate.closeReasons == [.endOfStream])
        #expect(owner.closeReasons.isEmpty)
    }

    @Test func theEndOfThePeerIsToldThroughIt() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let inner = TCPStream(connectingTo: server.listener.localAddress, loop: loop, delegate: nil)
        let stream = MaskedStream(over: inner, delegate: owner)
        #expect(try loop.turn { owner.openedCount == 1 && !server.streams.isEmpty })
        server.streams.first?.close()
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        #expect(owner.closeReasons == [.endOfStream])
        stream.close()
        try loop.turnWithoutWaiting()
        #expect(owner.finishedCount == 0, "the last call has come")
    }
}

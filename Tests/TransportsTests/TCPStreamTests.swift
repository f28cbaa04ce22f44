import CLinux
import Glibc
import SimulatorSupport
import Testing
import Transports

/// TCP over real loopback sockets.
@Suite struct TCPStreamTests {
    private let loop: EventLoop
    private let owner = StreamRecorder()

    init() throws {
        loop = try EventLoop()
    }

    private func connect(
        to address: SocketAddress, _ configure: (inout TCPStreamOptions) -> Void = { _ in }
    ) -> TCPStream {
        var options = TCPStreamOptions()
        configure(&options)
        return TCPStream(connectingTo: address, options: options, loop: loop, delegate: owner)
    }

    private func queue(_ bytes: [UInt8], on stream: TCPStream) {
        let span = bytes.span
        stream.queueWrite(span.bytes)
    }

    /// A stream to `server`, whose end it has accepted.
    private func connected(
        _ server: AcceptingServer, _ configure: (inout TCPStreamOptions) -> Void = { _ in }
    ) throws -> (client: TCPStream, accepted: TCPStream) {
        let client = connect(to: server.listener.localAddress, configure)
        try #require(try loop.turn { client.isOpen && !server.streams.isEmpty })
        return (client, try #require(server.streams.last))
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func connectsAndCarriesOctetsBothWays(host: String) throws {
        let server = try AcceptingServer(loop: loop, host: host)
        let (client, accepted) = try connected(server) {
            $0.keepAlive = .init(idle: .seconds(30), interval: .seconds(5), probeCount: 3)
            $0.userTimeout = .seconds(20)
        }
        defer {
            client.abort()
            server.close()
        }
        #expect(owner.openedCount == 1)
        #expect(accepted.remoteAddress.host == host)
        queue(octets("question"), on: client)
        client.flush()
        #expect(try loop.turn { server.streamDelegate.received == octets("question") })
        queue(octets("answer"), on: accepted)
        accepted.flush()
        #expect(try loop.turn { owner.received == octets("answer") })
        #expect(owner.closeReasons.isEmpty)
    }

    @Test func whatIsQueuedBeforeOpeningIsWritten() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let client = connect(to: server.listener.localAddress)
        defer { client.abort() }
        queue(octets("early"), on: client)
        client.flush()
        #expect(client.queuedByteCount == 5)
        #expect(try loop.turn { server.streamDelegate.received == octets("early") })
        #expect(client.queuedByteCount == 0)
    }

    @Test func everythingQueuedInATurnIsOneWrite() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, _) = try connected(server)
        defer {
            client.abort()
            server.close()
        }
        let before = client.writeCallCount
        for index in 0..<100 { queue(octets("packet \(index);"), on: client) }
        #expect(client.writeCallCount == before, "queueing writes nothing")
        client.flush()
        client.flush()
        #expect(client.writeCallCount == before + 1)
        let expected = (0..<100).flatMap { octets("packet \($0);") }
        #expect(try loop.turn { server.streamDelegate.received.count >= expected.count })
        #expect(server.streamDelegate.received == expected)
    }

    @Test func aRefusedConnectionIsToldOnceAndLater() throws {
        let server = try AcceptingServer(loop: loop)
        let address = server.listener.localAddress
        server.close()
        let client = connect(to: address)
        #expect(owner.closeReasons.isEmpty, "never from within the call")
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        try loop.turnWithoutWaiting()
        let error = IOError(operation: "connect tcp://\(address)", code: ECONNREFUSED, phase: .connecting)
        #expect(owner.closeReasons == [.failed(error)])
        #expect(error.description == "connect tcp://\(address): connection refused (ECONNREFUSED)")
        #expect(!client.isOpen)
    }

    @Test func anAddressThatCannotBeConnectedToIsToldLater() throws {
        _ = connect(to: try loopback("255.255.255.255", 1))
        #expect(owner.closeReasons.isEmpty)
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        #expect(owner.openedCount == 0)
    }

    /// The time of an open connection is another one: TCP_USER_TIMEOUT would cut attempts short, too.
    @Test(arguments: [(60, 60), (1_700, 100)])
    func connectingToAListenerThatDoesNotAcceptTimesOut(milliseconds: Int64, userTimeout: Int64) throws {
        let (listening, address) = try listenerThatNeverAccepts()
        defer { close(listening) }
        let otherLoop = try EventLoop()
        let fillers = (0..<4).map { _ in TCPStream(connectingTo: address, loop: otherLoop, delegate: nil) }
        let began = MonotonicClock.now()
        let client = connect(to: address) {
            $0.connectTimeout = .milliseconds(milliseconds)
            $0.userTimeout = .milliseconds(userTimeout)
        }
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        let error = IOError(operation: "connect tcp://\(address)", code: ETIMEDOUT, phase: .connecting)
        #expect(owner.closeReasons == [.failed(error)])
        #expect(owner.openedCount == 0)
        #expect(MonotonicClock.now() - began >= UInt64(milliseconds) * 1_000_000)
        client.abort()
        for stream in fillers { stream.abort() }
    }

    /// A listening socket with room for one connection, beyond which the kernel answers none.
    private func listenerThatNeverAccepts() throws -> (descriptor: Int32, address: SocketAddress) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) | listen(descriptor, 0) | getsockname(descriptor, $0, &length)
            }
        }
        try #require(result == 0)
        return (descriptor, try loopback("127.0.0.1", UInt16(bigEndian: name.sin_port)))
    }

    @Test func aPeerThatDoesNotReadFillsTheQueueUntilTheStreamCloses() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server) { $0.maximumQueuedByteCount = 1_000_000 }
        defer { server.close() }
        accepted.pauseReading()
        let chunk = [UInt8](repeating: 0x55, count: 50_000)
        var largest = 0
        for _ in 0..<2_000 where client.isOpen {
            queue(chunk, on: client)
            client.flush()
            largest = max(largest, client.queuedByteCount)
            try loop.turn(deadline: 0)
        }
        #expect(largest > 900_000 && largest <= 1_000_000)
        #expect(owner.closeReasons.isEmpty || owner.closeReasons == [.writeQueueOverflow])
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        #expect(owner.closeReasons == [.writeQueueOverflow])
        #expect(client.queuedByteCount == 0)
        #expect(owner.drainedCount == 0)
    }

    @Test func aQueueThatHadToWaitIsWrittenAsThePeerReads() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server) { $0.maximumQueuedByteCount = 40_000_000 }
        defer {
            client.abort()
            server.close()
        }
        accepted.pauseReading()
        let sent = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &>> 3) }
        queue(sent, on: client)
        client.flush()
        #expect(client.queuedByteCount > 0)
        let waiting = client.queuedByteCount
        client.flush()
        #expect(owner.blockedCount == 1, "told once until it is over")
        try loop.turnWithoutWaiting()
        #expect(server.streamDelegate.receivedCount == 0, "a paused stream is not read")
        #expect(client.queuedByteCount <= waiting)
        accepted.resumeReading()
        #expect(try loop.turn { server.streamDelegate.received.count >= sent.count })
        // A plain value, because a failed comparison would print twenty million numbers.
        let isWhole = server.streamDelegate.received == sent
        #expect(isWhole)
        #expect(owner.drainedCount == 1)
        #expect(client.queuedByteCount == 0)
    }

    @Test func closingDeliversEverythingAndThenSaysThatItIsDone() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server) { $0.maximumQueuedByteCount = 40_000_000 }
        defer { server.close() }
        accepted.pauseReading()
        let sent = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 17 &>> 2) }
        queue(sent, on: client)
        // The peer's own octets, never read by a closing stream, must not turn the end into a reset.
        queue(octets("unread"), on: accepted)
        accepted.flush()
        client.close()
        let calls = owner.callCount
        accepted.resumeReading()
        #expect(try loop.turn { !server.streamDelegate.closeReasons.isEmpty })
        // A plain value, because a failed comparison would print twenty million numbers.
        let isWhole = server.streamDelegate.received == sent
        #expect(isWhole)
        #expect(server.streamDelegate.closeReasons == [.endOfStream])
        #expect(try loop.turn { owner.finishedCount == 1 })
        try loop.turnWithoutWaiting()
        #expect(owner.callCount == calls + 1)
        #expect(loop.nextTimerDeadline == nil, "the linger bound is gone with the stream")
    }

    /// Only the end of the peer's side tells that it has read everything.
    @Test func closingIsDoneWhenThePeerHasReadIt() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server)
        defer { server.close() }
        accepted.pauseReading()
        queue(octets("bye"), on: client)
        client.close()
        #expect(client.queuedByteCount == 0)
        try loop.turnWithoutWaiting(count: 20)
        #expect(owner.finishedCount == 0)
        accepted.resumeReading()
        #expect(try loop.turn { owner.finishedCount == 1 })
        #expect(server.streamDelegate.received == octets("bye"))
        #expect(owner.closeReasons.isEmpty && client.isClosed)
    }

    /// A peer that writes until somebody reads, and reads only then, does not hold up the end.
    @Test func closingTakesWhatThePeerWrites() throws {
        let server = try AcceptingServer(loop: loop) { $0.maximumQueuedByteCount = 40_000_000 }
        let (client, accepted) = try connected(server) { $0.maximumQueuedByteCount = 40_000_000 }
        defer { server.close() }
        for (stream, reader) in [(client, accepted), (accepted, client)] {
            reader.pauseReading()
            queue([UInt8](repeating: 1, count: 20_000_000), on: stream)
            stream.flush()
        }
        server.streamDelegate.whenDrained = { accepted.resumeReading() }
        client.close()
        #expect(try loop.turn { owner.finishedCount == 1 })
        #expect(server.streamDelegate.received.count == 20_000_000)
        #expect(owner.received.isEmpty)
    }

    /// There is nothing to deliver, and yet the owner is told, later and once.
    @Test func aStreamThatNeverOpenedOrIsBrokenIsDoneToo() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let connecting = connect(to: server.listener.localAddress)
        connecting.close()
        #expect(owner.callCount == 0, "never from within the call")
        #expect(try loop.turn { owner.finishedCount == 1 })
        let (client, accepted) = try connected(server)
        accepted.abort()
        queue(octets("x"), on: client)
        client.flush()
        #expect(!client.isOpen && owner.closeReasons.isEmpty)
        client.close()
        #expect(try loop.turn { owner.finishedCount == 2 })
        client.close()
        try loop.turnWithoutWaiting()
        #expect(owner.closeReasons.isEmpty && owner.finishedCount == 2)
    }

    @Test func lingeringIsBounded() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server) { $0.lingerTimeout = .milliseconds(30) }
        defer { server.close() }
        accepted.pauseReading()
        queue(octets("bye"), on: client)
        client.close()
        #expect(loop.nextTimerDeadline != nil)
        #expect(try loop.turn { owner.finishedCount == 1 })
        #expect(loop.nextTimerDeadline == nil)
        // The cut reaches the peer although it does not read.
        #expect(try loop.turn { !server.streamDelegate.closeReasons.isEmpty })
        // A reset after the end of the peer's stream is a broken pipe to the kernel.
        let error = IOError(operation: "read tcp://\(accepted.remoteAddress)", code: EPIPE)
        #expect(server.streamDelegate.closeReasons == [.failed(error)])
    }

    /// At the end of the process: a stream that is left to the system still delivers what the system has, and the peer
    /// sees an end rather than a cut, whatever it has written itself.
    @Test func whatIsLeftToTheSystemIsDelivered() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server)
        defer { server.close() }
        accepted.pauseReading()
        queue(octets("unread"), on: accepted)
        accepted.flush()
        let sent = (0..<30_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &>> 2) }
        queue(sent, on: client)
        client.close()
        #expect(client.queuedByteCount == 0)
        client.leaveToSystem()
        #expect(client.isClosed)
        try loop.turnWithoutWaiting()
        #expect(server.streamDelegate.closeReasons.isEmpty, "a cut would be told before anything is read")
        accepted.resumeReading()
        #expect(try loop.turn { !server.streamDelegate.closeReasons.isEmpty })
        #expect(server.streamDelegate.received == sent)
        #expect(server.streamDelegate.closeReasons == [.endOfStream])
    }

    @Test func theEndOfThePeersStreamIsTold() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server)
        defer {
            client.abort()
            server.close()
        }
        queue(octets("last words"), on: accepted)
        accepted.close()
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        #expect(owner.received == octets("last words"))
        #expect(owner.closeReasons == [.endOfStream])
    }

    @Test(arguments: [false, true])
    func aResetByThePeerIsTold(isPaused: Bool) throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server)
        defer { server.close() }
        if isPaused { client.pauseReading() }
        accepted.abort()
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        let error = IOError(operation: "read tcp://\(client.remoteAddress)", code: ECONNRESET)
        #expect(owner.closeReasons == [.failed(error)])
    }

    @Test func writingToAClosedPeerIsToldLaterAndRaisesNoSignal() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server)
        defer { server.close() }
        accepted.abort()
        queue(octets("into the void"), on: client)
        client.flush()
        #expect(owner.closeReasons.isEmpty)
        #expect(!client.isOpen)
        #expect(try loop.turn { !owner.closeReasons.isEmpty })
        try loop.turnWithoutWaiting()
        #expect(owner.closeReasons.count == 1)
    }

    @Test func anAbortedStreamSaysNothing() throws {
        let server = try AcceptingServer(loop: loop)
        let (client, accepted) = try connected(server)
        defer { server.close() }
        let calls = owner.callCount
        accepted.abort()
        queue(octets("x"), on: client)
        client.flush()
        client.abort()
        client.close()
        try loop.turnWithoutWaiting()
        #expect(owner.callCount == calls, "not even the failure that was waiting to be told")
    }

    @Test func aStreamAbortedWhileConnectingIsForgotten() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        connect(to: server.listener.localAddress).abort()
        #expect(loop.nextTimerDeadline == nil)
        try loop.turnWithoutWaiting()
        #expect(owner.callCount == 0)
    }

    @Test func aListenersPortInUseIsAnErrorThatSaysSo() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let address = server.listener.localAddress
        #expect(throws: IOError(operation: "listen tcp://\(address)", code: EADDRINUSE)) {
            _ = try TCPListener(binding: address, loop: loop)
        }
    }
}

import SimulatorSupport
import Testing
import Transports

/// The text `text` as octets.
func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The octets of `span` in an array that outlives it.
func copied(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }

/// The loopback address `host` with `port`.
func loopback(_ host: String, _ port: UInt16 = 0) throws -> SocketAddress {
    try #require(SocketAddress(numeric: host, port: port))
}

extension EventLoop {
    /// Turns until `condition` holds; whether it did within a bound that only a broken loop reaches.
    func turn(until condition: () -> Bool) throws -> Bool {
        let deadline = MonotonicClock.now() + 20_000_000_000
        while !condition() {
            guard MonotonicClock.now() < deadline else { return false }
            try turn(deadline: deadline)
        }
        return true
    }

    /// Turns without waiting until nothing more happens, as far as `count` turns tell.
    func turnWithoutWaiting(count: Int = 3) throws {
        for _ in 0..<count { try turn(deadline: 0) }
    }
}

/// A timer handler that counts its firings.
final class TimerRecorder: TimerHandler {
    private(set) var firedDeadlines: [UInt64] = []
    var whenFired: (() -> Void)?

    func timerFired(_ timer: LoopTimer) {
        firedDeadlines.append(timer.deadline)
        whenFired?()
    }
}

/// A readiness handler that records what it was told and does what the test says.
final class ReadinessRecorder: ReadinessHandler {
    private(set) var received: [Readiness] = []
    var whenReady: (() -> Void)?

    func ready(_ readiness: Readiness) {
        received.append(readiness)
        whenReady?()
    }
}

/// A listener's owner that turns every connection into a stream.
final class AcceptingServer: TCPListenerDelegate {
    let loop: EventLoop
    let listener: TCPListener
    let streamDelegate: StreamRecorder
    private var options = TCPStreamOptions()
    private(set) var streams: [TCPStream] = []

    init(
        loop: EventLoop, host: String = "127.0.0.1", backlog: Int32 = 128,
        _ configure: (inout TCPStreamOptions) -> Void = { _ in }
    ) throws {
        self.loop = loop
        configure(&options)
        listener = try TCPListener(binding: loopback(host), backlog: backlog, loop: loop)
        streamDelegate = StreamRecorder()
        listener.delegate = self
    }

    func listener(_ listener: TCPListener, accepted connection: consuming AcceptedConnection) {
        guard
            let stream = try? TCPStream(
                adopting: connection, options: options, loop: loop, delegate: streamDelegate)
        else { return }
        streams.append(stream)
    }

    /// Ends everything, so that the loop and its handlers let go of each other.
    func close() {
        listener.close()
        for stream in streams { stream.abort() }
        streams = []
    }
}

/// A stream's owner that records every call.
final class StreamRecorder: ByteStreamDelegate {
    private(set) var openedCount = 0
    private(set) var blockedCount = 0
    private(set) var drainedCount = 0
    private(set) var receivedCount = 0
    private(set) var finishedCount = 0
    private(set) var received: [UInt8] = []
    private(set) var closeReasons: [StreamCloseReason] = []
    var whenDrained: (() -> Void)?
    var callCount: Int {
        openedCount + blockedCount + drainedCount + receivedCount + finishedCount + closeReasons.count
    }

    func streamOpened(_ stream: any ByteStream) { openedCount += 1 }

    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        receivedCount += 1
        received += copied(bytes)
    }

    func streamBlocked(_ stream: any ByteStream) { blockedCount += 1 }

    func streamDrained(_ stream: any ByteStream) {
        drainedCount += 1
        whenDrained?()
    }

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) { closeReasons.append(reason) }

    func streamFinished(_ stream: any ByteStream) { finishedCount += 1 }
}

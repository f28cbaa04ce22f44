import CLinux
import Glibc

/// One non-blocking TCP connection, made by connecting or by accepting.
///
/// Every failure, of connecting too, is told once by `streamClosed`, in a later turn of the loop.
package final class TCPStream: ReadinessHandler, TimerHandler {
    private enum State {
        case connecting
        case open
        /// The owner is gone: what is queued is delivered and the peer's end awaited.
        case closing
        case closed
    }

    private var socket: OwnedDescriptor
    private let loop: EventLoop
    private let options: TCPStreamOptions
    private var state: State
    private var writes = WriteQueue()
    /// Whether the kernel took less than was queued, so that writing waits for the peer.
    private var isWriteBlocked = false
    private var isReadingPaused = false
    private var timer: LoopTimer?
    private var closeReason: StreamCloseReason?

    /// The peer.
    package let remoteAddress: SocketAddress

    /// Told what happens.
    package weak var delegate: (any TCPStreamDelegate)?

    /// How many times octets were handed to the kernel, since the start.
    package private(set) var writeCallCount: UInt64 = 0

    /// Starts connecting to `address`; ends with `streamOpened` or `streamClosed`.
    package init(
        connectingTo address: SocketAddress, options: TCPStreamOptions = TCPStreamOptions(), loop: EventLoop,
        delegate: (any TCPStreamDelegate)?
    ) {
        (remoteAddress, self.options, self.loop, self.delegate) = (address, options, loop, delegate)
        socket = OwnedDescriptor(adopting: -1)
        state = .connecting
        do throws(IOError) {
            try startConnecting()
        } catch {
            fail(.failed(IOError(operation: error.operation, code: error.code, phase: .connecting)))
        }
    }

    /// Takes over an accepted connection, which is open from the start: `streamOpened` is not called.
    package init(
        adopting connection: consuming AcceptedConnection, options: TCPStreamOptions = TCPStreamOptions(),
        loop: EventLoop, delegate: (any TCPStreamDelegate)?
    ) throws(IOError) {
        (remoteAddress, self.options, self.loop, self.delegate) = (connection.remoteAddress, options, loop, delegate)
        socket = connection.descriptor
        state = .open
        options.apply(to: socket.value)
        try loop.add(socket.value, self, interest: .readable)
    }

    private func startConnecting() throws(IOError) {
        let operation = "connect tcp://\(remoteAddress)"
        socket = try SocketOption.openSocket(for: remoteAddress, type: SOCK_STREAM, operation: operation)
        let descriptor = socket.value
        options.apply(to: descriptor)
        guard remoteAddress.withNative({ connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS else {
            throw IOError(operation: operation, code: errno)
        }
        try loop.add(descriptor, self, interest: .writable)
        startTimer(options.connectTimeout)
    }

    /// Whether octets can be read and written now.
    package var isOpen: Bool { state == .open }

    /// Whether the descriptor is closed: after an end, or after the last bytes of `closeGracefully` were delivered.
    package var isClosed: Bool { state == .closed }

    // MARK: Reading

    /// Reads once, at most 64 KiB, and passes the octets to `body`, during whose call alone they are valid.
    package func read(_ body: (RawSpan) -> Void) -> ReadResult {
        guard state == .open else { return .wouldBlock }
        let count = receive()
        if count > 0 {
            precondition(!loop.isReadBufferLent, "one read at a time, since all streams share the buffer")
            loop.isReadBufferLent = true
            let bytes = UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count])
            body(bytes.bytes)
            loop.isReadBufferLent = false
            return .bytes(count)
        }
        if count == 0 {
            fail(.endOfStream)
            return .endOfStream
        }
        guard errno != EAGAIN else { return .wouldBlock }
        let error = IOError(operation: "read tcp://\(remoteAddress)", code: errno)
        fail(.failed(error))
        return .failed(error)
    }

    private func receive() -> Int {
        while true {
            let count = recv(socket.value, loop.readBuffer.baseAddress, loop.readBuffer.count, 0)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    /// Leaves arriving octets in the kernel, which then slows the peer down.
    package func pauseReading() {
        isReadingPaused = true
        updateInterest()
    }

    /// Ends `pauseReading`.
    package func resumeReading() {
        isReadingPaused = false
        updateInterest()
    }

    // MARK: Writing

    /// How many octets wait to be written.
    package var queuedByteCount: Int { writes.byteCount }

    /// Appends to the write queue, before the stream is open too; writes nothing yet.
    ///
    /// Exceeding `maximumQueuedByteCount` closes the stream. On a closed stream nothing happens.
    package func queueWrite(_ bytes: RawSpan) {
        guard state == .open || state == .connecting else { return }
        guard bytes.byteCount <= options.maximumQueuedByteCount &- writes.byteCount else {
            // The kernel must not hold on to what a peer does not read either.
            resetOnClose()
            fail(.writeQueueOverflow)
            return
        }
        writes.append(bytes)
    }

    /// Hands everything queued to the kernel in one call; what it does not take waits until the peer has read.
    package func flush() {
        guard state == .open, !isWriteBlocked, !writes.isEmpty else { return }
        writeQueued()
    }

    private func writeQueued() {
        let descriptor = socket.value
        while true {
            writeCallCount &+= 1
            let count = writes.write { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count >= 0 || errno == EAGAIN { break }
            guard errno == EINTR else {
                fail(.failed(IOError(operation: "write tcp://\(remoteAddress)", code: errno)))
                return
            }
        }
        isWriteBlocked = !writes.isEmpty
        updateInterest()
    }

    // MARK: Closing

    /// Delivers what is queued, then ends the stream; after at most `lingerTimeout` it is cut. No callback comes any
    /// more.
    package func closeGracefully() {
        delegate = nil
        guard state == .open else {
            abort()
            return
        }
        flush()
        guard state == .open else {
            abort()
            return
        }
        state = .closing
        startTimer(options.lingerTimeout)
        if writes.isEmpty { shutDownWriting() }
        updateInterest()
    }

    /// Cuts the connection (RST) and forgets what is queued. No callback comes any more.
    package func abort() {
        delegate = nil
        resetOnClose()
        finish()
    }

    /// Leaves a stream that is closing to the system, for the end of the process: the system goes on delivering what it
    /// has been handed, and what it has not been handed is lost.
    package func leaveToSystem() {
        guard state == .closing else {
            abort()
            return
        }
        shutDownWriting()
        // What was received and not read would make the system cut the connection instead.
        while receive() > 0 {}
        finish()
    }

    private func shutDownWriting() {
        _ = shutdown(socket.value, Int32(SHUT_WR))
    }

    private func resetOnClose() {
        guard socket.isOpen else { return }
        SocketOption.trySet(SO_LINGER, level: SOL_SOCKET, to: linger(l_onoff: 1, l_linger: 0), on: socket.value)
    }

    /// Closes now and tells the owner in the loop's next turn.
    private func fail(_ reason: StreamCloseReason) {
        guard state != .closed else { return }
        finish()
        guard delegate != nil else { return }
        closeReason = reason
        timer = loop.schedule(at: 0, self)
    }

    private func finish() {
        stopTimer()
        state = .closed
        writes = WriteQueue()
        guard socket.isOpen else { return }
        loop.remove(socket.value)
        socket.close()
    }

    // MARK: Events

    package func ready(_ readiness: Readiness) {
        switch state {
        case .connecting: finishConnecting()
        case .open: readyWhileOpen(readiness)
        case .closing: readyWhileClosing(readiness)
        case .closed: break
        }
    }

    private func finishConnecting() {
        stopTimer()
        let code = pendingErrorCode()
        guard code == 0 else {
            fail(.failed(connectError(code)))
            return
        }
        state = .open
        updateInterest()
        delegate?.streamOpened(self)
        flush()
    }

    private func connectError(_ code: Int32) -> IOError {
        IOError(operation: "connect tcp://\(remoteAddress)", code: code, phase: .connecting)
    }

    private func readyWhileOpen(_ readiness: Readiness) {
        if readiness.contains(.writable), isWriteBlocked {
            writeQueued()
            if state == .open, !isWriteBlocked { delegate?.streamDrained(self) }
        }
        let hasEnded = !readiness.isDisjoint(with: [.hangUp, .failed])
        guard state == .open, hasEnded || readiness.contains(.readable) else { return }
        // The loop reports an end again and again, so a paused stream cannot wait for its owner to read up to it.
        if isReadingPaused {
            if hasEnded { failWithPendingError() }
        } else if let delegate {
            delegate.streamReadable(self)
        } else {
            abort()
        }
    }

    private func failWithPendingError() {
        let code = pendingErrorCode()
        fail(code == 0 ? .endOfStream : .failed(IOError(operation: "read tcp://\(remoteAddress)", code: code)))
    }

    private func readyWhileClosing(_ readiness: Readiness) {
        if isWriteBlocked {
            guard readiness == .writable else {
                finish()
                return
            }
            writeQueued()
            guard state == .closing, !isWriteBlocked else { return }
            shutDownWriting()
            updateInterest()
            return
        }
        // Octets that nobody reads any more would turn the end of the stream into a reset.
        let count = receive()
        if count == 0 || (count < 0 && errno != EAGAIN) { finish() }
    }

    private func pendingErrorCode() -> Int32 {
        SocketOption.value(of: SO_ERROR, level: SOL_SOCKET, on: socket.value) ?? errno
    }

    private func updateInterest() {
        guard socket.isOpen else { return }
        var interest: Readiness = []
        switch state {
        case .connecting: interest = .writable
        case .open:
            if !isReadingPaused { interest.insert(.readable) }
            if isWriteBlocked { interest.insert(.writable) }
        case .closing: interest = isWriteBlocked ? .writable : .readable
        case .closed: return
        }
        loop.modify(socket.value, interest: interest)
    }

    // MARK: Deadlines

    private func startTimer(_ duration: Duration) {
        stopTimer()
        timer = loop.schedule(at: MonotonicClock.now().advanced(by: duration), self)
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    package func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        switch state {
        case .connecting: fail(.failed(connectError(ETIMEDOUT)))
        case .open: break
        case .closing: abort()
        case .closed:
            guard let closeReason else { return }
            self.closeReason = nil
            delegate?.streamClosed(self, reason: closeReason)
        }
    }
}

import CLinux
import Glibc

/// One non-blocking TCP connection, made by connecting or by accepting.
///
/// Every failure, of connecting too, is told once by `streamClosed`, in a later turn of the loop.
package final class TCPStream: ByteStream, ReadinessHandler, TimerHandler {
    private enum State {
        case connecting
        case open
        /// As the owner asked: what is queued is delivered, and the peer's end awaited.
        case closing
        case closed
    }

    /// What the owner is still to be told.
    private enum End {
        case closed(StreamCloseReason)
        case finished
    }

    private var socket: OwnedDescriptor
    private let loop: EventLoop
    private let options: TCPStreamOptions
    private var state: State
    private var writes = WriteQueue()
    /// Whether the kernel took less than was queued, so that writing waits for the peer.
    private var isWriteBlocked = false
    private var isReadingPaused = false
    /// Why nothing can be written any more, while what the peer had said before is read.
    private var brokenBy: IOError?
    private var timer: LoopTimer?
    private var untoldEnd: End?

    /// The peer.
    package let remoteAddress: SocketAddress

    package weak var delegate: (any ByteStreamDelegate)?

    /// How many times octets were handed to the kernel, since the start.
    package private(set) var writeCallCount: UInt64 = 0

    /// Starts connecting to `address`; ends with `streamOpened` or `streamClosed`.
    package init(
        connectingTo address: SocketAddress, options: TCPStreamOptions = TCPStreamOptions(), loop: EventLoop,
        delegate: (any ByteStreamDelegate)?
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
        adopting descriptor: consuming OwnedDescriptor, from remoteAddress: SocketAddress,
        options: TCPStreamOptions = TCPStreamOptions(), loop: EventLoop, delegate: (any ByteStreamDelegate)?
    ) throws(IOError) {
        (self.remoteAddress, self.options, self.loop, self.delegate) = (remoteAddress, options, loop, delegate)
        socket = descriptor
        state = .open
        options.apply(to: socket.value)
        options.applyWhenOpen(to: socket.value)
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
    package var isOpen: Bool { state == .open && brokenBy == nil }

    /// Whether the descriptor is closed: after an end, or when what `close` asked for is done.
    package var isClosed: Bool { state == .closed }

    // MARK: Reading

    /// Reads once and passes the octets on; what is left is told of again in the next turn.
    private func readOnce(for delegate: any ByteStreamDelegate) {
        let count = receive(upTo: options.readByteCount)
        if count > 0 {
            precondition(!loop.isReadBufferLent, "one read at a time, since all streams share the buffer")
            loop.isReadBufferLent = true
            let bytes = UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count])
            delegate.stream(self, received: bytes.bytes)
            loop.isReadBufferLent = false
        } else if count == 0 || brokenBy != nil && errno != EAGAIN {
            fail(brokenBy.map { .failed($0) } ?? .endOfStream)
        } else if errno != EAGAIN {
            fail(.failed(IOError(operation: "read tcp://\(remoteAddress)", code: errno)))
        }
    }

    private func receive(upTo byteCount: Int = .max) -> Int {
        while true {
            let count = recv(socket.value, loop.readBuffer.baseAddress, min(byteCount, loop.readBuffer.count), 0)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    package func pauseReading() {
        isReadingPaused = true
        updateInterest()
    }

    package func resumeReading() {
        isReadingPaused = false
        updateInterest()
    }

    // MARK: Writing

    package var queuedByteCount: Int { writes.byteCount }

    package func queueWrite(_ bytes: RawSpan) {
        guard state == .open || state == .connecting, brokenBy == nil else { return }
        guard bytes.byteCount <= options.maximumQueuedByteCount &- writes.byteCount else {
            // The kernel must not hold on to what a peer does not read either.
            resetOnClose()
            fail(.writeQueueOverflow)
            return
        }
        writes.append(bytes)
    }

    package func flush() {
        guard state == .open, !isWriteBlocked, !writes.isEmpty else { return }
        writeQueued()
        if state == .open, isWriteBlocked { delegate?.streamBlocked(self) }
    }

    private func writeQueued() {
        let descriptor = socket.value
        while true {
            writeCallCount &+= 1
            let count = writes.write { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count >= 0 || errno == EAGAIN { break }
            guard errno == EINTR else {
                writeFailed(IOError(operation: "write tcp://\(remoteAddress)", code: errno))
                return
            }
        }
        isWriteBlocked = !writes.isEmpty
        updateInterest()
    }

    /// A peer that has ended the connection may have said why, and the loop tells of that end in any case.
    private func writeFailed(_ error: IOError) {
        guard state == .open, !isReadingPaused, error.isEndedByPeer else { return fail(.failed(error)) }
        brokenBy = error
        writes = WriteQueue()
        isWriteBlocked = false
        updateInterest()
    }

    // MARK: Closing

    /// Takes at most `lingerTimeout`.
    package func close() {
        if state == .open, !isWriteBlocked, !writes.isEmpty { writeQueued() }
        switch state {
        case .open:
            state = .closing
            startTimer(options.lingerTimeout)
            if writes.isEmpty { shutDownWriting() }
            updateInterest()
        case .connecting:
            resetOnClose()
            finish()
            tellLater(.finished)
        case .closing: break
        case .closed: if untoldEnd != nil { untoldEnd = .finished }
        }
    }

    /// Cuts with RST.
    package func abort() {
        delegate = nil
        resetOnClose()
        finish()
    }

    package func leaveToSystem() {
        guard state == .closing else {
            abort()
            return
        }
        delegate = nil
        shutDownWriting()
        // What was received and not read would make the system cut the connection instead.
        var count = 0
        // One who goes on sending is cut.
        // Nothing is copied, as others may be reading what lies in the loop's buffer.
        let flags = Int32(MSG_TRUNC) | Int32(MSG_DONTWAIT)
        while count < Self.readsAtTheEnd, recv(socket.value, nil, 1 << 20, flags) > 0 { count += 1 }
        finish()
    }

    private static let readsAtTheEnd = 16

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
        let end: End = state == .closing ? .finished : .closed(reason)
        finish()
        tellLater(end)
    }

    /// Who wraps this stream may become its delegate only after it has failed to connect.
    private func tellLater(_ end: End) {
        untoldEnd = end
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
        options.applyWhenOpen(to: socket.value)
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
            readOnce(for: delegate)
        } else {
            abort()
        }
    }

    private func failWithPendingError() {
        if let brokenBy { return fail(.failed(brokenBy)) }
        let code = pendingErrorCode()
        fail(code == 0 ? .endOfStream : .failed(IOError(operation: "read tcp://\(remoteAddress)", code: code)))
    }

    private func readyWhileClosing(_ readiness: Readiness) {
        if readiness.contains(.writable), isWriteBlocked {
            writeQueued()
            guard state == .closing else { return }
            if !isWriteBlocked { shutDownWriting() }
            updateInterest()
        }
        guard readiness != .writable else { return }
        // Octets that nobody reads any more would turn the end of the stream into a reset, and a peer that cannot get
        // rid of them may not read either.
        let count = receive()
        if count == 0 || (count < 0 && errno != EAGAIN) { endClosing() }
    }

    private func endClosing() {
        finish()
        delegate?.streamFinished(self)
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
        case .closing: interest = isWriteBlocked ? [.readable, .writable] : .readable
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
        case .closing:
            resetOnClose()
            endClosing()
        case .closed: tellEnd()
        }
    }

    private func tellEnd() {
        guard let end = untoldEnd else { return }
        untoldEnd = nil
        switch end {
        case .closed(let reason): delegate?.streamClosed(self, reason: reason)
        case .finished: delegate?.streamFinished(self)
        }
    }
}

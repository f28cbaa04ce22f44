import Bytes

/// A stream that TLS protects: what it is given goes through another stream as records, and nothing does before the
/// server has proved who it is.
///
/// What is written waits in the clear until it is flushed, so that each turn has one record or few. Reading, it hands
/// on all that came at once: up to the inner stream's octets of one read, and the longest record.
package final class TLSStream: ByteStream, ByteStreamDelegate, TimerHandler {
    private enum State {
        /// The inner stream is not open yet.
        case connecting
        case handshaking
        case open
        /// As the owner asked; the inner stream does what is left to do.
        case closing
        case closed
    }

    /// What the owner is still to be told.
    private enum End {
        case closed(StreamCloseReason)
        case finished
    }

    private let inner: any ByteStream
    private let client: TLSClient
    private let workshop: TLSWorkshop
    private let library: OpenSSL
    private let loop: EventLoop
    private let maximumQueuedByteCount: Int
    /// Monotonic nanoseconds.
    private let handshakeDeadline: UInt64
    private var state = State.connecting
    private var connection: OpenSSL.Pointer?
    private var needsClient = true
    private var offeredSession = false
    private var hasHeard = false
    /// In the clear.
    private var writes = WriteQueue()
    /// Records that came while it was others' turn to make a step of the handshake.
    private var early: [UInt8] = []
    private var waitsForTurn = false
    /// Whether OpenSSL must hear of the server before it can write.
    private var isWriteWaiting = false
    private var isInnerBlocked = false
    /// Whether the owner knows of that.
    private var isBlocked = false
    private var isReadingPaused = false
    private var timer: LoopTimer?
    private var untoldEnd: End?

    package weak var delegate: (any ByteStreamDelegate)?

    /// Most octets to one record or a few of them, so that the inner stream is asked in between.
    private static let writtenAtOnce = 65_536

    /// Wraps `inner`, which connects to the client's server, and begins when that is open; ends with `streamOpened` or
    /// `streamClosed`.
    ///
    /// The handshake is over `handshakeTimeout` from now at the latest; the inner stream sees to its own part of that.
    /// More than `maximumQueuedByteCount` octets that wait close the stream; the inner one must hold somewhat more.
    package init(
        over inner: any ByteStream, client: TLSClient, handshakeTimeout: Duration, maximumQueuedByteCount: Int,
        loop: EventLoop, delegate: (any ByteStreamDelegate)?
    ) {
        (self.inner, self.client, self.loop, self.delegate) = (inner, client, loop, delegate)
        self.maximumQueuedByteCount = maximumQueuedByteCount
        (workshop, library) = (client.workshop, client.library)
        handshakeDeadline = MonotonicClock.now().advanced(by: handshakeTimeout)
        inner.delegate = self
        client.streamBegan()
    }

    deinit { release() }

    // MARK: ByteStream

    package var queuedByteCount: Int { writes.byteCount &+ inner.queuedByteCount }

    package func queueWrite(_ bytes: RawSpan) {
        guard state == .open || state == .handshaking || state == .connecting else { return }
        guard bytes.byteCount <= maximumQueuedByteCount &- queuedByteCount else {
            inner.abort()
            return fail(.writeQueueOverflow)
        }
        writes.append(bytes)
    }

    package func flush() {
        guard state == .open else { return }
        encryptWrites()
        tellIfBlocked()
    }

    package func pauseReading() {
        isReadingPaused = true
        if state == .open { inner.pauseReading() }
    }

    package func resumeReading() {
        isReadingPaused = false
        if state == .open { inner.resumeReading() }
    }

    package func close() {
        switch state {
        case .open:
            // The inner stream delivers it all, close_notify last (RFC 8446 §6.1).
            while !writes.isEmpty, encryptOnce() {}
            // That may have failed.
            guard state == .open else { return close() }
            sayGoodbye()
            endHere(as: .closing)
            inner.close()
        case .connecting, .handshaking:
            endHere(as: .closing)
            inner.close()
        case .closing: break
        case .closed: if untoldEnd != nil { untoldEnd = .finished }
        }
    }

    package func abort() {
        delegate = nil
        endHere(as: .closed)
        inner.abort()
    }

    package func leaveToSystem() {
        delegate = nil
        endHere(as: .closed)
        inner.leaveToSystem()
    }

    // MARK: The inner stream

    package func streamOpened(_ stream: any ByteStream) {
        guard state == .connecting else { return }
        state = .handshaking
        timer = loop.schedule(at: handshakeDeadline, self)
        workshop.handshakeBegan()
        takeTurn()
    }

    package func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        switch state {
        case .open: workshop.wire.lend(bytes) { readRecords() }
        case .handshaking where !waitsForTurn && workshop.pacer.mayGoOn: workshop.pacer.measure { handshake(bytes) }
        case .handshaking:
            bytes.withUnsafeBytes { early.append(contentsOf: $0) }
            inner.pauseReading()
            takeTurn()
        case .connecting, .closing, .closed: break
        }
    }

    package func streamBlocked(_ stream: any ByteStream) { isInnerBlocked = true }

    package func streamDrained(_ stream: any ByteStream) {
        isInnerBlocked = false
        guard state == .open else { return }
        encryptWrites()
        tellIfBlocked()
        guard isBlocked, !isInnerBlocked, state == .open else { return }
        isBlocked = false
        delegate?.streamDrained(self)
    }

    package func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        let wasInHandshake = state == .handshaking
        if wasInHandshake, offeredSession { client.sessionFailed() }
        endHere(as: .closed)
        delegate?.streamClosed(
            self, reason: wasInHandshake ? .insecure(TLSFailure(reason: .ended, isInHandshake: true)) : reason)
    }

    package func streamFinished(_ stream: any ByteStream) {
        endHere(as: .closed)
        delegate?.streamFinished(self)
    }

    // MARK: The handshake

    private func takeTurn() {
        guard !waitsForTurn else { return }
        waitsForTurn = true
        workshop.pacer.wait(self)
    }

    /// The pacer's word that it is this stream's turn.
    func goOn() {
        waitsForTurn = false
        guard state == .handshaking else { return }
        let bytes = early
        early = []
        if !bytes.isEmpty { inner.resumeReading() }
        workshop.pacer.measure { handshake(bytes.span.bytes) }
    }

    private func handshake(_ bytes: RawSpan) {
        let connection: OpenSSL.Pointer
        do throws(TLSFailure.Reason) {
            connection = try madeConnection()
        } catch {
            return failHandshake(error)
        }
        guard isTLS(bytes) else { return failHandshake(.notTLS) }
        workshop.wire.lend(bytes) {
            library.clearErrors()
            let result = library.handshake(connection)
            passOn()
            inner.flush()
            if result == 1 { return handshakeDone(connection) }
            let isWaiting = library.error(connection, result) == OpenSSL.Constant.wantsRead
            if !isWaiting { failHandshake(TLSFailure.Reason(connection, library)) }
        }
    }

    private func madeConnection() throws(TLSFailure.Reason) -> OpenSSL.Pointer {
        if let connection { return connection }
        let made = try client.makeConnection()
        (connection, offeredSession) = (made, client.offersSession)
        return made
    }

    /// Whether the first octets of the server are a record's: of a type from change_cipher_spec to application_data.
    private func isTLS(_ bytes: RawSpan) -> Bool {
        guard !hasHeard, let type = bytes.byte(at: 0) else { return true }
        hasHeard = true
        return 20...23 ~= type
    }

    private func handshakeDone(_ connection: OpenSSL.Pointer) {
        state = .open
        stopTimer()
        client.handshakeMade(connection)
        client.takeSessions(of: connection)
        if isReadingPaused { inner.pauseReading() }
        delegate?.streamOpened(self)
        flush()
        if state == .open { readRecords() }
    }

    private func failHandshake(_ reason: TLSFailure.Reason) {
        // Servers have many ways of not going on with a session: an alert, silence, the end of the connection.
        if offeredSession { client.sessionFailed() }
        fail(.insecure(TLSFailure(reason: reason, isInHandshake: true)))
    }

    // MARK: Records

    /// Hands on what the records hold that came; some bring nothing for the owner, but a session to remember.
    private func readRecords() {
        while state == .open, let connection {
            library.clearErrors()
            let room = workshop.readBuffer
            let count = library.read(connection, room.baseAddress, Int32(room.count))
            passOn()
            client.takeSessions(of: connection)
            if count > 0 {
                delegate?.stream(self, received: UnsafeRawBufferPointer(rebasing: room[..<Int(count)]).bytes)
                continue
            }
            switch library.error(connection, count) {
            case OpenSSL.Constant.wantsRead:
                inner.flush()
                if isWriteWaiting { encryptWrites() }
                return
            case OpenSSL.Constant.hasEnded:
                sayGoodbye()
                return fail(.endOfStream)
            default:
                let reason = TLSFailure.Reason(connection, library)
                return fail(.insecure(TLSFailure(reason: reason, isInHandshake: false)))
            }
        }
    }

    /// As much as the inner stream takes without waiting.
    private func encryptWrites() {
        while !writes.isEmpty, !isInnerBlocked {
            let isWritten = encryptOnce()
            // What must go before the server can be heard is in the queue, too.
            if state == .open { inner.flush() }
            if !isWritten { return }
        }
    }

    /// - Returns: false where the stream has failed, or must hear of the server first.
    private func encryptOnce() -> Bool {
        guard let connection else { return false }
        let nothing: [UInt8] = []
        // What is lent meanwhile may be another connection's.
        let count = workshop.wire.lend(nothing.span.bytes) {
            library.clearErrors()
            return writes.write {
                Int(library.write(connection, $0.baseAddress, Int32(min($0.count, Self.writtenAtOnce))))
            }
        }
        passOn()
        isWriteWaiting = false
        guard count <= 0 else { return true }
        isWriteWaiting = library.error(connection, Int32(count)) == OpenSSL.Constant.wantsRead
        guard !isWriteWaiting else { return false }
        let reason = TLSFailure.Reason(connection, library)
        fail(.insecure(TLSFailure(reason: reason, isInHandshake: false)))
        return false
    }

    private func tellIfBlocked() {
        guard state == .open, isInnerBlocked, !isBlocked, queuedByteCount > 0 else { return }
        isBlocked = true
        delegate?.streamBlocked(self)
    }

    /// Puts what OpenSSL has written into the inner stream's queue.
    private func passOn() {
        let records = workshop.wire.takeOutput()
        if !records.isEmpty { inner.queueWrite(records.span.bytes) }
        workshop.wire.recycle(records)
    }

    private func sayGoodbye() {
        guard let connection else { return }
        library.clearErrors()
        _ = library.shutDown(connection)
        passOn()
    }

    // MARK: The end

    /// Ends it and tells the owner in the loop's next turn. The system delivers what was handed to it, an alert among
    /// that, and no descriptor waits for a server that does not close.
    private func fail(_ reason: StreamCloseReason) {
        guard state != .closed, state != .closing else { return }
        endHere(as: .closed)
        inner.delegate = nil
        inner.close()
        inner.leaveToSystem()
        guard delegate != nil else { return }
        untoldEnd = .closed(reason)
        timer = loop.schedule(at: 0, self)
    }

    private func endHere(as end: State) {
        stopTimer()
        if state == .handshaking { workshop.handshakeEnded() }
        state = end
        untoldEnd = nil
        (writes, early) = (WriteQueue(), [])
        release()
    }

    private func release() {
        if needsClient { client.streamEnded() }
        needsClient = false
        guard let connection else { return }
        // A session whose connection was not shut down may not be gone on with, and a network that breaks is no reason.
        library.setShutdown(connection, OpenSSL.Constant.shutDownBothWays)
        library.freeConnection(connection)
        // Nothing of it may come to another one, whose address may be the same.
        workshop.dropSessions()
        self.connection = nil
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    package func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        if state == .handshaking { return failHandshake(.timedOut) }
        guard let end = untoldEnd else { return }
        untoldEnd = nil
        switch end {
        case .closed(let reason): delegate?.streamClosed(self, reason: reason)
        case .finished: delegate?.streamFinished(self)
        }
    }
}

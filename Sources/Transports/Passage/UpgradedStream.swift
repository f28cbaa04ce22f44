import Bytes
import HTTP

/// A stream that another one becomes by a request of HTTP and its answer; what it is then, its subclasses know.
///
/// What is written before waits until the answer has come.
package class UpgradedStream: ByteStream, ByteStreamDelegate, TimerHandler {
    enum State {
        /// The inner stream is not open yet.
        case connecting
        /// The answer is to come.
        case asking
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

    let inner: any ByteStream
    private let loop: EventLoop
    /// Monotonic nanoseconds.
    private let deadline: UInt64
    private(set) var state = State.connecting
    /// Nil when the answer has come.
    private var answer: HTTPAnswerReader? = HTTPAnswerReader(maximumByteCount: UpgradedStream.longestAnswer)
    private(set) var isInnerBlocked = false
    /// Whether the owner knows of that.
    private var isBlocked = false
    private var isReadingPaused = false
    private var timer: LoopTimer?
    private var untoldEnd: End?

    package weak var delegate: (any ByteStreamDelegate)?

    /// Octets of the longest head of an answer.
    package static let longestAnswer = 8_192

    /// Wraps `inner`; the answer has come `timeout` from now at the latest.
    init(over inner: any ByteStream, timeout: Duration, loop: EventLoop, delegate: (any ByteStreamDelegate)?) {
        (self.inner, self.loop, self.delegate) = (inner, loop, delegate)
        deadline = MonotonicClock.now().advanced(by: timeout)
        inner.delegate = self
    }

    // MARK: What subclasses do

    /// Who is asked.
    var place: PassageFailure.Place { preconditionFailure("a subclass asks") }

    /// The request.
    var request: [UInt8] { preconditionFailure("a subclass asks") }

    /// Why the answer is no yes; nil where it is.
    func objection(to answer: HTTPAnswer) -> PassageFailure.Reason? { preconditionFailure("a subclass judges") }

    /// Octets came after the answer.
    func receivedOpen(_ bytes: RawSpan) { preconditionFailure("a subclass reads") }

    /// Whether the owner's octets wait here.
    var waitingByteCount: Int { preconditionFailure("a subclass counts") }

    /// Puts all that waits here into the inner stream's queue.
    func passWaitingOn() { preconditionFailure("a subclass writes") }

    /// Forgets what waits here.
    func forgetWaiting() { preconditionFailure("a subclass writes") }

    /// Puts a last word into the inner stream's queue; nil after a close of ours, else why it ends.
    func sayGoodbye(_ reason: PassageFailure.Reason?) {}

    package func queueWrite(_ bytes: RawSpan) { preconditionFailure("a subclass writes") }

    // MARK: ByteStream

    package final var queuedByteCount: Int { waitingByteCount &+ inner.queuedByteCount }

    package final func flush() {
        guard state == .open else { return }
        if !isInnerBlocked { passWaitingOn() }
        inner.flush()
        tellIfBlocked()
    }

    package final func pauseReading() {
        isReadingPaused = true
        if state == .open { inner.pauseReading() }
    }

    package final func resumeReading() {
        isReadingPaused = false
        if state == .open { inner.resumeReading() }
    }

    package final func close() {
        switch state {
        case .open:
            passWaitingOn()
            sayGoodbye(nil)
            endHere(as: .closing)
            inner.close()
        case .connecting, .asking:
            endHere(as: .closing)
            inner.close()
        case .closing: break
        case .closed: if untoldEnd != nil { untoldEnd = .finished }
        }
    }

    package final func abort() {
        delegate = nil
        endHere(as: .closed)
        inner.abort()
    }

    package final func leaveToSystem() {
        delegate = nil
        endHere(as: .closed)
        inner.leaveToSystem()
    }

    // MARK: The inner stream

    package final func streamOpened(_ stream: any ByteStream) {
        guard state == .connecting else { return }
        state = .asking
        timer = loop.schedule(at: deadline, self)
        let request = request
        inner.queueWrite(request.span.bytes)
        inner.flush()
    }

    package final func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        switch state {
        case .open: receivedOpen(bytes)
        case .asking: readAnswer(bytes)
        case .connecting, .closing, .closed: break
        }
    }

    package final func streamBlocked(_ stream: any ByteStream) {
        isInnerBlocked = true
        tellIfBlocked()
    }

    package final func streamDrained(_ stream: any ByteStream) {
        isInnerBlocked = false
        flush()
        guard isBlocked, !isInnerBlocked, state == .open else { return }
        isBlocked = false
        delegate?.streamDrained(self)
    }

    package final func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        let wasAsking = state == .asking
        endHere(as: .closed)
        switch reason {
        case .endOfStream, .failed, .writeQueueOverflow:
            let ended = StreamCloseReason.noPassage(PassageFailure(.ended, at: place, isInHandshake: true))
            delegate?.streamClosed(self, reason: wasAsking ? ended : reason)
        case .insecure, .noPassage: delegate?.streamClosed(self, reason: reason)
        }
    }

    package final func streamFinished(_ stream: any ByteStream) {
        endHere(as: .closed)
        delegate?.streamFinished(self)
    }

    private func readAnswer(_ bytes: RawSpan) {
        var position = 0
        switch answer?.read(bytes, from: &position) {
        case .incomplete, nil: return
        case .broken(let fault): return fail(.noAnswer(fault))
        case .complete(let answer): if let objection = objection(to: answer) { return fail(objection) }
        }
        state = .open
        answer = nil
        stopTimer()
        if isReadingPaused { inner.pauseReading() }
        delegate?.streamOpened(self)
        flush()
        if state == .open, position < bytes.byteCount { receivedOpen(bytes.extracting(position..<bytes.byteCount)) }
    }

    private func tellIfBlocked() {
        guard state == .open, isInnerBlocked, !isBlocked else { return }
        isBlocked = true
        delegate?.streamBlocked(self)
    }

    // MARK: The end

    /// Says goodbye for `reason`, ends the stream and tells the owner in the loop's next turn.
    final func fail(_ reason: PassageFailure.Reason) {
        let wasOpen = state == .open
        if wasOpen { sayGoodbye(reason) }
        end(.noPassage(PassageFailure(reason, at: place, isInHandshake: !wasOpen)))
    }

    /// Ends it and tells the owner in the loop's next turn. The system delivers what was handed to it, and no
    /// descriptor waits for a server that does not close.
    final func end(_ reason: StreamCloseReason) {
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
        state = end
        untoldEnd = nil
        answer = nil
        forgetWaiting()
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    package final func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        if state == .asking { return fail(.timedOut) }
        guard let end = untoldEnd else { return }
        untoldEnd = nil
        switch end {
        case .closed(let reason): delegate?.streamClosed(self, reason: reason)
        case .finished: delegate?.streamFinished(self)
        }
    }
}

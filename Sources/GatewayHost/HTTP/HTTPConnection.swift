import Configuration
import HTTP
import Time
import Transports

/// One connection: a request, the response, and the end; or, after the request, what goes on for as long as somebody
/// reads it.
final class HTTPConnection: ByteStreamDelegate, TimerHandler {
    private enum State {
        case reading
        /// The head of an endless response is sent, and more follows.
        case following
        /// The response is the system's or waits for the peer; the stream ends by itself.
        case ending
    }

    private unowned let door: HTTPDoor
    private let stream: TCPStream
    private var reader: HTTPRequestReader
    private var state = State.reading
    private var timer: LoopTimer?
    private var isUnflushed = false
    /// Octets that were ever queued; and how many of them the system had taken when the timer was started.
    private var queuedInAll = 0
    private var takenAtStart = 0
    /// Whether only the heads of responses are wanted.
    private var isHead = false
    /// Whether a request is being answered just now; what it asks for may close its own door.
    private var isAnswering = false

    init(_ descriptor: consuming OwnedDescriptor, from address: SocketAddress, door: HTTPDoor) throws(IOError) {
        self.door = door
        let settings = door.server.settings
        reader = HTTPRequestReader(maximumByteCount: settings.requestByteCount)
        var options = TCPStreamOptions()
        options.lingerTimeout = .nanoseconds(Int64(clamping: settings.timeout.nanoseconds))
        options.readByteCount = 4_096
        options.maximumQueuedByteCount = settings.queuedByteCount
        stream = try TCPStream(
            adopting: descriptor, from: address, options: options, loop: door.server.host.loop, delegate: nil)
        stream.delegate = self
        startTimer()
    }

    var kind: HTTPDoor.Kind { door.kind }

    var isFollowing: Bool { state == .following }

    /// Whether one more connection may stay.
    var mayFollow: Bool { door.hasRoomForReader }

    /// Octets that wait for the peer to read.
    var queuedByteCount: Int { stream.queuedByteCount }

    // MARK: Answering

    /// Sends the response and ends the connection; a HEAD gets no content, but its length.
    func respond(_ response: HTTPResponse, _ content: [UInt8]) {
        state = .ending
        stopTimer()
        let head = response.head(.known(content.count))
        queue(head)
        if !isHead { queue(content) }
        stream.flush()
        stream.close()
    }

    /// Sends the head of a response without an end.
    func beginFollowing(_ response: HTTPResponse, _ length: HTTPResponse.Length) {
        state = .following
        stopTimer()
        queue(response.head(length))
        isUnflushed = true
    }

    /// More of a response without an end, which leaves with the turn. What goes beyond the limit cuts the connection.
    func queue(_ bytes: [UInt8]) {
        queuedInAll += bytes.count
        stream.queueWrite(bytes.span.bytes)
        isUnflushed = true
    }

    func flush() {
        guard isUnflushed else { return }
        isUnflushed = false
        stream.flush()
    }

    func cut() {
        stopTimer()
        stopFollowing()
        state = .ending
        // The answer still leaves; nobody is told how the stream ends, as the door may be gone by then.
        if isAnswering { stream.delegate = nil } else { stream.abort() }
    }

    private func stopFollowing() {
        guard state == .following else { return }
        door.server.events.remove(self)
        door.server.watch.remove(self)
    }

    // MARK: The stream

    func streamOpened(_ stream: any ByteStream) {}

    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        // What comes behind the request is nobody's.
        guard state == .reading else { return }
        switch reader.read(bytes) {
        case .incomplete: break
        case .complete(let request):
            isHead = request.method == .head
            isAnswering = true
            door.server.answer(request, on: self)
            isAnswering = false
        case .refused(let refusal): door.server.refuse(refusal, on: self)
        }
    }

    func streamBlocked(_ stream: any ByteStream) {
        if state == .following, timer == nil { startTimer() }
    }

    func streamDrained(_ stream: any ByteStream) {
        if state == .following { stopTimer() }
    }

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        if reason == .writeQueueOverflow { door.server.readTooSlowly() }
        end()
    }

    func streamFinished(_ stream: any ByteStream) { end() }

    private func end() {
        stopTimer()
        stopFollowing()
        state = .ending
        door.hasEnded(self)
    }

    // MARK: Time

    private func startTimer() {
        let loop = door.server.host.loop
        takenAtStart = queuedInAll - stream.queuedByteCount
        timer = loop.schedule(at: MonotonicClock.now() &+ door.server.settings.timeout.nanoseconds, self)
    }

    private func stopTimer() {
        if let timer { door.server.host.loop.cancel(timer) }
        timer = nil
    }

    func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        if state == .reading, reader.hasBegun {
            door.server.refuse(HTTPRefusal(.requestTimeout, "the request did not come in time"), on: self)
            return
        }
        // Who reads on, though slowly, is not cut off.
        if state == .following, queuedInAll - stream.queuedByteCount > takenAtStart { return startTimer() }
        // Nothing was asked, or nothing is read.
        if state == .following { door.server.readTooSlowly() } else { door.server.host.statistics.http.note(.silent) }
        stream.abort()
        end()
    }
}

/// Connects to one of several addresses: attempts begin one after the other without waiting for each other's end, and
/// the first that is open wins (RFC 8305).
///
/// An address that does not answer so costs a quarter of a second, and not the time that an attempt has.
package final class TCPRace: ByteStreamDelegate, TimerHandler {
    /// Each that is under way has a descriptor.
    package static let maximumAttemptCount = 4

    private let loop: EventLoop
    private var options: TCPStreamOptions
    private let delay: Duration
    /// Monotonic nanoseconds.
    private let deadline: UInt64
    /// Those that are not tried yet.
    private var addresses: ArraySlice<SocketAddress>
    private var attempts: [TCPStream] = []
    /// What the last machine that was reached said, or the network; where none was, what this one said.
    private var failure: StreamCloseReason?
    private var timer: LoopTimer?
    private weak var delegate: (any TCPRaceDelegate)?

    /// Starts connecting to the first of `addresses`, of which there is at least one. All together have
    /// `options.connectTimeout`; `delay` is how long one has before the next is tried too (RFC 8305 §5, §8).
    package init(
        to addresses: [SocketAddress], delay: Duration = .milliseconds(250), options: TCPStreamOptions, loop: EventLoop,
        delegate: any TCPRaceDelegate
    ) {
        self.addresses = Self.interleaved(addresses)[...]
        (self.delay, self.options, self.loop, self.delegate) = (delay, options, loop, delegate)
        deadline = MonotonicClock.now().advanced(by: options.connectTimeout)
        // Those that find no room at first have their time too.
        let waves = (addresses.count + Self.maximumAttemptCount - 1) / Self.maximumAttemptCount
        self.options.connectTimeout /= max(1, waves)
        tryNext()
    }

    /// How many addresses are being connected to.
    package var attemptCount: Int { attempts.count }

    /// Cuts all attempts. No call comes any more.
    package func abort() {
        delegate = nil
        endAttempts()
    }

    /// The families take turns, beginning with that of the first, so that one which leads nowhere does not hold up the
    /// other (RFC 8305 §4).
    static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        let first = addresses.filter { $0.isIPv6 == addresses[0].isIPv6 }
        let second = addresses.filter { $0.isIPv6 != addresses[0].isIPv6 }
        let both = min(first.count, second.count)
        return zip(first, second).flatMap { [$0, $1] } + first[both...] + second[both...]
    }

    private func tryNext() {
        guard attempts.count < Self.maximumAttemptCount, let address = addresses.popFirst() else { return }
        var options = options
        let now = MonotonicClock.now()
        let left = Duration.nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))
        options.connectTimeout = min(options.connectTimeout, left)
        attempts.append(TCPStream(connectingTo: address, options: options, loop: loop, delegate: self))
        stopTimer()
        guard !addresses.isEmpty, attempts.count < Self.maximumAttemptCount else { return }
        timer = loop.schedule(at: now.advanced(by: delay), self)
    }

    package func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        tryNext()
    }

    private func endAttempts() {
        stopTimer()
        addresses = []
        for attempt in attempts { attempt.abort() }
        attempts = []
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    // MARK: ByteStreamDelegate

    package func streamOpened(_ stream: any ByteStream) {
        guard let index = attempts.firstIndex(where: { $0 === stream }) else { return }
        let winner = attempts.remove(at: index)
        endAttempts()
        delegate?.race(self, wonBy: winner)
    }

    package func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        attempts.removeAll { $0 === stream }
        note(reason)
        tryNext()
        if attempts.isEmpty { delegate?.race(self, lostWith: failure ?? reason) }
    }

    private func note(_ reason: StreamCloseReason) {
        if case .failed(let error) = reason, error.isLocal, failure != nil { return }
        failure = reason
    }

    // An attempt that is open is somebody else's, and none is ended from here but cut.
    package func stream(_ stream: any ByteStream, received bytes: RawSpan) {}
    package func streamBlocked(_ stream: any ByteStream) {}
    package func streamDrained(_ stream: any ByteStream) {}
    package func streamFinished(_ stream: any ByteStream) {}
}

/// The owner of a race, who hears of one of both, once, from `EventLoop.turn`.
package protocol TCPRaceDelegate: AnyObject {
    /// `stream` is open, and the owner's from now on: whom it makes the stream's delegate is to be told so.
    func race(_ race: TCPRace, wonBy stream: TCPStream)

    /// No address could be connected to; the reason is that of one of them.
    func race(_ race: TCPRace, lostWith reason: StreamCloseReason)
}

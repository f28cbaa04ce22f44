import Time

/// When what a client has to answer is said to it again (GW-78).
///
/// A session has one for what it delivers, as the gateway keeps one exchange open towards a client (GW-88), and a
/// set-up one for its prompts. The clock knows times and counts only; what is said again, its owner knows. It runs from
/// the first copy until the answer, or measures a pause in which nobody is asked anything. Invariant: a clock that was
/// not started never rings.
struct RetryClock: Sendable {
    /// When the first copy was sent.
    private var beganAt = Instant(nanoseconds: 0)
    /// nil where nothing is to be said again.
    private(set) var ringsAt: Instant?
    /// How often the message has been sent; 0 where none is.
    private(set) var attempts: UInt16 = 0
    /// Whether the message had been sent before, with DUP, in an earlier exchange.
    private var isRepetition = false
    /// Whether the clock has stood still, so that what it has measured means nothing.
    private var hasStoodStill = false

    /// The first copy has just been sent.
    mutating func start(at now: Instant, interval: TimeSpan, isRepetition: Bool) {
        self = RetryClock(beganAt: now, ringsAt: now + interval, attempts: 1, isRepetition: isRepetition)
    }

    /// One more copy is being sent.
    mutating func startAgain(at now: Instant, interval: TimeSpan) {
        ringsAt = now + interval
        if attempts < .max { attempts += 1 }
    }

    /// The clock has stood still since `stopped`, as nothing could be said, and goes on with what was left of it then.
    /// One that nobody is asked by has not stood still.
    mutating func goOn(at now: Instant, stoppedAt stopped: Instant) {
        guard attempts > 0, let rings = ringsAt else { return }
        // What was begun meanwhile has all of its time left.
        let rest = rings > stopped ? min(rings.since(stopped), rings.since(beganAt)) : .zero
        (beganAt, ringsAt, hasStoodStill) = (now, now + rest, true)
    }

    /// Nothing more is said, and the answer is awaited until so long after the first copy.
    ///
    /// - Returns: false where that is over.
    mutating func waitsLonger(at now: Instant, patience: TimeSpan) -> Bool {
        guard beganAt + patience > now else { return false }
        ringsAt = beganAt + patience
        return true
    }

    /// Nobody is asked anything; the clock only rings, or not even that.
    mutating func wait(until instant: Instant?) { self = RetryClock(ringsAt: instant) }

    mutating func stop() { self = RetryClock() }

    func isDue(at now: Instant) -> Bool { ringsAt.map { $0 <= now } ?? false }

    /// Whether the client has said anything, whatever it was, since it was asked.
    func hasHeard(lastHeard: Instant) -> Bool { attempts > 0 && lastHeard > beganAt }

    /// Whether an answer has not come in time, so that at least one copy more was sent.
    var isOverdue: Bool { attempts > 1 }

    /// How many copies of the message went out as repetitions, as far as this clock knows.
    var repetitionCount: UInt16 { isRepetition || attempts == 0 ? attempts : attempts - 1 }

    /// How long an answer that comes now took; nil where it may belong to any of several copies (Karn's rule).
    func roundTrip(at now: Instant) -> TimeSpan? {
        attempts == 1 && !isRepetition && !hasStoodStill ? now.since(beganAt) : nil
    }
}

extension ClientSession {
    /// Whether the client has to answer something.
    var isAsked: Bool { clock.attempts > 0 }

    /// A message that wants an answer has just been sent.
    @inline(__always)
    mutating func awaitAnswer(isRepetition: Bool = false, in environment: borrowing Environment) {
        clock.stop()
        let interval = retryInterval(after: clock.attempts, in: environment)
        clock.start(at: environment.now, interval: interval, isRepetition: isRepetition)
    }

    /// The answer has come.
    mutating func answerCame(in environment: inout Environment) {
        if let sample = clock.roundTrip(at: environment.now) { noteRoundTrip(sample, in: &environment) }
        clock.stop()
        downlink.cease()
    }

    /// The client is asked nothing any more; what it has not answered waits.
    mutating func stopAsking() {
        clock.stop()
        downlink.cease()
    }

    /// How long the gateway waits for the answer to a message that it has sent so often before.
    @inline(__always)
    func retryInterval(after attempts: UInt16, in environment: borrowing Environment) -> TimeSpan {
        let link = link(in: environment)
        guard link.adaptsRetryInterval, let measured = roundTrip.timeout else { return link.retryInterval }
        return min(measured * (1 << min(Int(attempts), 16)), link.retryInterval)
    }
}

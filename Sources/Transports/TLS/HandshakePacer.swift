/// Spreads the work of handshakes over the turns of a loop, as hundreds may come at once and each costs up to some
/// milliseconds of computing: nobody else waits for more than one and a bit of them.
final class HandshakePacer: TimerHandler {
    /// For handshakes in one turn, in nanoseconds; one begins before that is used up.
    private static let timePerTurn: UInt64 = 2_000_000

    private let loop: EventLoop
    private var waiting: [TLSStream] = []
    /// Those before it have had their turn.
    private var first = 0
    private var turn: UInt64 = 0
    private var spent: UInt64 = 0
    private var isScheduled = false

    init(_ loop: EventLoop) { self.loop = loop }

    /// Whether a step may be made now: there is time, and nobody waits.
    var mayGoOn: Bool { first == waiting.count && hasTime }

    private var hasTime: Bool { turn != loop.now || spent < Self.timePerTurn }

    /// Makes a step, and takes note of how long that takes.
    func measure(_ step: () -> Void) {
        if turn != loop.now { (turn, spent) = (loop.now, 0) }
        let began = MonotonicClock.now()
        step()
        spent &+= MonotonicClock.now() &- began
    }

    /// Lets the stream go on when its turn comes.
    func wait(_ stream: TLSStream) {
        waiting.append(stream)
        schedule()
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        loop.schedule(at: 0, self)
    }

    func timerFired(_ timer: LoopTimer) {
        isScheduled = false
        while first < waiting.count, hasTime {
            let stream = waiting[first]
            first += 1
            stream.goOn()
        }
        // What is over makes room, also where there is always somebody who waits.
        if first == waiting.count || first > 64 && first * 2 > waiting.count {
            waiting.removeFirst(first)
            first = 0
        }
        if first < waiting.count { schedule() }
    }
}

import Glibc

/// The owner of standard input, told what comes.
package protocol InputReaderDelegate: AnyObject {
    /// Octets came, which are valid during the call only.
    func input(received bytes: RawSpan)

    /// There is no more; the last call.
    func inputEnded()
}

/// Standard input in a loop: a pipe or a terminal is read when something comes, a file in one turn after the other.
package final class InputReader: ReadinessHandler, TimerHandler {
    private let loop: EventLoop
    private weak var delegate: (any InputReaderDelegate)?
    /// Whether epoll tells when there is something.
    private var isWatched = true
    private var isPaused = false
    private var hasEnded = false
    private var chunk = [UInt8](repeating: 0, count: 4_096)

    package init(loop: EventLoop, delegate: any InputReaderDelegate) {
        (self.loop, self.delegate) = (loop, delegate)
        do throws(IOError) {
            try loop.add(STDIN_FILENO, self, interest: .readable)
        } catch {
            // epoll refuses plain files, which never let one wait.
            isWatched = false
            loop.schedule(at: 0, self)
        }
    }

    /// Leaves what comes to the system for now.
    package func pause() {
        guard !isPaused, !hasEnded else { return }
        isPaused = true
        if isWatched { loop.modify(STDIN_FILENO, interest: []) }
    }

    /// Ends `pause`.
    package func resume() {
        guard isPaused, !hasEnded else { return }
        isPaused = false
        if isWatched { loop.modify(STDIN_FILENO, interest: .readable) } else { loop.schedule(at: 0, self) }
    }

    package func timerFired(_ timer: LoopTimer) { read() }

    package func ready(_ readiness: Readiness) { read() }

    private func read() {
        guard !isPaused, !hasEnded else { return }
        let count = Glibc.read(STDIN_FILENO, &chunk, chunk.count)
        if count > 0 {
            delegate?.input(received: chunk.span.bytes.extracting(0..<count))
            if !isWatched, !isPaused { loop.schedule(at: 0, self) }
        } else if count == 0 || errno != EINTR && errno != EAGAIN {
            close()
            delegate?.inputEnded()
        }
    }

    /// Reads no more.
    package func close() {
        guard !hasEnded else { return }
        hasEnded = true
        if isWatched { loop.remove(STDIN_FILENO) }
    }
}

/// Turns host names into addresses without ever blocking the loop: a helper thread does the waiting.
///
/// Names are looked up one after the other in the order asked for.
package final class Resolver: ReadinessHandler, TimerHandler {
    /// Names one request until it is answered or cancelled.
    package struct RequestIdentifier: Hashable, Sendable {
        fileprivate let value: UInt64
    }

    package typealias Completion = (Result<[SocketAddress], ResolveError>) -> Void

    private let loop: EventLoop
    private let maximumRequestCount: Int
    private var thread: ResolverThread?
    private var completions: [UInt64: Completion] = [:]
    /// Results that were known at once, and wait for the next turn.
    private var immediate: [ResolverThread.Answer] = []
    /// Requests that the thread has still to answer, the cancelled ones among them.
    private var submittedCount = 0
    private var lastIdentifier: UInt64 = 0

    /// Makes a resolver that starts its thread with the first name that is not numeric.
    ///
    /// Up to `maximumRequestCount` names may wait for the name service.
    package init(loop: EventLoop, maximumRequestCount: Int = 64) {
        self.loop = loop
        self.maximumRequestCount = maximumRequestCount
    }

    /// Resolves `host`, a name or a numeric address, and calls `completion` once from a later turn of the loop.
    ///
    /// A numeric address needs no name service and is answered in the next turn. A success holds at least one address,
    /// in the order to try them (RFC 6724).
    @discardableResult
    package func resolve(host: String, port: UInt16, _ completion: @escaping Completion) -> RequestIdentifier {
        lastIdentifier += 1
        completions[lastIdentifier] = completion
        if let address = SocketAddress(numeric: host, port: port) {
            answerInNextTurn(.success([address]))
        } else if host.isEmpty || host.utf8.contains(0) {
            answerInNextTurn(.failure(.failed(host: host, code: ResolveError.noName)))
        } else if submittedCount >= maximumRequestCount {
            answerInNextTurn(.failure(.tooManyRequests(host: host)))
        } else {
            submit(host: host, port: port)
        }
        return RequestIdentifier(value: lastIdentifier)
    }

    /// Forgets a request: its completion is not called any more.
    package func cancel(_ request: RequestIdentifier) {
        completions[request.value] = nil
    }

    /// Forgets all requests and ends the thread.
    package func close() {
        completions.removeAll()
        immediate.removeAll()
        submittedCount = 0
        guard let thread else { return }
        loop.remove(thread.answersReady.descriptor)
        thread.stop()
        self.thread = nil
    }

    private func submit(host: String, port: UInt16) {
        do throws(IOError) {
            let thread = try startedThread()
            submittedCount += 1
            thread.submit(ResolverThread.Request(identifier: lastIdentifier, host: host, port: port))
        } catch {
            answerInNextTurn(.failure(.unavailable(error)))
        }
    }

    private func startedThread() throws(IOError) -> ResolverThread {
        if let thread { return thread }
        let started = try ResolverThread()
        try started.start()
        do throws(IOError) {
            try loop.add(started.answersReady.descriptor, self, interest: .readable)
        } catch {
            started.stop()
            throw error
        }
        thread = started
        return started
    }

    private func answerInNextTurn(_ result: Result<[SocketAddress], ResolveError>) {
        immediate.append(ResolverThread.Answer(identifier: lastIdentifier, result: result))
        if immediate.count == 1 { loop.schedule(at: 0, self) }
    }

    package func timerFired(_ timer: LoopTimer) {
        let answers = immediate
        immediate.removeAll()
        deliver(answers)
    }

    package func ready(_ readiness: Readiness) {
        guard let thread else { return }
        let answers = thread.takeAnswers()
        submittedCount -= answers.count
        deliver(answers)
    }

    private func deliver(_ answers: [ResolverThread.Answer]) {
        for answer in answers {
            completions.removeValue(forKey: answer.identifier)?(answer.result)
        }
    }
}

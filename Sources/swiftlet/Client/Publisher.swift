import SensorClient
import Transports

/// Publishes one message after the other by a client: the same one some times, or each line of standard input.
final class Publisher: InputReaderDelegate, TimerHandler {
    private let host: ClientHost
    private let publication: Publication
    /// What is left to be published; nil: lines until their end.
    private var remaining: Int?
    private let pause: UInt64
    private let isVerbose: Bool
    private var input: InputReader?
    private var hasInputEnded = false
    /// What of standard input is not published yet; bounded by what one read brings beyond a line that fits.
    private var text: [UInt8] = []
    private var hasOverflowed = false
    /// Whether a message is on its way, or a pause passes.
    private var isBusy = true
    private(set) var publishedCount = 0
    private(set) var repeatedCount = 0

    /// Longer lines fit into no datagram.
    private static let maximumLineByteCount = 65_507

    init(_ host: ClientHost, _ publication: Publication, count: Int?, pause: UInt64, isVerbose: Bool) {
        (self.host, self.publication, remaining, self.pause) = (host, publication, count, pause)
        self.isVerbose = isVerbose
    }

    func run(isConnected: Bool) throws -> ClientHost.Outcome {
        if isConnected { host.client.connect(at: host.now) } else { begin() }
        let outcome = try host.run(handle)
        input?.close()
        guard !hasOverflowed else { return .failed(.tooLong) }
        return outcome
    }

    private func handle(_ event: ClientEvent) {
        switch event {
        case .connected: begin()
        case .published:
            publishedCount += 1
            tell("published \(publishedCount)")
            if pause > 0, remaining.map({ $0 > 0 }) ?? true {
                host.loop.schedule(at: MonotonicClock.now() + pause, self)
            } else {
                isBusy = false
                publishNext()
            }
        case .repeated(let exchange):
            repeatedCount += 1
            tell("no answer to \(exchange.rawValue) yet, repeating it")
        default: break
        }
    }

    private func tell(_ text: String) { if isVerbose { Terminal.complain(text) } }

    private func begin() {
        // A second connection goes on where the first one ended.
        guard isBusy, publishedCount == 0, input == nil else { return }
        tell("connected")
        isBusy = false
        if remaining == nil { input = InputReader(loop: host.loop, delegate: self) }
        publishNext()
    }

    func timerFired(_ timer: LoopTimer) {
        isBusy = false
        publishNext()
    }

    private func publishNext() {
        guard !isBusy else { return }
        if let count = remaining {
            guard count > 0 else { return host.client.finish(at: host.now) }
            remaining = count - 1
            publish(publication.data)
        } else if let line = takeLine() {
            publish(line)
        } else if hasInputEnded {
            host.client.finish(at: host.now)
        } else {
            input?.resume()
        }
    }

    private func publish(_ data: [UInt8]) {
        isBusy = true
        var next = publication
        next.data = data
        host.client.publish(next, at: host.now)
    }

    /// The first line, without its end; the last one needs none.
    private func takeLine() -> [UInt8]? {
        if let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(text[..<end])
            text.removeSubrange(...end)
            return line
        }
        guard hasInputEnded, !text.isEmpty else { return nil }
        defer { text.removeAll() }
        return text
    }

    func input(received bytes: RawSpan) {
        bytes.withUnsafeBytes { text.append(contentsOf: $0) }
        if text.count > Self.maximumLineByteCount, !text.contains(UInt8(ascii: "\n")) {
            hasOverflowed = true
            text.removeAll()
            hasInputEnded = true
            input?.close()
        } else {
            // One line after the other: the rest waits in the pipe.
            input?.pause()
        }
        publishNext()
    }

    func inputEnded() {
        hasInputEnded = true
        publishNext()
    }
}

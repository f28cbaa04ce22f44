import Glibc
import Testing
import Transports

/// Many sensors, each with a socket of its own, that do the same thing with a bounded number under way at a time.
final class SensorCrowd {
    /// What is said again after so long, since UDP may lose it; in nanoseconds.
    private static let patience: UInt64 = 3_000_000_000
    private static let attemptLimit = 5

    private let sockets: [BlockingSocket]

    /// `count` sensors that speak to `gateway` alone.
    init(_ count: Int, _ gateway: SocketAddress) throws {
        sockets = try (0..<count).map { _ in
            let socket = try BlockingSocket(.datagrams, for: gateway)
            try socket.connect(to: gateway)
            return socket
        }
    }

    /// An exchange that is under way.
    private struct Open {
        var sensor: Int
        var attempts = 1
        var sentAt: UInt64
    }

    /// What an exchange of the whole crowd took.
    struct Result {
        var answeredCount = 0
        var repeatedCount = 0
        var otherAnswers: [[UInt8]] = []
        var seconds = 0.0
    }

    /// Lets every sensor send `request` of its number and hear `answer`, with at most `window` waiting at a time; ends
    /// when all are done or have given up.
    func exchange(
        window: Int, _ request: (Int) -> [UInt8], answer: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Result {
        let began = MonotonicClock.now()
        var result = Result()
        var open: [Open] = []
        var next = 0
        while next < sockets.count || !open.isEmpty {
            while next < sockets.count, open.count < window {
                try sockets[next].write(request(next))
                open.append(Open(sensor: next, sentAt: MonotonicClock.now()))
                next += 1
            }
            hear(&open, answer, &result)
            try repeatLost(&open, request, &result)
        }
        result.seconds = Double(MonotonicClock.now() - began) / 1_000_000_000
        return result
    }

    private func hear(_ open: inout [Open], _ answer: [UInt8], _ result: inout Result) {
        var requests = open.map { pollfd(fd: sockets[$0.sensor].descriptor, events: Int16(POLLIN), revents: 0) }
        guard poll(&requests, nfds_t(requests.count), 100) > 0 else { return }
        for index in open.indices.reversed() where requests[index].revents != 0 {
            let heard = sockets[open[index].sensor].read(until: Deadline(in: .zero))
            if heard == answer {
                result.answeredCount += 1
            } else {
                result.otherAnswers.append(heard ?? [])
            }
            open.remove(at: index)
        }
    }

    private func repeatLost(_ open: inout [Open], _ request: (Int) -> [UInt8], _ result: inout Result) throws {
        let now = MonotonicClock.now()
        for index in open.indices where now - open[index].sentAt > Self.patience {
            open[index].attempts += 1
            open[index].sentAt = now
            guard open[index].attempts <= Self.attemptLimit else { continue }
            try sockets[open[index].sensor].write(request(open[index].sensor))
            result.repeatedCount += 1
        }
        open.removeAll { $0.attempts > Self.attemptLimit }
    }
}

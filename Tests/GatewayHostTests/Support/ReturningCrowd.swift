import Glibc
import MQTTSN
import Testing
import Transports

/// Active sensors that publish at QoS 0 and 1 all the time, and keep account of what they were told. The number of a
/// message is the length of its payload, which brokers log.
final class ReturningCrowd {
    /// One sensor: it says a message of QoS 0 each second, and one of QoS 1 a second after the last was acknowledged.
    struct Member {
        let socket: BlockingSocket
        /// The last message of QoS 1, and whether it is acknowledged.
        var number = 0
        var isAwaiting = false
        /// When it says something next at QoS 1 and 0, in monotonic nanoseconds.
        var dueAt: UInt64
        var atMostOnceDueAt: UInt64
        /// The number of its last message of QoS 1, when that is known.
        var lastNumber = Int.max
        /// Numbers of QoS 1 that were acknowledged.
        var acknowledged: [Int] = []
        /// When it was told so last.
        var acknowledgedAt: UInt64 = 0
        /// When each message of QoS 0 was said, in milliseconds of the day.
        var saidAt: [Int] = []
    }

    static let topicAtLeastOnce = UInt16(0x7331)
    static let topicAtMostOnce = UInt16(0x7330)
    /// Between two messages of QoS 1, and before one that was not answered or was told to wait is said again.
    private static let pause: UInt64 = 1_000_000_000
    private static let patience: UInt64 = 5_000_000_000
    private static let patienceOfTheTold: UInt64 = 1_000_000_000

    private(set) var members: [Member] = []
    /// Messages that were told to wait, of QoS 1 and 0.
    private(set) var toldToWait = (atLeastOnce: 0, atMostOnce: 0)
    /// What else than PUBACKs came, or PUBACKs of other codes.
    private(set) var otherAnswers: [[UInt8]] = []
    private var requests: [pollfd]

    static func name(_ member: Int) -> String { "back-\(member)" }

    /// Connects so many sensors, ten at a time; each has an answer within the time in which it would ask again.
    init(_ count: Int, _ gateway: SocketAddress) throws {
        let sockets = try (0..<count).map { _ in
            let socket = try BlockingSocket(.datagrams, for: gateway)
            try socket.connect(to: gateway)
            return socket
        }
        let accepted = Datagram.connectAcknowledgement(.accepted)
        for first in stride(from: 0, to: count, by: 10) {
            let some = first..<min(count, first + 10)
            for index in some { try sockets[index].write(Datagram.connect(Self.name(index), keepAlive: 3_600)) }
            for index in some { try #require(sockets[index].read(until: Deadline(in: generous)) == accepted) }
        }
        let now = MonotonicClock.now()
        requests = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        members = sockets.enumerated().map { index, socket in
            let first = now + Self.pause / UInt64(count) * UInt64(index)
            return Member(socket: socket, dueAt: first, atMostOnceDueAt: first + Self.pause / 2)
        }
    }

    /// The wall clock as logs have it, in milliseconds of the day.
    static func timeOfDay() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec % 86_400 * 1_000 + time.tv_nsec / 1_000_000
    }

    /// Lets all speak and listen until `condition` holds; whether it did in time.
    func live(within duration: Duration, until condition: () throws -> Bool) throws -> Bool {
        let deadline = Deadline(in: duration)
        while true {
            if try condition() { return true }
            if deadline.hasPassed { return false }
            try speak()
            listen()
        }
    }

    /// Has everybody say one more message of QoS 1, behind which nothing begins.
    func end() {
        for index in members.indices { members[index].lastNumber = members[index].number + 1 }
    }

    var hasEnded: Bool { members.allSatisfy { !$0.isAwaiting && $0.number >= $0.lastNumber } }

    private func speak() throws {
        let now = MonotonicClock.now()
        for index in members.indices {
            if members[index].atMostOnceDueAt <= now, members[index].lastNumber == .max {
                members[index].atMostOnceDueAt += Self.pause
                members[index].saidAt.append(Self.timeOfDay())
                try publish(index, Self.topicAtMostOnce, members[index].saidAt.count, .atMostOnce)
            }
            guard members[index].dueAt <= now else { continue }
            let isRepeated = members[index].isAwaiting
            if !isRepeated {
                guard members[index].number < members[index].lastNumber else { continue }
                members[index].number += 1
                members[index].isAwaiting = true
            }
            members[index].dueAt = now + Self.patience
            try publish(index, Self.topicAtLeastOnce, members[index].number, .atLeastOnce, isRepeated: isRepeated)
        }
    }

    private func publish(
        _ index: Int, _ topicID: UInt16, _ number: Int, _ qos: QualityOfService, isRepeated: Bool = false
    ) throws {
        let payload = [UInt8](repeating: 0x2E, count: number)
        try members[index].socket.write(
            Datagram.publish(
                topicID, payload, type: .shortName, qos: qos, duplicate: isRepeated,
                messageID: qos == .atMostOnce ? 0 : UInt16(number)))
    }

    private func listen() {
        guard poll(&requests, nfds_t(requests.count), 5) > 0 else { return }
        for index in requests.indices where requests[index].revents != 0 {
            requests[index].revents = 0
            guard let answer = members[index].socket.read(until: Deadline(in: .zero)) else { continue }
            note(answer, index)
        }
    }

    private func note(_ answer: [UInt8], _ index: Int) {
        let now = MonotonicClock.now()
        let number = members[index].number
        func isTold(_ topicID: UInt16, _ messageID: UInt16, _ code: ReturnCode) -> Bool {
            answer == Datagram.publishAcknowledgement(topicID, messageID, code)
        }
        if isTold(Self.topicAtLeastOnce, UInt16(number), .accepted) {
            guard members[index].isAwaiting else { return }
            members[index].isAwaiting = false
            members[index].acknowledged.append(number)
            (members[index].acknowledgedAt, members[index].dueAt) = (now, now + Self.pause)
        } else if isTold(Self.topicAtLeastOnce, UInt16(number), .congestion) {
            toldToWait.atLeastOnce += 1
            members[index].dueAt = now + Self.patienceOfTheTold
        } else if isTold(Self.topicAtMostOnce, 0, .congestion) {
            toldToWait.atMostOnce += 1
        } else {
            otherAnswers.append(answer)
        }
    }
}

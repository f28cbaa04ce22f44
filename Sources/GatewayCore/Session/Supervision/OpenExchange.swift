import MQTTSN
import Time

/// The one exchange the gateway has open towards a client, repeated until it is answered (GW-78, GW-88).
struct OpenExchange: Sendable {
    /// What was sent last and is to be answered.
    enum Kind: Equatable, Sendable {
        case none
        /// WILLTOPICREQ or WILLMSGREQ; the session's state says which.
        case willPrompt
        case register(topicID: TopicID, messageID: MessageID)
        /// PUBLISH of the first message in the queue.
        case publish
        /// PUBREL of the first message in the queue.
        case release
        /// Nothing more to send for the first message until the broker's PUBREL.
        case brokerRelease
        /// Nothing is awaited but the end of the pause before the next message.
        case pause
    }

    var sentAt = Instant(nanoseconds: 0)
    /// When it is sent again; nil where nothing is repeated.
    var retryAt: Instant?
    /// Whether the message had been sent before, in this exchange or, with DUP, in an earlier one.
    var isRepetition = false
    var kind = Kind.none
    /// How often the message has been sent.
    var attempts: UInt32 = 0

    /// Nothing is open.
    var isClosed: Bool { kind == .none }

    /// Whether something has been sent to the client that it has not answered.
    var awaitsClient: Bool {
        switch kind {
        case .willPrompt, .register, .publish, .release: true
        case .none, .brokerRelease, .pause: false
        }
    }
}

extension ClientSession {
    /// Notes that a message which wants an answer has just been sent.
    mutating func openExchange(
        _ kind: OpenExchange.Kind, isRepetition: Bool = false, in environment: inout Environment
    ) {
        open = OpenExchange(
            sentAt: environment.now, retryAt: environment.now + retryInterval(in: environment),
            isRepetition: isRepetition, kind: kind, attempts: 1)
    }

    /// Notes that the answer has come.
    mutating func closeExchange(in environment: borrowing Environment) {
        // An answer to a repeated message may belong to any of its copies, so it measures nothing (Karn's rule).
        if open.attempts == 1, !open.isRepetition { roundTrip.take(environment.now.since(open.sentAt)) }
        open = OpenExchange()
    }

    /// How long the gateway waits for the answer to a message it sends now.
    func retryInterval(in environment: borrowing Environment) -> TimeSpan {
        let link = link(in: environment)
        guard link.adaptsRetryInterval, let measured = roundTrip.timeout else { return link.retryInterval }
        return min(measured * (1 << min(open.attempts, 16)), link.retryInterval)
    }
}

/// What the measured round trips of a client say about how long to wait for it (RFC 6298 §2).
struct RoundTripEstimate: Sendable {
    /// Answers of a fast client must not make the gateway impatient: a radio sleeps, a scheduler is busy.
    private static let least = TimeSpan.milliseconds(500)

    /// Microseconds; 0 before the first measurement.
    private var smoothed: UInt32 = 0
    private var variation: UInt32 = 0

    mutating func take(_ sample: TimeSpan) {
        let sample = UInt32(clamping: sample.nanoseconds / 1_000) | 1
        guard smoothed > 0 else {
            (smoothed, variation) = (sample, sample / 2)
            return
        }
        let deviation = sample > smoothed ? sample - smoothed : smoothed - sample
        variation = variation - variation / 4 + deviation / 4
        smoothed = smoothed - smoothed / 8 + sample / 8
    }

    /// nil before the first measurement.
    var timeout: TimeSpan? {
        guard smoothed > 0 else { return nil }
        let microseconds = UInt64(smoothed) + 4 * UInt64(variation)
        return max(TimeSpan(nanoseconds: microseconds * 1_000), Self.least)
    }
}

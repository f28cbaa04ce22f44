import MQTTSN
import Time

/// The message ids under which a client gets what the broker sends (AMB-23).
///
/// At QoS 1 and QoS 2 ids are asked for different things, and they count apart: no answer to the one ends the other.
///
/// - *QoS 1*: nothing needs the broker's number, as the broker may send the message twice anyway. The gateway counts by
///   itself, so that a late second PUBACK names a message that has ended and no other: a number comes again after all
///   others, and by then even a fast link has forgotten the datagrams of so many round trips ago.
/// - *QoS 2*: nothing of the exchange outlives the gateway, so that broker and client must know a repetition by
///   themselves: the number is the broker's own, or after the broker has forgotten its session, and counts anew, that
///   in the other half. Where an exchange ended under it less than patience ago, a late PUBREC or PUBCOMP of that one
///   would end this one too: then the number is one of the gateway's own again, 0x4000 on top.
///
/// What ended at QoS 2 is remembered for patience, in runs: a broker that counts up makes few of them, and one that
/// takes the lowest free number no more than its window has places. It outlives the session, as what the network still
/// carries of it does: a PUBREC would be taken for one to the next session's message, and a client that compares takes
/// the same message under the same number for a late copy.
///
/// Invariants: no number is 0; runs are in the order of their beginnings, and no more numbers are remembered than leave
/// the gateway enough of its own.
struct DeliveryNumbers: Sendable {
    /// Numbers that ended one after the other.
    private struct Run: Sendable {
        var first: MessageID
        var last: MessageID
        var began: Instant
        var ended: Instant

        var count: Int { Int(last) - Int(first) + 1 }
    }

    /// A number under which something was given up.
    private struct GivenUp: Sendable {
        var number: MessageID
        /// Whether the broker was told, so that what it says under the number next is another message.
        var isSettled: Bool
    }

    /// More than any broker has in flight, and so few that most of the gateway's own are free.
    private static let mostRemembered = 16_384
    private static let longestRun = 4_096
    /// Runs that a session leaves to the next one.
    private static let mostInherited = 16

    private static let otherHalf: MessageID = 0x8000
    private static let quarter: MessageID = 0x4000

    /// The last of the gateway's own.
    private var lastOwn: MessageID
    /// The last one of a REGISTER.
    private var lastRegistration: MessageID = 0
    /// What distinguishes the numbers of QoS 2 from the broker's: 0 or 0x8000.
    private var half: MessageID = 0
    /// Whether the client may have a message under a number of that half, acknowledged or not.
    private var hasUsedHalf = false
    /// Whether messages of a broker session that was forgotten may still wait under their numbers.
    private(set) var mayMeetOlder = false
    private var ended: [Run] = []
    /// Numbers under which the client may have what was given up, or what a session held that is forgotten, as it may
    /// not know of that; those of the latest few messages. It forgets one only
    /// when it hears PUBREL, and takes what comes under it until then for the same message. They do not outlive the
    /// gateway.
    private var givenUp: [GivenUp] = []
    private static let mostGivenUp = 16

    /// - Parameter last: where counting begins; another place for every session, so that the answers to one do not
    ///   name what the next one of the same client has sent.
    init(after last: MessageID) { lastOwn = last }

    /// Whether a number that follows the broker's is not the broker's own.
    var areMoved: Bool { half != 0 }

    // MARK: Numbers

    mutating func nextRegistration() -> MessageID {
        lastRegistration = lastRegistration == .max ? 1 : lastRegistration + 1
        return lastRegistration
    }

    /// The next of the gateway's own numbers, for QoS 1.
    mutating func nextOwn() -> MessageID {
        lastOwn = lastOwn == .max ? 1 : lastOwn + 1
        return lastOwn
    }

    /// The next of the gateway's own numbers for QoS 2, none that has ended within patience.
    mutating func nextOwnExactlyOnce(at now: Instant, patience: TimeSpan) -> MessageID {
        var number = Self.nonzero(nextOwn() ^ Self.quarter)
        while hasEnded(number, within: patience, before: now) || isGivenUp(number) {
            number = Self.nonzero(nextOwn() ^ Self.quarter)
        }
        return number
    }

    /// The number under which a message is sent that has none yet.
    mutating func next(for message: StoredMessage, at now: Instant, patience: TimeSpan) -> MessageID {
        guard message.qos == .exactlyOnce else { return nextOwn() }
        let number = use(following: message.token)
        let isFree = !hasEnded(number, within: patience, before: now) && !isGivenUp(number)
        if !message.token.isNone, isFree { return number }
        return nextOwnExactlyOnce(at: now, patience: patience)
    }

    /// The number under which the client knows a message that the broker repeats, if it knows it at all; nil where it
    /// need not know it by a certain one.
    mutating func known(_ message: StoredMessage, at now: Instant, patience: TimeSpan) -> MessageID? {
        guard message.qos == .exactlyOnce else { return nil }
        let number = use(following: message.token)
        let isAnothers = givenUp.contains { $0.number == number && $0.isSettled }
        return isAnothers || hasEnded(number, within: patience, before: now) ? nil : number
    }

    /// The number of QoS 2 that goes with the broker's: the client gets, or has, a message under one of this half.
    mutating func use(following token: BrokerToken) -> MessageID {
        hasUsedHalf = true
        return following(token)
    }

    /// The number of QoS 2 that goes with the broker's.
    func following(_ token: BrokerToken) -> MessageID { Self.nonzero(token.followingMessageID ^ half) }

    private static func nonzero(_ number: MessageID) -> MessageID { number == 0 ? quarter : number }

    /// Whether a QoS 2 exchange under `number` has ended less than `patience` before `now`.
    func hasEnded(_ number: MessageID, within patience: TimeSpan, before now: Instant) -> Bool {
        for run in ended where run.first <= number && number <= run.last && now.since(run.ended) < patience {
            return true
        }
        return false
    }

    /// Whether the client may have something under `number` that was given up.
    func isGivenUp(_ number: MessageID) -> Bool { givenUp.contains { $0.number == number } }

    // MARK: What becomes of them

    /// A message of QoS 2 that was so far on its way has come to its end at the broker.
    mutating func noteSettled(_ state: DeliveryState) {
        if case .sent(let number) = state { noteGivenUp(number, isSettled: true) }
    }

    /// The client may have what was sent under `number`, and is sent no more of it; `isSettled` where the broker knows
    /// that, and else will say it again.
    mutating func noteGivenUp(_ number: MessageID, isSettled: Bool) {
        if let index = givenUp.firstIndex(where: { $0.number == number }) {
            givenUp[index].isSettled = isSettled
        } else {
            if givenUp.count >= Self.mostGivenUp { givenUp.removeFirst() }
            givenUp.append(GivenUp(number: number, isSettled: isSettled))
        }
    }

    /// A QoS 2 exchange has ended under `number`.
    mutating func noteEnd(_ number: MessageID, at now: Instant, patience: TimeSpan) {
        if let oldest = ended.first, now.since(oldest.ended) >= patience {
            ended.removeAll { now.since($0.ended) >= patience }
        }
        for index in ended.indices.reversed()
        where Int(ended[index].last) + 1 == Int(number) && ended[index].count < Self.longestRun
            && now.since(ended[index].began) * 4 < patience
        {
            ended[index].last = number
            ended[index].ended = now
            return
        }
        if ended.count > 1, ended.reduce(0, { $0 + $1.count }) > Self.mostRemembered - Self.longestRun {
            ended.removeFirst()
        }
        ended.append(Run(first: number, last: number, began: now, ended: now))
    }

    /// What the client's next session must know of one that is forgotten; nil where nothing ended less than `patience`
    /// ago, and nothing was given up. It holds few runs, of many those that ended last.
    func remainder(at now: Instant, patience: TimeSpan) -> DeliveryNumbers? {
        let runs = ended.filter { now.since($0.ended) < patience }
        guard !runs.isEmpty || !givenUp.isEmpty else { return nil }
        var remainder = self
        remainder.ended = runs.suffix(Self.mostInherited)
        return remainder
    }

    /// Takes over what ended in a session before this one.
    mutating func inherit(_ former: DeliveryNumbers) { (ended, givenUp) = (former.ended, former.givenUp) }

    /// From now on the broker's packet identifiers are those of another session.
    mutating func brokerForgot() {
        guard hasUsedHalf else { return }
        mayMeetOlder = true
        half ^= Self.otherHalf
        hasUsedHalf = false
    }

    /// The client has begun a new session. What the network still carries of the one before is not forgotten.
    mutating func forgetSession() {
        half = 0
        hasUsedHalf = false
        mayMeetOlder = false
    }

    /// - Returns: what does not hold; nil where everything does.
    func checkInvariants() -> String? {
        if half != 0 && half != Self.otherHalf { return "a half that is none" }
        if ended.reduce(0, { $0 + $1.count }) > Self.mostRemembered { return "too many numbers are remembered" }
        if ended.contains(where: { $0.first > $0.last || $0.first == 0 || $0.began > $0.ended }) {
            return "a run of numbers that is none"
        }
        return nil
    }
}

// MARK: - Record

extension DeliveryNumbers {
    /// What must outlive the process.
    struct Record: Hashable, Sendable {
        /// Numbers that ended one after the other, with the ages of the first and the last end.
        struct Run: Hashable, Sendable {
            var first: MessageID
            var last: MessageID
            var beganAgo: TimeSpan
            var endedAgo: TimeSpan
        }

        var lastOwn: MessageID
        var lastRegistration: MessageID
        var isOtherHalf: Bool
        var hasUsedHalf: Bool
        var mayMeetOlder: Bool
        var ended: [Run]

        /// Numbers that count up come from the next 256, so that those used before the record is written anew, which
        /// is with every 256th, are not used again: an answer to one of them may still be on its way.
        mutating func skipAhead() {
            lastOwn |= 0xFF
            lastRegistration |= 0xFF
        }
    }

    func record(at now: Instant) -> Record {
        Record(
            lastOwn: lastOwn, lastRegistration: lastRegistration, isOtherHalf: half != 0, hasUsedHalf: hasUsedHalf,
            mayMeetOlder: mayMeetOlder,
            ended: ended.map {
                Record.Run(
                    first: $0.first, last: $0.last, beganAgo: now.since($0.began), endedAgo: now.since($0.ended))
            })
    }

    init(_ record: Record, at now: Instant) {
        lastOwn = record.lastOwn
        lastRegistration = record.lastRegistration
        half = record.isOtherHalf ? Self.otherHalf : 0
        hasUsedHalf = record.hasUsedHalf
        mayMeetOlder = record.mayMeetOlder
        ended = record.ended.map {
            Run(first: $0.first, last: $0.last, began: now - $0.beganAgo, ended: now - $0.endedAgo)
        }
    }
}

extension DeliveryNumbers.Record: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(lastOwn, lastRegistration, isOtherHalf, hasUsedHalf, mayMeetOlder, ended)
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            lastOwn: reader.next(), lastRegistration: reader.next(), isOtherHalf: reader.next(),
            hasUsedHalf: reader.next(), mayMeetOlder: reader.next(), ended: reader.next())
    }
}

extension DeliveryNumbers.Record.Run: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(first, last, beganAgo, endedAgo) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            first: reader.next(), last: reader.next(), beganAgo: reader.next(), endedAgo: reader.next())
    }
}

import MQTTSN
import Time

/// What is kept of how the broker treats one client, so that the owner can be told what it seems to forbid.
///
/// **What it owns.** What of the client's was last said to the broker, and when; how often the connection was lost
/// lately; since when QoS 2 has had no answer: twelve octets. **Invariant.** Nothing depends on it but what is told:
/// its clocks are cut to 32 and 16 bits, and may mislead after weeks.
struct BrokerConduct: Hashable, Sendable {
    /// In units of 2²⁰ ns, about a millisecond.
    private var saidAt: UInt32 = 0
    /// The topic reference of a PUBLISH, as the client has said it.
    private(set) var topicID: TopicID = 0
    /// In seconds, as is the next.
    private var lossesBeganAt: UInt16 = 0
    /// 0 where QoS 2 owes no answer.
    private var exactlyOnceSince: UInt16 = 0
    /// What was said in the lower half, the TopicIdType in the upper.
    private var kinds: UInt8 = 0
    /// The losses in the lower half; what has been told in the upper.
    private var tally: UInt8 = 0

    private static let lossesTold: UInt8 = 0x40
    private static let exactlyOnceTold: UInt8 = 0x80
    /// Losses that are no accident any more, within a minute of the first.
    private static let tellingCount: UInt8 = 3

    // MARK: What was said

    mutating func said(_ packet: BrokerLoss.Said, at now: Instant) {
        saidAt = Self.units(now)
        kinds = packet.rawValue
    }

    mutating func said(_ packet: BrokerLoss.Said, _ type: TopicIDType, _ topicID: TopicID, at now: Instant) {
        said(packet, at: now)
        kinds |= type.rawValue << 4
        self.topicID = topicID
    }

    var topicIDType: TopicIDType { TopicIDType(rawValue: kinds >> 4) ?? .reserved }

    /// What was last said on a connection that began at `opened` and has ended now, and how many milliseconds before.
    func lastSaid(since opened: Instant, at now: Instant) -> (said: BrokerLoss.Said, milliseconds: UInt32) {
        let age = Self.units(now) &- saidAt
        let life = Self.units(now) &- Self.units(opened)
        let isOfThisConnection = kinds != 0 && age <= life
        let said = isOfThisConnection ? BrokerLoss.Said(rawValue: kinds & 0xF) : nil
        let units = UInt64(isOfThisConnection ? age : life)
        return (said ?? .connect, UInt32(truncatingIfNeeded: units << 20 / 1_000_000))
    }

    // MARK: Losses

    /// The connection is lost.
    ///
    /// - Returns: whether that is the third time in a minute, and has not been told yet; after a quiet hour it is news
    ///   again.
    mutating func lost(at now: Instant) -> Bool {
        let second = Self.seconds(now)
        let age = second &- lossesBeganAt
        if age > 3_600 { tally &= ~Self.lossesTold }
        if tally & 0xF == 0 || age > 60 {
            tally &= 0xF0
            lossesBeganAt = second
        }
        if tally & 0xF < Self.tellingCount { tally += 1 }
        guard tally & 0xF == Self.tellingCount, tally & Self.lossesTold == 0 else { return false }
        tally |= Self.lossesTold
        return true
    }

    // MARK: QoS 2

    /// A QoS 2 message goes up.
    mutating func exactlyOncePublished(at now: Instant) {
        if exactlyOnceSince == 0 { exactlyOnceSince = max(1, Self.seconds(now)) }
    }

    /// The broker has answered one, or can answer none any more.
    mutating func exactlyOnceAnswered() { exactlyOnceSince = 0 }

    /// The client repeats a QoS 2 message.
    ///
    /// - Returns: whether the broker has answered none for longer than `patience`, and that has not been told yet.
    mutating func exactlyOnceRepeated(at now: Instant, patience: TimeSpan) -> Bool {
        guard exactlyOnceSince != 0, tally & Self.exactlyOnceTold == 0,
            UInt64(Self.seconds(now) &- exactlyOnceSince) * 1_000_000_000 >= patience.nanoseconds
        else { return false }
        tally |= Self.exactlyOnceTold
        return true
    }

    /// The broker answers QoS 2 as if it were less.
    ///
    /// - Returns: whether that has not been told yet.
    mutating func exactlyOnceTakenForLess() -> Bool {
        defer { tally |= Self.exactlyOnceTold }
        return tally & Self.exactlyOnceTold == 0
    }

    private static func units(_ now: Instant) -> UInt32 { UInt32(truncatingIfNeeded: now.nanoseconds >> 20) }

    private static func seconds(_ now: Instant) -> UInt16 {
        UInt16(truncatingIfNeeded: now.nanoseconds / 1_000_000_000)
    }
}

import Bytes
import Time

// What of a session is written down while the gateway runs, so that as little as possible is.
//
// Whoever keeps records writes one each time it tells something else than the last. So what changes with every datagram
// and nobody needs is left out, and when a client was heard and a topic id was used is told, but is no reason to write.

extension SessionRecord {
    /// Without what comes again by itself: the client repeats its messages of QoS 1, and the broker those that a client
    /// who is awake has not acknowledged; nobody waits for QoS 0 who is awake.
    package func reduced() -> SessionRecord {
        var record = self
        record.uplink.open.removeAll { !$0.isExactlyOnce }
        record.downlink.numbers.skipAhead()
        guard phase == .active else { return record }
        let numbers = DeliveryNumbers(downlink.numbers, at: Instant(nanoseconds: 0))
        var waiting = record.downlink.waiting
        waiting.removeAll { message in
            if message.qos == .atMostOnce { return true }
            guard !isCleanAtBroker, !message.isDoubtful,
                message.mayLeave(following: numbers.following(message.token))
            else { return false }
            if message.qos == .exactlyOnce, message.state == .waiting, message.expiry != nil {
                record.downlink.memory.noteUnheard(message.token)
            }
            return true
        }
        record.downlink.waiting = waiting
        return record
    }

    /// The same for every record that is no reason to write another one: the ages are those at the end of time, so that
    /// they are as constant as the moments that they tell.
    func fingerprint(_ scratch: inout [UInt8]) -> UInt64 {
        var record = heardJustNow()
        record.tokens = BrokerTokenSource()
        scratch.removeAll(keepingCapacity: true)
        record.encode(into: &scratch)
        return Self.fingerprint(of: scratch.span.bytes)
    }

    /// Never 0.
    private static func fingerprint(of octets: RawSpan) -> UInt64 {
        // FNV-1a, with a last mixing, as its lower bits are weak.
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<octets.byteCount { state = (state ^ UInt64(octets[unchecked: index])) &* 0x100_0000_01B3 }
        state = (state ^ state >> 32) &* 0xD6E8_FEB8_6659_FD93
        return max(1, state ^ state >> 32)
    }

    /// The same of a session whose client may have been heard since, and its ids used: nobody knows, so it is given the
    /// benefit of the doubt.
    func heardJustNow() -> SessionRecord {
        var record = self
        record.supervision.silence = .zero
        for index in record.topics.all.indices where record.topics.all[index].unusedFor != nil {
            record.topics.all[index].unusedFor = .zero
        }
        return record
    }

    /// The same seen `age` later.
    func older(by age: TimeSpan) -> SessionRecord {
        var record = self
        record.supervision.connectedFor.lengthen(by: age)
        for index in record.subscriptions.all.indices { record.subscriptions.all[index].answeredAgo.lengthen(by: age) }
        // Nothing is delivered when its time is up, not even by a fraction of a second.
        let life = age.nanoseconds / 1_000_000_000 + (age.nanoseconds % 1_000_000_000 > 0 ? 1 : 0)
        record.downlink.expiries = record.downlink.expiries.map { $0?.older(bySeconds: life) }
        for index in record.uplink.open.indices { record.uplink.open[index].unheardFor.lengthen(by: age) }
        for index in record.uplink.ended.indices { record.uplink.ended[index].endedAgo.lengthen(by: age) }
        for index in record.downlink.numbers.ended.indices {
            record.downlink.numbers.ended[index].beganAgo.lengthen(by: age)
            record.downlink.numbers.ended[index].endedAgo.lengthen(by: age)
        }
        return record
    }
}

extension TimeSpan {
    /// Saturates.
    fileprivate mutating func lengthen(by span: TimeSpan) {
        self = (Instant(nanoseconds: nanoseconds) + span).since(Instant(nanoseconds: 0))
    }
}

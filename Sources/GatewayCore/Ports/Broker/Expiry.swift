import Bytes
import MQTT
import Time

/// When a message is not to be delivered any more, in whole seconds of the gateway's clock (MQTT 5.0 §3.3.2.3.3).
///
/// The interval that the broker has told is what was left when it sent the message, so the time that it waits here
/// counts from there. MQTT-SN cannot tell a client what is left; a message whose time is up is not sent to it.
struct Expiry: Hashable, Sendable {
    private let second: UInt32

    init(second: UInt32) { self.second = second }

    /// What the properties of a PUBLISH that comes `now` say; nil where they say nothing of it.
    @inline(__always)
    init?(_ properties: ByteRange, of packet: RawSpan, at now: Instant) {
        guard !properties.isEmpty,
            let interval = Packet5.number(.messageExpiryInterval, in: properties, of: packet)
        else { return nil }
        self.init(secondsLeft: interval, at: now)
    }

    init(secondsLeft: UInt32, at now: Instant) {
        second = UInt32(clamping: Self.second(of: now) + UInt64(secondsLeft))
    }

    func isOver(at now: Instant) -> Bool { Self.second(of: now) >= UInt64(second) }

    /// Which of two comes first; nil is never.
    static func sooner(_ one: Expiry?, _ other: Expiry?) -> Expiry? {
        guard let one, let other else { return one ?? other }
        return one.second <= other.second ? one : other
    }

    /// 0 where it is over.
    func secondsLeft(at now: Instant) -> UInt32 {
        let now = Self.second(of: now)
        return now >= UInt64(second) ? 0 : second - UInt32(now)
    }

    /// The same where the clock of a record, which begins with it, stood for `now`.
    func counted(from now: Instant) -> Expiry { Expiry(secondsLeft: second, at: now) }

    /// The same by the clock of a record that begins `now`.
    func recorded(at now: Instant) -> Expiry { Expiry(second: secondsLeft(at: now)) }

    /// What is left by the clock of a record that has become so much older.
    func older(bySeconds age: UInt64) -> Expiry { Expiry(second: UInt64(second) > age ? second - UInt32(age) : 0) }

    private static func second(of now: Instant) -> UInt64 { now.nanoseconds / 1_000_000_000 }
}

extension Expiry: RecordPart {
    func write(to bytes: inout [UInt8]) { second.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { second = try reader.next() }
}

import MQTT
import Time

/// An application message that the broker holds: a Will, a retained message, or one on its way to a session.
struct BrokerMessage {
    var topicName: [UInt8]
    var payload: [UInt8]
    var qos: DeliveryQoS
    /// RETAIN as it stands in the PUBLISH packet.
    var retain: Bool
    /// From when on it is not sent for the first time any more.
    var expiresAt: Instant?

    func isExpired(at now: Instant) -> Bool { expiresAt.map { now >= $0 } ?? false }

    /// What is left of its time, rounded up to whole seconds; nil where it is good for ever (MQTT 5.0 §3.3.2.3.3).
    func secondsLeft(at now: Instant) -> UInt32? {
        guard let expiresAt else { return nil }
        guard now < expiresAt else { return 0 }
        return UInt32(clamping: (expiresAt.since(now).nanoseconds + 999_999_999) / 1_000_000_000)
    }
}

/// A first-in first-out queue of messages; taking one out costs constant time on average.
struct BrokerMessageQueue {
    private var messages: [BrokerMessage] = []
    private var head = 0

    var count: Int { messages.count - head }

    mutating func append(_ message: BrokerMessage) { messages.append(message) }

    mutating func popFirst() -> BrokerMessage? {
        guard head < messages.count else { return nil }
        let message = messages[head]
        head += 1
        if head >= 32, head * 2 >= messages.count {
            messages.removeFirst(head)
            head = 0
        }
        return message
    }
}

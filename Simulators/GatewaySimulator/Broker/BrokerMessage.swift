import MQTT

/// An application message that the broker holds: a Will, a retained message, or one on its way to a session.
struct BrokerMessage {
    var topicName: [UInt8]
    var payload: [UInt8]
    var qos: DeliveryQoS
    /// RETAIN as it stands in the PUBLISH packet.
    var retain: Bool
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

/// The retained message of each topic (MQTT 3.1.1 §3.3.1.3), in an order that depends on nothing but what happened.
struct BrokerRetainedMessages {
    /// Never iterated; says where in `messages` a topic is.
    private var positions: [[UInt8]: Int] = [:]
    private var messages: [BrokerMessage] = []

    var count: Int { messages.count }

    subscript(topicName: [UInt8]) -> BrokerMessage? { positions[topicName].map { messages[$0] } }

    /// Stores `message` in place of the one before; an empty payload only removes that [MQTT-3.3.1-10, -11].
    mutating func store(_ message: BrokerMessage) {
        guard !message.payload.isEmpty else {
            remove(message.topicName)
            return
        }
        if let position = positions[message.topicName] {
            messages[position] = message
        } else {
            positions[message.topicName] = messages.count
            messages.append(message)
        }
    }

    /// The retained messages whose topics match `topicFilter`.
    func messages(matching topicFilter: [UInt8]) -> [BrokerMessage] {
        guard hasWildcard(topicFilter) else {
            return self[topicFilter].map { [$0] } ?? []
        }
        return messages.filter { isMatch(topicFilter, $0.topicName) }
    }

    /// The last message takes the free place, so that removal costs the same for any number of topics.
    private mutating func remove(_ topicName: [UInt8]) {
        guard let position = positions.removeValue(forKey: topicName), let last = messages.popLast() else { return }
        guard position < messages.count else { return }
        messages[position] = last
        positions[last.topicName] = position
    }
}

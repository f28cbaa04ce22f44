import MQTTSN
import Time

/// A filter the client has subscribed to and the broker has granted.
struct Subscription: Hashable, Sendable {
    var filter: TopicNameIndex
    var requestedQoS: QoS
    var grantedQoS: QoS
    /// What the SUBACK said, to be said again when the SUBSCRIBE is repeated (GW-79).
    var topicID: TopicID
    var messageID: MessageID
    var answeredAt: Instant
    /// Whether the broker surely has it; not, from what may have ended the broker's session until it has granted it
    /// again.
    var isAtBroker = true
}

/// The client's subscriptions, in the order in which they were made; a filter has one at the most, and is used by it.
struct Subscriptions: Sendable {
    private var list: [Subscription] = []

    var count: Int { list.count }

    /// Those that the broker may have lost.
    var doubted: [Subscription] { list.filter { !$0.isAtBroker } }

    /// Every filter, once.
    var filters: [TopicNameIndex] { list.map(\.filter) }

    func contains(_ filter: TopicNameIndex) -> Bool { list.contains { $0.filter == filter } }

    /// The subscription whose SUBACK the client has missed, where it was said within `patience` before `now`.
    func answered(
        _ filter: TopicNameIndex, _ messageID: MessageID, _ qos: QoS, within patience: TimeSpan, before now: Instant
    ) -> Subscription? {
        list.first {
            $0.filter == filter && $0.messageID == messageID && $0.requestedQoS == qos
                && now.since($0.answeredAt) < patience
        }
    }

    /// The broker has granted a subscription, which takes over the caller's use of the filter.
    ///
    /// - Returns: whether it takes the place of an older one, so that the caller's use is one too many.
    mutating func grant(_ subscription: Subscription) -> Bool {
        guard let old = list.firstIndex(where: { $0.filter == subscription.filter }) else {
            list.append(subscription)
            return false
        }
        list[old] = subscription
        return true
    }

    /// Ends the subscription to a filter; where there was one, the caller releases its use.
    mutating func remove(_ filter: TopicNameIndex) -> Bool {
        guard let index = list.firstIndex(where: { $0.filter == filter }) else { return false }
        list.remove(at: index)
        return true
    }

    /// The broker may have begun a new session.
    mutating func doubtAll() {
        for index in list.indices { list[index].isAtBroker = false }
    }

    /// The broker surely has it.
    mutating func confirm(_ filter: TopicNameIndex) {
        for index in list.indices where list[index].filter == filter { list[index].isAtBroker = true }
    }

    mutating func removeAll(in names: inout TopicNameTable) {
        for subscription in list { names.release(subscription.filter) }
        list = []
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        Set(filters).count == list.count ? nil : "a filter has two subscriptions"
    }
}

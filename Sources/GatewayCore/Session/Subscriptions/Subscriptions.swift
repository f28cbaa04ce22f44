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

/// The client's subscriptions, in the order in which they were made; a filter has one at the most, and is held by it.
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

    /// The broker has granted a subscription, which takes over the caller's hold of the filter.
    ///
    /// - Returns: whether it takes the place of an older one, so that the caller's hold is one too many.
    mutating func grant(_ subscription: Subscription) -> Bool {
        guard let old = list.firstIndex(where: { $0.filter == subscription.filter }) else {
            list.append(subscription)
            return false
        }
        list[old] = subscription
        return true
    }

    /// Ends the subscription to a filter; where there was one, the caller lets it go.
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
        for subscription in list { names.letGo(subscription.filter) }
        list = []
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        Set(filters).count == list.count ? nil : "a filter has two subscriptions"
    }
}

// MARK: - Record

extension Subscriptions {
    /// What must outlive the process.
    struct Record: Hashable, Sendable {
        /// A subscription, with its filter by name.
        struct Granted: Hashable, Sendable {
            var filter: [UInt8]
            var requestedQoS: QoS
            var grantedQoS: QoS
            var topicID: TopicID
            var messageID: MessageID
            /// How long ago the SUBACK was said.
            var answeredAgo: TimeSpan
            var isAtBroker: Bool
        }

        var all: [Granted]

        /// What a client's subscriptions could not be; nil where they could.
        var fault: String? {
            Set(all.map(\.filter)).count == all.count ? nil : "a filter has two subscriptions"
        }
    }

    func record(at now: Instant, in names: borrowing TopicNameTable) -> Record {
        var record = Record(all: [])
        for subscription in list {
            record.all.append(
                Record.Granted(
                    filter: names.name(subscription.filter), requestedQoS: subscription.requestedQoS,
                    grantedQoS: subscription.grantedQoS, topicID: subscription.topicID,
                    messageID: subscription.messageID, answeredAgo: now.since(subscription.answeredAt),
                    isAtBroker: subscription.isAtBroker))
        }
        return record
    }

    init(_ record: Record, at now: Instant, in names: inout TopicNameTable) {
        for granted in record.all {
            list.append(
                Subscription(
                    filter: names.hold(granted.filter.span.bytes), requestedQoS: granted.requestedQoS,
                    grantedQoS: granted.grantedQoS, topicID: granted.topicID, messageID: granted.messageID,
                    answeredAt: now - granted.answeredAgo, isAtBroker: granted.isAtBroker))
        }
    }
}

extension Subscriptions.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { all.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { all = try reader.next() }
}

extension Subscriptions.Record.Granted: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(filter, requestedQoS, grantedQoS, topicID, messageID, answeredAgo, isAtBroker)
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            filter: reader.next(), requestedQoS: reader.next(), grantedQoS: reader.next(), topicID: reader.next(),
            messageID: reader.next(), answeredAgo: reader.next(), isAtBroker: reader.next())
    }
}

import MQTT

/// One session's subscription to one topic filter.
struct BrokerSubscription {
    var topicFilter: [UInt8]
    var grantedQoS: DeliveryQoS
}

/// A session that a message goes to, with the QoS it was granted.
struct BrokerSubscriber {
    var session: BrokerSessionNumber
    var grantedQoS: DeliveryQoS
}

/// Who subscribed to what, arranged so that a message looks at filters and not at sessions.
///
/// Filters without wildcards are looked up; each distinct filter with wildcards is tried once, however many sessions
/// have it.
struct BrokerSubscriptions {
    /// A topic filter and everybody who has it.
    private struct Entry {
        var topicFilter: [UInt8]
        var subscribers: [BrokerSubscriber] = []
    }

    /// By topic name; only looked up, never iterated.
    private var exact: [[UInt8]: [BrokerSubscriber]] = [:]
    private var wildcard: [Entry] = []
    /// Never iterated; says where in `wildcard` a filter is.
    private var wildcardPositions: [[UInt8]: Int] = [:]

    /// Adds a subscription, or replaces the granted QoS of the same one (MQTT 3.1.1 §3.8.4).
    mutating func insert(_ subscriber: BrokerSubscriber, to topicFilter: [UInt8]) {
        guard hasWildcard(topicFilter) else {
            Self.insert(subscriber, into: &exact[topicFilter, default: []])
            return
        }
        if let position = wildcardPositions[topicFilter] {
            Self.insert(subscriber, into: &wildcard[position].subscribers)
        } else {
            wildcardPositions[topicFilter] = wildcard.count
            wildcard.append(Entry(topicFilter: topicFilter, subscribers: [subscriber]))
        }
    }

    mutating func remove(_ session: BrokerSessionNumber, from topicFilter: [UInt8]) {
        guard hasWildcard(topicFilter) else {
            exact[topicFilter]?.removeAll { $0.session == session }
            if exact[topicFilter]?.isEmpty == true { exact[topicFilter] = nil }
            return
        }
        guard let position = wildcardPositions[topicFilter] else { return }
        wildcard[position].subscribers.removeAll { $0.session == session }
        if wildcard[position].subscribers.isEmpty { removeWildcard(at: position) }
    }

    /// Every session with a matching subscription, once, with its highest granted QoS, oldest session first.
    ///
    /// With overlapping subscriptions the maximum QoS of them is respected [MQTT-3.3.5-1].
    func subscribers(of topicName: [UInt8]) -> [BrokerSubscriber] {
        var found = exact[topicName] ?? []
        for entry in wildcard where isMatch(entry.topicFilter, topicName) {
            found.append(contentsOf: entry.subscribers)
        }
        found.sort { ($0.session, $1.grantedQoS) < ($1.session, $0.grantedQoS) }
        var distinct: [BrokerSubscriber] = []
        distinct.reserveCapacity(found.count)
        for subscriber in found where subscriber.session != distinct.last?.session {
            distinct.append(subscriber)
        }
        return distinct
    }

    /// The last filter takes the free place; the order of `wildcard` decides nothing.
    private mutating func removeWildcard(at position: Int) {
        wildcardPositions[wildcard[position].topicFilter] = nil
        wildcard.swapAt(position, wildcard.count - 1)
        wildcard.removeLast()
        if position < wildcard.count { wildcardPositions[wildcard[position].topicFilter] = position }
    }

    private static func insert(_ subscriber: BrokerSubscriber, into subscribers: inout [BrokerSubscriber]) {
        if let index = subscribers.firstIndex(where: { $0.session == subscriber.session }) {
            subscribers[index] = subscriber
        } else {
            subscribers.append(subscriber)
        }
    }
}

/// Whether a topic filter holds `+` or `#` (MQTT 3.1.1 §4.7.1).
func hasWildcard(_ topicFilter: [UInt8]) -> Bool {
    let span = topicFilter.span
    return TopicFilter.hasWildcards(span.bytes)
}

/// Whether messages on `topicName` go to a subscription with `topicFilter` (MQTT 3.1.1 §4.7).
func isMatch(_ topicFilter: [UInt8], _ topicName: [UInt8]) -> Bool {
    let filterSpan = topicFilter.span
    let nameSpan = topicName.span
    return TopicFilter.matches(filter: filterSpan.bytes, name: nameSpan.bytes)
}

package import Time

/// What a session record says, for people and programs that look at a store; a gateway takes the record itself.
package struct SessionContents: Sendable {
    /// A topic id that the client has.
    package struct Topic: Sendable {
        package var id: UInt16
        package var name: [UInt8]
    }

    package struct Subscription: Sendable {
        package var filter: [UInt8]
        /// As granted, 0 to 2.
        package var qos: Int
    }

    /// A message that waits for the client.
    package struct Message: Sendable {
        /// Empty where only the release of an exchange is left.
        package var topic: [UInt8]
        package var qos: Int
        package var retain: Bool
        package var payload: [UInt8]
    }

    /// `active`, `asleep`, `awake` or `disconnected` (MQTT-SN 1.2 §6.14).
    package var phase: String
    package var isClean: Bool
    /// 0: none.
    package var keepAliveSeconds: Int
    /// Of the last sleep; 0 where there was none.
    package var sleepSeconds: Int
    /// How long ago the client was heard, seen from the moment of the record.
    package var silence: TimeSpan
    /// What its forwarder calls it; nil where it is behind none.
    package var nodeID: [UInt8]?
    /// Nil where it has no Will.
    package var willTopic: [UInt8]?
    package var topics: [Topic]
    package var subscriptions: [Subscription]
    /// In the order in which the client gets them, then those that it did not take.
    package var messages: [Message]
    /// The client's own messages of QoS 1 and 2 that are not finished.
    package var openExchangeCount: Int

    /// Octets of the topics and payloads that wait.
    package var waitingByteCount: Int { messages.reduce(0) { $0 + $1.topic.count + $1.payload.count } }
}

extension SessionRecord {
    package var contents: SessionContents {
        SessionContents(
            phase: phase.name, isClean: request.isClean, keepAliveSeconds: Int(request.keepAliveSeconds),
            sleepSeconds: Int(supervision.sleepSeconds), silence: supervision.silence, nodeID: nodeID,
            willTopic: wills.current.map(\.topic),
            topics: topics.all.map { SessionContents.Topic(id: $0.id, name: $0.name) },
            subscriptions: subscriptions.all.map {
                SessionContents.Subscription(filter: $0.filter, qos: Int($0.grantedQoS.rawValue))
            },
            messages: downlink.messages.map {
                SessionContents.Message(
                    topic: $0.topicName, qos: Int($0.qos.rawValue), retain: $0.retain, payload: $0.payload)
            }, openExchangeCount: uplink.open.count)
    }
}

extension SessionRecord.Phase {
    fileprivate var name: String {
        switch self {
        case .active: "active"
        case .asleep: "asleep"
        case .awake: "awake"
        case .disconnected: "disconnected"
        }
    }
}

package import Bytes
package import MQTTSN

/// Something the client wants done or known, in order. Byte ranges index `ClientEffects.bytes`.
package enum ClientEffect: Equatable, Hashable, Sendable {
    /// Send one datagram to the gateway.
    case send(ByteRange)
    /// Tell the application.
    case observe(ClientObservation)
}

/// What one event caused at a client, in order, over an arena of bytes that is cleared and reused.
package struct ClientEffects: ~Copyable {
    package var list: [ClientEffect] = []
    package var bytes: [UInt8] = []

    package init() {}

    /// Forgets what has been done and keeps the room.
    package mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func observe(_ observation: ClientObservation) { list.append(.observe(observation)) }
}

/// Something that happened to a client and that its application, or a checker, wants to know.
package enum ClientObservation: Equatable, Hashable, Sendable {
    case connected
    case connectionRefused(ReturnCode)
    /// The client has said goodbye.
    case disconnected
    /// The gateway knows that the client sleeps, for the first time or after a wake-up.
    case fellAsleep
    /// The gateway said DISCONNECT by itself: the client must connect again (MQTT-SN 1.2 §6.12).
    case dismissed
    /// A request stayed without answer after all its repetitions (MQTT-SN 1.2 §6.13).
    case gatewayLost
    /// The gateway gave a topic id to a name that the client registered.
    case topicRegistered([UInt8], TopicID)
    /// The gateway told the topic id of a name that it is going to use.
    case topicLearned([UInt8], TopicID)
    /// With the granted QoS.
    case subscribed(ClientTopic, QualityOfService)
    case subscriptionRefused(ClientTopic, ReturnCode)
    case unsubscribed(ClientTopic)
    /// The publication with this number was sent (QoS −1 and 0), or acknowledged to the end (QoS 1 and 2).
    case published(Int)
    /// The gateway refused; nil where its PUBACK does not say which publication (QoS 0).
    case publicationRefused(Int?, ReturnCode)
    /// At QoS 2 nobody can tell whether the publication arrived, because its session ended in between.
    case publicationAbandoned(Int)
    /// The gateway has taken over the change of the Will.
    case willUpdated
    case willUpdateRefused(ReturnCode)
    case messageReceived(ClientMessage)
    /// A message that has no place now; on a bad network repetitions come late.
    case unexpectedMessage(MessageType)
    /// Something that no gateway may send.
    case malformedDatagram(DecodeError)
}

/// A message that was published to a client.
package struct ClientMessage: Equatable, Hashable, Sendable {
    /// Never a filter.
    package var topic: ClientTopic
    package var payload: [UInt8]
    package var qos: QualityOfService
    package var retain: Bool
    package var duplicate: Bool

    package init(topic: ClientTopic, payload: [UInt8], qos: QualityOfService, retain: Bool, duplicate: Bool) {
        (self.topic, self.payload, self.qos, self.retain) = (topic, payload, qos, retain)
        self.duplicate = duplicate
    }
}

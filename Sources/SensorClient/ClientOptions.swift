package import MQTTSN
package import Time

/// How a client presents itself to a gateway, and how patient it is.
package struct ClientOptions: Equatable, Sendable {
    package var clientID: [UInt8]
    package var cleanSession = true
    /// The Duration of CONNECT in seconds; 0: the gateway does not supervise the client (MQTT-SN 1.2 §5.4.4).
    package var keepAliveSeconds: UInt16 = 60
    package var will: Will?
    /// How long it sleeps between two wake-ups, in seconds, 1 or more; nil: it stays awake (§6.14).
    package var sleepSeconds: UInt16?
    /// Tretry: how long an answer is waited for.
    package var retryInterval = TimeSpan.seconds(3)
    /// Nretry: how often a message is repeated before the gateway is given up.
    package var retryCount = 3
    /// The Wireless Node Id under which a forwarder would bring the messages, 1 to 252 octets; nil: none does (§5.5).
    package var nodeID: [UInt8]?
    /// Whether every message has the Length field of three octets (§5.2.1).
    package var usesLongLength = false
    /// The first MsgId; chance is for the caller to bring.
    package var firstMessageID: MessageID = 1

    package init(clientID: [UInt8]) { self.clientID = clientID }

    /// What the broker publishes for a client that is lost.
    package struct Will: Equatable, Sendable {
        package var topic: [UInt8]
        package var message: [UInt8]
        package var qos: QualityOfService
        package var retain: Bool

        package init(topic: [UInt8], message: [UInt8], qos: QualityOfService, retain: Bool) {
            (self.topic, self.message, self.qos, self.retain) = (topic, message, qos, retain)
        }
    }
}

/// How a client names a topic.
package enum ClientTopic: Hashable, Sendable {
    /// A topic name or, for a subscription, a filter.
    case name([UInt8])
    /// An id that both sides know, 1 to 65534.
    case predefined(TopicID)
    /// A name of two octets, which travels in place of an id.
    case shortName(TopicID)

    /// The short name `text`; nil unless it has two octets.
    package static func short(_ text: [UInt8]) -> ClientTopic? {
        text.count == 2 ? .shortName(UInt16(text[0]) << 8 | UInt16(text[1])) : nil
    }

    var type: TopicIDType {
        switch self {
        case .name: .normal
        case .predefined: .predefined
        case .shortName: .shortName
        }
    }

    /// Whether a subscription to it brings messages of several topics.
    var hasWildcard: Bool {
        switch self {
        case .name(let name): name.contains(UInt8(ascii: "+")) || name.contains(UInt8(ascii: "#"))
        case .predefined, .shortName: false
        }
    }
}

/// A message to be published.
package struct Publication: Equatable, Sendable {
    package var topic: ClientTopic
    package var qos: QualityOfService
    package var retain: Bool
    package var data: [UInt8]
    /// Whether the gateway has said once that it does not know the topic id.
    var hasLostItsID = false

    package init(topic: ClientTopic, qos: QualityOfService, retain: Bool, data: [UInt8]) {
        (self.topic, self.qos, self.retain, self.data) = (topic, qos, retain, data)
    }
}

/// A topic or filter to be subscribed to, with the QoS asked for.
package struct Subscription: Equatable, Sendable {
    package var topic: ClientTopic
    package var qos: QualityOfService

    package init(topic: ClientTopic, qos: QualityOfService) { (self.topic, self.qos) = (topic, qos) }
}

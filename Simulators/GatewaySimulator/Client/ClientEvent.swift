package import MQTTSN

/// A fact that the host tells a simulated client; the bytes of a datagram travel beside it.
package enum ClientEvent: Equatable, Hashable, Sendable {
    /// The gateway's datagram came in; the bytes are the datagram.
    case datagramReceived
    /// The time of `nextDeadline` has come.
    case deadlineReached
    /// The application on the device wants something.
    case commanded(ClientCommand)
}

/// What the application on a device asks of its MQTT-SN client.
package enum ClientCommand: Equatable, Hashable, Sendable {
    /// Ends what was connected before and connects (MQTT-SN 1.2 §6.2, §6.3).
    case connect(ClientConnectOptions)
    /// Sends at once at QoS −1; otherwise in the order of the commands, as soon as there is a connection.
    case publish(ClientPublication)
    /// MQTT-SN 1.2 §6.9; waits for a connection.
    case subscribe(ClientTopic, QualityOfService)
    case unsubscribe(ClientTopic)
    /// Replaces topic, QoS and Retain of the Will, or deletes it with nil (MQTT-SN 1.2 §6.4).
    case updateWillTopic(ClientWill?)
    case updateWillMessage([UInt8])
    /// Says goodbye (MQTT-SN 1.2 §6.12); what has not been sent waits for the next connection.
    case disconnect
    /// Says goodbye for so many seconds, at least 1 (MQTT-SN 1.2 §6.14).
    case sleep(UInt16)
    /// A sleeper asks for what waits for it.
    case wakeUp
}

/// A topic as a client names it.
package enum ClientTopic: Hashable, Sendable {
    /// A name that is registered before it is published to; in a subscription also a filter.
    case name([UInt8])
    case predefined(TopicID)
    /// Two octets as one number, most significant first.
    case shortName(TopicID)
}

/// What a client says in CONNECT and in the Will dialogue.
package struct ClientConnectOptions: Equatable, Hashable, Sendable {
    package var cleanSession = true
    /// 0 switches supervision off.
    package var keepAliveSeconds: UInt16 = 60
    package var will: ClientWill?

    package init() {}
}

/// The message that the broker publishes for a client that is lost (MQTT-SN 1.2 §6.3).
package struct ClientWill: Equatable, Hashable, Sendable {
    /// Empty: the Will of an earlier connection is deleted (GW-19).
    package var topicName: [UInt8]
    package var payload: [UInt8]
    package var qos: QualityOfService
    package var retain: Bool

    package init(topicName: [UInt8], payload: [UInt8], qos: QualityOfService = .atMostOnce, retain: Bool = false) {
        (self.topicName, self.payload, self.qos, self.retain) = (topicName, payload, qos, retain)
    }
}

/// A message for the client to publish.
package struct ClientPublication: Equatable, Hashable, Sendable {
    /// Chosen by the application, to recognise the message in observations.
    package var number: Int
    package var topic: ClientTopic
    package var payload: [UInt8]
    package var qos: QualityOfService
    package var retain: Bool

    package init(number: Int, topic: ClientTopic, payload: [UInt8], qos: QualityOfService, retain: Bool = false) {
        (self.number, self.topic, self.payload, self.qos, self.retain) = (number, topic, payload, qos, retain)
    }
}

package import MQTTSN

/// What a client tells its owner.
package enum ClientEvent: Equatable, Sendable {
    case connected
    /// With the QoS that the gateway granted.
    case subscribed(Subscription, granted: QualityOfService)
    /// The gateway has it, as far as its QoS lets one know.
    case published
    case message(DeliveredMessage)
    /// A PUBLISH whose topic id nobody has told; it was refused with "invalid topic id".
    case unknownTopic(TopicID)
    case fellAsleep
    case wokeUp
    /// The gateway ended the connection, which is made anew.
    case reconnecting
    /// No answer came in time, and the message is sent again.
    case repeated(ClientExchange)
    /// A datagram came that is no MQTT-SN, or not for this client.
    case nonsense(first: [UInt8])
    /// The client has ended, as it was asked to.
    case ended
    /// The client has ended.
    case failed(ClientFailure)
}

/// A message that the gateway brought.
package struct DeliveredMessage: Equatable, Sendable {
    package var topic: ClientTopic
    package var qos: QualityOfService
    package var retain: Bool
    package var duplicate: Bool
    package var messageID: MessageID
    package var data: [UInt8]
}

/// Why a client ended that should not have.
package enum ClientFailure: Error, Equatable, Sendable {
    /// Nothing answered, how often it was repeated.
    case noAnswer(ClientExchange)
    /// The gateway said no.
    case refused(ClientExchange, ReturnCode)
    /// The gateway ended the connection again and again.
    case disconnected
    /// The message is longer than a datagram can be.
    case tooLong
}

/// What a client waits for an answer to, by the message that it sent.
package enum ClientExchange: String, Equatable, Sendable {
    case connect = "CONNECT"
    case willTopic = "WILLTOPIC"
    case willMessage = "WILLMSG"
    case register = "REGISTER"
    case subscribe = "SUBSCRIBE"
    case publish = "PUBLISH"
    case release = "PUBREL"
    case ping = "PINGREQ"
    /// PINGREQ of a sleeper, which the gateway answers when it has sent what waits.
    case wakeUp = "PINGREQ with ClientId"
    /// DISCONNECT with a Duration.
    case sleep = "DISCONNECT with Duration"
    case disconnect = "DISCONNECT"
}

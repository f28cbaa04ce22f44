import GatewayCore
import MQTTSN
import Time

/// A message whose answer a client awaits; it is repeated after Tretry, at most Nretry times (MQTT-SN 1.2 §6.13).
struct ClientRequest<Step: Equatable & Sendable>: Equatable, Sendable {
    var step: Step
    /// 0 where the message has none.
    var messageID: MessageID = 0
    /// How often the message was sent.
    var attempts = 1
    var retryAt: Instant
}

/// Requests that concern the connection as a whole; one is open at a time.
enum ClientConnectionStep: Equatable, Sendable {
    case connect
    case willTopic
    case willMessage
    case ping
    case disconnect
    case sleep
    case wakeUp
}

/// What the first waiting publication is doing; a client has one REGISTER and one PUBLISH open (MQTT-SN 1.2 §6.5,
/// §6.6).
enum ClientPublishStep: Equatable, Sendable {
    case register
    case publish
    case release
    /// The gateway is congested.
    case pause
}

/// What the first waiting subscription request is doing; one is open at a time (MQTT-SN 1.2 §6.9).
enum ClientSubscribeStep: Equatable, Sendable {
    case request
    /// The gateway is congested.
    case pause
}

/// A SUBSCRIBE or an UNSUBSCRIBE that waits for its turn or for its answer.
struct ClientSubscriptionRequest: Equatable, Sendable {
    var topic: ClientTopic
    /// nil: the subscription ends.
    var qos: QualityOfService?
}

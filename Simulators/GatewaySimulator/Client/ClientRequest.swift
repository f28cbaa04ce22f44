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

/// What keeps the first waiting publication from being sent; a client has one REGISTER open (MQTT-SN 1.2 §6.5).
enum ClientRegisterStep: Equatable, Sendable {
    case register
    /// The gateway is congested.
    case pause
}

/// What an open publication is doing (MQTT-SN 1.2 §6.6).
enum ClientPublishStep: Equatable, Sendable {
    case publish
    case release
}

/// A publication that waits for its turn.
struct WaitingPublication: Equatable, Sendable {
    var publication: ClientPublication
    /// Under which it was sent before, where it must be the same again; 0 where a new one will do.
    var messageID: MessageID = 0
    /// How often it was told that its topic id is invalid.
    var renewalCount = 0
}

/// A publication at QoS 1 or 2 that was sent and is not yet acknowledged to the end.
struct OpenPublication: Equatable, Sendable {
    var waiting: WaitingPublication
    var request: ClientRequest<ClientPublishStep>

    var publication: ClientPublication { waiting.publication }
    var messageID: MessageID { request.messageID }
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

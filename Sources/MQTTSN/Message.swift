public import Bytes

/// One MQTT-SN 1.2 message; its variable parts are ranges of the datagram that it was decoded from.
///
/// Only the layout has been checked. What the values mean (QoS, reserved ids, UTF-8, wildcards, who may send what)
/// is for the reader to judge. An empty range stands for a variable part that is absent.
public enum Message: Equatable, Sendable {
    /// §5.4.1. `duration` is the time to the next ADVERTISE in seconds.
    case advertise(gatewayID: UInt8, duration: UInt16)
    /// §5.4.2. `radius` is the broadcast radius in hops; 0 is the whole network.
    case searchGateway(radius: UInt8)
    /// §5.4.3. `address` is there only when a client answers for a gateway; its own length octet is part of it
    /// (AMB-20).
    case gatewayInfo(gatewayID: UInt8, address: ByteRange)
    case connect(Connect)
    /// §5.4.5.
    case connectAcknowledgement(ReturnCode)
    /// §5.4.6.
    case willTopicRequest
    case willTopic(WillTopic)
    /// §5.4.8.
    case willMessageRequest
    /// §5.4.9. An empty message is a valid Will (AMB-29).
    case willMessage(ByteRange)
    case register(Register)
    case registerAcknowledgement(RegisterAcknowledgement)
    case publish(Publish)
    case publishAcknowledgement(PublishAcknowledgement)
    /// §5.4.14.
    case publishComplete(MessageID)
    /// §5.4.14.
    case publishReceived(MessageID)
    /// §5.4.14.
    case publishRelease(MessageID)
    case subscribe(Subscribe)
    case subscribeAcknowledgement(SubscribeAcknowledgement)
    case unsubscribe(Unsubscribe)
    /// §5.4.18.
    case unsubscribeAcknowledgement(MessageID)
    /// §5.4.19. Only a sleeping client that wakes sends `clientID`.
    case pingRequest(clientID: ByteRange)
    /// §5.4.20.
    case pingResponse
    /// §5.4.21. `duration` is the sleep time in seconds; only a client that goes to sleep sends it.
    case disconnect(duration: UInt16?)
    /// §5.4.22.
    case willTopicUpdate(WillTopic)
    /// §5.4.24.
    case willTopicResponse(ReturnCode)
    /// §5.4.23.
    case willMessageUpdate(ByteRange)
    /// §5.4.25.
    case willMessageResponse(ReturnCode)
    case encapsulated(Encapsulated)

    /// The MsgType of the message.
    public var type: MessageType {
        switch self {
        case .advertise: .advertise
        case .searchGateway: .searchGateway
        case .gatewayInfo: .gatewayInfo
        case .connect: .connect
        case .connectAcknowledgement: .connectAcknowledgement
        case .willTopicRequest: .willTopicRequest
        case .willTopic: .willTopic
        case .willMessageRequest: .willMessageRequest
        case .willMessage: .willMessage
        case .register: .register
        case .registerAcknowledgement: .registerAcknowledgement
        case .publish: .publish
        case .publishAcknowledgement: .publishAcknowledgement
        case .publishComplete: .publishComplete
        case .publishReceived: .publishReceived
        case .publishRelease: .publishRelease
        case .subscribe: .subscribe
        case .subscribeAcknowledgement: .subscribeAcknowledgement
        case .unsubscribe: .unsubscribe
        case .unsubscribeAcknowledgement: .unsubscribeAcknowledgement
        case .pingRequest: .pingRequest
        case .pingResponse: .pingResponse
        case .disconnect: .disconnect
        case .willTopicUpdate: .willTopicUpdate
        case .willTopicResponse: .willTopicResponse
        case .willMessageUpdate: .willMessageUpdate
        case .willMessageResponse: .willMessageResponse
        case .encapsulated: .encapsulated
        }
    }
}

import MQTTSN
import Time

extension SensorClient {
    /// Hands a message to its procedure; what a gateway does not send is let be.
    mutating func handle(_ message: Message, _ bytes: [UInt8], at now: Instant) {
        switch message {
        case .connectAcknowledgement(let code): connectionAnswered(code, at: now)
        case .willTopicRequest: willTopicWanted(at: now)
        case .willMessageRequest: willMessageWanted(at: now)
        case .register(let register): topicNamed(register, Array(bytes[register.topicName]), at: now)
        case .registerAcknowledgement(let acknowledgement): registrationAnswered(acknowledgement, at: now)
        case .publish(let publish): deliver(publish, Array(bytes[publish.data]), at: now)
        case .publishAcknowledgement(let acknowledgement): publicationAnswered(acknowledgement, at: now)
        case .publishReceived(let messageID): publicationReceived(messageID, at: now)
        case .publishComplete(let messageID): publicationComplete(messageID, at: now)
        case .publishRelease(let messageID): deliveryReleased(messageID, at: now)
        case .subscribeAcknowledgement(let acknowledgement): subscriptionAnswered(acknowledgement, at: now)
        case .pingRequest: reply(.pingResponse, at: now)
        case .pingResponse: pingAnswered(at: now)
        case .disconnect: disconnected(at: now)
        case .advertise, .searchGateway, .gatewayInfo, .connect, .willTopic, .willMessage, .subscribe, .unsubscribe,
            .unsubscribeAcknowledgement, .willTopicUpdate, .willTopicResponse, .willMessageUpdate,
            .willMessageResponse, .encapsulated:
            break
        }
    }
}

// A second description of which parts of a message vary, made for comparing decoded messages.

import Bytes
import MQTTSN

extension Message {
    /// The variable parts in the order of the message.
    var ranges: [ByteRange] {
        switch self {
        case .gatewayInfo(_, let address): [address]
        case .connect(let connect): [connect.clientID]
        case .willTopic(let will), .willTopicUpdate(let will): [will.topic]
        case .willMessage(let data), .willMessageUpdate(let data): [data]
        case .register(let register): [register.topicName]
        case .publish(let publish): [publish.data]
        case .subscribe(let subscribe): [subscribe.topic]
        case .unsubscribe(let unsubscribe): [unsubscribe.topic]
        case .pingRequest(let clientID): [clientID]
        case .encapsulated(let encapsulated): [encapsulated.nodeID, encapsulated.inner]
        case .advertise, .searchGateway, .connectAcknowledgement, .willTopicRequest, .willMessageRequest,
            .registerAcknowledgement, .publishAcknowledgement, .publishComplete, .publishReceived, .publishRelease,
            .subscribeAcknowledgement, .unsubscribeAcknowledgement, .pingResponse, .disconnect, .willTopicResponse,
            .willMessageResponse:
            []
        }
    }

    /// The flags of a message that has some.
    var flags: Flags? {
        switch self {
        case .connect(let connect): connect.flags
        case .willTopic(let will), .willTopicUpdate(let will): will.topic.isEmpty ? nil : will.flags
        case .publish(let publish): publish.flags
        case .subscribe(let subscribe): subscribe.flags
        case .subscribeAcknowledgement(let acknowledgement): acknowledgement.flags
        case .unsubscribe(let unsubscribe): unsubscribe.flags
        case .advertise, .searchGateway, .gatewayInfo, .connectAcknowledgement, .willTopicRequest, .willMessageRequest,
            .willMessage, .register, .registerAcknowledgement, .publishAcknowledgement, .publishComplete,
            .publishReceived, .publishRelease, .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect,
            .willTopicResponse, .willMessageUpdate, .willMessageResponse, .encapsulated:
            nil
        }
    }

    /// What a receiver decodes when this message is sent again with a header that is `delta` octets longer: every
    /// range moved, every flag bit that the message does not use 0 (MQTT-SN 1.2 §5.3.4, GW-07).
    func sent(movedBy delta: Int) -> Message {
        func moved(_ range: ByteRange) -> ByteRange { range.lowerBound + delta..<range.upperBound + delta }
        func masked(_ flags: Flags, _ mask: UInt8) -> Flags { Flags(rawValue: flags.rawValue & mask) }
        switch self {
        case .gatewayInfo(let gatewayID, let address):
            return .gatewayInfo(gatewayID: gatewayID, address: moved(address))
        case .connect(var connect):
            connect.flags = masked(connect.flags, 0b0000_1100)
            connect.clientID = moved(connect.clientID)
            return .connect(connect)
        case .willTopic(let will):
            return .willTopic(WillTopic(flags: masked(will.flags, 0b0111_0000), topic: moved(will.topic)))
        case .willTopicUpdate(let will):
            return .willTopicUpdate(WillTopic(flags: masked(will.flags, 0b0111_0000), topic: moved(will.topic)))
        case .willMessage(let data): return .willMessage(moved(data))
        case .willMessageUpdate(let data): return .willMessageUpdate(moved(data))
        case .register(var register):
            register.topicName = moved(register.topicName)
            return .register(register)
        case .publish(var publish):
            publish.flags = masked(publish.flags, 0b1111_0011)
            publish.data = moved(publish.data)
            return .publish(publish)
        case .subscribe(var subscribe):
            subscribe.flags = masked(subscribe.flags, 0b1110_0011)
            subscribe.topic = moved(subscribe.topic)
            return .subscribe(subscribe)
        case .subscribeAcknowledgement(var acknowledgement):
            acknowledgement.flags = masked(acknowledgement.flags, 0b0110_0000)
            return .subscribeAcknowledgement(acknowledgement)
        case .unsubscribe(var unsubscribe):
            unsubscribe.flags = masked(unsubscribe.flags, 0b0000_0011)
            unsubscribe.topic = moved(unsubscribe.topic)
            return .unsubscribe(unsubscribe)
        case .pingRequest(let clientID): return .pingRequest(clientID: moved(clientID))
        case .advertise, .searchGateway, .connectAcknowledgement, .willTopicRequest, .willMessageRequest,
            .registerAcknowledgement, .publishAcknowledgement, .publishComplete, .publishReceived, .publishRelease,
            .unsubscribeAcknowledgement, .pingResponse, .disconnect, .willTopicResponse,
            .willMessageResponse, .encapsulated:
            return self
        }
    }
}

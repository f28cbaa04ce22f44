/// The MsgType octet of a message (MQTT-SN 1.2 §5.2.2); the codes that are missing here are reserved.
public enum MessageType: UInt8, Sendable, CaseIterable {
    case advertise = 0x00
    case searchGateway = 0x01
    case gatewayInfo = 0x02
    case connect = 0x04
    case connectAcknowledgement = 0x05
    case willTopicRequest = 0x06
    case willTopic = 0x07
    case willMessageRequest = 0x08
    case willMessage = 0x09
    case register = 0x0A
    case registerAcknowledgement = 0x0B
    case publish = 0x0C
    case publishAcknowledgement = 0x0D
    // These three do not stand in the order of the exchange, which is PUBREC, PUBREL, PUBCOMP.
    case publishComplete = 0x0E
    case publishReceived = 0x0F
    case publishRelease = 0x10
    case subscribe = 0x12
    case subscribeAcknowledgement = 0x13
    case unsubscribe = 0x14
    case unsubscribeAcknowledgement = 0x15
    case pingRequest = 0x16
    case pingResponse = 0x17
    case disconnect = 0x18
    case willTopicUpdate = 0x1A
    case willTopicResponse = 0x1B
    case willMessageUpdate = 0x1C
    case willMessageResponse = 0x1D
    case encapsulated = 0xFE

    /// The name that the specification gives the message, for logs.
    public var specificationName: String {
        switch self {
        case .advertise: "ADVERTISE"
        case .searchGateway: "SEARCHGW"
        case .gatewayInfo: "GWINFO"
        case .connect: "CONNECT"
        case .connectAcknowledgement: "CONNACK"
        case .willTopicRequest: "WILLTOPICREQ"
        case .willTopic: "WILLTOPIC"
        case .willMessageRequest: "WILLMSGREQ"
        case .willMessage: "WILLMSG"
        case .register: "REGISTER"
        case .registerAcknowledgement: "REGACK"
        case .publish: "PUBLISH"
        case .publishAcknowledgement: "PUBACK"
        case .publishComplete: "PUBCOMP"
        case .publishReceived: "PUBREC"
        case .publishRelease: "PUBREL"
        case .subscribe: "SUBSCRIBE"
        case .subscribeAcknowledgement: "SUBACK"
        case .unsubscribe: "UNSUBSCRIBE"
        case .unsubscribeAcknowledgement: "UNSUBACK"
        case .pingRequest: "PINGREQ"
        case .pingResponse: "PINGRESP"
        case .disconnect: "DISCONNECT"
        case .willTopicUpdate: "WILLTOPICUPD"
        case .willTopicResponse: "WILLTOPICRESP"
        case .willMessageUpdate: "WILLMSGUPD"
        case .willMessageResponse: "WILLMSGRESP"
        case .encapsulated: "ENCAPSULATED"
        }
    }
}

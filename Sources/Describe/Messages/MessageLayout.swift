// Where the fields of each MQTT-SN message lie behind its header, and what they are called (MQTT-SN 1.2 §5.4).

import MQTTSN

/// The fields of one type of message.
struct MessageLayout {
    /// Name and size in octets of the fields that every such message has, in order.
    var fixed: [(name: String, byteCount: Int)]
    /// What takes the rest; nil where nothing may follow.
    var tail: String?

    /// The octets of the fields that every such message has.
    var fixedByteCount: Int { fixed.reduce(0) { $0 + $1.byteCount } }

    init(of type: MessageType) {
        switch type {
        case .advertise: self.init([Self.gatewayID, Self.duration])
        case .searchGateway: self.init([("Radius", 1)])
        case .gatewayInfo: self.init([Self.gatewayID], tail: "GwAdd")
        case .connect: self.init([Self.flags, ("ProtocolId", 1), Self.duration], tail: "ClientId")
        case .connectAcknowledgement, .willTopicResponse, .willMessageResponse: self.init([Self.returnCode])
        case .willTopicRequest, .willMessageRequest, .pingResponse: self.init([])
        case .willTopic, .willTopicUpdate: self.init([Self.flags], tail: "WillTopic")
        case .willMessage, .willMessageUpdate: self.init([], tail: "WillMsg")
        case .register: self.init([Self.topicID, Self.messageID], tail: "TopicName")
        case .registerAcknowledgement, .publishAcknowledgement:
            self.init([Self.topicID, Self.messageID, Self.returnCode])
        case .publish: self.init([Self.flags, Self.topicID, Self.messageID], tail: "Data")
        case .publishComplete, .publishReceived, .publishRelease, .unsubscribeAcknowledgement:
            self.init([Self.messageID])
        case .subscribe, .unsubscribe: self.init([Self.flags, Self.messageID], tail: "TopicName")
        case .subscribeAcknowledgement:
            self.init([Self.flags, Self.topicID, Self.messageID, Self.returnCode])
        case .pingRequest: self.init([], tail: "ClientId")
        case .disconnect: self.init([Self.duration])
        case .encapsulated: self.init([("Ctrl", 1)], tail: "WirelessNodeId")
        }
    }

    private init(_ fixed: [(name: String, byteCount: Int)], tail: String? = nil) {
        (self.fixed, self.tail) = (fixed, tail)
    }

    private static let gatewayID = (name: "GwId", byteCount: 1)
    private static let flags = (name: "Flags", byteCount: 1)
    private static let duration = (name: "Duration", byteCount: 2)
    private static let topicID = (name: "TopicId", byteCount: 2)
    private static let messageID = (name: "MsgId", byteCount: 2)
    private static let returnCode = (name: "ReturnCode", byteCount: 1)
}

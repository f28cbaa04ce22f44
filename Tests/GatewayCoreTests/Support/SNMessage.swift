import Bytes
import MQTTSN

/// An MQTT-SN message as a test writes and compares it: with its own strings, whoever sends it.
enum SNMessage: Equatable, Sendable {
    case connect(
        String, clean: Bool = true, will: Bool = false, keepAlive: UInt16 = 0, protocolID: UInt8 = 1)
    case connectAcknowledgement(ReturnCode = .accepted)
    case willTopicRequest
    /// An empty topic is the two-octet form.
    case willTopic(String, qos: QualityOfService = .atMostOnce, retain: Bool = false)
    case willMessageRequest
    case willMessage(String)
    case register(TopicID, MessageID, String)
    case registerAcknowledgement(TopicID, MessageID, ReturnCode = .accepted)
    case publish(
        Topic, String, id: MessageID = 0, qos: QualityOfService = .atMostOnce, retain: Bool = false,
        duplicate: Bool = false)
    case publishAcknowledgement(TopicID, MessageID, ReturnCode = .accepted)
    case publishReceived(MessageID)
    case publishRelease(MessageID)
    case publishComplete(MessageID)
    case subscribe(Topic, id: MessageID, qos: QualityOfService = .atMostOnce, duplicate: Bool = false)
    case subscribeAcknowledgement(
        TopicID, MessageID, qos: QualityOfService = .atMostOnce, ReturnCode = .accepted)
    case unsubscribe(Topic, id: MessageID)
    case unsubscribeAcknowledgement(MessageID)
    case pingRequest(String = "")
    case pingResponse
    case disconnect(UInt16? = nil)
    case willTopicUpdate(String, qos: QualityOfService = .atMostOnce, retain: Bool = false)
    case willTopicResponse(ReturnCode)
    case willMessageUpdate(String)
    case willMessageResponse(ReturnCode)
    case searchGateway(radius: UInt8)
    case advertise(gatewayID: UInt8, seconds: UInt16)
    case gatewayInfo(gatewayID: UInt8)
    /// A complete inner message for, or from, a node behind a forwarder.
    case encapsulated(node: [UInt8], [UInt8])
    /// Something of another type, or nothing that can be read.
    case other(MessageType?)
}

// MARK: Reading

extension SNMessage {
    /// Reads exactly one datagram.
    init(reading bytes: [UInt8]) {
        let span = bytes.span
        self = (try? SNMessage(decoding: span.bytes)) ?? .other(nil)
    }

    private init(decoding datagram: RawSpan) throws(DecodeError) {
        func text(_ range: ByteRange) -> String { String(decoding: datagram.copy(of: range), as: UTF8.self) }
        let message = try Message.decode(datagram)
        switch message {
        case .connect(let connect):
            self = .connect(
                text(connect.clientID), clean: connect.flags.cleanSession, will: connect.flags.will,
                keepAlive: connect.duration, protocolID: connect.protocolID)
        case .connectAcknowledgement(let code): self = .connectAcknowledgement(code)
        case .willTopicRequest: self = .willTopicRequest
        case .willTopic(let will):
            self = .willTopic(text(will.topic), qos: will.flags.qos, retain: will.flags.retain)
        case .willMessageRequest: self = .willMessageRequest
        case .willMessage(let content): self = .willMessage(text(content))
        case .register(let register): self = .register(register.topicID, register.messageID, text(register.topicName))
        case .registerAcknowledgement(let answer):
            self = .registerAcknowledgement(answer.topicID, answer.messageID, answer.returnCode)
        case .publish(let publish):
            self = .publish(
                Topic(publish.flags.topicIDType, publish.topicID), text(publish.data), id: publish.messageID,
                qos: publish.flags.qos, retain: publish.flags.retain, duplicate: publish.flags.duplicate)
        case .publishAcknowledgement(let answer):
            self = .publishAcknowledgement(answer.topicID, answer.messageID, answer.returnCode)
        case .publishReceived(let messageID): self = .publishReceived(messageID)
        case .publishRelease(let messageID): self = .publishRelease(messageID)
        case .publishComplete(let messageID): self = .publishComplete(messageID)
        case .subscribeAcknowledgement(let answer):
            self = .subscribeAcknowledgement(
                answer.topicID, answer.messageID, qos: answer.flags.qos, answer.returnCode)
        case .unsubscribeAcknowledgement(let messageID): self = .unsubscribeAcknowledgement(messageID)
        case .pingRequest(let clientID): self = .pingRequest(text(clientID))
        case .pingResponse: self = .pingResponse
        case .disconnect(let duration): self = .disconnect(duration)
        case .willTopicResponse(let code): self = .willTopicResponse(code)
        case .willMessageResponse(let code): self = .willMessageResponse(code)
        case .advertise(let gatewayID, let seconds): self = .advertise(gatewayID: gatewayID, seconds: seconds)
        case .gatewayInfo(let gatewayID, let address) where address.isEmpty:
            self = .gatewayInfo(gatewayID: gatewayID)
        case .encapsulated(let envelope) where envelope.radius == 0:
            self = .encapsulated(node: datagram.copy(of: envelope.nodeID), datagram.copy(of: envelope.inner))
        case .searchGateway(let radius): self = .searchGateway(radius: radius)
        case .subscribe(let subscribe):
            self = .subscribe(
                Topic(subscribe.flags.topicIDType, datagram.copy(of: subscribe.topic)), id: subscribe.messageID,
                qos: subscribe.flags.qos, duplicate: subscribe.flags.duplicate)
        case .unsubscribe(let unsubscribe):
            self = .unsubscribe(
                Topic(unsubscribe.flags.topicIDType, datagram.copy(of: unsubscribe.topic)), id: unsubscribe.messageID)
        case .willTopicUpdate(let will):
            self = .willTopicUpdate(text(will.topic), qos: will.flags.qos, retain: will.flags.retain)
        case .willMessageUpdate(let content): self = .willMessageUpdate(text(content))
        case .gatewayInfo, .encapsulated: self = .other(message.type)
        }
    }
}

// MARK: Writing

extension SNMessage {
    /// The datagram that holds the message.
    var bytes: [UInt8] {
        if case .encapsulated(let node, let inner) = self { return [UInt8(3 + node.count), 0xFE, 0] + node + inner }
        var source: [UInt8] = []
        let message = message(&source)
        var datagram: [UInt8] = []
        datagram.appendMessage(message, from: source.span.bytes)
        return datagram
    }

    private func message(_ source: inout [UInt8]) -> Message {
        switch self {
        case .connect(let clientID, let clean, let will, let keepAlive, let protocolID):
            return .connect(
                Connect(
                    flags: Flags(will: will, cleanSession: clean), protocolID: protocolID, duration: keepAlive,
                    clientID: source.appendRange(of: clientID.utf8)))
        case .connectAcknowledgement(let code): return .connectAcknowledgement(code)
        case .willTopicRequest: return .willTopicRequest
        case .willTopic(let topic, let qos, let retain): return .willTopic(Self.will(topic, qos, retain, &source))
        case .willMessageRequest: return .willMessageRequest
        case .willMessage(let content): return .willMessage(source.appendRange(of: content.utf8))
        case .register(let topicID, let messageID, let name):
            return .register(
                Register(topicID: topicID, messageID: messageID, topicName: source.appendRange(of: name.utf8)))
        case .registerAcknowledgement(let topicID, let messageID, let code):
            return .registerAcknowledgement(
                RegisterAcknowledgement(topicID: topicID, messageID: messageID, returnCode: code))
        case .publish(let topic, let data, let messageID, let qos, let retain, let duplicate):
            let flags = Flags(duplicate: duplicate, qos: qos, retain: retain, topicIDType: topic.type)
            return .publish(
                Publish(
                    flags: flags, topicID: topic.topicID, messageID: messageID, data: source.appendRange(of: data.utf8)
                ))
        case .publishAcknowledgement(let topicID, let messageID, let code):
            return .publishAcknowledgement(
                PublishAcknowledgement(topicID: topicID, messageID: messageID, returnCode: code))
        case .publishReceived(let messageID): return .publishReceived(messageID)
        case .publishRelease(let messageID): return .publishRelease(messageID)
        case .publishComplete(let messageID): return .publishComplete(messageID)
        case .subscribe, .subscribeAcknowledgement, .unsubscribe, .unsubscribeAcknowledgement, .pingRequest,
            .pingResponse, .disconnect, .willTopicUpdate, .willTopicResponse, .willMessageUpdate,
            .willMessageResponse, .searchGateway, .advertise, .gatewayInfo, .encapsulated, .other:
            return laterMessage(&source)
        }
    }

    /// The second half of `message`, which would be too long in one piece.
    private func laterMessage(_ source: inout [UInt8]) -> Message {
        switch self {
        case .subscribe(let topic, let messageID, let qos, let duplicate):
            let flags = Flags(duplicate: duplicate, qos: qos, topicIDType: topic.type)
            return .subscribe(
                Subscribe(flags: flags, messageID: messageID, topic: source.appendRange(of: topic.octets)))
        case .subscribeAcknowledgement(let topicID, let messageID, let qos, let code):
            return .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(qos: qos), topicID: topicID, messageID: messageID, returnCode: code))
        case .unsubscribe(let topic, let messageID):
            return .unsubscribe(
                Unsubscribe(
                    flags: Flags(topicIDType: topic.type), messageID: messageID,
                    topic: source.appendRange(of: topic.octets)))
        case .unsubscribeAcknowledgement(let messageID): return .unsubscribeAcknowledgement(messageID)
        case .pingRequest(let clientID): return .pingRequest(clientID: source.appendRange(of: clientID.utf8))
        case .disconnect(let duration): return .disconnect(duration: duration)
        case .willTopicUpdate(let topic, let qos, let retain):
            return .willTopicUpdate(Self.will(topic, qos, retain, &source))
        case .willTopicResponse(let code): return .willTopicResponse(code)
        case .willMessageUpdate(let content): return .willMessageUpdate(source.appendRange(of: content.utf8))
        case .willMessageResponse(let code): return .willMessageResponse(code)
        case .searchGateway(let radius): return .searchGateway(radius: radius)
        case .advertise(let gatewayID, let seconds): return .advertise(gatewayID: gatewayID, duration: seconds)
        case .gatewayInfo(let gatewayID): return .gatewayInfo(gatewayID: gatewayID, address: 0..<0)
        case .connect, .connectAcknowledgement, .willTopicRequest, .willTopic, .willMessageRequest, .willMessage,
            .register, .registerAcknowledgement, .publish, .publishAcknowledgement, .publishReceived, .publishRelease,
            .publishComplete, .pingResponse, .encapsulated, .other:
            return .pingResponse
        }
    }

    private static func will(
        _ topic: String, _ qos: QualityOfService, _ retain: Bool, _ source: inout [UInt8]
    ) -> WillTopic {
        WillTopic(flags: Flags(qos: qos, retain: retain), topic: source.appendRange(of: topic.utf8))
    }
}

extension [UInt8] {
    /// Appends `octets` and says where they are.
    mutating func appendRange(of octets: some Sequence<UInt8>) -> ByteRange {
        let start = count
        append(contentsOf: octets)
        return start..<count
    }
}

// Messages and packets in words, as transcripts show them: the specifications' names, and only what is not the default.

import MQTT
import MQTTSN

extension SNMessage {
    /// The message by its name and fields.
    var words: String {
        switch self {
        case .connect(let clientID, let clean, let will, let keepAlive, let protocolID):
            return "CONNECT “\(clientID)”" + (clean ? " clean" : " kept") + (will ? " will" : "")
                + " keep-alive \(keepAlive)"
                + (protocolID == 1 ? "" : " protocol \(protocolID)")
        case .connectAcknowledgement(let code): return "CONNACK \(code.words)"
        case .willTopicRequest: return "WILLTOPICREQ"
        case .willTopic(let topic, let qos, let retain): return "WILLTOPIC" + Self.will(topic, qos, retain)
        case .willMessageRequest: return "WILLMSGREQ"
        case .willMessage(let content): return "WILLMSG “\(content)”"
        case .register(let topicID, let messageID, let name):
            return "REGISTER #\(messageID) “\(name)”" + (topicID == 0 ? "" : " as id \(topicID)")
        case .registerAcknowledgement(let topicID, let messageID, let code):
            return "REGACK #\(messageID) id \(topicID) \(code.words)"
        case .publish(let topic, let data, let messageID, let qos, let retain, let duplicate):
            return "PUBLISH" + (messageID == 0 ? "" : " #\(messageID)") + " \(qos.words) to \(topic.words) “\(data)”"
                + (retain ? " retain" : "") + (duplicate ? " again" : "")
        case .publishAcknowledgement(let topicID, let messageID, let code):
            return "PUBACK #\(messageID) id \(topicID) \(code.words)"
        case .publishReceived(let messageID): return "PUBREC #\(messageID)"
        case .publishRelease(let messageID): return "PUBREL #\(messageID)"
        case .publishComplete(let messageID): return "PUBCOMP #\(messageID)"
        case .subscribe, .subscribeAcknowledgement, .unsubscribe, .unsubscribeAcknowledgement, .pingRequest,
            .pingResponse, .disconnect, .willTopicUpdate, .willTopicResponse, .willMessageUpdate,
            .willMessageResponse, .searchGateway, .advertise, .gatewayInfo, .encapsulated, .other:
            return laterWords
        }
    }

    /// The second half of `words`, which would be too long in one piece.
    private var laterWords: String {
        switch self {
        case .subscribe(let topic, let messageID, let qos, let duplicate):
            "SUBSCRIBE #\(messageID) \(qos.words) to \(topic.words)" + (duplicate ? " again" : "")
        case .subscribeAcknowledgement(let topicID, let messageID, let qos, let code):
            "SUBACK #\(messageID) id \(topicID) \(qos.words) \(code.words)"
        case .unsubscribe(let topic, let messageID): "UNSUBSCRIBE #\(messageID) from \(topic.words)"
        case .unsubscribeAcknowledgement(let messageID): "UNSUBACK #\(messageID)"
        case .pingRequest(let clientID): "PINGREQ" + (clientID.isEmpty ? "" : " “\(clientID)”")
        case .pingResponse: "PINGRESP"
        case .disconnect(let duration): "DISCONNECT" + (duration.map { " for \($0) s" } ?? "")
        case .willTopicUpdate(let topic, let qos, let retain): "WILLTOPICUPD" + Self.will(topic, qos, retain)
        case .willTopicResponse(let code): "WILLTOPICRESP \(code.words)"
        case .willMessageUpdate(let content): "WILLMSGUPD “\(content)”"
        case .willMessageResponse(let code): "WILLMSGRESP \(code.words)"
        case .searchGateway(let radius): "SEARCHGW radius \(radius)"
        case .advertise(let gatewayID, let seconds): "ADVERTISE gateway \(gatewayID), next in \(seconds) s"
        case .gatewayInfo(let gatewayID): "GWINFO gateway \(gatewayID)"
        case .encapsulated(let node, let inner):
            "[node \(node.map(String.init).joined(separator: "."))] \(SNMessage(reading: inner).words)"
        case .connect, .connectAcknowledgement, .willTopicRequest, .willTopic, .willMessageRequest, .willMessage,
            .register, .registerAcknowledgement, .publish, .publishAcknowledgement, .publishReceived, .publishRelease,
            .publishComplete, .other:
            "(something that cannot be read)"
        }
    }

    private static func will(_ topic: String, _ qos: QualityOfService, _ retain: Bool) -> String {
        topic.isEmpty ? " (empty)" : " \(qos.words) “\(topic)”" + (retain ? " retain" : "")
    }
}

extension BrokerPacket {
    /// The packet by its name and fields.
    var words: String {
        switch self {
        case .connect(let clientID, let clean, _, let will, _, _):
            "CONNECT “\(clientID)”" + (clean ? " clean" : " kept")
                + (will.map {
                    " will QoS \($0.qos.rawValue) “\($0.topic)” “\($0.payload)”" + ($0.retain ? " retain" : "")
                }
                    ?? "")
        case .connectAcknowledgement(let code, let present):
            "CONNACK \(code == .accepted ? "accepted" : "refused \(code.rawValue)")"
                + (present ? ", session present" : "")
        case .publish(let topic, let payload, let qos, let id, let retain, let duplicate):
            "PUBLISH" + (id == 0 ? "" : " #\(id)") + " QoS \(qos.rawValue) to “\(topic)” “\(payload)”"
                + (retain ? " retain" : "") + (duplicate ? " again" : "")
        case .publishAcknowledgement(let id): "PUBACK #\(id)"
        case .publishReceived(let id): "PUBREC #\(id)"
        case .publishRelease(let id): "PUBREL #\(id)"
        case .publishComplete(let id): "PUBCOMP #\(id)"
        case .subscribe(let filter, let id, let qos): "SUBSCRIBE #\(id) QoS \(qos.rawValue) to “\(filter)”"
        case .subscribeAcknowledgement(let id, let code): "SUBACK #\(id) QoS \(code)"
        case .unsubscribe(let filter, let id): "UNSUBSCRIBE #\(id) from “\(filter)”"
        case .unsubscribeAcknowledgement(let id): "UNSUBACK #\(id)"
        case .pingRequest: "PINGREQ"
        case .pingResponse: "PINGRESP"
        case .disconnect: "DISCONNECT"
        case .close: "(closes the connection)"
        case .pause: "(stops reading)"
        case .resume: "(reads again)"
        case .wrong: "(something that cannot be read)"
        }
    }
}

extension Topic {
    /// The topic as a reader knows it.
    fileprivate var words: String {
        switch self {
        case .name(let name): "“\(name)”"
        case .id(let id): "id \(id)"
        case .predefined(let id): "pre-defined id \(id)"
        case .short(let name): "short name “\(name)”"
        case .reserved(let id): "reserved type, id \(id)"
        }
    }
}

extension ReturnCode {
    fileprivate var words: String {
        switch self {
        case .accepted: "accepted"
        case .congestion: "refused: congestion"
        case .invalidTopicID: "refused: invalid topic id"
        case .notSupported: "refused: not supported"
        default: "refused: \(rawValue)"
        }
    }
}

extension QualityOfService {
    fileprivate var words: String { self == .minusOne ? "QoS −1" : "QoS \(rawValue)" }
}

// The MQTT-SN messages that a sensor sends, as datagrams.

import Bytes
import MQTTSN

/// Makes datagrams of messages.
enum Datagram {
    private static func make(_ message: Message, _ source: [UInt8] = []) -> [UInt8] {
        var datagram: [UInt8] = []
        datagram.appendMessage(message, from: source.span.bytes)
        return datagram
    }

    static func connect(
        _ clientID: String, cleanSession: Bool = true, will: Bool = false, keepAlive: UInt16 = 60
    ) -> [UInt8] {
        let name = Array(clientID.utf8)
        let flags = Flags(will: will, cleanSession: cleanSession)
        return make(
            .connect(Connect(flags: flags, protocolID: 1, duration: keepAlive, clientID: name.indices)), name)
    }

    static func connectAcknowledgement(_ code: ReturnCode) -> [UInt8] { make(.connectAcknowledgement(code)) }

    static let willTopicRequest = make(.willTopicRequest)
    static let willMessageRequest = make(.willMessageRequest)

    static func willTopic(_ topic: String, qos: QualityOfService) -> [UInt8] {
        let name = Array(topic.utf8)
        return make(.willTopic(WillTopic(flags: Flags(qos: qos), topic: name.indices)), name)
    }

    static func willMessage(_ message: String) -> [UInt8] {
        let bytes = Array(message.utf8)
        return make(.willMessage(bytes.indices), bytes)
    }

    static func register(_ topic: String, messageID: UInt16) -> [UInt8] {
        let name = Array(topic.utf8)
        return make(.register(Register(topicID: 0, messageID: messageID, topicName: name.indices)), name)
    }

    static func registerAcknowledgement(_ topicID: UInt16, _ messageID: UInt16, _ code: ReturnCode) -> [UInt8] {
        make(
            .registerAcknowledgement(
                RegisterAcknowledgement(topicID: topicID, messageID: messageID, returnCode: code)))
    }

    static func publish(
        _ topicID: UInt16, _ payload: [UInt8], type: TopicIDType = .normal, qos: QualityOfService = .atMostOnce,
        retain: Bool = false, duplicate: Bool = false, messageID: UInt16 = 0
    ) -> [UInt8] {
        let flags = Flags(duplicate: duplicate, qos: qos, retain: retain, topicIDType: type)
        return make(
            .publish(Publish(flags: flags, topicID: topicID, messageID: messageID, data: payload.indices)), payload)
    }

    static func publishAcknowledgement(
        _ topicID: UInt16, _ messageID: UInt16, _ code: ReturnCode = .accepted
    ) -> [UInt8] {
        make(
            .publishAcknowledgement(
                PublishAcknowledgement(topicID: topicID, messageID: messageID, returnCode: code)))
    }

    static func publishReceived(_ messageID: UInt16) -> [UInt8] { make(.publishReceived(messageID)) }
    static func publishRelease(_ messageID: UInt16) -> [UInt8] { make(.publishRelease(messageID)) }
    static func publishComplete(_ messageID: UInt16) -> [UInt8] { make(.publishComplete(messageID)) }

    /// `topic` is a name or filter, or for the other types two octets.
    static func subscribe(
        _ topic: [UInt8], type: TopicIDType = .normal, qos: QualityOfService, messageID: UInt16
    ) -> [UInt8] {
        let flags = Flags(qos: qos, topicIDType: type)
        return make(.subscribe(Subscribe(flags: flags, messageID: messageID, topic: topic.indices)), topic)
    }

    static let pingRequest = make(.pingRequest(clientID: 0..<0))
    static let pingResponse = make(.pingResponse)

    /// The PINGREQ of a sleeper that wakes.
    static func pingRequest(_ clientID: String) -> [UInt8] {
        let name = Array(clientID.utf8)
        return make(.pingRequest(clientID: name.indices), name)
    }

    /// Sends the client to sleep for `duration` seconds.
    static func disconnect(duration: UInt16) -> [UInt8] { make(.disconnect(duration: duration)) }

    static let disconnect = make(.disconnect(duration: nil))
}

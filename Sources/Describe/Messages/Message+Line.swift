// The one-line form of an MQTT-SN message.

import Bytes
package import MQTTSN

extension Message {
    /// Such as `PUBLISH QoS 1, topic id 3, MsgId 41, 5 octets`.
    ///
    /// `bytes` is what it was decoded from, and `payload` finds the words for the content of messages and Wills.
    package func line(of bytes: RawSpan, payload: ([UInt8]) -> String) -> String {
        let words = self.words(bytes, payload)
        return words.isEmpty ? type.specificationName : "\(type.specificationName) \(words)"
    }

    private func words(_ bytes: RawSpan, _ payload: ([UInt8]) -> String) -> String {
        switch self {
        case .advertise(let gatewayID, let duration): "gateway \(gatewayID), the next in \(duration) s"
        case .searchGateway(let radius): "radius \(MessageValues.radius(radius))"
        case .gatewayInfo(let gatewayID, let address):
            "gateway \(gatewayID)" + (address.isEmpty ? "" : ", address \(Hexadecimal.text(bytes.copy(of: address)))")
        case .connect(let connect): connect.words(bytes)
        case .connectAcknowledgement(let code), .willTopicResponse(let code), .willMessageResponse(let code):
            MessageValues.words(for: code)
        case .willTopicRequest, .willMessageRequest, .pingResponse: ""
        case .willTopic(let will), .willTopicUpdate(let will):
            will.topic.isEmpty
                ? "empty: no Will"
                : "\(ForeignText.quoted(bytes.copy(of: will.topic))), \(will.flags.words(for: type))"
        case .willMessage(let data), .willMessageUpdate(let data): payload(bytes.copy(of: data))
        case .register(let register):
            "topic id \(register.topicID), MsgId \(register.messageID),"
                + " \(ForeignText.quoted(bytes.copy(of: register.topicName)))"
        case .registerAcknowledgement(let answer):
            "topic id \(answer.topicID), MsgId \(answer.messageID), \(MessageValues.words(for: answer.returnCode))"
        case .publish(let publish): publish.words + ", \(payload(bytes.copy(of: publish.data)))"
        case .publishAcknowledgement(let answer):
            "\(MessageValues.untypedTopic(answer.topicID)), MsgId \(answer.messageID),"
                + " \(MessageValues.words(for: answer.returnCode))"
        case .publishComplete(let id), .publishReceived(let id), .publishRelease(let id),
            .unsubscribeAcknowledgement(let id):
            "MsgId \(id)"
        case .subscribe(let request):
            "\(MessageValues.words(for: request.flags.qos)),"
                + " \(MessageValues.topic(request.topic, of: bytes, request.flags.topicIDType)),"
                + " MsgId \(request.messageID)" + (request.flags.duplicate ? ", DUP" : "")
        case .subscribeAcknowledgement(let answer):
            "\(answer.flags.words(for: type)), \(MessageValues.untypedTopic(answer.topicID)),"
                + " MsgId \(answer.messageID), \(MessageValues.words(for: answer.returnCode))"
        case .unsubscribe(let request):
            "\(MessageValues.topic(request.topic, of: bytes, request.flags.topicIDType)), MsgId \(request.messageID)"
        case .pingRequest(let clientID): clientID.isEmpty ? "" : ForeignText.quoted(bytes.copy(of: clientID))
        case .disconnect(let duration): duration.map { "to sleep for \($0) s" } ?? ""
        case .encapsulated(let envelope):
            "node 0x\(Hexadecimal.text(bytes.copy(of: envelope.nodeID))), radius \(envelope.radius):"
                + " \(DatagramWords.line(of: bytes.extracting(envelope.inner), payload: payload))"
        }
    }
}

extension Connect {
    fileprivate func words(_ bytes: RawSpan) -> String {
        let name = clientID.isEmpty ? "no ClientId" : ForeignText.quoted(bytes.copy(of: clientID))
        return name + (flags.cleanSession ? ", clean session" : "") + (flags.will ? ", Will" : "")
            + ", Duration \(duration) s"
            + (protocolID == 1 ? "" : ", ProtocolId \(protocolID)")
    }
}

extension Publish {
    fileprivate var words: String {
        "\(MessageValues.words(for: flags.qos)), \(MessageValues.topic(topicID, flags.topicIDType))"
            + (messageID == 0 ? "" : ", MsgId \(messageID)") + (flags.duplicate ? ", DUP" : "")
            + (flags.retain ? ", retained" : "")
    }
}

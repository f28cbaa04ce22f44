// The fields of an MQTT-SN message with their places and values, from what the decoder found.

import Bytes
import MQTTSN

extension Message {
    /// All fields, header included; `bytes` is the whole datagram, and `header` its own.
    func fields(of bytes: RawSpan, _ header: MessageHeader) -> [Description.Field] {
        var fields = Self.headerFields(header, type.specificationName)
        var offset = header.byteCount
        let layout = MessageLayout(of: type)
        let tail = self.tail(bytes)
        // The forms without what others have are as long as the header.
        guard tail.map({ !$0.range.isEmpty }) ?? false || !values.isEmpty else { return fields }
        for (field, value) in zip(layout.fixed, values) {
            fields.append(
                Description.Field(range: offset..<offset + field.byteCount, name: field.name, value: value))
            offset += field.byteCount
        }
        if let name = layout.tail, let tail, !tail.range.isEmpty {
            fields.append(Description.Field(range: tail.range, name: name, value: tail.value))
        }
        return fields
    }

    /// Length and MsgType.
    static func headerFields(_ header: MessageHeader, _ typeName: String) -> [Description.Field] {
        let typeOffset = header.byteCount - 1
        let length = "\(header.declaredByteCount)" + (header.isLongForm ? " (in the long form)" : "")
        return [
            Description.Field(range: 0..<typeOffset, name: "Length", value: length),
            Description.Field(range: typeOffset..<header.byteCount, name: "MsgType", value: typeName),
        ]
    }

    /// The values of the fields that `MessageLayout.fixed` names.
    private var values: [String] {
        switch self {
        case .advertise(let gatewayID, let duration): ["\(gatewayID)", "\(duration) s until the next ADVERTISE"]
        case .searchGateway(let radius): [MessageValues.radius(radius)]
        case .gatewayInfo(let gatewayID, _): ["\(gatewayID)"]
        case .connect(let connect):
            [connect.flags.words(for: type), "\(connect.protocolID)", MessageValues.keepAlive(connect.duration)]
        case .connectAcknowledgement(let code), .willTopicResponse(let code), .willMessageResponse(let code):
            [MessageValues.words(for: code)]
        case .willTopicRequest, .willMessageRequest, .pingResponse, .willMessage, .willMessageUpdate, .pingRequest: []
        case .willTopic(let will), .willTopicUpdate(let will):
            will.topic.isEmpty ? [] : [will.flags.words(for: type)]
        case .register(let register): ["\(register.topicID)", "\(register.messageID)"]
        case .registerAcknowledgement(let answer):
            ["\(answer.topicID)", "\(answer.messageID)", MessageValues.words(for: answer.returnCode)]
        case .publish(let publish):
            [
                publish.flags.words(for: type), MessageValues.topic(publish.topicID, publish.flags.topicIDType),
                "\(publish.messageID)",
            ]
        case .publishAcknowledgement(let answer):
            [
                MessageValues.untypedTopic(answer.topicID), "\(answer.messageID)",
                MessageValues.words(for: answer.returnCode),
            ]
        case .publishComplete(let id), .publishReceived(let id), .publishRelease(let id),
            .unsubscribeAcknowledgement(let id):
            ["\(id)"]
        case .subscribe(let request): [request.flags.words(for: type), "\(request.messageID)"]
        case .subscribeAcknowledgement(let answer):
            [
                answer.flags.words(for: type), MessageValues.untypedTopic(answer.topicID), "\(answer.messageID)",
                MessageValues.words(for: answer.returnCode),
            ]
        case .unsubscribe(let request): [request.flags.words(for: type), "\(request.messageID)"]
        case .disconnect(let duration): duration.map { ["\($0) s of sleep"] } ?? []
        case .encapsulated(let envelope): ["radius \(MessageValues.radius(envelope.radius))"]
        }
    }

    /// What `MessageLayout.tail` names, where the message has it.
    private func tail(_ bytes: RawSpan) -> (range: ByteRange, value: String)? {
        func text(_ range: ByteRange) -> (ByteRange, String) {
            (range, "\(ForeignText.quoted(bytes.copy(of: range)))  \(range.count.octets)")
        }
        func octets(_ range: ByteRange) -> (ByteRange, String) {
            let isShort = range.count <= 16
            let digits = Hexadecimal.text(bytes.copy(of: isShort ? range : range.prefix(16)))
            return (range, "0x\(digits)\(isShort ? "" : "…")  \(range.count.octets)")
        }
        return switch self {
        case .gatewayInfo(_, let address): octets(address)
        case .connect(let connect): text(connect.clientID)
        case .willTopic(let will), .willTopicUpdate(let will): text(will.topic)
        case .willMessage(let data), .willMessageUpdate(let data):
            (data, PayloadWords.text(bytes.copy(of: data)))
        case .register(let register): text(register.topicName)
        case .publish(let publish): (publish.data, PayloadWords.text(bytes.copy(of: publish.data)))
        case .subscribe(let request): topic(request.topic, request.flags, bytes)
        case .unsubscribe(let request): topic(request.topic, request.flags, bytes)
        case .pingRequest(let clientID): text(clientID)
        case .encapsulated(let envelope): octets(envelope.nodeID)
        case .advertise, .searchGateway, .connectAcknowledgement, .willTopicRequest, .willMessageRequest,
            .registerAcknowledgement, .publishAcknowledgement, .publishComplete, .publishReceived, .publishRelease,
            .subscribeAcknowledgement, .unsubscribeAcknowledgement, .pingResponse, .disconnect, .willTopicResponse,
            .willMessageResponse:
            nil
        }
    }

    private func topic(_ range: ByteRange, _ flags: Flags, _ bytes: RawSpan) -> (range: ByteRange, value: String) {
        (range, MessageValues.topic(range, of: bytes, flags.topicIDType))
    }
}

/// How the content of messages is told.
package enum PayloadWords {
    /// Only its size.
    package static func count(_ payload: [UInt8]) -> String { "\(payload.count.octets)" }

    /// As text where it is text, else in hexadecimal, shortened where it is long.
    package static func text(_ payload: [UInt8]) -> String {
        guard !payload.isEmpty else { return "nothing" }
        if ForeignText.isPlain(payload) { return "\(ForeignText.quoted(payload))  \(payload.count.octets)" }
        let shown = payload.prefix(Description.shownByteCount)
        return "0x\(Hexadecimal.text(shown))\(shown.count < payload.count ? "…" : "")  \(payload.count.octets)"
    }
}

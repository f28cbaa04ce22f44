// What a gateway objects to in a message whose layout is right (MQTT-SN 1.2 §5.3, §6).

import Bytes
import MQTT
import MQTTSN

extension Message {
    /// A sentence for each objection; what only direction or state decide is not among them.
    func remarks(on bytes: RawSpan) -> [String] {
        let own: [String?] =
            switch self {
            case .connect(let connect): connect.objections(bytes)
            case .willTopic(let will), .willTopicUpdate(let will): will.objections(bytes)
            case .register(let register):
                [Topics.objection(toName: bytes.extracting(register.topicName), "TopicName")]
            case .publish(let publish): publish.objections
            case .subscribe(let request):
                [
                    Topics.objection(to: request.topic, of: bytes, request.flags.topicIDType),
                    Topics.objection(toQoS: request.flags.qos, "SUBSCRIBE"), Topics.objection(to: request.messageID),
                ]
            case .unsubscribe(let request):
                [
                    Topics.objection(to: request.topic, of: bytes, request.flags.topicIDType),
                    Topics.objection(to: request.messageID),
                ]
            case .connectAcknowledgement(let code), .willTopicResponse(let code), .willMessageResponse(let code):
                [Topics.objection(to: code)]
            case .registerAcknowledgement(let answer): [Topics.objection(to: answer.returnCode)]
            case .publishAcknowledgement(let answer): [Topics.objection(to: answer.returnCode)]
            case .subscribeAcknowledgement(let answer): [Topics.objection(to: answer.returnCode)]
            case .publishComplete(let id), .publishReceived(let id), .publishRelease(let id),
                .unsubscribeAcknowledgement(let id):
                [Topics.objection(to: id)]
            case .advertise, .searchGateway, .gatewayInfo, .willTopicRequest, .willMessageRequest, .willMessage,
                .pingRequest, .pingResponse, .disconnect, .willMessageUpdate, .encapsulated:
                []
            }
        return own.compactMap(\.self) + ignoredBits
    }

    /// Bits of Flags that mean nothing in this message (§5.3.4).
    private var ignoredBits: [String] {
        let (flags, used): (Flags, UInt8) =
            switch self {
            case .connect(let connect): (connect.flags, MQTTSN.Connect.usedFlags)
            case .willTopic(let will), .willTopicUpdate(let will): (will.flags, WillTopic.usedFlags)
            case .publish(let publish): (publish.flags, MQTTSN.Publish.usedFlags)
            case .subscribe(let request): (request.flags, MQTTSN.Subscribe.usedFlags)
            case .subscribeAcknowledgement(let answer): (answer.flags, MQTTSN.SubscribeAcknowledgement.usedFlags)
            case .unsubscribe(let request): (request.flags, MQTTSN.Unsubscribe.usedFlags)
            case .advertise, .searchGateway, .gatewayInfo, .connectAcknowledgement, .willTopicRequest,
                .willMessageRequest, .willMessage, .register, .registerAcknowledgement, .publishAcknowledgement,
                .publishComplete, .publishReceived, .publishRelease, .unsubscribeAcknowledgement, .pingRequest,
                .pingResponse, .disconnect, .willTopicResponse, .willMessageUpdate, .willMessageResponse, .encapsulated:
                (Flags(), 0)
            }
        let ignored = flags.rawValue & ~used
        guard ignored != 0 else { return [] }
        let bits = Hexadecimal.number(UInt64(ignored), digitCount: 2)
        return ["Flags has bits that \(type.specificationName) does not use, 0x\(bits): they are ignored"]
    }
}

extension MQTTSN.Connect {
    /// The specification's longest ClientId, in octets (§5.3.1).
    private static let clientIDByteCount = 23

    fileprivate func objections(_ bytes: RawSpan) -> [String?] {
        [
            protocolID == 1
                ? nil
                : "ProtocolId is \(protocolID) and not 1: this is another version than MQTT-SN 1.2",
            clientID.isEmpty ? "no ClientId: a gateway may refuse it (clients.empty_id)" : nil,
            bytes.extracting(clientID).isWellFormedString ? nil : "the ClientId is not UTF-8 without U+0000",
            clientID.count > Self.clientIDByteCount
                ? "the ClientId has more than 23 octets: a gateway may refuse it (clients.id_bytes)" : nil,
        ]
    }
}

extension WillTopic {
    fileprivate func objections(_ bytes: RawSpan) -> [String?] {
        guard !topic.isEmpty else { return [] }
        return [
            Topics.objection(toName: bytes.extracting(topic), "WillTopic"),
            Topics.objection(toQoS: flags.qos, "a Will"),
        ]
    }
}

extension MQTTSN.Publish {
    fileprivate var objections: [String?] {
        let needsID = flags.qos == .atLeastOnce || flags.qos == .exactlyOnce
        return [
            Topics.objection(to: topicID, flags.topicIDType),
            needsID && messageID == 0 ? "MsgId is 0 at \(MessageValues.words(for: flags.qos)), which needs one" : nil,
            flags.qos == .minusOne && flags.topicIDType == .normal
                ? "a topic id means nothing at QoS -1, as nothing is registered: use a pre-defined one or a short name"
                : nil,
            flags.duplicate && !needsID ? "DUP is set at \(MessageValues.words(for: flags.qos))" : nil,
        ]
    }
}

/// Objections that several messages share.
private enum Topics {
    static func objection(to id: TopicID, _ type: TopicIDType) -> String? {
        switch type {
        case .normal, .predefined:
            id == 0 || id == 0xFFFF ? "topic id \(id) is reserved" : nil
        case .shortName:
            objection(toName: [UInt8(id >> 8), UInt8(id & 0xFF)].span.bytes, "the short topic name")
        case .reserved: "TopicIdType 3 is reserved"
        }
    }

    /// Of SUBSCRIBE and UNSUBSCRIBE; a short name has two octets, which the layout ensures.
    static func objection(to topic: ByteRange, of bytes: RawSpan, _ type: TopicIDType) -> String? {
        switch type {
        case .normal:
            TopicFilter.isValidFilter(bytes.extracting(topic))
                ? nil : "TopicName is no topic filter: not UTF-8 without U+0000, or a wildcard is misplaced"
        case .predefined: objection(to: bytes.uint16(at: topic.lowerBound) ?? 0, type)
        case .shortName: nil
        case .reserved: "TopicIdType 3 is reserved"
        }
    }

    static func objection(toName name: RawSpan, _ field: String) -> String? {
        if TopicFilter.isValidName(name) { return nil }
        if TopicFilter.hasWildcards(name) { return "\(field) holds a wildcard, which only SUBSCRIBE may" }
        return "\(field) is not UTF-8 without U+0000"
    }

    static func objection(toQoS qos: QualityOfService, _ whose: String) -> String? {
        qos == .minusOne ? "QoS bits 0b11 mean nothing in \(whose)" : nil
    }

    static func objection(to id: MessageID) -> String? { id == 0 ? "MsgId is 0, which is reserved" : nil }

    static func objection(to code: ReturnCode) -> String? {
        code.rawValue > ReturnCode.notSupported.rawValue ? "ReturnCode \(code.rawValue) is reserved" : nil
    }
}

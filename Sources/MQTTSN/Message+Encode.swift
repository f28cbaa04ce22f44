// Encoding: appends whole messages to an array that its owner clears and reuses.

import Bytes

extension Message {
    /// The largest Length that the long form can carry, in octets (MQTT-SN 1.2 §5.2.1).
    static let maximumByteCount = Int(UInt16.max)

    /// The size in octets of a message with `bodyByteCount` octets after MsgType: short form up to 255, else long
    /// form (GW-02). The sizes 256 and 257 never arise.
    public static func encodedByteCount(bodyByteCount: Int) -> Int {
        let short = bodyByteCount + MessageHeader.shortFormByteCount
        return short <= MessageHeader.maximumShortFormLength ? short : bodyByteCount + MessageHeader.longFormByteCount
    }

    /// The size in octets that `appendMessage` gives the message, to be compared with the link's maximum (GW-08).
    public var encodedByteCount: Int {
        if case .encapsulated(let encapsulated) = self { return encapsulated.encodedByteCount }
        return Self.encodedByteCount(bodyByteCount: bodyByteCount)
    }

    /// How many octets the message has after MsgType.
    private var bodyByteCount: Int {
        switch self {
        case .willTopicRequest, .willMessageRequest, .pingResponse: 0
        case .searchGateway, .connectAcknowledgement, .willTopicResponse, .willMessageResponse: 1
        case .publishComplete, .publishReceived, .publishRelease, .unsubscribeAcknowledgement: 2
        case .advertise: 3
        case .gatewayInfo(_, let address): 1 + address.count
        case .connect(let connect): connect.bodyByteCount
        case .willTopic(let will), .willTopicUpdate(let will): will.bodyByteCount
        case .willMessage(let data), .willMessageUpdate(let data): data.count
        case .register(let register): register.bodyByteCount
        case .registerAcknowledgement: RegisterAcknowledgement.bodyByteCount
        case .publish(let publish): Publish.fixedByteCount + publish.data.count
        case .publishAcknowledgement: PublishAcknowledgement.bodyByteCount
        case .subscribe(let subscribe): subscribe.bodyByteCount
        case .subscribeAcknowledgement: SubscribeAcknowledgement.bodyByteCount
        case .unsubscribe(let unsubscribe): unsubscribe.bodyByteCount
        case .pingRequest(let clientID): clientID.count
        case .disconnect(let duration): duration == nil ? 0 : 2
        case .encapsulated(let encapsulated): encapsulated.bodyByteCount
        }
    }
}

extension [UInt8] {
    /// Appends `message`, whose ranges index `source`; the smallest Length form, unused flag bits 0 (GW-02, GW-07).
    ///
    /// - Precondition: The ranges lie inside `source`, and `message.encodedByteCount` is at most 65535.
    public mutating func appendMessage(_ message: Message, from source: RawSpan) {
        if case .encapsulated(let encapsulated) = message {
            appendEncapsulated(encapsulated, from: source)
            return
        }
        appendHeader(message.type, encodedByteCount: message.encodedByteCount)
        appendBody(of: message, from: source)
    }

    /// Appends `message`, which has no variable part.
    ///
    /// - Precondition: All ranges of `message` are empty.
    public mutating func appendMessage(_ message: Message) {
        appendMessage(message, from: RawSpan())
    }

    private mutating func appendBody(of message: Message, from source: RawSpan) {
        switch message {
        case .willTopicRequest, .willMessageRequest, .pingResponse: break
        case .advertise(let gatewayID, let duration):
            append(gatewayID)
            append(bigEndian: duration)
        case .searchGateway(let radius): append(radius)
        case .gatewayInfo(let gatewayID, let address):
            append(gatewayID)
            append(address, of: source)
        case .connect(let connect): appendBody(of: connect, from: source)
        case .connectAcknowledgement(let code), .willTopicResponse(let code), .willMessageResponse(let code):
            append(code.rawValue)
        case .willTopic(let will), .willTopicUpdate(let will): appendBody(of: will, from: source)
        case .willMessage(let data), .willMessageUpdate(let data): append(data, of: source)
        case .register(let register):
            append(bigEndian: register.topicID)
            append(bigEndian: register.messageID)
            append(register.topicName, of: source)
        case .registerAcknowledgement(let acknowledgement): appendBody(of: acknowledgement)
        case .publish(let publish):
            appendFixedPart(flags: publish.flags, topicID: publish.topicID, messageID: publish.messageID)
            append(publish.data, of: source)
        case .publishAcknowledgement(let acknowledgement): appendBody(of: acknowledgement)
        case .publishComplete(let messageID), .publishReceived(let messageID), .publishRelease(let messageID),
            .unsubscribeAcknowledgement(let messageID):
            append(bigEndian: messageID)
        case .subscribe(let subscribe): appendBody(of: subscribe, from: source)
        case .subscribeAcknowledgement(let acknowledgement): appendBody(of: acknowledgement)
        case .unsubscribe(let unsubscribe): appendBody(of: unsubscribe, from: source)
        case .pingRequest(let clientID): append(clientID, of: source)
        case .disconnect(let duration):
            if let duration { append(bigEndian: duration) }
        case .encapsulated(let encapsulated): appendEncapsulated(encapsulated, from: source)
        }
    }

    /// Appends Length, in the form that the size asks for, and MsgType.
    ///
    /// - Precondition: `encodedByteCount`, the size of the whole message, is at most 65535 octets.
    mutating func appendHeader(_ type: MessageType, encodedByteCount: Int) {
        precondition(encodedByteCount <= Message.maximumByteCount, "a message has at most 65535 octets")
        if encodedByteCount <= MessageHeader.maximumShortFormLength {
            append(UInt8(truncatingIfNeeded: encodedByteCount))
        } else {
            append(MessageHeader.longFormMarker)
            append(bigEndian: UInt16(truncatingIfNeeded: encodedByteCount))
        }
        append(type.rawValue)
    }

    /// Appends the octets of `source` in `range`; an empty range may lie anywhere.
    mutating func append(_ range: ByteRange, of source: RawSpan) {
        guard !range.isEmpty else { return }
        append(source.extracting(range))
    }
}

// The target `MQTTSNDecode`: a datagram that decodes is sent again as the same message, and for ever the same octets.

import Bytes
import MQTTSN

/// What is wrong with decoding `datagram` and sending the message again; nil when nothing is.
func faultOfDatagram(_ datagram: RawSpan) -> String? {
    for tolerance in [DecodeTolerance.strict, .lenient] {
        guard let message = try? Message.decode(datagram, tolerance: tolerance) else { continue }
        if tolerance == .strict, !isWholeMessage(datagram, message) { return "Length is not the size: \(message)" }
        if let fault = faultOfSending(message, from: datagram) { return "\(fault), \(tolerance): \(message)" }
        guard case .encapsulated(let encapsulated) = message else { continue }
        let inner = datagram.extracting(encapsulated.inner)
        guard let innerMessage = try? Message.decode(inner, tolerance: tolerance) else { continue }
        if let fault = faultOfSending(innerMessage, from: inner) { return "\(fault), inside: \(innerMessage)" }
    }
    return nil
}

/// Whether Length is the size of the datagram, or stops before the inner message of an encapsulation (GW-03, GW-80).
private func isWholeMessage(_ datagram: RawSpan, _ message: Message) -> Bool {
    let length = datagram.byte(at: 0).map { $0 == 1 ? datagram.uint16(at: 1).map(Int.init) : Int($0) } ?? nil
    guard case .encapsulated(let encapsulated) = message else { return length == datagram.byteCount }
    return length == encapsulated.inner.lowerBound
}

private func faultOfSending(_ message: Message, from datagram: RawSpan) -> String? {
    for part in message.parts where part.lowerBound < 2 || part.upperBound > datagram.byteCount {
        return "a part lies outside"
    }
    var sent: [UInt8] = []
    sent.appendMessage(message, from: datagram)
    guard sent.count == message.encodedByteCount else { return "encodedByteCount is wrong" }
    guard sent.count <= datagram.byteCount else { return "grows" }
    // What a lenient gateway took from a forwarder it passes on unchanged, miscount included.
    let tolerance: DecodeTolerance = message.type == .encapsulated ? .lenient : .strict
    let span = sent.span
    guard let again = try? Message.decode(span.bytes, tolerance: tolerance) else { return "does not decode again" }
    guard again.type == message.type else { return "changes its type" }
    guard parts(of: again, in: span.bytes) == parts(of: message, in: datagram) else { return "changes a part" }
    var sentAgain: [UInt8] = []
    sentAgain.appendMessage(again, from: span.bytes)
    guard sentAgain == sent else { return "is sent in two ways" }
    // A header as short as the encoder's leaves nothing that may differ but the flag bits that the message ignores.
    guard sent.count == datagram.byteCount, !message.hasFlags else { return nil }
    return again == message ? nil : "decodes again to \(again)"
}

private func parts(of message: Message, in datagram: RawSpan) -> [[UInt8]] {
    message.parts.map { datagram.copy(of: $0) }
}

extension Message {
    /// The variable parts in the order of the message.
    fileprivate var parts: [ByteRange] {
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

    /// Whether some bits of the message are ignored on receipt (MQTT-SN 1.2 §5.3.4).
    fileprivate var hasFlags: Bool {
        switch self {
        case .connect, .willTopic, .willTopicUpdate, .publish, .subscribe, .subscribeAcknowledgement, .unsubscribe:
            true
        case .gatewayInfo, .willMessage, .willMessageUpdate, .register, .pingRequest, .encapsulated, .advertise,
            .searchGateway, .connectAcknowledgement, .willTopicRequest, .willMessageRequest, .registerAcknowledgement,
            .publishAcknowledgement, .publishComplete, .publishReceived, .publishRelease, .unsubscribeAcknowledgement,
            .pingResponse, .disconnect, .willTopicResponse, .willMessageResponse:
            false
        }
    }
}

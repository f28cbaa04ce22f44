// Decoding: the header is checked here, the body by the file of the message.

import Bytes

extension Message {
    /// Decodes the one message that fills `datagram`; allocates nothing.
    ///
    /// - Parameters:
    ///   - datagram: One message and nothing else (AMB-31), of any size.
    ///   - tolerance: Whether one known miscount of Length is accepted.
    /// - Returns: The message; all its ranges are offsets into `datagram`.
    /// - Throws: The first thing that is wrong with framing, type or layout.
    public static func decode(
        _ datagram: RawSpan, tolerance: DecodeTolerance = .strict
    ) throws(DecodeError) -> Message {
        let header = try MessageHeader(at: 0, of: datagram)
        if header.typeCode == MessageType.encapsulated.rawValue {
            return .encapsulated(try Encapsulated(header, of: datagram, tolerance: tolerance))
        }
        try header.checkLength(present: datagram.byteCount, tolerance: tolerance)
        guard let type = MessageType(rawValue: header.typeCode) else { throw DecodeError(.reservedMessageType) }
        var fields = FieldReader(at: header.byteCount, of: datagram, type: type)
        let message = try decodeBody(of: type, from: &fields, of: datagram)
        try fields.finish()
        return message
    }

    private static func decodeBody(
        of type: MessageType, from fields: inout FieldReader, of datagram: RawSpan
    ) throws(DecodeError) -> Message {
        switch type {
        case .advertise: try decodeAdvertise(from: &fields, of: datagram)
        case .searchGateway: try decodeSearchGateway(from: &fields, of: datagram)
        case .gatewayInfo: try decodeGatewayInfo(from: &fields, of: datagram)
        case .connect: .connect(try Connect(from: &fields, of: datagram))
        case .connectAcknowledgement: .connectAcknowledgement(try fields.returnCode(of: datagram))
        case .willTopicRequest: .willTopicRequest
        case .willTopic: .willTopic(try WillTopic(from: &fields, of: datagram, orThrow: .willTopicWithoutTopic))
        case .willMessageRequest: .willMessageRequest
        case .willMessage: .willMessage(fields.rest())
        case .register: .register(try Register(from: &fields, of: datagram))
        case .registerAcknowledgement:
            .registerAcknowledgement(try RegisterAcknowledgement(from: &fields, of: datagram))
        case .publish: .publish(try Publish(from: &fields, of: datagram))
        case .publishAcknowledgement: .publishAcknowledgement(try PublishAcknowledgement(from: &fields, of: datagram))
        case .publishComplete: .publishComplete(try fields.uint16(of: datagram))
        case .publishReceived: .publishReceived(try fields.uint16(of: datagram))
        case .publishRelease: .publishRelease(try fields.uint16(of: datagram))
        case .subscribe: .subscribe(try Subscribe(from: &fields, of: datagram))
        case .subscribeAcknowledgement:
            .subscribeAcknowledgement(try SubscribeAcknowledgement(from: &fields, of: datagram))
        case .unsubscribe: .unsubscribe(try Unsubscribe(from: &fields, of: datagram))
        case .unsubscribeAcknowledgement: .unsubscribeAcknowledgement(try fields.uint16(of: datagram))
        case .pingRequest: .pingRequest(clientID: fields.rest())
        case .pingResponse: .pingResponse
        case .disconnect: try decodeDisconnect(from: &fields, of: datagram)
        case .willTopicUpdate:
            .willTopicUpdate(try WillTopic(from: &fields, of: datagram, orThrow: .willTopicUpdateWithoutTopic))
        case .willTopicResponse: .willTopicResponse(try fields.returnCode(of: datagram))
        case .willMessageUpdate: .willMessageUpdate(fields.rest())
        case .willMessageResponse: .willMessageResponse(try fields.returnCode(of: datagram))
        // `decode` has taken the encapsulation out, whose Length is not that of the datagram.
        case .encapsulated: throw DecodeError(.nestedEncapsulation)
        }
    }
}

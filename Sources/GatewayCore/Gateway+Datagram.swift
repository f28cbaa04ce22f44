import Bytes
import MQTTSN

// The way of a datagram to the session or the procedure that it concerns.

extension Gateway {
    mutating func datagramReceived(_ datagram: RawSpan, from peer: PeerID) {
        let route = Route(peer: peer)
        sender = peer
        do {
            let message = try Message.decode(datagram)
            receive(message, datagram, from: route)
        } catch {
            malformedDatagramReceived(error, from: route)
        }
        sender = nil
        forgetIfUnused(peer)
    }

    private mutating func receive(_ message: Message, _ datagram: RawSpan, from route: Route) {
        switch message {
        case .connect(let connect): self.connect(connect, datagram, from: route)
        case .encapsulated, .searchGateway, .advertise, .gatewayInfo:
            environment.observe(.unexpectedMessage, peer: route.peer, detail: Int(message.type.rawValue))
        case .pingRequest(let clientID): pingRequestReceived(clientID, datagram, from: route)
        case .connectAcknowledgement, .willTopicRequest, .willTopic, .willMessageRequest, .willMessage, .register,
            .registerAcknowledgement, .publish, .publishAcknowledgement, .publishComplete, .publishReceived,
            .publishRelease, .subscribe, .subscribeAcknowledgement, .unsubscribe, .unsubscribeAcknowledgement,
            .pingResponse, .disconnect, .willTopicUpdate, .willTopicResponse, .willMessageUpdate,
            .willMessageResponse:
            deliver(message, datagram, from: route)
        }
    }

    /// Hands the message to the sender's session; without one the sender is a stranger.
    private mutating func deliver(_ message: Message, _ datagram: RawSpan, from route: Route) {
        guard let index = sessionByRoute[route] else {
            strangerSent(message, datagram, from: route)
            return
        }
        sessions[index].handle(message, datagram, in: &environment)
        settle(index)
    }

    /// A PINGREQ that names another client than the one at this address is not that client's (AMB-11).
    private mutating func pingRequestReceived(_ clientID: ByteRange, _ datagram: RawSpan, from route: Route) {
        if let index = sessionByRoute[route], isNamed(sessions[index].clientID, datagram, clientID) {
            sessions[index].handle(.pingRequest(clientID: clientID), datagram, in: &environment)
            settle(index)
        } else {
            strangerSent(.pingRequest(clientID: clientID), datagram, from: route)
        }
    }

    private func isNamed(_ clientID: ClientID, _ datagram: RawSpan, _ name: ByteRange) -> Bool {
        name.isEmpty || datagram.equals(clientID.bytes.span.bytes, in: name)
    }

    /// Counted by reason; no session is touched. Where the message id could be read and the client is connected, it is
    /// told that its request is not understood, rather than left waiting (GW-05).
    private mutating func malformedDatagramReceived(_ error: DecodeError, from route: Route) {
        environment.observe(.malformedDatagram, peer: route.peer, detail: Int(error.reason.rawValue))
        guard let index = sessionByRoute[route], sessions[index].state.isConnected else { return }
        switch error {
        case .registerWithoutTopicName(let messageID):
            let answer = RegisterAcknowledgement(topicID: 0, messageID: messageID, returnCode: .notSupported)
            environment.send(.registerAcknowledgement(answer), to: route)
        case .subscribeWithoutTopic(let messageID), .subscribeWithWrongTopicIDSize(let messageID):
            let answer = SubscribeAcknowledgement(
                flags: Flags(), topicID: 0, messageID: messageID, returnCode: .notSupported)
            environment.send(.subscribeAcknowledgement(answer), to: route)
        case .willTopicUpdateWithoutTopic: environment.send(.willTopicResponse(.notSupported), to: route)
        case .emptyDatagram, .lengthCutOff, .lengthBelowMinimum, .messageTypeMissing, .lengthMismatch,
            .reservedMessageType, .bodyTooShort, .bodyTooLong, .willTopicWithoutTopic, .unsubscribeWithoutTopic,
            .unsubscribeWithWrongTopicIDSize, .encapsulationWithLongLength, .nodeIDMissing, .innerMessageMissing,
            .innerMessageFraming, .nestedEncapsulation:
            break
        }
    }
}

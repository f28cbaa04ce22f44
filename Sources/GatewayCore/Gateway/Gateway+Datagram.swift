import Bytes
import MQTTSN

// The way of a datagram to the session or the procedure that it concerns.

extension Gateway {
    mutating func datagramReceived(_ datagram: RawSpan, from peer: PeerID, mayForward: Bool) {
        (sender, addressee) = (peer, nil)
        decode(datagram, from: Route(peer: peer), mayForward: mayForward)
        sender = nil
        // A session that is still reached through the peer spares the search for one.
        if let addressee, sessions.contains(addressee), sessions[addressee].route?.peer == peer { return }
        forgetIfUnused(peer)
    }

    private var tolerance: DecodeTolerance { environment.configuration.isLenient ? .lenient : .strict }

    private mutating func decode(_ datagram: RawSpan, from route: Route, mayForward: Bool) {
        do {
            let message = try Message.decode(datagram, tolerance: tolerance)
            if case .encapsulated(let encapsulated) = message {
                forward(encapsulated, datagram, from: route, mayForward: mayForward)
            } else {
                receive(message, datagram, from: route)
            }
        } catch {
            malformedDatagramReceived(error, datagram, from: route)
        }
    }

    /// GW-80, GW-83: a message in an envelope is the node's, not the forwarder's.
    private mutating func forward(
        _ encapsulated: Encapsulated, _ datagram: RawSpan, from route: Route, mayForward: Bool
    ) {
        guard mayForward else {
            environment.observe(.forwarderRefused, peer: route.peer)
            return
        }
        let nodeID = datagram.extracting(encapsulated.nodeID)
        // GW-08: who could not be sent the shortest answer is not listened to.
        guard environment.canAnswer(nodeIDByteCount: nodeID.byteCount, on: route.peer.link) else {
            environment.observe(.messageDroppedTooLong(nil, octets: datagram.byteCount), peer: route.peer)
            return
        }
        let node = environment.forwarders.use(nodeID, behind: route.peer)
        decode(
            datagram.extracting(encapsulated.inner), from: Route(peer: route.peer, node: node), mayForward: false)
        environment.forwarders.release(node)
    }

    private mutating func receive(_ message: Message, _ datagram: RawSpan, from route: Route) {
        switch message {
        case .connect(let connect): self.connect(connect, datagram, from: route)
        case .searchGateway(let radius): searched(radius: radius, from: route)
        case .advertise(let gatewayID, let duration):
            advertiseReceived(gatewayID: gatewayID, duration: duration, from: route.peer)
        case .gatewayInfo(let gatewayID, let address):
            gatewayInfoReceived(gatewayID: gatewayID, isOfClient: !address.isEmpty, from: route.peer)
        case .encapsulated:
            environment.observe(.unexpectedMessage(message.type), peer: route.peer)
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
        addressee = index
        guard visits.isEmpty || noteSpeech(message, of: index, from: route) else { return }
        changing(index) { session, environment in session.handle(message, datagram, in: &environment) }
    }

    /// A PINGREQ from an address where no client is belongs to the client that it names, if that sleeps and may have
    /// moved; one that names another client than the one at its address is a stranger's (AMB-11).
    private mutating func pingRequestReceived(_ clientID: ByteRange, _ datagram: RawSpan, from route: Route) {
        if let index = sessionByRoute[route], isNamed(sessions[index].clientID, datagram, clientID) {
            guard visits.isEmpty || noteSpeech(.pingRequest(clientID: clientID), of: index, from: route) else { return }
            wake(index, clientID, datagram)
        } else if sessionByRoute[route] == nil, let index = sleeper(named: datagram.extracting(clientID), at: route) {
            attach(index, to: route)
            wake(index, clientID, datagram)
        } else {
            strangerSent(.pingRequest(clientID: clientID), datagram, from: route)
        }
    }

    private mutating func wake(_ index: SessionIndex, _ clientID: ByteRange, _ datagram: RawSpan) {
        addressee = index
        changing(index) { session, environment in
            session.handle(.pingRequest(clientID: clientID), datagram, in: &environment)
        }
    }

    /// The sleeping client of that name, where it may wake up at another address or its address is not known; never an
    /// active one.
    private func sleeper(named name: RawSpan, at route: Route) -> SessionIndex? {
        guard name.byteCount > 0 else { return nil }
        let clientID = ClientID(bytes: name.copy(of: 0..<name.byteCount))
        guard let index = sessionByClientID[clientID], sessions[index].phase.isSleeping else { return nil }
        guard isHimself(index, at: route) else { return nil }
        let mayWakeHere = environment.configuration.sleep.allowsAddressChange || sessions[index].route == nil
        return mayWakeHere ? index : nil
    }

    private func isNamed(_ clientID: ClientID, _ datagram: RawSpan, _ name: ByteRange) -> Bool {
        name.isEmpty || datagram.equals(clientID.bytes.span.bytes, in: name)
    }

    /// Counted by reason; no session is touched. Where the message id could be read and the client is connected, it is
    /// told that its request is not understood, rather than left waiting (GW-05).
    private mutating func malformedDatagramReceived(_ error: DecodeError, _ datagram: RawSpan, from route: Route) {
        environment.observe(
            .malformedDatagram(error.reason, ForeignProtocol(startOf: datagram)), peer: route.peer)
        guard let index = sessionByRoute[route] else { return }
        addressee = index
        guard sessions[index].phase.isConnected else { return }
        switch error.reason {
        case .registerWithoutTopicName:
            let answer = RegisterAcknowledgement(topicID: 0, messageID: error.messageID, returnCode: .notSupported)
            environment.send(.registerAcknowledgement(answer), to: route)
        case .subscribeWithoutTopic, .subscribeWithWrongTopicIDSize:
            let answer = SubscribeAcknowledgement(
                flags: Flags(), topicID: 0, messageID: error.messageID, returnCode: .notSupported)
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

import Bytes
package import MQTT
import MQTTSN

// What a broker of MQTT 5.0 says that one of 3.1.1 cannot: limits, reasons, and goodbye.

extension Gateway {
    /// What is spoken on a stream, or was last; 3.1.1 where there is none of that name.
    package func version(of id: UpstreamID) -> ProtocolVersion {
        guard environment.upstreams.contains(id.slot), environment.upstreams[id.slot].streamID == id else {
            return .v3_1_1
        }
        return environment.upstreams[id.slot].version
    }

    /// In which version the packet is to be read: a broker that knows no 5.0 answers in 3.1.1, with a CONNACK of four
    /// octets.
    @inline(__always)
    func versionOf(_ bytes: RawSpan, onUpstream slot: UInt32) -> ProtocolVersion {
        let version = environment.upstreams[slot].version
        guard version == .v5_0, environment.upstreams[slot].state == .connecting, bytes.byteCount == 4,
            bytes.byte(at: 0) == PacketType.connectAcknowledgement.rawValue << 4
        else { return version }
        return .v3_1_1
    }

    /// What the broker has accepted, and what it takes on the connection.
    mutating func noteAnswer(_ properties: ByteRange, _ bytes: RawSpan, onUpstream slot: UInt32) {
        let version = environment.upstreams[slot].version
        let broker = environment.upstreams[slot].broker
        environment.brokers[broker].accepted(version, at: environment.now)
        environment.brokers.accepted(broker)
        environment.upstreams[slot].triesInRow = 0
        guard version == .v5_0 else { return }
        let isSessionAsked = environment.upstreams[slot].limits.isSessionAsked
        let asked = isSessionAsked ? environment.configuration.upstream.sessionExpirySeconds : nil
        environment.upstreams[slot].limits = BrokerLimits(properties, of: bytes, sessionExpirySeconds: asked)
        let aliases = Packet5.number(.topicAliasMaximum, in: properties, of: bytes) ?? 0
        let wanted = environment.configuration.upstream.topicAliases
        environment.aliases.begin(UInt8(clamping: min(aliases, UInt32(wanted))), on: slot)
        // It is obeyed even where the broker asks for less than was offered (MQTT 5.0 §3.2.2.3.14).
        if let seconds = Packet5.number(.serverKeepAlive, in: properties, of: bytes), seconds > 0 {
            environment.upstreams[slot].keepAliveSeconds = UInt16(clamping: seconds)
        }
    }

    /// The broker has refused a CONNECT. Where that is for its version and there is another to be tried, the connection
    /// is made anew at once, and nobody is told.
    ///
    /// - Returns: whether it is.
    mutating func triesOtherVersion(_ code: ConnectReturnCode, slot: UInt32) -> Bool {
        let version = environment.upstreams[slot].version
        let isOfVersion =
            code == .unacceptableProtocolVersion || code.rawValue == ReasonCode.unsupportedProtocolVersion.rawValue
        let broker = environment.upstreams[slot].broker
        environment.brokers[broker].refused(version, forVersion: isOfVersion, at: environment.now)
        let next = environment.brokers[broker].next(environment.configuration.upstream.version, at: environment.now)
        guard isOfVersion, version == .v5_0, next == .v3_1_1 else { return false }
        environment.observe(.brokerVersionRefused)
        let name = name(ofUpstream: slot)
        environment.cutStream(ofUpstream: slot, inNameOf: name)
        environment.openStream(ofUpstream: slot, inNameOf: name, as: identity(ofUpstream: slot))
        // No CONNECT is on its way any more that might begin a new session at the broker, and its record says so.
        if case .session(let index) = environment.upstreams[slot].owner { changing(index) { _, _ in } }
        return true
    }

    /// The broker ends the connection and says why (MQTT 5.0 §3.14).
    mutating func brokerDisconnected(_ added: AddedFields, _ bytes: RawSpan, slot: UInt32) {
        let (name, reason) = (name(ofUpstream: slot), added.reasonCode)
        if let name {
            environment.observe(.brokerDisconnected(reason), of: name)
        } else {
            environment.observe(.brokerDisconnected(reason))
        }
        noteReference(added.properties, bytes, slot: slot)
        if reason.mayBeAboutMessage { noteUnwelcome(onUpstream: slot) }
        noteContest(onUpstream: slot)
        environment.cutStream(ofUpstream: slot, inNameOf: name)
        connectionEnded(slot, .closedByBroker, isTakenOver: reason == .sessionTakenOver)
    }

    /// Tells which server the broker refers to, if it does: where connections go is the owner's affair, who knows whom
    /// to trust.
    mutating func noteReference(_ properties: ByteRange, _ bytes: RawSpan, slot: UInt32) {
        guard environment.upstreams[slot].version == .v5_0,
            let reference = Packet5.octets(.serverReference, in: properties, of: bytes), !reference.isEmpty
        else { return }
        let server = bytes.copy(of: reference)
        environment.observe(
            .brokerRefersElsewhere(byteCount: UInt16(clamping: server.count)),
            of: name(ofUpstream: slot) ?? ClientID(bytes: []), server, peer: nil)
    }

    /// Tells why the broker has refused something of a client's.
    @inline(__always)
    mutating func noteRefusal(
        _ packet: Packet, _ added: AddedFields, _ bytes: RawSpan, _ version: ProtocolVersion, of index: SessionIndex
    ) {
        guard version == .v5_0 else { return }
        let code: UInt8? =
            if case .subscribeAcknowledgement(let answer) = packet {
                bytes.byte(at: answer.returnCodes.lowerBound)
            } else if !added.reasonCodes.isEmpty {
                bytes.byte(at: added.reasonCodes.lowerBound)
            } else {
                added.reasonCode.rawValue
            }
        guard let reason = code.flatMap(ReasonCode.init), reason.isFailure else { return }
        // A broker that refuses a message may have done so before it has looked at its alias.
        if packet.type != .subscribeAcknowledgement, let slot = sessions[index].upstream {
            environment.aliases.forgetNames(on: slot)
        }
        environment.observe(.brokerRefused(packet.type, reason), of: sessions[index].clientID)
    }
}

extension ReasonCode {
    /// Whether a DISCONNECT with it may have been caused by a message of the client's, not by what the broker or its
    /// operator does, or by the connection itself (MQTT 5.0 §3.14.2.1).
    fileprivate var mayBeAboutMessage: Bool {
        switch self {
        case .unspecifiedError, .malformedPacket, .protocolError, .implementationSpecificError, .notAuthorized,
            .topicNameInvalid, .receiveMaximumExceeded, .topicAliasInvalid, .packetTooLarge, .messageRateTooHigh,
            .quotaExceeded, .payloadFormatInvalid, .retainNotSupported, .qosNotSupported:
            true
        case .success, .grantedQoS1, .grantedQoS2, .disconnectWithWillMessage, .noMatchingSubscribers,
            .noSubscriptionExisted, .continueAuthentication, .reauthenticate, .unsupportedProtocolVersion,
            .clientIdentifierNotValid, .badUserNameOrPassword, .serverUnavailable, .serverBusy, .banned,
            .serverShuttingDown, .badAuthenticationMethod, .keepAliveTimeout, .sessionTakenOver, .topicFilterInvalid,
            .packetIdentifierInUse, .packetIdentifierNotFound, .administrativeAction, .useAnotherServer, .serverMoved,
            .sharedSubscriptionsNotSupported, .connectionRateExceeded, .maximumConnectTime,
            .subscriptionIdentifiersNotSupported, .wildcardSubscriptionsNotSupported:
            false
        }
    }
}

import Bytes
import MQTTSN

// CONNECT (MQTT-SN 1.2 §6.2): which session it belongs to, a new one, the same again, or one that moves here.

extension Gateway {
    mutating func connect(_ connect: Connect, _ datagram: RawSpan, from route: Route) {
        // GW-22; whoever is connected from this address is left alone by a CONNECT that is refused.
        guard connect.protocolID == 1, let clientID = clientID(of: connect, datagram, from: route) else {
            refuseName(of: connect, datagram, from: route)
            return
        }
        guard let identity = identity(admitting: clientID, from: route) else { return }
        var known = sessionByClientID[clientID]
        let disowned = known.flatMap { isDisowned($0, by: identity) ? $0 : nil }
        if disowned != nil { known = nil }
        let meaning = known.map { self.meaning(of: connect, from: route, for: $0) } ?? .beginning
        if let index = known, meaning == .repetition {
            changing(index) { session, environment in session.repeatConnectReply(in: &environment) }
            return
        }
        // AMB-11; the client that is there has not spoken, and is not heard of by this.
        guard mayConnect(known, from: route) else {
            refuse(clientID, route, .congestion, because: .addressChange)
            return
        }
        if let index = known, meaning == .resumption {
            attach(index, to: route)
            changing(index) { session, environment in session.resume(connect, in: &environment) }
            return
        }
        // GW-10, GW-21: a broker that is known to be away is not asked for every client.
        guard environment.broker != .unreachable, !isShuttingDown else {
            refuseForNow(clientID, route)
            return
        }
        if let disowned { disown(disowned) }
        guard let index = session(for: clientID, identity, known: known) else {
            refuse(clientID, route, .congestion, because: wantOfPlace)
            return
        }
        giveUpstream(to: index)
        begin(index, connect, at: route)
    }

    /// Whether the client of a session may be there: it is not connected, known by this address or by none, or known by
    /// one where nobody could be heard, as its link is lost.
    @inline(__always)
    private func mayConnect(_ index: SessionIndex?, from route: Route) -> Bool {
        guard !environment.configuration.sleep.allowsAddressChange, let index,
            sessions[index].phase.isConnected, let known = sessions[index].route
        else { return true }
        return known == route || environment.linkState(known.peer.link).isLost
    }

    /// GW-61: the client that is refused lives, and so does the session that it has; a set-up has come to nothing.
    private mutating func refuseForNow(_ clientID: ClientID, _ route: Route) {
        refuse(clientID, route, .congestion, because: isShuttingDown ? .gatewayStops : .brokerAway)
        guard let index = sessionByClientID[clientID] else { return }
        changing(index) { session, environment in session.connectRefused(in: &environment) }
    }

    /// The name the client goes by; nil where it is not acceptable. One without a name may be given one, the same for a
    /// repeated CONNECT (AMB-08).
    private mutating func clientID(of connect: Connect, _ datagram: RawSpan, from route: Route) -> ClientID? {
        guard connect.clientID.isEmpty else {
            guard isAcceptable(datagram.extracting(connect.clientID)) else { return nil }
            return ClientID(bytes: datagram.copy(of: connect.clientID))
        }
        // Nobody could come back to a session whose name he was never told.
        guard environment.configuration.emptyClientID == .assign, connect.flags.cleanSession else { return nil }
        if let index = sessionByRoute[route], sessions[index].clientID.isAssigned,
            meaning(of: connect, from: route, for: index) == .repetition
        {
            return sessions[index].clientID
        }
        return .assigned(environment.random.next())
    }

    /// Refuses a CONNECT for its protocol or its name, of which the beginning is told.
    private mutating func refuseName(of connect: Connect, _ datagram: RawSpan, from route: Route) {
        let limit = environment.limits.clientIDByteCount
        let name = datagram.copy(of: connect.clientID.prefix(min(limit, Self.toldByteCount)))
        refuse(
            ClientID(bytes: name), route, .notSupported,
            because: faultOfName(in: connect, datagram.extracting(connect.clientID), limit))
    }

    /// Octets of a name that nobody goes by.
    private static let toldByteCount = 64

    private func faultOfName(in connect: Connect, _ name: RawSpan, _ limit: Int) -> ClientRefusal {
        if connect.protocolID != 1 { return .otherProtocol }
        if name.isEmpty { return .noClientID }
        if name.byteCount > limit {
            return .clientIDTooLong(octets: UInt16(clamping: name.byteCount), limit: UInt16(clamping: limit))
        }
        return isGatewaysOwnName(name) ? .gatewaysOwnName : .unacceptableClientID
    }

    /// Whether a client may go by that name, which is not empty.
    func isAcceptable(_ name: RawSpan) -> Bool {
        name.isWellFormedString && !name.holdsDiscouragedCharacter
            && name.byteCount <= environment.limits.clientIDByteCount && !isGatewaysOwnName(name)
    }

    /// Whether the client's name at the broker is that of the gateway's own connection: the broker would cut one for
    /// the other again and again (MQTT 3.1.1 §3.1.4).
    private func isGatewaysOwnName(_ name: RawSpan) -> Bool {
        let upstream = environment.configuration.upstream
        guard upstream.sharedClientID.starts(with: upstream.clientIDPrefix) else { return false }
        let ownName = upstream.sharedClientID[upstream.clientIDPrefix.count...]
        return name.equals(ownName.span.bytes, in: 0..<name.byteCount)
    }

    mutating func refuse(
        _ clientID: ClientID, _ route: Route, _ code: ReturnCode, because refusal: ClientRefusal
    ) {
        environment.send(.connectAcknowledgement(code), to: route)
        environment.observe(.clientRefused(code, because: refusal), of: clientID, peer: route.peer)
    }
}

import Bytes
import MQTTSN

// CONNECT (MQTT-SN 1.2 §6.2): which session it belongs to, a new one, the same again, or one that moves here.

extension Gateway {
    mutating func connect(_ connect: Connect, _ datagram: RawSpan, from route: Route) {
        // GW-22; whoever is connected from this address is left alone by a CONNECT that is refused.
        guard connect.protocolID == 1, let clientID = clientID(of: connect, datagram, from: route) else {
            refuse(route, .notSupported)
            return
        }
        if let index = sessionByClientID[clientID], sessions[index].isRepeated(connect, from: route, in: environment) {
            sessions[index].lastHeard = environment.now  // GW-61
            sessions[index].repeatConnectReply(in: &environment)
            settle(index)
            return
        }
        if let index = sessionByClientID[clientID], sessions[index].canResume(connect) {
            attach(index, to: route)
            sessions[index].resume(connect, in: &environment)
            settle(index)
            return
        }
        // GW-10, GW-21: a broker that is known to be away is not asked for every client.
        guard environment.isBrokerReachable != false, !isShuttingDown else {
            refuse(route, .congestion)
            return
        }
        guard let index = session(for: clientID) else {
            refuse(route, .congestion)
            return
        }
        move(index, to: route)
        sessions[index].begin(connect, in: &environment)
        settle(index)
    }

    /// The name the client goes by; nil where it is not acceptable. One without a name may be given one, the same for a
    /// repeated CONNECT (AMB-08).
    private mutating func clientID(of connect: Connect, _ datagram: RawSpan, from route: Route) -> ClientID? {
        guard connect.clientID.isEmpty else {
            let name = datagram.extracting(connect.clientID)
            guard name.isWellFormedString, name.byteCount <= environment.limits.clientIDByteCount,
                !isGatewaysOwnName(name)
            else { return nil }
            return ClientID(bytes: datagram.copy(of: connect.clientID))
        }
        // Nobody could come back to a session whose name he was never told.
        guard environment.configuration.emptyClientID == .assign, connect.flags.cleanSession else { return nil }
        if let index = sessionByRoute[route], sessions[index].clientID.isAssigned,
            sessions[index].isRepeated(connect, from: route, in: environment)
        {
            return sessions[index].clientID
        }
        return .assigned(environment.random.next())
    }

    /// Whether the client's name at the broker is that of the gateway's own connection: the broker would cut one for
    /// the other again and again (MQTT 3.1.1 §3.1.4).
    private func isGatewaysOwnName(_ name: RawSpan) -> Bool {
        let upstream = environment.configuration.upstream
        guard upstream.sharedClientID.starts(with: upstream.clientIDPrefix) else { return false }
        let ownName = upstream.sharedClientID[upstream.clientIDPrefix.count...]
        return name.equals(ownName.span.bytes, in: 0..<name.byteCount)
    }

    private mutating func refuse(_ route: Route, _ code: ReturnCode) {
        environment.send(.connectAcknowledgement(code), to: route)
        environment.observe(.clientRefused, peer: route.peer, detail: Int(code.rawValue))
    }

    /// The client's session, a new one if it has none; nil where every place is taken by a connected client (GW-87).
    private mutating func session(for clientID: ClientID) -> SessionIndex? {
        if let index = sessionByClientID[clientID] {
            remembered.remove(index)
            return index
        }
        if sessions.count >= environment.limits.clients {
            guard let oldest = remembered.takeOldest() else { return nil }
            environment.observe(.sessionEvicted, of: sessions[oldest].clientID)
            remove(oldest)
        }
        var session = ClientSession()
        session.clientID = clientID
        session.state = .disconnected
        let index = sessions.insert(session)
        sessionByClientID[clientID] = index
        return index
    }

    /// Makes `route` the way to the session. Who was there before under another name is gone from this address; where
    /// the session was before, nothing more is said (GW-89).
    private mutating func move(_ index: SessionIndex, to route: Route) {
        if sessions[index].upstream == nil {
            sessions[index].upstream = environment.makeUpstream(for: .session(index))
        }
        attach(index, to: route)
    }

    /// The client woke up at another address.
    mutating func moveSleeper(_ index: SessionIndex, to route: Route) { attach(index, to: route) }

    private mutating func attach(_ index: SessionIndex, to route: Route) {
        guard sessions[index].route != route else { return }
        if let former = sessionByRoute[route] {
            sessions[former].lose(in: &environment)
            settle(former)
        }
        if sessions[index].route != nil {
            sessions[index].observe(.clientMoved, in: &environment)
            detach(index)
        }
        sessions[index].route = route
        sessionByRoute[route] = index
        retain(route)
    }
}

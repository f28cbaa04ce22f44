import Bytes
import MQTTSN

// As whom clients are known at the broker, and who is none of them: the owner's rules (`ClientRule`).

extension Gateway {
    /// The identity of a client that says CONNECT, which its session has or is to have; nil where it was refused.
    mutating func identity(admitting clientID: ClientID, from route: Route) -> ClientIdentity? {
        guard environment.identities.hasRules else { return ClientIdentity() }
        do throws(ClientRefusal) {
            let subject = subject(clientID, at: route)
            let identity = try environment.identities.identity(for: subject)
            if let refusal = refusal(of: identity, for: subject, clientID) {
                throw .rule(refusal, number: environment.identities.number(for: subject))
            }
            return identity
        } catch {
            environment.observe(.clientNotAdmitted, of: clientID, peer: route.peer)
            refuse(clientID, route, .notSupported, because: error)
            return nil
        }
    }

    private func subject(_ clientID: ClientID?, at route: Route) -> IdentityTable.Subject {
        IdentityTable.Subject(
            clientID: clientID, link: route.peer.link.rawValue, network: senderNetwork,
            nodeID: route.node == 0 ? nil : environment.forwarders.nodeID(route.node))
    }

    /// Why the client cannot have the identity; nil where it can. A session is never handed to somebody else, whatever
    /// he is called: what waits in it is not his.
    private func refusal(
        of identity: ClientIdentity, for subject: IdentityTable.Subject, _ clientID: ClientID
    ) -> RuleRefusal? {
        if let index = sessionByClientID[clientID] {
            if isIdentity(of: index, identity) { return nil }
            guard givesWay(index, to: subject) else { return .otherIdentity }
        }
        let name = identity.brokerClientID ?? environment.configuration.upstream.clientIDPrefix + clientID.bytes
        // Whoever it is made for may be away, and his session at the broker still there.
        let mayBeAnothers = environment.identities.mayBeAnothers(name, than: subject)
        return mayBeAnothers || isTaken(identity, for: clientID) ? .brokerClientIDTaken : nil
    }

    private func isIdentity(of index: SessionIndex, _ identity: ClientIdentity) -> Bool {
        environment.identities[sessions[index].identity].digest == identity.digest
    }

    /// Whether a session of an earlier life, whose client nobody has heard since, is none of the rules of today: where
    /// its client was is not known, and an earlier rule says who has its name where somebody says CONNECT. A session
    /// whose client the rules were asked about, where it is, never gives way.
    private func givesWay(_ index: SessionIndex, to subject: IdentityTable.Subject) -> Bool {
        guard sessions[index].isUnplaced else { return false }
        let record = environment.identities.record(of: sessions[index].identity)
        return environment.identities.precedes(subject, sessions[index].clientID, record)
    }

    /// Whether the client's session is one that gives way to who says CONNECT: that was admitted, and is somebody else.
    func isDisowned(_ index: SessionIndex, by identity: ClientIdentity) -> Bool {
        environment.identities.hasRules && !isIdentity(of: index, identity)
    }

    /// Ends a session that the rules give to nobody any more.
    mutating func disown(_ index: SessionIndex) {
        environment.observe(.sessionDisowned, of: sessions[index].clientID)
        if sessions[index].phase.isConnected {
            changing(index) { session, environment in session.dismiss(in: &environment) }
        }
        forget(index)
    }

    /// Whether another client, or the gateway itself, goes by that identifier at the broker.
    private func isTaken(_ identity: ClientIdentity, for clientID: ClientID) -> Bool {
        let upstream = environment.configuration.upstream
        let name = identity.brokerClientID ?? upstream.clientIDPrefix + clientID.bytes
        if name == upstream.sharedClientID { return true }
        if environment.identities.isTaken(name) {
            // Not by the session that gives way.
            guard let index = sessionByClientID[clientID] else { return true }
            return environment.identities[sessions[index].identity].brokerClientID != name
        }
        guard identity.brokerClientID != nil, name.starts(with: upstream.clientIDPrefix) else { return false }
        let usual = ClientID(bytes: Array(name[upstream.clientIDPrefix.count...]))
        guard usual != clientID, let index = sessionByClientID[usual] else { return false }
        return environment.identities[sessions[index].identity].brokerClientID == nil
    }

    /// Whether the client of a session would have the same identity at another place.
    func isHimself(_ index: SessionIndex, at route: Route) -> Bool {
        guard environment.identities.hasRules else { return true }
        let identity = try? environment.identities.identity(for: subject(sessions[index].clientID, at: route))
        return identity?.digest == environment.identities[sessions[index].identity].digest
    }

    /// The identity of a session that goes on from its record, of a client at `peer`, in that of the owner's networks,
    /// or who knows where; nil for the usual one.
    func identity(
        of record: SessionRecord, at peer: PeerID?, network: UInt16
    ) throws(RestoreRefusal) -> ClientIdentity? {
        let clientID = ClientID(bytes: record.clientID)
        let subject = peer.map {
            IdentityTable.Subject(
                clientID: clientID, link: $0.link.rawValue, network: network,
                nodeID: record.nodeID ?? record.identity?.nodeID)
        }
        let identity = try environment.identities.identity(ofRestored: clientID, record.identity, at: subject)
        if environment.identities.hasRules, isTaken(identity ?? ClientIdentity(), for: clientID) {
            throw .otherIdentity
        }
        // Other topics are looked at before they go to the broker.
        let wills = [record.wills.current, record.wills.update?.former].compactMap { $0?.topic.count }
        guard (identity?.topicPrefix.count ?? 0) + (wills.max() ?? 0) <= Int(UInt16.max) else {
            throw .contradiction("a Will on no topic")
        }
        return identity
    }

    /// A publish without a connection from somebody who has no session: the rule counts that is for his place, and for
    /// those without a ClientId.
    mutating func forwardQoSMinusOne(_ publish: Publish, _ datagram: RawSpan, from route: Route) {
        guard environment.identities.hasRules else {
            return environment.forwardQoSMinusOne(
                publish, datagram, clientID: nil, identity: nil, peer: route.peer)
        }
        if let identity = try? environment.identities.identity(for: subject(nil, at: route)) {
            environment.forwardQoSMinusOne(publish, datagram, clientID: nil, identity: identity, peer: route.peer)
        } else {
            environment.observe(.qosMinusOneRefused(.notAdmitted, topicID: publish.topicID), peer: route.peer)
        }
    }
}

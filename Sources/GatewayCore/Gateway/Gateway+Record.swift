import Bytes
import MQTTSN
package import Time

// Sessions that outlive the process: taken down by one life of the gateway, taken up by another.
//
// Taking up is no event: it is not a fact from outside, it can be refused, and nothing is said because of it. Whoever
// keeps records brings them before the first event; whoever replays a recording of such a life does so, too.

extension Gateway {
    /// What would be left of the client's session if the process ended now; nil where that is nothing.
    package borrowing func record(of clientID: [UInt8], at now: Instant) -> SessionRecord? {
        guard let index = sessionByClientID[ClientID(bytes: clientID)] else { return nil }
        return sessions[index].record(at: now, in: environment)
    }

    /// What would be left of every session: first those whose clients are away, as they left, then the others.
    package borrowing func records(at now: Instant) -> [SessionRecord] {
        var records: [SessionRecord] = []
        for index in remembered.all {
            if let record = sessions[index].record(at: now, in: environment) { records.append(record) }
        }
        for index in 0..<sessions.endIndex where sessions.contains(index) && !remembered.contains(index) {
            if let record = sessions[index].record(at: now, in: environment) { records.append(record) }
        }
        return records
    }

    /// The host's name for the address of a client that is connected, which a record cannot tell.
    package borrowing func peer(of clientID: [UInt8]) -> PeerID? {
        sessionByClientID[ClientID(bytes: clientID)].flatMap { sessions[$0].route?.peer }
    }

    /// Goes on with a session of an earlier life, whole or not at all.
    ///
    /// A clock that began later than something in the record makes that as old as the clock: to keep a sleeper's time
    /// its origin lies further back than any Duration.
    ///
    /// - Parameters:
    ///   - record: What `record` has told, whoever kept it: nothing of it is believed.
    ///   - peer: The host's name for where the client was, or its forwarder; forgotten where the record is refused or
    ///     its client was away. Without one a sleeper sleeps on and may wake up anywhere, and the session of another
    ///     client waits for its CONNECT.
    ///   - network: In which of the networks of the owner's rules that is; 0 for none.
    ///   - age: How long ago the record was taken, if that was while the gateway went on: its client may have been
    ///     heard since, and its time begins anew.
    ///   - now: Not earlier than at the last call.
    /// - Throws: why the record is not taken.
    package mutating func restore(
        _ record: SessionRecord, from peer: PeerID? = nil, network: UInt16 = 0, age: TimeSpan? = nil, at now: Instant
    ) throws(RestoreRefusal) {
        environment.now = now
        guard var record = peer == nil ? record.withoutAddress() : record else { throw .clientCannotBeFound }
        if let age { record = record.heardJustNow().older(by: age) }
        if let refusal = refusal(of: record) { throw refusal }
        let route = try peer.flatMap { peer throws(RestoreRefusal) in try self.route(of: record, through: peer) }
        let identity: ClientIdentity?
        do throws(RestoreRefusal) {
            identity = try self.identity(of: record, at: route?.peer, network: network)
        } catch {
            if let route { environment.forwarders.release(route.node) }
            throw error
        }
        environment.restoredAt = now
        var session = ClientSession(record, in: &environment)
        if let identity { session.identity = environment.identities.add(identity) }
        session.isUnplaced = route == nil && record.rulesDigest != environment.identities.rulesDigest
        let index = insert(session)
        if keeper.isOn { keeper.restored(index) }
        guard record.phase.isConnected else { return remembered.append(index) }
        if let route {
            attach(index, to: route)
            environment.forwarders.release(route.node)
        }
        giveUpstream(to: index)
        changing(index) { session, environment in session.goOnFromRecord(in: &environment) }
    }

    /// Why the record is not taken, wherever its client is; nil where it is.
    private func refusal(of record: SessionRecord) -> RestoreRefusal? {
        let clientID = ClientID(bytes: record.clientID)
        guard sessionByClientID[clientID] == nil else { return .clientIsHere }
        guard placeCount < environment.limits.clients else { return .noPlace }
        let name = clientID.bytes.span.bytes
        guard name.byteCount > 0, clientID.isWhollyAssigned || isAcceptable(name) else {
            return .contradiction("no client may go by that name")
        }
        if let text = record.contradiction(at: environment.now) { return .contradiction(text) }
        if let text = environment.invalidTopic(of: record, clientID) { return .contradiction(text) }
        return (record.excess(environment.limits) ?? environment.excess(of: record)).map { .exceedsLimit($0) }
    }

    /// The way to the client, whose node the caller now uses.
    private mutating func route(
        of record: SessionRecord, through peer: PeerID
    ) throws(RestoreRefusal) -> Route? {
        guard record.phase.isConnected else { return nil }
        let nodeID = record.nodeID ?? []
        if let named = record.nodeID, !(1...Encapsulated.maximumNodeIDByteCount).contains(named.count) {
            throw .contradiction("a node without a name that fits an envelope")
        }
        if !nodeID.isEmpty, !environment.canAnswer(nodeIDByteCount: nodeID.count, on: peer.link) {
            throw .exceedsLimit("octets of a node's name")
        }
        let node = nodeID.isEmpty ? 0 : environment.forwarders.use(nodeID.span.bytes, behind: peer)
        let route = Route(peer: peer, node: node)
        guard sessionByRoute[route] == nil else {
            environment.forwarders.release(node)
            throw .addressIsTaken
        }
        return route
    }
}

extension Environment {
    /// A topic of the record that the broker may not be told; nil where there is none.
    fileprivate func invalidTopic(of record: SessionRecord, _ clientID: ClientID) -> String? {
        for subscription in record.subscriptions.all {
            let filter = subscription.filter.span.bytes
            if TopicRules.isValidFilter(filter, limits) || TopicRules.isValidShortName(filter) { continue }
            guard let name = topicNames.find(filter), predefinedTopics.id(for: name, clientID: clientID) != nil else {
                return "a subscription to no filter"
            }
        }
        let topics = [record.wills.current, record.wills.update?.former].compactMap { $0?.topic }
        let areValid = topics.allSatisfy { $0.isEmpty || TopicRules.isValidName($0.span.bytes, limits) }
        return areValid ? nil : "a Will on no topic"
    }

    /// What all sessions share and the record would take too much of; nil where there is room.
    fileprivate func excess(of record: SessionRecord) -> String? {
        let byteCount = record.queuedByteCount
        // What was taken beyond the limits, so that something behind it could be read, is taken here as well.
        let count = record.downlink.messages.count
        if count > max(2 * limits.queuedMessagesPerClient, 64) + limits.undeliverablePerClient { return "messages" }
        let longest = Limits.queuedByteCount(nameByteCount: 0, payloadByteCount: longestDatagramByteCount)
        let ownLimit = max(2 * limits.queuedByteCountPerClient, 64 * longest) + limits.packetByteCount
        let isOnly = count <= 1
        if byteCount > ownLimit || !isOnly && store.byteCount + byteCount > 2 * limits.queuedByteCount + ownLimit {
            return "octets of messages"
        }
        // A session that grew name by name was let go beyond the limit by one, and by one more for deliveries.
        let overhead = Limits.nameOverheadByteCount + Limits.nameUseByteCount
        let beyond = 2 * (limits.topicNameByteCount + overhead)
        let names = record.names
        let useByteCount = Limits.nameUseByteCount * record.nameUseCount
        func keptByteCount(_ names: some Sequence<[UInt8]>) -> Int {
            names.reduce(useByteCount) { $0 + $1.count + Limits.nameOverheadByteCount }
        }
        let newNames = names.filter { topicNames.find($0.span.bytes) == nil }
        let isWithin = topicNames.heldByteCount + keptByteCount(newNames) <= limits.topicNamesByteCount + beyond
        return isWithin || keptByteCount(names) <= limits.topicNamesShare ? nil : "octets of topic names"
    }

    /// Of every link.
    private var longestDatagramByteCount: Int {
        configuration.links.map(\.maximumDatagramByteCount).max() ?? LinkConfiguration().maximumDatagramByteCount
    }
}

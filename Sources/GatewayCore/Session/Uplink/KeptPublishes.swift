import Bytes
import MQTTSN

/// The client's publishes that have to wait before they go to the broker.
///
/// **What it owns.** The places of the messages in the store, in the order in which they came. **Which wait.** Of QoS 2
/// those whose number at the broker has first to become free, each with an exchange of its own: only a gateway that has
/// taken over a broker's session from an earlier life ever keeps one, for one round trip to the broker. Of QoS 0 all
/// that come while the connection is being restored. **Awkward cases.** A connection that ends takes those of QoS 2
/// along, as the client repeats what it has not seen acknowledged; those of QoS 0 nobody would repeat, so they wait for
/// the next one, or until the session has no connection to wait for.
struct KeptPublishes: Sendable {
    /// One of them.
    struct Entry: Sendable {
        var place: StoredMessageIndex
        /// How the client has named the topic, and what distinguishes the message from others; of QoS 0 only.
        var topic: TopicReference?
        var digest = MessageDigest.unknown
    }

    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// Hands over the message under `token`, which the caller removes from the store; nil where there is none.
    mutating func take(_ token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        let index = entries.firstIndex { store[$0.place].qos == .exactlyOnce && store[$0.place].token == token }
        return index.map { entries.remove(at: $0).place }
    }

    /// Hands over all of a QoS, oldest first.
    mutating func takeAll(of qos: QoS, in store: borrowing MessageStore) -> [Entry] {
        var (taken, rest): ([Entry], [Entry]) = ([], [])
        for entry in entries {
            if store[entry.place].qos == qos { taken.append(entry) } else { rest.append(entry) }
        }
        entries = rest
        return taken
    }

    /// Hands over the oldest of QoS 0; nil where there is none.
    mutating func takeOldestAtMostOnce(in store: borrowing MessageStore) -> StoredMessageIndex? {
        let index = entries.firstIndex { store[$0.place].qos == .atMostOnce }
        return index.map { entries.remove(at: $0).place }
    }

    /// Octets of all of them, with what it takes to keep them.
    func byteCount(in store: borrowing MessageStore) -> Int {
        entries.reduce(0) { $0 + store[$1.place].byteCount }
    }

    func indices() -> [StoredMessageIndex] { entries.map(\.place) }

    /// What does not hold; nil where all does.
    func checkInvariants(
        _ uplink: borrowing Uplink, awaitsConnection: Bool, in store: borrowing MessageStore
    ) -> String? {
        for entry in entries {
            let message = store[entry.place]
            if message.qos == .exactlyOnce, !uplink.uses(message.token) { return "a message is kept for no exchange" }
            if message.qos == .atMostOnce, !awaitsConnection { return "a message waits for no connection" }
        }
        return nil
    }
}

extension ClientSession {
    /// Keeps a message until the broker has freed its number.
    mutating func keep(
        _ topicName: RawSpan, _ payload: RawSpan, retain: Bool, token: BrokerToken, in environment: inout Environment
    ) {
        let place = store(topicName, payload, .exactlyOnce, retain: retain, token: token, in: &environment)
        kept.append(KeptPublishes.Entry(place: place))
    }

    private func store(
        _ topicName: RawSpan, _ payload: RawSpan, _ qos: QoS, retain: Bool, token: BrokerToken,
        in environment: inout Environment
    ) -> StoredMessageIndex {
        let name = environment.topicNames.use(topicName)
        return environment.store.insert(
            payload, topicName: name, nameByteCount: topicName.byteCount, token: token, qos: qos, retain: retain,
            at: environment.now)
    }

    /// The broker has nothing under the number any more: the message that was kept for it goes up, if it `isWanted`,
    /// and the connection is not being left; else its client says it again.
    mutating func numberIsFree(_ token: BrokerToken, isWanted: Bool, in environment: inout Environment) {
        guard !kept.isEmpty, let index = kept.take(token, in: environment.store) else { return }
        if isWanted, environment.isOpen(upstream) {
            environment.publish(stored: index, on: upstream)
            figures.forwarded()
            observe(.messageForwarded(.exactlyOnce), in: &environment)
        }
        discardKept(index, in: &environment)
    }

    /// The connection on which the numbers were to become free is no more.
    mutating func discardKept(in environment: inout Environment) {
        guard !kept.isEmpty else { return }
        for entry in kept.takeAll(of: .exactlyOnce, in: environment.store) {
            discardKept(entry.place, in: &environment)
        }
    }

    private func discardKept(_ index: StoredMessageIndex, in environment: inout Environment) {
        environment.topicNames.release(environment.store[index].topicName)
        environment.store.remove(index)
    }

    // MARK: QoS 0 while the connection is being restored

    /// Keeps a message of QoS 0 for the connection that is being restored, in the room that one connection's queue may
    /// take. Where there is none, the oldest or this one gives way, as the policy for queues says.
    ///
    /// - Returns: false where it has no room.
    mutating func keepAtMostOnce(
        _ publish: Publish, _ digest: MessageDigest, topicName: RawSpan, _ payload: RawSpan,
        in environment: inout Environment
    ) -> Bool {
        let byteCount = Limits.queuedByteCount(
            nameByteCount: topicName.byteCount, payloadByteCount: payload.byteCount)
        let limits = environment.limits
        let others = environment.store.byteCount - kept.byteCount(in: environment.store)
        // What has no room though all others gave way takes none of them along.
        guard byteCount <= limits.queuedByteCountPerUpstream, others + byteCount <= limits.queuedByteCount else {
            return false
        }
        while kept.byteCount(in: environment.store) + byteCount > limits.queuedByteCountPerUpstream
            || environment.store.byteCount + byteCount > limits.queuedByteCount
        {
            guard environment.configuration.queuePolicy == .dropOldest,
                let oldest = kept.takeOldestAtMostOnce(in: environment.store)
            else { return false }
            dropKept(oldest, in: &environment)
        }
        let place = store(
            topicName, payload, .atMostOnce, retain: passesRetain(publish.flags, in: environment), token: .none,
            in: &environment)
        kept.append(
            KeptPublishes.Entry(
                place: place, topic: TopicReference(type: publish.flags.topicIDType, topicID: publish.topicID),
                digest: digest))
        return true
    }

    /// The connection is back: what has waited for it goes up, in the order in which it came.
    mutating func sendKeptAtMostOnce(in environment: inout Environment) {
        guard !kept.isEmpty, environment.isOpen(upstream) else { return }
        for entry in kept.takeAll(of: .atMostOnce, in: environment.store) {
            let message = environment.store[entry.place]
            let octets = Int(message.payloadByteCount)
            let nameByteCount = environment.topicNames.name(message.topicName).count
            if let excess = environment.excess(
                of: nameByteCount, octets, .atMostOnce, retain: message.retain, on: upstream)
            {
                observe(.messageExceedsBroker(excess, octets: octets), in: &environment)
                discardKept(entry.place, in: &environment)
            } else if environment.unwelcome.closingCount(clientID, entry.digest, at: environment.now) > 0 {
                // The broker may have closed a connection on its like meanwhile: there is nobody to ask about it.
                dropKept(entry.place, in: &environment)
            } else {
                if environment.takes(nameByteCount + octets, .atMostOnce, on: upstream) {
                    sendKept(entry, in: &environment)
                }
                discardKept(entry.place, in: &environment)
            }
        }
    }

    private mutating func sendKept(_ entry: KeptPublishes.Entry, in environment: inout Environment) {
        environment.publish(stored: entry.place, on: upstream)
        if let topic = entry.topic {
            noteForwarded(topic, .atMostOnce, in: &environment)
            noteSaid(.atMostOnce, topic, in: environment)
        }
        atMostOnce.publish(entry.digest)
    }

    /// There is no connection to wait for any more.
    mutating func dropKeptAtMostOnce(in environment: inout Environment) {
        guard !kept.isEmpty else { return }
        for entry in kept.takeAll(of: .atMostOnce, in: environment.store) { dropKept(entry.place, in: &environment) }
    }

    private func dropKept(_ index: StoredMessageIndex, in environment: inout Environment) {
        let octets = Int(environment.store[index].payloadByteCount)
        observe(.messageDroppedUpstreamDown(.atMostOnce, octets: octets), in: &environment)
        discardKept(index, in: &environment)
    }
}

import Bytes
import MQTT
import Time

/// What the gateway says of itself at the broker: retained messages below the topic that its owner has named, on its
/// own connection, whose Will says that it is gone.
///
/// **What it owns.** The topic under which something of this run stands, and the search for what stands there and no
/// longer holds. **Invariants.** Nothing is published under a topic while something stands under another one: that is
/// cleared away first. There is a search only while the connection is open. **Awkward case.** A broker does not say
/// where its retained messages end, so a search is over when none has come for a while.
struct OwnStatus {
    /// A subscription to the availability of all clients, for as long as it takes the broker to send what it has.
    struct Search {
        var topic: [UInt8]
        /// Whether nothing holds any more, as the owner has named another topic.
        var clearsAll: Bool
        /// When it is over unless something comes.
        var deadline: Instant
        /// Whether something could not be deleted, as the connection took no more.
        var hasMissed = false
    }

    /// Under which something of this run stands.
    fileprivate(set) var topic: [UInt8]?
    /// Whether the broker has been told on this connection that the gateway is there.
    fileprivate(set) var isAnnounced = false
    /// How often it has been told.
    fileprivate(set) var announcementCount: UInt32 = 0
    fileprivate(set) var search: Search?
    /// Whether there was a search on this connection: what the broker still sends because of it has a place.
    fileprivate(set) var hasSearched = false

    /// What was open on the connection is no more.
    mutating func connectionEnded() {
        (isAnnounced, search, hasSearched) = (false, nil, false)
    }

    /// After the last message, longer than brokers pause between two.
    fileprivate static var quiet: TimeSpan { .seconds(2) }

    static func name(_ topic: [UInt8], _ rest: String) -> [UInt8] { topic + Array("/\(rest)".utf8) }

    /// Of the connection on which `topic` is published.
    static func will(_ topic: [UInt8]) -> StoredWill {
        StoredWill(qos: .atMostOnce, retain: true, topic: name(topic, "state"), message: Array("offline".utf8))
    }

    /// The ClientId in the name of an availability, as it stands there; nil for another name.
    fileprivate static func level(of name: RawSpan, below topic: [UInt8]) -> [UInt8]? {
        let (start, end) = (Self.name(topic, "clients/"), Array("/availability".utf8))
        let count = name.byteCount - start.count - end.count
        guard count > 0, name.equals(start.span.bytes, in: 0..<start.count),
            name.equals(end.span.bytes, in: start.count + count..<name.byteCount)
        else { return nil }
        let level = name.copy(of: start.count..<start.count + count)
        return level.contains(UInt8(ascii: "/")) ? nil : level
    }

    /// What does not hold; nil where all does.
    func checkInvariants(wanted: [UInt8]?, isOpen: Bool) -> String? {
        if isAnnounced, !isOpen || topic == nil || topic != wanted { return "the status is announced elsewhere" }
        if search != nil, !isOpen { return "a search without a connection" }
        return isAnnounced && search?.clearsAll == true ? "two status topics at once" : nil
    }
}

// MARK: - On the gateway's own connection

extension Environment {
    /// The broker has accepted the gateway's own connection.
    mutating func beginStatus() {
        guard let former = status.topic, former != configuration.upstream.statusTopic else { return announceStatus() }
        for rest in ["state", "info", "health"] { sayRetained(OwnStatus.name(former, rest), []) }
        beginSearch(of: former, clearsAll: true)
    }

    private mutating func announceStatus() {
        guard let topic = configuration.upstream.statusTopic else { return }
        status.topic = topic
        status.isAnnounced = true
        status.announcementCount &+= 1
        sayRetained(OwnStatus.name(topic, "state"), Array("online".utf8))
        beginSearch(of: topic, clearsAll: false)
    }

    /// Before a DISCONNECT that takes the Will back.
    mutating func sayOffline() {
        guard status.isAnnounced, let topic = status.topic else { return }
        let will = OwnStatus.will(topic)
        sayRetained(will.topic, will.message)
    }

    private mutating func sayRetained(_ name: [UInt8], _ payload: [UInt8]) {
        if let excess = excess(of: name.count, payload.count, .atMostOnce, retain: true, on: sharedUpstream) {
            return observe(.messageExceedsBroker(excess, octets: payload.count))
        }
        publish(name.span.bytes, payload.span.bytes, qos: .atMostOnce, retain: true, on: sharedUpstream)
    }

    /// Publishes what stands in `bytes`: the name below the topic in its first octets, then the payload.
    mutating func publishStatus(_ bytes: RawSpan, nameByteCount: Int) {
        guard status.isAnnounced, let topic = status.topic, nameByteCount > 0, nameByteCount <= bytes.byteCount
        else { return }
        let name = topic + [UInt8(ascii: "/")] + bytes.copy(of: 0..<nameByteCount)
        // No such name can be configured.
        guard name.count <= Int(UInt16.max), takes(topic.count + 1 + bytes.byteCount, .atMostOnce, on: sharedUpstream)
        else { return }
        if let excess = excess(
            of: name.count, bytes.byteCount - nameByteCount, .atMostOnce, retain: true, on: sharedUpstream)
        {
            return observe(.messageExceedsBroker(excess, octets: bytes.byteCount - nameByteCount))
        }
        publish(
            name.span.bytes, bytes.extracting(nameByteCount..<bytes.byteCount), qos: .atMostOnce, retain: true,
            on: sharedUpstream)
    }

    // MARK: What no longer holds

    private static var searchFilter: String { "clients/+/availability" }

    private mutating func beginSearch(of topic: [UInt8], clearsAll: Bool) {
        let deadline = now + configuration.upstream.responseTimeout
        status.search = OwnStatus.Search(topic: topic, clearsAll: clearsAll, deadline: deadline)
        status.hasSearched = true
        let start = effects.bytes.count
        let filter = OwnStatus.name(topic, Self.searchFilter)
        appendSubscribe(filter, .atMostOnce, BrokerToken(packetID: 1), on: sharedUpstream)
        endPacket(start, on: sharedUpstream)
        deadlines.schedule(.gateway, noLaterThan: deadline)
    }

    /// Ends the search when it is time, with what follows it.
    mutating func endSearchInTime() {
        guard let search = status.search else { return }
        guard search.deadline <= now else { return deadlines.schedule(.gateway, noLaterThan: search.deadline) }
        endSearch(search)
    }

    private mutating func endSearch(_ search: OwnStatus.Search) {
        if search.hasMissed { return beginSearch(of: search.topic, clearsAll: search.clearsAll) }
        status.search = nil
        let start = effects.bytes.count
        let filter = OwnStatus.name(search.topic, Self.searchFilter)
        appendUnsubscribe(filter, BrokerToken(packetID: 2), on: sharedUpstream)
        endPacket(start, on: sharedUpstream)
        guard search.clearsAll else { return }
        status.topic = nil
        announceStatus()
    }

    /// The broker has answered the subscription.
    fileprivate mutating func searchIsSubscribed(isGranted: Bool) {
        guard var search = status.search else { return }
        search.deadline = now + OwnStatus.quiet
        status.search = search
        deadlines.schedule(.gateway, noLaterThan: search.deadline)
        guard !isGranted else { return }
        observe(.subscriptionRefused)
        search.hasMissed = false
        endSearch(search)
    }

    /// The ClientId level of an availability that the broker has kept, and whether it holds for nobody.
    fileprivate mutating func found(
        _ publish: Publish, _ bytes: RawSpan
    ) -> (level: [UInt8], holdsForNobody: Bool)? {
        // What was just published comes without RETAIN (MQTT 3.1.1 §3.3.1.3).
        guard publish.retain, !publish.payload.isEmpty, let search = status.search,
            let level = OwnStatus.level(of: bytes.extracting(publish.topicName), below: search.topic)
        else { return nil }
        status.search?.deadline = now + OwnStatus.quiet
        return (level, search.clearsAll)
    }

    fileprivate mutating func deleteFound(_ name: RawSpan) {
        guard couldTake(name.byteCount, on: sharedUpstream) else {
            status.search?.hasMissed = true
            return
        }
        let nothing: [UInt8] = []
        publish(name, nothing.span.bytes, qos: .atMostOnce, retain: true, on: sharedUpstream)
    }
}

// MARK: - What the broker sends

extension Gateway {
    /// Takes what the broker sends on the gateway's own connection because of a search.
    ///
    /// - Returns: false for what has no place.
    mutating func statusAnswered(_ packet: Packet, _ bytes: RawSpan, onUpstream slot: UInt32) -> Bool {
        guard slot == environment.sharedUpstream, environment.status.hasSearched else { return false }
        switch packet {
        case .publish(let publish) where publish.qos == .atMostOnce:
            guard let (level, holdsForNobody) = environment.found(publish, bytes) else { return true }
            if holdsForNobody || !isKnown(level) { environment.deleteFound(bytes.extracting(publish.topicName)) }
            return true
        case .subscribeAcknowledgement(let answer):
            let code = answer.returnCodes.count == 1 ? bytes.byte(at: answer.returnCodes.lowerBound) : nil
            environment.searchIsSubscribed(isGranted: code == 0)
            return true
        case .unsubscribeAcknowledgement: return true
        case .publish, .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete, .connect,
            .connectAcknowledgement, .subscribe, .unsubscribe, .pingRequest, .pingResponse, .disconnect,
            .authentication:
            return false
        }
    }

    /// Whether a client has that level of a topic name, in the one spelling that the gateway uses.
    private func isKnown(_ level: [UInt8]) -> Bool {
        guard let clientID = PercentEncoding.decoded(level) else { return false }
        return place(ofClient: clientID) != nil && Array(PercentEncoding.encoded(clientID).utf8) == level
    }

    /// The owner has named another topic, or none: the connection is left and made anew, as its Will names the topic.
    mutating func statusTopicChanged() {
        let shared = environment.sharedUpstream
        guard !isShuttingDown, [.connecting, .open].contains(environment.upstreams[shared].state) else { return }
        environment.closeStream(ofUpstream: shared, inNameOf: nil, politely: true)
        environment.status.connectionEnded()
        // QoS −1 messages wait for it.
        environment.sharedLostAt = environment.now
        environment.openStream(ofUpstream: shared, inNameOf: nil)
    }

    /// Numbers the times that the gateway has announced itself; after each everything is to be published. nil while
    /// nothing can be.
    package var statusAnnouncement: UInt32? {
        environment.status.isAnnounced ? environment.status.announcementCount : nil
    }

    /// Whether the gateway looks for availabilities that the broker has kept.
    package var isSearchingStatus: Bool { environment.status.search != nil }

    /// Whether the gateway's own connection takes a status message of so many octets now.
    package func takesStatus(byteCount: Int) -> Bool {
        environment.couldTake(byteCount + (environment.status.topic?.count ?? 0) + 1, on: environment.sharedUpstream)
    }
}

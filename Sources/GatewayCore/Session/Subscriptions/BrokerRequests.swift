import MQTTSN

/// A SUBSCRIBE or UNSUBSCRIBE that the broker has not answered yet.
struct BrokerRequest: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case subscribe(qos: QoS)
        case unsubscribe
        /// The gateway's own, because the client has rejected the name.
        case giveUp
        /// The gateway's own, because the broker has lost the subscription.
        case resubscribe
    }

    var kind: Kind
    /// Held until the broker has answered.
    var filter: TopicNameIndex
    /// The client's, which may be 0 for an UNSUBSCRIBE; 0 for the gateway's own.
    var messageID: MessageID
    var token: BrokerToken
    /// What the SUBACK will carry.
    var topicID: TopicID = 0
    /// Whether the client has fallen asleep since it asked: it hears nothing and asks again (GW-69).
    var isSleptOver = false
}

/// What the client has asked the broker for besides publishing, until it is answered; each request holds its filter.
///
/// A message id has one request at the most: the same once more is a repetition, and asking twice would bring the
/// retained messages twice (GW-79); another one must wait, as the answer could not tell which is meant (AMB-28).
struct BrokerRequests: Hashable, Sendable {
    private var open: [BrokerRequest] = []

    var count: Int { open.count }

    var isEmpty: Bool { open.isEmpty }

    /// Subscriptions of the client that the broker has not granted yet.
    var subscribeCount: Int {
        open.count {
            if case .subscribe = $0.kind { true } else { false }
        }
    }

    func uses(_ token: BrokerToken) -> Bool { open.contains { $0.token == token } }

    /// What is open under a message id, seen from a request that comes under it.
    enum Standing {
        case free
        /// The same request: this one is a repetition.
        case same
        /// Another one.
        case taken
    }

    func standing(_ messageID: MessageID, _ kind: BrokerRequest.Kind, _ filter: TopicNameIndex) -> Standing {
        if messageID == 0 { return open.contains { $0.kind == kind && $0.filter == filter } ? .same : .free }
        guard let request = open.first(where: { $0.messageID == messageID }) else { return .free }
        return request.kind == kind && request.filter == filter ? .same : .taken
    }

    /// The client asks again, so it is awake and waits for the answer.
    mutating func heardAgain(_ messageID: MessageID) {
        for index in open.indices where open[index].messageID == messageID { open[index].isSleptOver = false }
    }

    mutating func add(_ request: BrokerRequest) { open.append(request) }

    /// Takes out the request that the broker answers; the caller lets its filter go.
    mutating func take(_ token: BrokerToken, where isMeant: (BrokerRequest.Kind) -> Bool) -> BrokerRequest? {
        guard let index = open.firstIndex(where: { $0.token == token && isMeant($0.kind) }) else { return nil }
        return open.remove(at: index)
    }

    mutating func clientFellAsleep() {
        for index in open.indices { open[index].isSleptOver = true }
    }

    /// The connection that they were asked on has ended, or the session.
    mutating func removeAll(in names: inout TopicNameTable) {
        for request in open { names.letGo(request.filter) }
        open.removeAll()
    }

    /// Every filter they hold, once for each request.
    var filters: [TopicNameIndex] { open.map(\.filter) }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        let ids = open.map(\.messageID).filter { $0 != 0 }
        if Set(ids).count != ids.count { return "a message id has two requests" }
        return Set(open.map(\.token)).count == open.count ? nil : "a token has two requests"
    }
}

import Time

/// What the table of exchanges depends on besides itself.
struct UplinkConditions: Sendable {
    var now: Instant
    /// When the client's set-up ended.
    var connectedAt: Instant
    /// Tretry × (Nretry + 1) of the client's link.
    var patience: TimeSpan
    /// Tretry of the client's link.
    var retryInterval: TimeSpan
    /// How many exchanges the client may have open at the broker.
    var limit: Int
    /// How many messages the broker takes before it has acknowledged the first.
    var receiveMaximum = Int(UInt16.max)
    /// How many QoS 2 exchanges may be remembered behind their end before new ones have to wait.
    var endedLimit: Int
    /// The token for a new exchange; none where no number is free.
    var token = BrokerToken.none
    /// Whether there is a connection that takes answers and releases.
    var isOpen: Bool
    /// Whether it takes a new message.
    var takesMessages: Bool
    /// Whether it can be kept here until the broker has freed its number.
    var keepsMessages = false
    /// How often the broker has closed when it may have been on the message in question.
    var closingCount = 0
    /// Whether something else is being tried on the connection.
    var isTryingOther = false

    /// Whether the broker has surely closed on it: the first time others were on their way too, then it was alone.
    var isUnwelcome: Bool { closingCount > 1 }

    /// The limit, and as much again for exchanges that only the client has still to finish.
    var placeCount: Int { max(2 * limit, 32) }

    /// Whether the client need not come back to it.
    func isLeftBehind(_ exchange: UplinkExchange) -> Bool {
        exchange.reconnectionCount > 0 || now.since(exchange.since) >= patience
    }

    /// Whether the client does not come back to an exchange that it has left behind: it had far more time than a
    /// repetition takes in this connection, or in many before it. One that has much to say first comes back late.
    func isGivenUp(_ exchange: UplinkExchange) -> Bool {
        if exchange.reconnectionCount > 16 { return now.since(exchange.since) >= patience }
        return now.since(max(exchange.since, connectedAt)) >= patience * 10
    }

    /// Whether the client has begun an exchange that nothing is known of shortly before its CONNECT, with an earlier
    /// life of the gateway; else what is known of it has expired here, as have its copies.
    func isOfEarlierLife(_ exchange: UplinkExchange) -> Bool {
        exchange.reconnectionCount == 0 && now.since(connectedAt) < patience
    }

    /// Whether copies of a message may still come whose exchange has ended: no answer comes later than that.
    func mayBeCopied(_ ended: EndedExchanges.Entry) -> Bool { now.since(ended.endedAt) * 2 < patience }

    /// Whether the client has said CONNECT so recently that it may still be coming back to what it has begun before.
    var isJustBack: Bool { now.since(connectedAt) < patience * 3 }

    /// Whether an answer is not said unasked: the client sleeps, or may use the message id for something else.
    func isHeld(_ exchange: UplinkExchange) -> Bool { exchange.isSleptOver || isLeftBehind(exchange) }
}

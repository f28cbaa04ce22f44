import Time

// Whether there is room for more of the client's, here and at the broker.

extension Uplink {
    /// Whether the client may have one more exchange open.
    func hasRoom(_ conditions: UplinkConditions) -> Bool {
        hasRoomForRequest(conditions) && brokerTakesMore(conditions)
    }

    /// Whether the client may have one more request open that is no message.
    func hasRoomForRequest(_ conditions: UplinkConditions) -> Bool {
        open.count < conditions.placeCount && openCount < conditions.limit
    }

    /// Whether the broker takes one more message before it has acknowledged another. What went over an earlier
    /// connection does not count (MQTT 5.0 §4.9).
    func brokerTakesMore(_ conditions: UplinkConditions) -> Bool { open.takesMore(conditions) }

    /// Whether it remembers a refusal, without which the client might publish a message twice.
    var hasRejected: Bool { open.hasRejected }

    /// Whether the client may repeat a QoS 2 message that has come to its end at the broker: it has not released it, or
    /// copies of it may be under way.
    func mayHearCopy(within patience: TimeSpan, before now: Instant) -> Bool {
        open.isReleasedUnasked || ended.hasFinished(within: patience, before: now)
    }

    /// Whether the exchange of the token is one of QoS 2.
    func isExactlyOnce(_ token: BrokerToken) -> Bool { open.index(of: token).map { open[$0].isExactlyOnce } ?? false }
}

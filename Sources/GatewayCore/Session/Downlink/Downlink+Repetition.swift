import Time

// What is known of messages from whether, and in which order, the broker sends them again.

extension Downlink {
    /// When the client's PUBREC of a doubtful message goes without the broker; nil where it does not.
    func doubtEnds(in store: borrowing MessageStore) -> Instant? {
        first != .none && store[first].isDoubtful ? memory.doubtEnds : nil
    }

    // MARK: Given up

    mutating func noteGivenUp(_ token: BrokerToken, _ digest: MessageDigest, in store: borrowing MessageStore) {
        memory.givenUp.note(token, digest, before: newestToken(in: store))
    }

    /// The broker has sent a message again that waits here.
    mutating func noteRepeated(_ token: BrokerToken) {
        if !memory.givenUp.isEmpty { memory.givenUp.noteRepeated(token) }
    }

    /// The token of what came last of all that waits; none where that is of QoS 0.
    private func newestToken(in store: borrowing MessageStore) -> BrokerToken {
        guard let newest = waiting.newest ?? aside.newest else { return .none }
        return store[newest].token
    }
}

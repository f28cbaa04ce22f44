import Time

/// What has waited for clients whose sessions are over, and the clients that are away and whose queue has not been
/// looked at to its end: long queues go a portion at a time, so that nobody else waits for that.
///
/// It owns the messages of those queues until they are removed; in the store they count as before. Invariant: where
/// something is here, the gateway has a deadline for it.
struct Remnants {
    /// Messages looked at on one occasion.
    static let portion = 1_024

    private struct Queue {
        var messages: DeliveryQueue
        var clientID: ClientID
        /// Those that the client has not got, of what is removed.
        var missed: MissedMessages
    }

    private var queues: [Queue] = []
    private var departing: [ClientID] = []

    var isEmpty: Bool { queues.isEmpty && departing.isEmpty }

    /// Messages in queues without a session; for checkers.
    func messages(in store: borrowing MessageStore) -> [StoredMessageIndex] {
        var messages: [StoredMessageIndex] = []
        for queue in queues { messages += queue.messages.indices(in: store) }
        return messages
    }

    /// Octets that those count.
    var byteCount: Int { queues.reduce(0) { $0 + $1.messages.byteCount } }

    fileprivate mutating func append(_ messages: DeliveryQueue, of clientID: ClientID, missed: MissedMessages) {
        queues.append(Queue(messages: messages, clientID: clientID, missed: missed))
    }

    fileprivate mutating func takeQueue() -> (messages: DeliveryQueue, clientID: ClientID, missed: MissedMessages)? {
        guard let queue = queues.popLast() else { return nil }
        return (queue.messages, queue.clientID, queue.missed)
    }

    fileprivate mutating func putOff(_ clientID: ClientID) { departing.append(clientID) }

    /// A client that is away and whose queue is to be looked at further; nil where there is none.
    mutating func takeDeparting() -> ClientID? { departing.popLast() }
}

extension Environment {
    /// After what was as much as one may do on one occasion, the rest comes so much later: others are heard before.
    static var breath: TimeSpan { .milliseconds(1) }

    /// Gives the room of messages back that nobody waits for any more, and their topic names.
    ///
    /// `missed` messages have been removed before that the client has not got.
    mutating func remove(_ messages: DeliveryQueue, of clientID: ClientID, peer: PeerID?, missed: MissedMessages) {
        var (messages, missed) = (messages, missed)
        let isDone = messages.remove(Remnants.portion, in: &store, names: &topicNames) { message in
            if !message.state.isWithClient { missed.note(message.qos) }
            return true
        }
        guard isDone else {
            remnants.append(messages, of: clientID, missed: missed)
            return deadlines.schedule(.gateway, noLaterThan: now + Self.breath)
        }
        guard missed.count > 0 else { return }
        observe(.absentClientsMessagesDropped(missed), of: clientID, peer: peer)
    }

    /// The queue of a client that is away is looked at further on another occasion.
    mutating func putOff(_ clientID: ClientID) {
        remnants.putOff(clientID)
        deadlines.schedule(.gateway, noLaterThan: now + Self.breath)
    }

    /// Removes a portion of what is left of sessions that are over.
    fileprivate mutating func removeRemnants() {
        guard let (messages, clientID, missed) = remnants.takeQueue() else { return }
        remove(messages, of: clientID, peer: nil, missed: missed)
    }
}

extension Gateway {
    /// Goes on with what was put off.
    mutating func goOnWithRemnants() {
        guard !environment.remnants.isEmpty else { return }
        environment.removeRemnants()
        if let clientID = environment.remnants.takeDeparting(), let index = sessionByClientID[clientID],
            sessions[index].phase == .disconnected
        {
            changing(index) { _, _ in }  // a session whose client is away looks at its queue whenever it is settled
        }
        guard !environment.remnants.isEmpty else { return }
        environment.deadlines.schedule(.gateway, noLaterThan: environment.now + Environment.breath)
    }
}

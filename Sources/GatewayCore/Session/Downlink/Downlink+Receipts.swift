import MQTTSN
import Time

// What a number of QoS 2 stands for when the client names it of its own accord.

extension Downlink {
    /// Whether a message of QoS 2 waits under the number, first or set aside.
    func isTaken(_ messageID: MessageID, in store: borrowing MessageStore) -> Bool {
        waiting.holds(exactlyOnce: messageID, in: store) || aside.holds(exactlyOnce: messageID, in: store)
    }

    /// Whether the first message is one of QoS 2 that has been sent under the message id, and no PUBREC has come.
    func firstWasSent(exactlyOnce messageID: MessageID, in store: borrowing MessageStore) -> Bool {
        guard !isEmpty, store[first].qos == .exactlyOnce else { return false }
        return store[first].state == .sent(messageID)
    }

    /// Whether what the client may have of QoS 2 under the number is over for everybody but itself: it was given up, or
    /// came to its end, and a late copy of its PUBLISH has begun it anew; and none waits under it.
    func isOver(
        _ messageID: MessageID, at now: Instant, patience: TimeSpan, in store: borrowing MessageStore
    ) -> Bool {
        (numbers.isGivenUp(messageID) || numbers.hasEnded(messageID, within: patience, before: now))
            && !isTaken(messageID, in: store)
    }

    /// Whether the client, which is away, may have a message of QoS 2 under a number that no other session would find
    /// for it: with this one it would be forgotten, and the message would come twice, or the next one not at all.
    func isNeeded(in store: borrowing MessageStore) -> Bool {
        numbers.areMoved && memory.hasLeft || waiting.holdsOwnNumber(in: store)
    }
}

import MQTTSN

/// Messages that wait for one client, first to last; the messages themselves are in the store.
///
/// Invariants: the links of the store lead from the first to the last; count and octets are theirs.
struct DeliveryQueue: Sendable {
    private(set) var first = StoredMessageIndex.none
    private var last = StoredMessageIndex.none
    private var messageCount: UInt32 = 0
    private var atMostOnceMessageCount: UInt32 = 0
    /// Octets of payload.
    private(set) var byteCount = 0
    /// Of these, what is of QoS 0 and could make room.
    private(set) var atMostOnceByteCount = 0

    var count: Int { Int(messageCount) }
    var atMostOnceCount: Int { Int(atMostOnceMessageCount) }
    var isEmpty: Bool { messageCount == 0 }

    /// The message that came last; nil where none waits.
    var newest: StoredMessageIndex? { isEmpty ? nil : last }

    mutating func append(_ message: StoredMessageIndex, in store: inout MessageStore) {
        store.link(message, to: .none)
        if last == .none { first = message } else { store.link(last, to: message) }
        last = message
        add(store[message])
    }

    /// Puts `other` before or, where the first message is not to be overtaken, behind it.
    mutating func insert(_ other: DeliveryQueue, behindFirst: Bool, in store: inout MessageStore) {
        guard !other.isEmpty else { return }
        guard !isEmpty else {
            self = other
            return
        }
        if behindFirst {
            store.link(other.last, to: store[first].next)
            store.link(first, to: other.first)
            if last == first { last = other.last }
        } else {
            store.link(other.last, to: first)
            first = other.first
        }
        messageCount += other.messageCount
        byteCount += other.byteCount
        atMostOnceMessageCount += other.atMostOnceMessageCount
        atMostOnceByteCount += other.atMostOnceByteCount
    }

    private mutating func add(_ message: StoredMessage) {
        messageCount += 1
        byteCount += Int(message.payloadByteCount)
        guard message.qos == .atMostOnce else { return }
        atMostOnceMessageCount += 1
        atMostOnceByteCount += Int(message.payloadByteCount)
    }

    private mutating func subtract(_ message: StoredMessage) {
        messageCount -= 1
        byteCount -= Int(message.payloadByteCount)
        guard message.qos == .atMostOnce else { return }
        atMostOnceMessageCount -= 1
        atMostOnceByteCount -= Int(message.payloadByteCount)
    }

    /// Takes the first message out of the queue; it stays in the store.
    mutating func takeFirst(in store: borrowing MessageStore) -> StoredMessageIndex {
        precondition(first != .none, "only a queue that holds something is shortened")
        let message = first
        take(message, behind: .none, in: store)
        return message
    }

    private mutating func take(
        _ message: StoredMessageIndex, behind previous: StoredMessageIndex, in store: borrowing MessageStore
    ) {
        if previous == .none { first = store[message].next }
        if last == message { last = previous }
        subtract(store[message])
    }

    /// Takes out the first message of QoS 0 behind `start`, or of all where that is none; it stays in the store.
    mutating func takeAtMostOnce(
        behind start: StoredMessageIndex, in store: inout MessageStore
    ) -> (message: StoredMessageIndex, previous: StoredMessageIndex)? {
        guard atMostOnceMessageCount > 0 else { return nil }
        var previous = start
        var index = start == .none ? first : store[start].next
        while index != .none, store[index].qos != .atMostOnce {
            previous = index
            index = store[index].next
        }
        guard index != .none else { return nil }
        let following = store[index].next
        take(index, behind: previous, in: store)
        if previous != .none { store.link(previous, to: following) }
        return (index, previous)
    }

    /// Puts a message back that `takeAtMostOnce` took from there.
    mutating func putBack(
        _ message: StoredMessageIndex, behind previous: StoredMessageIndex, in store: inout MessageStore
    ) {
        store.link(message, to: previous == .none ? first : store[previous].next)
        if previous == .none { first = message } else { store.link(previous, to: message) }
        if last == previous { last = message }
        add(store[message])
    }

    /// The waiting message of QoS 1 or 2 that the broker knows by `token`.
    func message(withToken token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        var index = first
        while index != .none {
            if store[index].token == token { return index }
            index = store[index].next
        }
        return nil
    }

    /// Whether a QoS 2 message waits that the client has, or may have, under this number.
    func holds(exactlyOnce messageID: MessageID, in store: borrowing MessageStore) -> Bool {
        var index = first
        while index != .none {
            if store[index].qos == .exactlyOnce, store[index].state.messageID == messageID { return true }
            index = store[index].next
        }
        return false
    }

    /// Takes out the messages that `goes` is true of, and gives their room and their topic names back.
    mutating func removeAll(
        in store: inout MessageStore, names: inout TopicNameTable, where goes: (StoredMessage) -> Bool
    ) {
        var rest = self
        self = DeliveryQueue()
        while !rest.isEmpty {
            let index = rest.takeFirst(in: store)
            if goes(store[index]) {
                names.release(store[index].topicName)
                store.remove(index)
            } else {
                append(index, in: &store)
            }
        }
    }

    func forEach(in store: inout MessageStore, _ change: (inout StoredMessage) -> Void) {
        var index = first
        while index != .none {
            change(&store[index])
            index = store[index].next
        }
    }

    /// The places of all; for checkers.
    func indices(in store: borrowing MessageStore) -> [StoredMessageIndex] {
        var indices: [StoredMessageIndex] = []
        var index = first
        while index != .none {
            indices.append(index)
            index = store[index].next
        }
        return indices
    }

    /// - Returns: what does not hold; nil where everything does.
    func checkInvariants(in store: borrowing MessageStore) -> String? {
        var counted = DeliveryQueue()
        var index = first
        while index != .none {
            counted.add(store[index])
            if store[index].next == .none, index != last { return "a queue does not end with its last message" }
            index = store[index].next
        }
        guard counted.count == count, counted.byteCount == byteCount, counted.atMostOnceCount == atMostOnceCount,
            counted.atMostOnceByteCount == atMostOnceByteCount, isEmpty == (last == .none)
        else { return "a queue has counted wrong" }
        return nil
    }
}

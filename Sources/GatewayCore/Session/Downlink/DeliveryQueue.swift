import MQTTSN

/// Messages that wait for one client, first to last; the messages themselves are in the store.
///
/// Those of QoS 0, and those that the broker keeps until they are acknowledged, are each a list of their own besides,
/// as they give way, pass and are looked for apart: nothing that happens to one message looks at all others. Which
/// tokens wait is known without looking where they are many.
///
/// Invariants: the links of the store lead from the first to the last of all and of each kind, and back; count and
/// octets are theirs; a token that waits is never denied.
struct DeliveryQueue: Sendable {
    /// The ends of a list through the store.
    private struct Ends: Sendable {
        var first = StoredMessageIndex.none
        var last = StoredMessageIndex.none

        mutating func append(_ index: StoredMessageIndex) {
            if last == .none { first = index }
            last = index
        }

        mutating func take(between previous: StoredMessageIndex, _ next: StoredMessageIndex) {
            if previous == .none { first = next }
            if next == .none { last = previous }
        }
    }

    private var all = Ends()
    private var atMostOnce = Ends()
    private var acknowledged = Ends()
    private var messageCount: UInt32 = 0
    private var atMostOnceMessageCount: UInt32 = 0
    /// Octets that the messages count; a client may have a gibibyte, and as much again (AMB-15).
    private var messageByteCount: UInt32 = 0
    /// Of these, what is of QoS 0 and could make room.
    private var atMostOnceMessageByteCount: UInt32 = 0
    /// Tokens under which something may wait, once there are many.
    private var tokens = TokenBits()
    /// From here on `remove` has looked at every message, of which none has come or gone since; `none` for no message.
    private var lookedAtFrom = StoredMessageIndex.none

    var first: StoredMessageIndex { all.first }
    var count: Int { Int(messageCount) }
    var atMostOnceCount: Int { Int(atMostOnceMessageCount) }
    var byteCount: Int { Int(messageByteCount) }
    var atMostOnceByteCount: Int { Int(atMostOnceMessageByteCount) }
    var isEmpty: Bool { messageCount == 0 }
    /// So many messages are looked through for a token.
    private static let few = 256
    private var acknowledgedCount: Int { Int(messageCount - atMostOnceMessageCount) }

    /// The message that came last; nil where none waits.
    var newest: StoredMessageIndex? { isEmpty ? nil : all.last }
    /// `none` where nothing of QoS 0 waits.
    var oldestAtMostOnce: StoredMessageIndex { atMostOnce.first }

    // MARK: Coming and going

    mutating func append(_ index: StoredMessageIndex, in store: inout MessageStore) {
        var message = store[index]
        let isAtMostOnce = message.qos == .atMostOnce
        let lastOfKind = isAtMostOnce ? atMostOnce.last : acknowledged.last
        (message.previous, message.next) = (all.last, .none)
        (message.previousOfKind, message.nextOfKind) = (lastOfKind, .none)
        store[index] = message
        if all.last == .none { all.first = index } else { store[all.last].next = index }
        if lastOfKind != .none { store[lastOfKind].nextOfKind = index }
        all.last = index
        if isAtMostOnce { atMostOnce.append(index) } else { acknowledged.append(index) }
        add(message, in: store)
    }

    /// Puts `other`, which has nothing of QoS 0, before or, where the first message is not to be overtaken, behind it.
    mutating func insert(_ other: DeliveryQueue, behindFirst: Bool, in store: inout MessageStore) {
        guard !other.isEmpty else { return }
        precondition(other.atMostOnceMessageCount == 0, "only what the broker keeps comes back")
        guard !isEmpty else {
            self = other
            return
        }
        let previous = behindFirst ? all.first : .none
        let following = behindFirst ? store[all.first].next : all.first
        join(other.all, behind: previous, before: following, in: &store)
        let isBehindKind = behindFirst && acknowledged.first == previous
        joinKind(other.acknowledged, behind: isBehindKind ? previous : .none, in: &store)
        messageCount += other.messageCount
        messageByteCount += other.messageByteCount
        lookedAtFrom = .none
        noteTokens(of: other, in: store)
    }

    private mutating func join(
        _ other: Ends, behind previous: StoredMessageIndex, before following: StoredMessageIndex,
        in store: inout MessageStore
    ) {
        store[other.first].previous = previous
        store[other.last].next = following
        if previous == .none { all.first = other.first } else { store[previous].next = other.first }
        if following == .none { all.last = other.last } else { store[following].previous = other.last }
    }

    private mutating func joinKind(
        _ other: Ends, behind previous: StoredMessageIndex, in store: inout MessageStore
    ) {
        let following = previous == .none ? acknowledged.first : store[previous].nextOfKind
        store[other.first].previousOfKind = previous
        store[other.last].nextOfKind = following
        if previous == .none { acknowledged.first = other.first } else { store[previous].nextOfKind = other.first }
        if following == .none { acknowledged.last = other.last } else { store[following].previousOfKind = other.last }
    }

    /// Takes the first message out of the queue; it stays in the store.
    mutating func takeFirst(in store: inout MessageStore) -> StoredMessageIndex {
        precondition(first != .none, "only a queue that holds something is shortened")
        let message = first
        take(message, in: &store)
        return message
    }

    /// Takes a message out of the queue, wherever it is; it stays in the store.
    mutating func take(_ index: StoredMessageIndex, in store: inout MessageStore) {
        let message = store[index]
        let (previous, next) = (message.previous, message.next)
        if previous == .none { all.first = next } else { store[previous].next = next }
        if next == .none { all.last = previous } else { store[next].previous = previous }
        let (previousOfKind, nextOfKind) = (message.previousOfKind, message.nextOfKind)
        if previousOfKind != .none { store[previousOfKind].nextOfKind = nextOfKind }
        if nextOfKind != .none { store[nextOfKind].previousOfKind = previousOfKind }
        if message.qos == .atMostOnce {
            atMostOnce.take(between: previousOfKind, nextOfKind)
        } else {
            acknowledged.take(between: previousOfKind, nextOfKind)
        }
        subtract(message)
    }

    private mutating func add(_ message: StoredMessage, in store: borrowing MessageStore) {
        messageCount += 1
        messageByteCount += UInt32(message.byteCount)
        lookedAtFrom = .none
        guard message.qos == .atMostOnce else {
            if tokens.isInUse {
                tokens.insert(message.token)
            } else if acknowledgedCount > Self.few {
                noteTokens(of: self, in: store)
            }
            return
        }
        atMostOnceMessageCount += 1
        atMostOnceMessageByteCount += UInt32(message.byteCount)
    }

    private mutating func subtract(_ message: StoredMessage) {
        messageCount -= 1
        messageByteCount -= UInt32(message.byteCount)
        lookedAtFrom = .none
        guard message.qos == .atMostOnce else {
            tokens.remove(message.token)
            if acknowledgedCount == 0 { tokens = TokenBits() }
            return
        }
        atMostOnceMessageCount -= 1
        atMostOnceMessageByteCount -= UInt32(message.byteCount)
    }

    private mutating func noteTokens(of other: DeliveryQueue, in store: borrowing MessageStore) {
        guard tokens.isInUse || acknowledgedCount > Self.few else { return }
        // What is here besides is noted already, or now for the first time.
        let isComplete = tokens.isInUse
        var index = isComplete ? other.acknowledged.first : acknowledged.first
        let end = isComplete ? other.acknowledged.last : acknowledged.last
        while index != .none {
            tokens.insert(store[index].token)
            index = index == end ? .none : store[index].nextOfKind
        }
    }

    // MARK: Looking

    private func mayHold(_ token: BrokerToken) -> Bool { !tokens.isInUse || tokens.contains(token) }

    /// The waiting message of QoS 1 or 2 that the broker knows by `token`.
    func message(withToken token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        guard !token.isNone, mayHold(token) else { return nil }
        var index = acknowledged.first
        while index != .none {
            if store[index].token == token { return index }
            index = store[index].nextOfKind
        }
        return nil
    }

    /// Whether a QoS 2 message waits that the client has, or may have, under this number.
    func holds(exactlyOnce messageID: MessageID, in store: borrowing MessageStore) -> Bool {
        containsAcknowledged(in: store) { $0.qos == .exactlyOnce && $0.state.messageID == messageID }
    }

    /// The numbers under which a client may have messages of QoS 2.
    func exactlyOnceNumbers(in store: borrowing MessageStore) -> [MessageID] {
        var numbers: [MessageID] = []
        var index = acknowledged.first
        while index != .none {
            if store[index].qos == .exactlyOnce, let number = store[index].state.messageID { numbers.append(number) }
            index = store[index].nextOfKind
        }
        return numbers
    }

    /// Whether a client may have one of QoS 2 under another number than the broker's.
    func holdsOwnNumber(in store: borrowing MessageStore) -> Bool {
        containsAcknowledged(in: store) { message in
            guard message.qos == .exactlyOnce, let number = message.state.messageID else { return false }
            return message.token.isNone || number != message.token.followingMessageID
        }
    }

    private func containsAcknowledged(
        in store: borrowing MessageStore, where isWanted: (borrowing StoredMessage) -> Bool
    ) -> Bool {
        var index = acknowledged.first
        while index != .none {
            if isWanted(store[index]) { return true }
            index = store[index].nextOfKind
        }
        return false
    }

    /// Takes out, of so many messages from the last on, those that `goes` is true of, and gives their room and their
    /// topic names back; the next time it goes on where it was, unless something has come or gone since. What is left
    /// is what would be delivered first.
    ///
    /// - Returns: whether all have been looked at.
    mutating func remove(
        _ portion: Int, in store: inout MessageStore, names: inout TopicNameTable, where goes: (StoredMessage) -> Bool
    ) -> Bool {
        var following = lookedAtFrom
        var index = following == .none ? all.last : store[following].previous
        var lookedAtCount = 0
        while index != .none, lookedAtCount < portion {
            let previous = store[index].previous
            if goes(store[index]) {
                take(index, in: &store)
                names.release(store[index].topicName)
                store.remove(index)
            } else {
                following = index
            }
            index = previous
            lookedAtCount += 1
        }
        lookedAtFrom = following
        return index == .none
    }

    /// `remove` looks at all of them again, as something else is asked of them.
    mutating func lookAgain() { lookedAtFrom = .none }

    /// Changes every message that the broker waits for; those of QoS 0 have nothing that changes.
    func forEachAcknowledged(in store: inout MessageStore, _ change: (inout StoredMessage) -> Void) {
        var index = acknowledged.first
        while index != .none {
            change(&store[index])
            index = store[index].nextOfKind
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
        let indices = indices(in: store)
        let atMostOnceIndices = indices.filter { store[$0].qos == .atMostOnce }
        let sum = indices.reduce(0) { $0 + store[$1].byteCount }
        let atMostOnceSum = atMostOnceIndices.reduce(0) { $0 + store[$1].byteCount }
        guard (indices.count, sum) == (count, byteCount),
            (atMostOnceIndices.count, atMostOnceSum) == (atMostOnceCount, atMostOnceByteCount)
        else { return "a queue has counted wrong" }
        let acknowledgedIndices = indices.filter { store[$0].qos != .atMostOnce }
        guard all.last == indices.last ?? .none, leads(atMostOnce, through: atMostOnceIndices, in: store),
            leads(acknowledged, through: acknowledgedIndices, in: store)
        else { return "a queue does not lead through its messages" }
        for (previous, index) in zip([.none] + indices, indices) where store[index].previous != previous {
            return "a queue does not lead back"
        }
        let waiting = acknowledgedIndices.map { store[$0].token }.filter { !$0.isNone }
        return waiting.allSatisfy(mayHold) ? nil : "a token that waits is denied"
    }

    private func leads(_ ends: Ends, through indices: [StoredMessageIndex], in store: borrowing MessageStore) -> Bool {
        var (previous, index) = (StoredMessageIndex.none, ends.first)
        for expected in indices {
            guard index == expected, store[index].previousOfKind == previous else { return false }
            (previous, index) = (index, store[index].nextOfKind)
        }
        return index == .none && ends.last == previous
    }
}

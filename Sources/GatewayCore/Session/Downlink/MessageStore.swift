import Bytes

/// The place of a message in the store.
struct StoredMessageIndex: Hashable, Sendable {
    var rawValue: UInt32
    static let none = StoredMessageIndex(rawValue: .max)
}

/// A message from the broker that waits for a client.
struct StoredMessage {
    /// How far the message is on its way; kept with it, so that a reconnect goes on where the exchange stood.
    enum Stage: UInt8 {
        case unsent
        /// Sent at least once: the next time is a repetition, with DUP.
        case sent
        /// QoS 2: the client has it (PUBREC); the broker's PUBREL is awaited.
        case received
        /// QoS 2: the broker has released it; the client's PUBCOMP is awaited.
        case released
    }

    var stage = Stage.unsent
    var topicName: TopicNameIndex
    /// Where the broker's acknowledgement goes; 0 at QoS 0 and where the broker has forgotten the exchange.
    var token: BrokerToken
    /// The MQTT-SN message id, given when it is first sent; 0 before.
    var messageID: UInt16
    var qos: QoS
    var retain: Bool
    var payloadByteCount: UInt32
    fileprivate var firstBlock: UInt32
    /// The message behind it in the same queue.
    fileprivate(set) var next: StoredMessageIndex
}

/// The payloads of all waiting messages, in blocks of one arena that grows on demand and is shared by all clients.
///
/// One bound holds for all clients together, a waiting message costs no allocation once the arena has its size, and an
/// idle client holds nothing.
struct MessageStore {
    private static let blockByteCount = 64
    private static let noBlock = UInt32.max

    private var messages: [StoredMessage] = []
    private var freeMessages: [UInt32] = []
    private var arena: [UInt8] = []
    private var nextBlock: [UInt32] = []
    private var freeBlock = MessageStore.noBlock
    /// Octets of payload held.
    private(set) var byteCount = 0
    private(set) var messageCount = 0

    subscript(_ index: StoredMessageIndex) -> StoredMessage {
        _read { yield messages[Int(index.rawValue)] }
        _modify { yield &messages[Int(index.rawValue)] }
    }

    mutating func insert(
        _ payload: RawSpan, topicName: TopicNameIndex, token: BrokerToken, qos: QoS, retain: Bool
    )
        -> StoredMessageIndex
    {
        let message = StoredMessage(
            topicName: topicName, token: token, messageID: 0, qos: qos, retain: retain,
            payloadByteCount: UInt32(payload.byteCount), firstBlock: keep(payload), next: .none)
        byteCount += payload.byteCount
        messageCount += 1
        if let reused = freeMessages.popLast() {
            messages[Int(reused)] = message
            return StoredMessageIndex(rawValue: reused)
        }
        messages.append(message)
        return StoredMessageIndex(rawValue: UInt32(messages.count - 1))
    }

    /// A place in the queue for a PUBREL of the broker whose message an earlier run of the gateway delivered.
    mutating func insertRelease(token: BrokerToken, topicName: TopicNameIndex) -> StoredMessageIndex {
        let nothing: [UInt8] = []
        let index = insert(
            nothing.span.bytes, topicName: topicName, token: token, qos: .exactlyOnce, retain: false)
        self[index].stage = .released
        self[index].messageID = token.followingMessageID
        return index
    }

    mutating func link(_ message: StoredMessageIndex, to next: StoredMessageIndex) {
        messages[Int(message.rawValue)].next = next
    }

    /// Gives the message's room back.
    mutating func remove(_ index: StoredMessageIndex) {
        let message = messages[Int(index.rawValue)]
        byteCount -= Int(message.payloadByteCount)
        messageCount -= 1
        var block = message.firstBlock
        while block != Self.noBlock {
            let following = nextBlock[Int(block)]
            nextBlock[Int(block)] = freeBlock
            freeBlock = block
            block = following
        }
        freeMessages.append(index.rawValue)
    }

    /// Appends the message's payload to `bytes`.
    func appendPayload(of index: StoredMessageIndex, to bytes: inout [UInt8]) {
        let message = messages[Int(index.rawValue)]
        var remaining = Int(message.payloadByteCount)
        var block = message.firstBlock
        while remaining > 0 {
            let start = Int(block) * Self.blockByteCount
            let portion = min(remaining, Self.blockByteCount)
            bytes.append(contentsOf: arena[start..<start + portion])
            remaining -= portion
            block = nextBlock[Int(block)]
        }
    }

    private mutating func keep(_ payload: RawSpan) -> UInt32 {
        var first = Self.noBlock
        var last = Self.noBlock
        var offset = 0
        while offset < payload.byteCount {
            let block = takeBlock()
            let portion = min(Self.blockByteCount, payload.byteCount - offset)
            let start = Int(block) * Self.blockByteCount
            for index in 0..<portion { arena[start + index] = payload[unchecked: offset + index] }
            if last == Self.noBlock { first = block } else { nextBlock[Int(last)] = block }
            last = block
            offset += portion
        }
        return first
    }

    private mutating func takeBlock() -> UInt32 {
        guard freeBlock == Self.noBlock else {
            let block = freeBlock
            freeBlock = nextBlock[Int(block)]
            nextBlock[Int(block)] = Self.noBlock
            return block
        }
        arena.append(contentsOf: repeatElement(0, count: Self.blockByteCount))
        nextBlock.append(Self.noBlock)
        return UInt32(nextBlock.count - 1)
    }
}

/// The messages that wait for one client, first to last; the messages themselves are in the store.
struct DeliveryQueue {
    private(set) var first = StoredMessageIndex.none
    private var last = StoredMessageIndex.none
    private(set) var count = 0
    /// Octets of payload.
    private(set) var byteCount = 0
    /// Of these, what is of QoS 0 and could make room.
    private(set) var atMostOnceCount = 0
    private(set) var atMostOnceByteCount = 0

    var isEmpty: Bool { count == 0 }

    /// The message that came last; nil where none waits.
    var newest: StoredMessageIndex? { isEmpty ? nil : last }

    mutating func append(_ message: StoredMessageIndex, in store: inout MessageStore) {
        if last == .none { first = message } else { store.link(last, to: message) }
        last = message
        add(1, store[message])
    }

    private mutating func add(_ number: Int, _ message: StoredMessage) {
        count += number
        byteCount += number * Int(message.payloadByteCount)
        guard message.qos == .atMostOnce else { return }
        atMostOnceCount += number
        atMostOnceByteCount += number * Int(message.payloadByteCount)
    }

    /// Takes the first message out and gives its room back; the caller releases its topic name.
    mutating func removeFirst(in store: inout MessageStore) {
        let message = first
        precondition(message != .none, "only a queue that holds something is shortened")
        first = store[message].next
        if first == .none { last = .none }
        add(-1, store[message])
        store.remove(message)
    }

    /// Takes out the oldest message of QoS 0 and gives its room back; the caller releases its topic name.
    mutating func removeOldestAtMostOnce(in store: inout MessageStore) -> StoredMessage? {
        guard atMostOnceCount > 0 else { return nil }
        var previous = StoredMessageIndex.none
        var index = first
        while index != .none, store[index].qos != .atMostOnce {
            previous = index
            index = store[index].next
        }
        let message = store[index]
        if previous == .none { first = message.next } else { store.link(previous, to: message.next) }
        if last == index { last = previous }
        add(-1, message)
        store.remove(index)
        return message
    }

    /// The waiting QoS 1 or 2 message that the broker knows by `token`.
    func message(withToken token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        var index = first
        while index != .none {
            if store[index].token == token { return index }
            index = store[index].next
        }
        return nil
    }

    /// Takes out the messages that `goes` is true of, and gives their room and their topic names back.
    ///
    /// - Returns: how many of them the client has not got as far as the gateway knows.
    mutating func removeAll(
        in store: inout MessageStore, names: inout TopicNameTable, where goes: (StoredMessage) -> Bool = { _ in true }
    ) -> Int {
        var missedCount = 0
        var index = first
        self = DeliveryQueue()
        while index != .none {
            let message = store[index]
            if goes(message) {
                if message.stage == .unsent || message.stage == .sent { missedCount += 1 }
                names.release(message.topicName)
                store.remove(index)
            } else {
                store.link(index, to: .none)
                append(index, in: &store)
            }
            index = message.next
        }
        return missedCount
    }
}

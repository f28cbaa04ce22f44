import Bytes
import MQTTSN
import Time

/// The place of a message in the store.
struct StoredMessageIndex: Hashable, Sendable {
    var rawValue: UInt32
    static let none = StoredMessageIndex(rawValue: .max)
}

/// How far a message from the broker is on its way to the client; kept with it, so that a reconnect goes on where the
/// exchange stood.
enum DeliveryState: Hashable, Sendable {
    /// The client has heard nothing of it.
    case waiting
    /// The broker says that the client may have heard of it before: it gets a number when it is sent, and DUP at once.
    case announced
    /// Sent under this id, or to be sent under it and no other: the client may have it. The next time is a repetition.
    case sent(MessageID)
    /// QoS 2: the client has it (PUBREC); the broker's PUBREL is awaited.
    case received(MessageID)
    /// QoS 2: the broker has released it; the client's PUBCOMP is awaited.
    case released(MessageID)

    /// nil where the message has none yet.
    var messageID: MessageID? {
        switch self {
        case .waiting, .announced: nil
        case .sent(let messageID), .received(let messageID), .released(let messageID): messageID
        }
    }

    /// Whether the client has the message for certain.
    var isWithClient: Bool {
        switch self {
        case .waiting, .announced, .sent: false
        case .received, .released: true
        }
    }
}

/// What the broker would take a message's token for.
enum TokenStanding: Sendable {
    /// The message: the broker has named it in this connection.
    case named
    /// The message as well, but the broker has not repeated it yet in this connection. What is answered before would
    /// meet the repetition, which wants an answer too; and that one may meet another message (MQTT 3.1.1 §4.4).
    case unnamed
    /// Perhaps a message of another session, as this one may be no more.
    case doubtful
}

/// A message from the broker that waits for a client.
struct StoredMessage {
    var state = DeliveryState.waiting
    var topicName: TopicNameIndex
    /// Where the broker's acknowledgement goes; none at QoS 0 and where the broker has forgotten the exchange.
    var token: BrokerToken
    /// Nothing is acknowledged under a token that the broker has not named.
    var tokenStanding = TokenStanding.named
    /// How often the client, though it was heard, has not answered.
    var timesUnanswered: UInt8 = 0
    var qos: QoS
    var retain: Bool
    fileprivate(set) var nameByteCount: UInt16
    fileprivate(set) var payloadByteCount: UInt32
    fileprivate var firstBlock: UInt32
    /// When it came, in this life of the gateway.
    private(set) var arrivedAt: TimeMark
    /// Where the broker has said that it is good for some time only.
    var expiry: Expiry?
    /// The messages before and behind it in the same queue, and of its kind there; the queue's own.
    var previous = StoredMessageIndex.none
    var next = StoredMessageIndex.none
    var previousOfKind = StoredMessageIndex.none
    var nextOfKind = StoredMessageIndex.none

    /// Whether it is no longer good once its time is up: the client has not had it from this side, or would take it for
    /// another one. At QoS 2 what it may have had is brought to its end.
    var mayExpire: Bool { state == .waiting || state == .announced && qos == .atLeastOnce }

    /// What it counts where octets are bounded.
    var byteCount: Int {
        Limits.queuedByteCount(nameByteCount: Int(nameByteCount), payloadByteCount: Int(payloadByteCount))
    }
}

/// All waiting messages and their payloads, in pages that are shared by all clients and grow on demand.
///
/// One bound holds for all clients together, a waiting message costs no allocation once there are pages for it, growing
/// moves nothing, and an idle client holds nothing.
struct MessageStore {
    private static let blockByteCount = 64
    private static let noBlock = UInt32.max

    /// The links of a queue and of a kind; a place that is free leads to the next free one.
    private var messages = Pages<StoredMessage>(ofTwoToThe: 9)
    private var freeMessage = StoredMessageIndex.none
    private var blocks = Pages<[64 of UInt8]>(ofTwoToThe: 9)
    private var nextBlock = Pages<UInt32>(ofTwoToThe: 12)
    private var freeBlock = MessageStore.noBlock
    /// Octets that all messages count.
    private(set) var byteCount = 0
    private(set) var messageCount = 0

    subscript(_ index: StoredMessageIndex) -> StoredMessage {
        @inline(__always) _read { yield messages[Int(index.rawValue)] }
        @inline(__always) _modify { yield &messages[Int(index.rawValue)] }
    }

    /// A message whose topic name, of so many octets, the caller has used for it.
    mutating func insert(
        _ payload: RawSpan, topicName: TopicNameIndex, nameByteCount: Int, token: BrokerToken, qos: QoS, retain: Bool,
        at now: Instant
    ) -> StoredMessageIndex {
        let message = StoredMessage(
            topicName: topicName, token: token, qos: qos, retain: retain,
            nameByteCount: UInt16(clamping: nameByteCount), payloadByteCount: UInt32(payload.byteCount),
            firstBlock: keep(payload), arrivedAt: TimeMark(now))
        byteCount += message.byteCount
        messageCount += 1
        guard freeMessage == .none else {
            let index = freeMessage
            freeMessage = self[index].next
            self[index] = message
            return index
        }
        messages.append(message)
        return StoredMessageIndex(rawValue: UInt32(messages.count - 1))
    }

    /// A place in the queue for a PUBREL of the broker whose message an earlier run of the gateway delivered.
    mutating func insertRelease(
        token: BrokerToken, messageID: MessageID, topicName: TopicNameIndex, at now: Instant
    ) -> StoredMessageIndex {
        let nothing: [UInt8] = []
        let index = insert(
            nothing.span.bytes, topicName: topicName, nameByteCount: 0, token: token, qos: .exactlyOnce,
            retain: false, at: now)
        self[index].state = .released(messageID)
        return index
    }

    /// Gives the message's room back.
    mutating func remove(_ index: StoredMessageIndex) {
        let message = self[index]
        byteCount -= message.byteCount
        messageCount -= 1
        var block = message.firstBlock
        while block != Self.noBlock {
            let following = nextBlock[Int(block)]
            nextBlock[Int(block)] = freeBlock
            freeBlock = block
            block = following
        }
        self[index].next = freeMessage
        freeMessage = index
    }

    /// Appends the message's payload to `bytes`.
    func appendPayload(of index: StoredMessageIndex, to bytes: inout [UInt8]) {
        let message = self[index]
        var remaining = Int(message.payloadByteCount)
        var block = message.firstBlock
        while remaining > 0 {
            let portion = min(remaining, Self.blockByteCount)
            let content = blocks[Int(block)]
            bytes.append(content.span.bytes.extracting(0..<portion))
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
            blocks[Int(block)] = Self.block(of: payload, from: offset, byteCount: portion)
            if last == Self.noBlock { first = block } else { nextBlock[Int(last)] = block }
            last = block
            offset += portion
        }
        return first
    }

    /// So many octets, a word at a time.
    private static func block(of payload: RawSpan, from offset: Int, byteCount: Int) -> [64 of UInt8] {
        var content = [64 of UInt8](repeating: 0)
        var octets = content.mutableSpan
        var target = octets.mutableBytes
        var index = 0
        while index &+ 8 <= byteCount {
            let word = payload.littleEndianWord(at: offset &+ index).littleEndian
            target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < byteCount {
            target.storeBytes(of: payload[unchecked: offset &+ index], toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
        return content
    }

    private mutating func takeBlock() -> UInt32 {
        guard freeBlock == Self.noBlock else {
            let block = freeBlock
            freeBlock = nextBlock[Int(block)]
            nextBlock[Int(block)] = Self.noBlock
            return block
        }
        blocks.append(.init(repeating: 0))
        nextBlock.append(Self.noBlock)
        return UInt32(nextBlock.count - 1)
    }
}

extension StoredMessage {
    /// Where an answer to the broker goes; nil where it would mean nothing to it, or another message.
    var tokenToAnswer: BrokerToken? { token.isNone || tokenStanding != .named ? nil : token }
    var isDoubtful: Bool { tokenStanding == .doubtful }

    /// The broker's PUBREL is not waited for any longer.
    mutating func release() {
        if case .received(let messageID) = state { state = .released(messageID) }
    }

    /// In the next connection the broker has still to name the token.
    mutating func brokerConnectionEnded() {
        if !token.isNone, tokenStanding == .named { tokenStanding = .unnamed }
    }

    /// The broker does not know the message any more: nothing is acknowledged to it, and what the client has is
    /// released without it.
    mutating func brokerForgot() {
        token = .none
        tokenStanding = .named
        release()
    }

    /// Whether a client that is away gets the message again without the gateway keeping it: from the broker, and at
    /// QoS 2 under the number `following` the broker's. QoS 0 does not wait for who is not there.
    func mayLeave(following number: MessageID) -> Bool {
        if qos == .atMostOnce { return true }
        switch state {
        case .waiting, .announced: return !token.isNone
        case .sent(let messageID): return !token.isNone && (qos != .exactlyOnce || messageID == number)
        case .received, .released: return false
        }
    }

    /// - Returns: what does not hold; nil where everything does.
    func checkInvariants() -> String? {
        if qos == .atMostOnce, state != .waiting || !token.isNone { return "QoS 0 is waited for" }
        if state.isWithClient, qos != .exactlyOnce { return "PUBREC at another QoS than 2" }
        if tokenStanding != .named, token.isNone { return "a doubt without reason" }
        return nil
    }
}

// MARK: - Record

extension StoredMessage {
    /// What must outlive the process: in the next connection the broker has still to name the token.
    struct Record: Hashable, Sendable {
        var state: DeliveryState
        var topicName: [UInt8]
        var token: BrokerToken
        /// Whether the token may be of another session.
        var isDoubtful: Bool
        var timesUnanswered: UInt8
        var qos: QoS
        var retain: Bool
        var payload: [UInt8]
        /// While it is being recorded and brought back as of the clock that begins with the record; written down apart
        /// from the rest, as records once were without it.
        var expiry: Expiry?

        /// The broker may have begun a new session.
        mutating func doubt() { isDoubtful = !token.isNone }

        fileprivate var tokenStanding: TokenStanding {
            if token.isNone { return .named }
            return isDoubtful ? .doubtful : .unnamed
        }

        /// Whether the broker sends it again, and the client knows it then (`StoredMessage.mayLeave`).
        func mayLeave(following number: MessageID) -> Bool { StoredMessage(self).mayLeave(following: number) }

        /// What no message could be; nil where one could.
        var fault: String? {
            if isDoubtful, token.isNone { return "a doubt without reason" }
            // Of one that an earlier life delivered only the PUBREL is here.
            let isRelease = topicName.isEmpty && payload.isEmpty && state.isReleased
            if !isRelease, !TopicRules.isName(topicName.span.bytes) { return "a message has no topic" }
            return StoredMessage(self).checkInvariants()
        }
    }

    /// As it is in no queue and no store yet.
    fileprivate init(_ record: Record) {
        self.init(
            state: record.state, topicName: TopicNameIndex(rawValue: 0), token: record.token,
            tokenStanding: record.tokenStanding, timesUnanswered: record.timesUnanswered, qos: record.qos,
            retain: record.retain, nameByteCount: 0, payloadByteCount: 0, firstBlock: 0,
            arrivedAt: TimeMark(Instant(nanoseconds: 0)))
    }
}

extension MessageStore {
    func record(of index: StoredMessageIndex, in names: borrowing TopicNameTable) -> StoredMessage.Record {
        let message = self[index]
        var record = StoredMessage.Record(
            state: message.state, topicName: names.name(message.topicName), token: message.token,
            isDoubtful: message.isDoubtful, timesUnanswered: message.timesUnanswered, qos: message.qos,
            retain: message.retain, payload: [], expiry: message.expiry)
        appendPayload(of: index, to: &record.payload)
        return record
    }

    /// A message with a use of its topic name.
    mutating func insert(
        _ record: StoredMessage.Record, in names: inout TopicNameTable, at now: Instant
    ) -> StoredMessageIndex {
        let index = insert(
            record.payload.span.bytes, topicName: names.use(record.topicName.span.bytes),
            nameByteCount: record.topicName.count, token: record.token, qos: record.qos, retain: record.retain,
            at: now)
        self[index].state = record.state
        self[index].tokenStanding = record.tokenStanding
        self[index].timesUnanswered = record.timesUnanswered
        self[index].expiry = record.expiry.map { $0.counted(from: now) }
        return index
    }
}

extension DeliveryState: RecordPart {
    fileprivate var isReleased: Bool {
        if case .released = self { true } else { false }
    }

    private enum Step: UInt8, RecordPart {
        case waiting, announced, sent, received, released
    }

    private var step: Step {
        switch self {
        case .waiting: .waiting
        case .announced: .announced
        case .sent: .sent
        case .received: .received
        case .released: .released
        }
    }

    func write(to bytes: inout [UInt8]) { bytes.write(step, messageID ?? 0) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        let step: Step = try reader.next()
        let hasNumber = step != .waiting && step != .announced
        let messageID: MessageID = try reader.next { ($0 != 0) == hasNumber }
        switch step {
        case .waiting: self = .waiting
        case .announced: self = .announced
        case .sent: self = .sent(messageID)
        case .received: self = .received(messageID)
        case .released: self = .released(messageID)
        }
    }
}

extension StoredMessage.Record: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(state, topicName, token, isDoubtful, timesUnanswered, qos, retain, payload)
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            state: reader.next(), topicName: reader.next(), token: reader.next(), isDoubtful: reader.next(),
            timesUnanswered: reader.next(), qos: reader.next(), retain: reader.next(), payload: reader.next())
    }
}

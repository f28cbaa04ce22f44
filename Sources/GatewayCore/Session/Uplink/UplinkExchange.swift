import Bytes
import MQTTSN
import Time

/// A QoS 1 or 2 message of the client on its way to the broker: what the client may still say of it, and what the
/// broker still owes.
struct UplinkExchange: Hashable, Sendable {
    /// How far the client is.
    enum ClientEnd: UInt8, Hashable, Sendable, CaseIterable {
        /// It has said PUBLISH.
        case waiting
        /// QoS 2: PUBREC is out, PUBREL is its turn.
        case told
        /// QoS 2: it has said PUBREL.
        case released
        /// Another message has its message id now; only the broker's end goes on.
        case gone
    }

    /// How far the broker is.
    enum BrokerEnd: UInt8, Hashable, Sendable, CaseIterable {
        /// QoS 2: its PUBCOMP is awaited of whatever it may have under the number; the message is kept until then.
        case owesNumber
        /// Its PUBACK, or at QoS 2 its PUBREC, is awaited.
        case owesReceived
        /// QoS 2: it has the message; PUBREL is awaited.
        case holds
        /// QoS 2: its PUBCOMP is awaited.
        case owesComplete
        case done
    }

    var client: ClientEnd {
        get { ClientEnd(rawValue: standing & Bits.client) ?? .gone }
        set { standing = standing & ~Bits.client | newValue.rawValue }
    }
    var broker: BrokerEnd {
        get { BrokerEnd(rawValue: (standing & Bits.broker) >> 2) ?? .done }
        set { standing = standing & ~Bits.broker | newValue.rawValue << 2 }
    }
    var isExactlyOnce: Bool {
        get { standing & Bits.exactlyOnce != 0 }
        set { standing = newValue ? standing | Bits.exactlyOnce : standing & ~Bits.exactlyOnce }
    }
    /// Whether the broker connection has ended since the last thing said on it.
    var isCut: Bool {
        get { standing & Bits.cut != 0 }
        set { standing = newValue ? standing | Bits.cut : standing & ~Bits.cut }
    }
    /// Whether the client has fallen asleep over it: it is told nothing before it asks again (GW-69).
    var isSleptOver: Bool {
        get { standing & Bits.sleptOver != 0 }
        set { standing = newValue ? standing | Bits.sleptOver : standing & ~Bits.sleptOver }
    }
    /// Whether the broker may have closed on it, so that it is alone on its way.
    var isSuspect: Bool {
        get { history & 0x80 != 0 }
        set { history = newValue ? history | 0x80 : history & 0x7F }
    }
    /// How often the client has said CONNECT since, so that it may have forgotten the exchange; up to 100.
    var reconnectionCount: UInt8 {
        get { history & 0x7F }
        set { history = history & 0x80 | newValue }
    }
    /// Two octets for all of that: every session that has ever published keeps room for an exchange.
    private var standing: UInt8 = 0
    private var history: UInt8 = 0

    /// What the bits of `standing` are for.
    private enum Bits {
        static let client: UInt8 = 0x03
        static let broker: UInt8 = 0x1C
        static let exactlyOnce: UInt8 = 0x20
        static let cut: UInt8 = 0x40
        static let sleptOver: UInt8 = 0x80
    }

    /// The client's; 0 where the client is gone.
    var messageID: MessageID
    /// None where the broker is done.
    var token: BrokerToken
    /// What a PUBACK will carry.
    var topicID: TopicID
    var digest: MessageDigest
    /// When the gateway first heard of it, in this life.
    private(set) var begunAt: TimeMark
    /// When the client was last heard or told of it.
    var since: Instant

    /// Whether the broker's session has, or may have, a QoS 2 message that would be lost or doubled without it.
    var needsBrokersMemory: Bool {
        isExactlyOnce && broker != .done && broker != .owesNumber && client != .gone && !isRejected
    }

    /// Whether the client has been refused a QoS 2 message that the broker may have, and may not have heard of that.
    var isRejected: Bool { isExactlyOnce && client == .waiting && (broker == .owesComplete || broker == .done) }

    /// Whether the broker has been told of it on this connection, and has said nothing.
    var isUnanswered: Bool { broker == .owesReceived && !isCut }

    /// The client has said PUBLISH, and so has the gateway.
    init(_ message: UplinkMessage, _ token: BrokerToken, at now: Instant) {
        (messageID, self.token, topicID, digest) = (message.messageID, token, message.topicID, message.digest)
        (since, begunAt) = (now, TimeMark(now))
        (client, broker, isExactlyOnce) = (.waiting, .owesReceived, message.isExactlyOnce)
    }

    /// The client has said PUBREL, of an exchange that an earlier life of the gateway began.
    init(releasedBefore messageID: MessageID, _ token: BrokerToken, at now: Instant) {
        (self.messageID, self.token, topicID, digest) = (messageID, token, 0, .unknown)
        (since, begunAt) = (now, TimeMark(now))
        (client, broker, isExactlyOnce) = (.released, .owesComplete, true)
    }

    /// The broker may have an older message under the number, which is released.
    init(freeing token: BrokerToken, at now: Instant) {
        self.init(heldUnder: token, at: now)
        broker = .owesComplete
    }

    /// The broker has a message that nothing here knows of.
    init(heldUnder token: BrokerToken, at now: Instant) {
        (messageID, self.token, topicID, digest) = (0, token, 0, .unknown)
        (since, begunAt) = (now, TimeMark(now))
        (client, broker, isExactlyOnce) = (.gone, .holds, true)
    }

    /// The broker has said its last word.
    mutating func brokerIsDone() {
        broker = .done
        token = .none
        isCut = false
    }

    /// What does not hold of it; nil where all does.
    func checkInvariants() -> String? {
        if (client == .gone) != (messageID == 0) { return "a message id belongs to nobody" }
        if (broker == .done) != token.isNone { return "a token belongs to nobody" }
        if client == .released, broker != .owesComplete { return "released, and nothing owed" }
        if client == .told, broker == .owesReceived || broker == .owesNumber { return "told what is not known" }
        if broker == .owesNumber { return client == .waiting && !isCut ? nil : "nobody waits for a number" }
        if client == .waiting, isExactlyOnce, broker == .holds { return "waits for what is known" }
        if !isExactlyOnce, client != .waiting, client != .gone { return "QoS 1 with a PUBREC" }
        if !isExactlyOnce, broker == .holds || broker == .owesComplete { return "QoS 1 with a PUBREC of the broker" }
        if client == .gone, broker == .done { return "nobody has anything to say" }
        return nil
    }
}

// MARK: - Record

extension UplinkExchange {
    /// What must outlive the process, when the connection has ended and the broker has closed on nothing.
    struct Record: Hashable, Sendable {
        var client: ClientEnd
        var broker: BrokerEnd
        var isExactlyOnce: Bool
        var isSleptOver: Bool
        var reconnectionCount: UInt8
        var messageID: MessageID
        var token: BrokerToken
        var topicID: TopicID
        var digest: MessageDigest
        /// How long ago the client was heard or told of it.
        var unheardFor: TimeSpan
    }

    func record(at now: Instant) -> Record {
        Record(
            client: client, broker: broker, isExactlyOnce: isExactlyOnce, isSleptOver: isSleptOver,
            reconnectionCount: reconnectionCount, messageID: messageID, token: token, topicID: topicID, digest: digest,
            unheardFor: now.since(since))
    }

    init(_ record: Record, at now: Instant) {
        (messageID, token, topicID, digest) = (record.messageID, record.token, record.topicID, record.digest)
        (since, begunAt) = (now - record.unheardFor, TimeMark(now))
        (client, broker, isExactlyOnce) = (record.client, record.broker, record.isExactlyOnce)
        isCut = broker != .done
        isSleptOver = record.isSleptOver
        reconnectionCount = record.reconnectionCount
    }
}

extension UplinkExchange.ClientEnd: RecordPart {}
extension UplinkExchange.BrokerEnd: RecordPart {}

extension UplinkExchange.Record: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(
            client, broker, isExactlyOnce, isSleptOver, reconnectionCount, messageID, token, topicID, digest,
            unheardFor)
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        client = try reader.next()
        broker = try reader.next()
        isExactlyOnce = try reader.next()
        isSleptOver = try reader.next()
        reconnectionCount = try reader.next { $0 <= 100 }
        messageID = try reader.next()
        token = try reader.next()
        topicID = try reader.next()
        digest = try reader.next()
        unheardFor = try reader.next()
    }
}

extension MessageDigest: RecordPart {
    func write(to bytes: inout [UInt8]) { rawValue.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { rawValue = try reader.next() }
}

/// What a message is, as far as a number can tell it from another one under the same message id.
struct MessageDigest: Hashable, Sendable {
    /// 0 for a message that nothing is known of.
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Of the exchange that an earlier life of the gateway began; it is the same as any.
    static let unknown = MessageDigest(rawValue: 0)

    func isSame(as other: MessageDigest) -> Bool {
        self == other || self == .unknown || other == .unknown
    }

    /// Of a PUBLISH: its topic, how it names it, its QoS, and its content.
    init(of payload: RawSpan, _ topicID: TopicID, _ flags: Flags) {
        var state = UInt64(topicID) << 16 | UInt64(flags.topicIDType.rawValue) << 8 | UInt64(flags.qos.rawValue)
        state = Self.mixed(state ^ UInt64(payload.byteCount) << 32, 0x9E37_79B9_7F4A_7C15)
        var offset = 0
        while offset &+ 8 <= payload.byteCount {
            state = Self.mixed(state ^ payload.littleEndianWord(at: offset), 0xD6E8_FEB8_6659_FD93)
            offset &+= 8
        }
        var rest: UInt64 = 0
        while offset < payload.byteCount {
            rest = rest << 8 | UInt64(payload[unchecked: offset])
            offset &+= 1
        }
        state = Self.mixed(state ^ rest, 0xA076_1D64_78BD_642F)
        rawValue = max(1, UInt32(truncatingIfNeeded: state ^ state >> 32))
    }

    /// Of what a broker sends: its topic name and its content.
    init(of payload: RawSpan, named topicName: RawSpan) {
        let (name, content) = (MessageDigest(of: topicName, 0, Flags()), MessageDigest(of: payload, 0, Flags()))
        let state = Self.mixed(UInt64(name.rawValue) << 32 | UInt64(content.rawValue), 0x9E37_79B9_7F4A_7C15)
        rawValue = max(1, UInt32(truncatingIfNeeded: state ^ state >> 32))
    }

    /// Of a PUBLISH at QoS 0, which is looked at for less: its topic, its length, and both ends of its content.
    init(ofAtMostOnce payload: RawSpan, _ topicID: TopicID, _ flags: Flags) {
        var state = UInt64(topicID) << 16 | UInt64(flags.topicIDType.rawValue) << 8 | UInt64(payload.byteCount) << 32
        if payload.byteCount >= 8 {
            state = Self.mixed(state ^ payload.littleEndianWord(at: 0), 0xD6E8_FEB8_6659_FD93)
            state = Self.mixed(state ^ payload.littleEndianWord(at: payload.byteCount - 8), 0xA076_1D64_78BD_642F)
        } else {
            for index in 0..<payload.byteCount {
                state = Self.mixed(state ^ UInt64(payload[unchecked: index]), 0xD6E8_FEB8_6659_FD93)
            }
        }
        rawValue = max(1, UInt32(truncatingIfNeeded: state ^ state >> 32))
    }

    /// Both halves of a product, folded: every bit of `word` moves every bit of the outcome.
    private static func mixed(_ word: UInt64, _ factor: UInt64) -> UInt64 {
        let product = (word ^ factor).multipliedFullWidth(by: factor)
        return product.high ^ product.low &+ word
    }
}

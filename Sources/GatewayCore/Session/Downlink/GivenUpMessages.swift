import Bytes

/// Messages of QoS 1 that the broker was told the client has, as no more of what it does not take can be kept (GW-87);
/// and those that came to their end while nobody could tell whether the broker's session is still theirs.
///
/// That word may be lost with the connection, and the broker sends the message again, maybe before later ones of its
/// topic that wait here or that the client has got: so it is only answered again. As the broker may just as well have
/// heard it and use the token for another message since, the content decides; and where that is equal, the order: a
/// broker repeats what it has no answer to in the order in which it sent it first (MQTT 3.1.1 §4.6).
struct GivenUpMessages: Hashable, Sendable {
    fileprivate struct Entry: Hashable, Sendable {
        var token: BrokerToken
        var digest: MessageDigest
        /// A message that the broker sent later; not kept over a restart.
        var follower: BrokerToken
        /// Whether the broker has sent it again in this connection, so that its word may be lost once more.
        var isRepeated = false
    }

    /// Of more than these the oldest are taken for new ones when they come again.
    private static let limit = 256

    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    mutating func note(_ token: BrokerToken, _ digest: MessageDigest, before follower: BrokerToken) {
        entries.removeAll { $0.token == token }
        if entries.count == Self.limit { entries.removeFirst() }
        entries.append(Entry(token: token, digest: digest, follower: follower))
    }

    /// The broker sends a message again that waits here: those before it that it has not repeated it knows of.
    mutating func noteRepeated(_ follower: BrokerToken) {
        entries.removeAll { !$0.isRepeated && $0.follower == follower }
    }

    mutating func brokerConnectionEnded() {
        for index in entries.indices { entries[index].isRepeated = false }
    }

    /// The broker sends a message that does not wait here.
    ///
    /// - Returns: whether it is one of these; of another one under its token, and of one at QoS 2, which waits for the
    ///   broker's PUBREL now, nothing is known any more.
    mutating func isRepeated(_ publish: Publication, of packet: RawSpan) -> Bool {
        guard let index = entries.firstIndex(where: { $0.token == publish.token }) else { return false }
        let digest = MessageDigest(
            of: packet.extracting(publish.payload), named: packet.extracting(publish.topicName))
        let isSame = publish.duplicate && entries[index].digest == digest
        if isSame, publish.qos == .atLeastOnce {
            entries[index].isRepeated = true
        } else {
            entries.remove(at: index)
        }
        return isSame
    }

    /// What could not be given up; nil where it could.
    var fault: String? {
        let tokens = entries.map(\.token)
        return Set(tokens).count == tokens.count && !tokens.contains(.none) && tokens.count <= Self.limit
            ? nil : "a message is given up twice, or too many"
    }
}

/// It is its own record, but for what the connection brought.
extension GivenUpMessages: RecordPart {
    var record: GivenUpMessages {
        var record = GivenUpMessages()
        record.entries = entries.map { Entry(token: $0.token, digest: $0.digest, follower: .none) }
        return record
    }

    func write(to bytes: inout [UInt8]) { entries.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { entries = try reader.next() }
}

extension GivenUpMessages.Entry: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(token, digest.rawValue) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        token = try reader.next()
        digest = MessageDigest(rawValue: try reader.next())
        follower = .none
    }
}

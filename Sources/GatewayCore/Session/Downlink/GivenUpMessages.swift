import Bytes

/// Messages of QoS 1 that the broker was told the client has, as no more of what it does not take can be kept (GW-87).
///
/// That word may be lost with the connection, and the broker sends the message again, maybe before later ones of its
/// topic that wait here or that the client has got: so it is only answered again. As the broker may just as well have
/// heard it and use the token for another message since, the content decides.
struct GivenUpMessages: Hashable, Sendable {
    fileprivate struct Entry: Hashable, Sendable {
        var token: BrokerToken
        var digest: MessageDigest
    }

    /// Of more than these the oldest are taken for new ones when they come again.
    private static let limit = 256

    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    mutating func note(_ token: BrokerToken, _ digest: MessageDigest) {
        entries.removeAll { $0.token == token }
        if entries.count == Self.limit { entries.removeFirst() }
        entries.append(Entry(token: token, digest: digest))
    }

    /// The broker sends a message that does not wait here.
    ///
    /// - Returns: whether it is one of these; of another one under its token nothing is known any more.
    mutating func isRepeated(_ publish: Publication, of packet: RawSpan) -> Bool {
        guard let index = entries.firstIndex(where: { $0.token == publish.token }) else { return false }
        let digest = MessageDigest(
            of: packet.extracting(publish.payload), named: packet.extracting(publish.topicName))
        if publish.qos == .atLeastOnce, publish.duplicate, entries[index].digest == digest { return true }
        entries.remove(at: index)
        return false
    }

    /// What could not be given up; nil where it could.
    var fault: String? {
        let tokens = entries.map(\.token)
        return Set(tokens).count == tokens.count && !tokens.contains(.none) && tokens.count <= Self.limit
            ? nil : "a message is given up twice, or too many"
    }
}

/// It is its own record.
extension GivenUpMessages: RecordPart {
    func write(to bytes: inout [UInt8]) { entries.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { entries = try reader.next() }
}

extension GivenUpMessages.Entry: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(token, digest.rawValue) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        token = try reader.next()
        digest = MessageDigest(rawValue: try reader.next())
    }
}

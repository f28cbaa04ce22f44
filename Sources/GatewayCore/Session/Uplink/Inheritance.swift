import MQTTSN

/// Which numbers of a broker's session that an earlier life of the gateway began may still stand for a QoS 2 message.
///
/// The broker would take a new message for the one that it holds under the number, and acknowledge what it has not got.
/// So a number is released before its first use. It owns the numbers that are known to be free; where those are too
/// many to be remembered, a number is only released once more than it must be. And it owns the message ids under which
/// the client has begun something in this life, which says that it has given up what it had begun before under them.
struct Inheritance: Hashable, Sendable {
    /// Whether an earlier life has begun the broker's session.
    private var isThere: Bool
    private var known = NumberRanges()
    private var begun = NumberRanges()

    init(isThere: Bool = false) { self.isThere = isThere }

    /// The client says something that it has not said before.
    mutating func clientBegins(under messageID: MessageID) { if isThere { begun.insert(messageID) } }

    /// Notes that the number is used for a new message from now on. What a client has begun before, it goes on with
    /// when it `isJustBack` with a CONNECT, or it has given that up.
    ///
    /// - Returns: whether the broker may hold an older one under it. A repetition may be of that.
    mutating func mayHold(_ token: BrokerToken, before message: UplinkMessage, isJustBack: Bool) -> Bool {
        guard isThere, message.isExactlyOnce, !known.contains(token.number) else { return false }
        known.insert(token.number)
        let mayBeOlder = message.isDuplicate && isJustBack && !begun.contains(message.messageID)
        return !mayBeOlder || token != BrokerToken(following: message.messageID)
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? { known.checkInvariants() ?? begun.checkInvariants() }
}

/// It has no times, so that it is its own record. What the client has begun lately is not in it: a life that goes on
/// from a record knows what is open.
extension Inheritance: RecordPart {
    /// The same as it is recorded.
    var recorded: Inheritance {
        var recorded = self
        recorded.begun = NumberRanges()
        return recorded
    }

    func write(to bytes: inout [UInt8]) {
        bytes.write(isThere, known.ranges.map(\.lowerBound), known.ranges.map(\.upperBound))
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        isThere = try reader.next()
        let lowerBounds: [UInt16] = try reader.next()
        let upperBounds: [UInt16] = try reader.next {
            $0.count == lowerBounds.count && zip(lowerBounds, $0).allSatisfy { $0 <= $1 }
        }
        known = NumberRanges(zip(lowerBounds, upperBounds).map { $0...$1 })
    }
}

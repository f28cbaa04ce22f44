/// Which numbers of a broker's session that an earlier life of the gateway began may still stand for a QoS 2 message.
///
/// The broker would take a new message for the one that it holds under the number, and acknowledge what it has not got.
/// So a number is released before its first use. It owns the numbers that are known to be free, as a few ranges: most
/// clients count up or have few. Where those are too many, a number is only released once more than it must be.
/// Invariant: the ranges are in order and do not touch.
struct Inheritance: Hashable, Sendable {
    private static let rangeCount = 16

    /// Whether an earlier life has begun the broker's session.
    private var isThere: Bool
    private var known: [ClosedRange<UInt16>] = []

    init(isThere: Bool = false) { self.isThere = isThere }

    /// Notes that the number is used for a new message from now on. What a client has begun before, it goes on with
    /// when it `isJustBack` with a CONNECT, or it has given that up.
    ///
    /// - Returns: whether the broker may hold an older one under it. A repetition may be of that.
    mutating func mayHold(_ token: BrokerToken, before message: UplinkMessage, isJustBack: Bool) -> Bool {
        guard isThere, message.isExactlyOnce, use(token) else { return false }
        return !message.isDuplicate || !isJustBack || token != BrokerToken(following: message.messageID)
    }

    private mutating func use(_ token: BrokerToken) -> Bool {
        let number = token.number
        guard !known.contains(where: { $0.contains(number) }) else { return false }
        if known.count < Self.rangeCount || known.contains(where: { touches($0, number) }) { insert(number) }
        return true
    }

    private func touches(_ range: ClosedRange<UInt16>, _ number: UInt16) -> Bool {
        Int(number) + 1 == Int(range.lowerBound) || Int(range.upperBound) + 1 == Int(number)
    }

    private mutating func insert(_ number: UInt16) {
        var joined = number...number
        for range in known where touches(range, number) {
            joined = min(joined.lowerBound, range.lowerBound)...max(joined.upperBound, range.upperBound)
        }
        known.removeAll { joined.overlaps($0) }
        known.insert(joined, at: known.firstIndex { $0.lowerBound > joined.upperBound } ?? known.endIndex)
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        let areApart = zip(known, known.dropFirst()).allSatisfy { Int($0.upperBound) + 1 < Int($1.lowerBound) }
        return areApart ? nil : "ranges of known numbers touch"
    }
}

/// It has no times, so that it is its own record.
extension Inheritance: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(isThere, known.map(\.lowerBound), known.map(\.upperBound))
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        isThere = try reader.next()
        let lowerBounds: [UInt16] = try reader.next()
        let upperBounds: [UInt16] = try reader.next {
            $0.count == lowerBounds.count && zip(lowerBounds, $0).allSatisfy { $0 <= $1 }
        }
        known = zip(lowerBounds, upperBounds).map { $0...$1 }
    }
}

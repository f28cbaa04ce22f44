/// A set of tokens as one bit for each that there can be, 8 KiB in all: for those who have to do with many of them.
///
/// It takes no room while it is empty and has never held one.
struct TokenBits: Sendable {
    private static let wordCount = 1_024

    private var words: [UInt64] = []

    /// Whether there is room for tokens, as one was taken in since the set was made.
    var isInUse: Bool { !words.isEmpty }

    func contains(_ token: BrokerToken) -> Bool {
        isInUse && words[Int(token.number >> 6)] & Self.bit(token) != 0
    }

    mutating func insert(_ token: BrokerToken) {
        if words.isEmpty { words = Array(repeating: 0, count: Self.wordCount) }
        words[Int(token.number >> 6)] |= Self.bit(token)
    }

    mutating func remove(_ token: BrokerToken) {
        if isInUse { words[Int(token.number >> 6)] &= ~Self.bit(token) }
    }

    /// All of them, in the order of their numbers.
    var all: [BrokerToken] {
        guard isInUse else { return [] }
        return (0...UInt16.max).map { BrokerToken(packetID: $0) }.filter(contains)
    }

    private static func bit(_ token: BrokerToken) -> UInt64 { 1 << UInt64(token.number & 63) }
}

/// What the client has last published at QoS 0, of which the broker says nothing unless it closes on it (AMB-35).
///
/// It owns the digests of the last few such messages on this connection, all of which are suspects when the broker
/// closes, and the one that is being tried: a suspect goes up with a PINGREQ behind it, and the PINGRESP clears it.
/// Invariant: only a suspect is tried, one at a time.
struct AtMostOnceProbe: Sendable {
    private static let placeCount = 4

    private var said: [4 of MessageDigest] = .init(repeating: .unknown)
    private var next: UInt8 = 0
    /// Unknown where none is.
    private var tried = MessageDigest.unknown

    var isTrying: Bool { tried != .unknown }

    /// A message goes up.
    mutating func publish(_ digest: MessageDigest) {
        said[Int(next)] = digest
        next = (next + 1) % UInt8(Self.placeCount)
    }

    /// A suspect goes up, with a question behind it.
    mutating func attempt(_ digest: MessageDigest) { tried = digest }

    /// The broker has answered the question.
    ///
    /// - Returns: what it has taken.
    mutating func brokerAnswered() -> MessageDigest? {
        defer { tried = .unknown }
        return isTrying ? tried : nil
    }

    /// The broker has closed: on what is being tried, else perhaps on one of the last.
    var suspects: [MessageDigest] {
        if isTrying { return [tried] }
        return (0..<Self.placeCount).map { said[$0] }.filter { $0 != .unknown }
    }

    /// The connection has ended.
    mutating func reset() { self = AtMostOnceProbe() }
}

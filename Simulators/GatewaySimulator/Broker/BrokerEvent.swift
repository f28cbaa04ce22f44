/// A TCP connection to the broker as its host numbers it; the host must not use a number a second time.
package struct BrokerConnectionID: Hashable, Sendable {
    package var rawValue: UInt32

    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A fact that the host tells the broker, in the past tense; the bytes of a fact travel beside it.
package enum BrokerEvent: Equatable, Hashable, Sendable {
    /// Somebody connected; nothing has been read yet.
    case accepted(BrokerConnectionID)
    /// Bytes came in, in any portion.
    case received(BrokerConnectionID)
    /// The connection ended without the broker asking for it. No further event names it.
    case closed(BrokerConnectionID)
    /// The time of `nextDeadline` has come.
    case deadlineReached
}

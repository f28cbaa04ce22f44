// The handles by which the core and its host name things to each other; plain numbers, never references.

/// One way in and out of the gateway: a UDP socket or a serial port, numbered by the host from 0.
package struct LinkID: Hashable, Sendable {
    package var rawValue: UInt16

    @inlinable
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

/// Somebody on a link: the host's name for a sender address, valid until the core says `forgetPeer`.
package struct PeerID: Hashable, Sendable {
    package var link: LinkID
    package var number: UInt32

    @inlinable
    package init(link: LinkID, number: UInt32) {
        self.link = link
        self.number = number
    }

    /// Both numbers in one piece, as every datagram asks for its sender.
    @inlinable
    package func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(link.rawValue) << 32 | UInt64(number))
    }
}

/// A byte stream to the broker. Every `openStream` uses a value that was never used before, so a late event for an
/// older stream cannot be taken for one of the new stream.
package struct UpstreamID: Hashable, Sendable {
    /// Where the core keeps the upstream.
    package var slot: UInt32
    /// How many streams this slot has had.
    package var generation: UInt32

    @inlinable
    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// Both numbers in one piece.
    @inlinable
    package func hash(into hasher: inout Hasher) { hasher.combine(UInt64(slot) << 32 | UInt64(generation)) }
}

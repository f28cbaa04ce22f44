package import Time

/// What makes a serial line carry datagrams: the state machine of a radio module, or of a bare wire.
///
/// The owner reads and writes the line, clears the effects when they are done, calls `deadlineReached` when
/// `nextDeadline` has come (after what was read in the same turn), and on `tryNextSpeed` opens the line anew.
package protocol DatagramLine: ~Copyable, Sendable {
    var state: LineState { get }
    var counters: LinkCounters { get }
    var framingCounters: FramingCounters { get }
    var nextDeadline: Instant? { get }

    /// Datagrams that were taken and whose way is not over.
    var queuedMessageCount: Int { get }

    /// The most octets a datagram to one address may have; `maximumDatagramChanged` tells when it changes.
    var maximumDatagramByteCount: Int { get }

    /// The most octets a broadcast may have.
    var maximumBroadcastByteCount: Int { get }

    /// The line is open: begins anew with everything but the counters.
    mutating func lineOpened(at now: Instant, into effects: inout LinkEffects)

    /// The line is gone, with what was under way.
    mutating func lineClosed(at now: Instant, into effects: inout LinkEffects)

    /// Takes octets from the line, in any portion.
    mutating func receive(_ bytes: RawSpan, at now: Instant, into effects: inout LinkEffects)

    /// Does what is due at `now`; doing it too early does nothing.
    mutating func deadlineReached(at now: Instant, into effects: inout LinkEffects)

    /// Sends a datagram to one address of this line, or says why it is dropped, which is counted.
    mutating func send(
        _ datagram: RawSpan, to address: LinkAddress, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal?

    /// Sends a datagram to all nodes within `radius` hops (0 is the whole network), or says why it is dropped, which is
    /// counted.
    mutating func broadcast(
        _ datagram: RawSpan, radius: UInt8, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal?
}

import Bytes
package import Time

/// A serial line of either kind, so that its owner has one thing to call.
///
/// The owner reads and writes the line, clears the effects when they are done, calls `deadlineReached` when
/// `nextDeadline` has come (after what was read in the same turn), and on `tryNextSpeed` opens the line anew.
package enum RadioLink: ~Copyable, Sendable {
    case xbee(XBeeLink)
    case pointToPoint(PointToPointLink)

    package init(_ configuration: XBeeLinkConfiguration) { self = .xbee(XBeeLink(configuration)) }

    package init(_ configuration: PointToPointLinkConfiguration) {
        self = .pointToPoint(PointToPointLink(configuration))
    }

    package var state: LinkState {
        switch self {
        case .xbee(let link): link.state
        case .pointToPoint(let link): link.state
        }
    }

    package var counters: LinkCounters {
        switch self {
        case .xbee(let link): link.counters
        case .pointToPoint(let link): link.counters
        }
    }

    package var framingCounters: FramingCounters {
        switch self {
        case .xbee(let link): link.framingCounters
        case .pointToPoint(let link): link.framingCounters
        }
    }

    package var nextDeadline: Instant? {
        switch self {
        case .xbee(let link): link.nextDeadline
        case .pointToPoint(let link): link.nextDeadline
        }
    }

    /// Datagrams that were taken and whose way is not over; on a wire none, as they are written at once.
    package var queuedMessageCount: Int {
        switch self {
        case .xbee(let link): link.queuedMessageCount
        case .pointToPoint: 0
        }
    }

    /// The most octets a datagram to one address may have; `maximumDatagramChanged` tells when it changes.
    package var maximumDatagramByteCount: Int {
        switch self {
        case .xbee(let link): link.maximumDatagramByteCount
        case .pointToPoint(let link): link.maximumDatagramByteCount
        }
    }

    /// The most octets a broadcast may have.
    package var maximumBroadcastByteCount: Int {
        switch self {
        case .xbee(let link): link.maximumBroadcastByteCount
        case .pointToPoint(let link): link.maximumDatagramByteCount
        }
    }

    /// The line is open: begins anew with everything but the counters.
    package mutating func lineOpened(at now: Instant, into effects: inout LinkEffects) {
        switch consume self {
        case .xbee(var link):
            link.lineOpened(at: now, into: &effects)
            self = .xbee(link)
        case .pointToPoint(var link):
            link.lineOpened(at: now, into: &effects)
            self = .pointToPoint(link)
        }
    }

    /// The line is gone, with what was under way.
    package mutating func lineClosed(at now: Instant, into effects: inout LinkEffects) {
        switch consume self {
        case .xbee(var link):
            link.lineClosed(at: now, into: &effects)
            self = .xbee(link)
        case .pointToPoint(var link):
            link.lineClosed(at: now, into: &effects)
            self = .pointToPoint(link)
        }
    }

    /// Takes octets from the line, in any portion.
    package mutating func receive(_ bytes: RawSpan, at now: Instant, into effects: inout LinkEffects) {
        switch consume self {
        case .xbee(var link):
            link.receive(bytes, at: now, into: &effects)
            self = .xbee(link)
        case .pointToPoint(var link):
            link.receive(bytes, at: now, into: &effects)
            self = .pointToPoint(link)
        }
    }

    /// Does what is due at `now`.
    package mutating func deadlineReached(at now: Instant, into effects: inout LinkEffects) {
        switch consume self {
        case .xbee(var link):
            link.deadlineReached(at: now, into: &effects)
            self = .xbee(link)
        case .pointToPoint(var link):
            link.deadlineReached(at: now, into: &effects)
            self = .pointToPoint(link)
        }
    }

    /// Sends a datagram to one address of this link, or says why it is dropped, which is counted.
    package mutating func send(
        _ datagram: RawSpan, to address: LinkAddress, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal? {
        switch consume self {
        case .xbee(var link):
            let refusal = link.send(datagram, to: address, at: now, into: &effects)
            self = .xbee(link)
            return refusal
        case .pointToPoint(var link):
            let refusal = link.send(datagram, to: address, at: now, into: &effects)
            self = .pointToPoint(link)
            return refusal
        }
    }

    /// Sends a datagram to all nodes within `radius` hops (0 is the whole network), or says why it is dropped, which is
    /// counted. At the other end of a wire there is only one.
    package mutating func broadcast(
        _ datagram: RawSpan, radius: UInt8, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal? {
        switch consume self {
        case .xbee(var link):
            let refusal = link.broadcast(datagram, radius: radius, at: now, into: &effects)
            self = .xbee(link)
            return refusal
        case .pointToPoint(var link):
            let refusal = link.send(datagram, to: .otherEnd, at: now, into: &effects)
            self = .pointToPoint(link)
            return refusal
        }
    }
}

import Bytes
package import Time

/// How a point-to-point link behaves where its users may choose.
package struct PointToPointLinkConfiguration: Equatable, Sendable {
    /// Any but `xbee`.
    package var framing: Framing
    /// The longest datagram in either direction, 1 to 65,535 octets.
    package var maximumDatagramByteCount: Int
    /// A line without an octet for so long is silent: what is incomplete is given up.
    package var interByteTimeout = TimeSpan.milliseconds(100)

    package init(framing: Framing, maximumDatagramByteCount: Int = 1024) {
        self.framing = framing
        self.maximumDatagramByteCount = maximumDatagramByteCount
    }
}

/// A serial line with one device at its other end, or a forwarder for many; used as `XBeeLink` is.
///
/// Nothing waits here: what is sent is written at once, so the owner bounds what waits for a slow line.
package struct PointToPointLink: DatagramLine, ~Copyable {
    private let configuration: PointToPointLinkConfiguration
    private var framer: Framer
    private var silenceDeadline: Instant?
    package private(set) var counters = LinkCounters()
    package private(set) var state = LineState.closed

    package init(_ configuration: PointToPointLinkConfiguration) {
        self.configuration = configuration
        framer = Framer(
            configuration.framing, maximumFrameByteCount: configuration.maximumDatagramByteCount)
    }

    package var framingCounters: FramingCounters { framer.counters }

    package var maximumDatagramByteCount: Int { configuration.maximumDatagramByteCount }

    package var maximumBroadcastByteCount: Int { configuration.maximumDatagramByteCount }

    /// None: each is written at once.
    package var queuedMessageCount: Int { 0 }

    package var nextDeadline: Instant? { silenceDeadline }

    package mutating func lineOpened(at now: Instant, into effects: inout LinkEffects) {
        framer.removeAll()
        silenceDeadline = nil
        counters.starts += 1
        change(to: .ready, into: &effects)
    }

    package mutating func lineClosed(at now: Instant, into effects: inout LinkEffects) {
        framer.removeAll()
        silenceDeadline = nil
        change(to: .closed, into: &effects)
    }

    private mutating func change(to newState: LineState, into effects: inout LinkEffects) {
        guard state != newState else { return }
        state = newState
        effects.observe(.stateChanged(newState))
    }

    package mutating func receive(_ bytes: RawSpan, at now: Instant, into effects: inout LinkEffects) {
        guard state == .ready, bytes.byteCount > 0 else { return }
        takeFrames(of: bytes, into: &effects)
        silenceDeadline = framer.isIncomplete ? now + configuration.interByteTimeout : nil
    }

    package mutating func deadlineReached(at now: Instant, into effects: inout LinkEffects) {
        guard let silenceDeadline, silenceDeadline <= now else { return }
        self.silenceDeadline = nil
        framer.lineWasSilent()
        let nothing: [UInt8] = []
        takeFrames(of: nothing.span.bytes, into: &effects)
    }

    private mutating func takeFrames(of input: RawSpan, into effects: inout LinkEffects) {
        var position = 0
        while let range = framer.nextFrame(in: input, at: &position) {
            let bytes = framer.bytes
            counters.received += 1
            effects.receive(bytes.span.bytes.extracting(range), from: .otherEnd, isBroadcast: false)
        }
    }

    /// Writes a datagram to the line.
    ///
    /// - Returns: why it was dropped, which is counted; nil when it was taken.
    package mutating func send(
        _ datagram: RawSpan, to address: LinkAddress, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal? {
        guard datagram.byteCount > 0, address == .otherEnd else {
            counters.refusedNotSendable += 1
            return .notSendable
        }
        guard datagram.byteCount <= configuration.maximumDatagramByteCount else {
            counters.refusedTooLong += 1
            return .tooLong(maximumByteCount: configuration.maximumDatagramByteCount)
        }
        guard state == .ready else {
            counters.refusedLinkDown += 1
            return .linkDown
        }
        counters.transmitted += 1
        effects.write(datagram, as: configuration.framing)
        return nil
    }

    /// Writes a datagram to the one that is at the other end, however far it may go.
    package mutating func broadcast(
        _ datagram: RawSpan, radius: UInt8, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal? {
        send(datagram, to: .otherEnd, at: now, into: &effects)
    }
}

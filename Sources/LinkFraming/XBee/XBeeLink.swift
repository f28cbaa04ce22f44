import Bytes
package import Time

/// An XBee module at the end of a serial line, and the radio network behind it.
///
/// Pure: time is an argument, the line is bytes in and bytes out. The owner opens the line, says so with `lineOpened`,
/// feeds what it reads, writes what the effects say, and calls `deadlineReached` when `nextDeadline` has come. A node's
/// 64-bit address is its name; its 16-bit address is only remembered as the way to it.
package struct XBeeLink: DatagramLine, ~Copyable {
    let configuration: XBeeLinkConfiguration
    var framer: Framer
    package internal(set) var counters = LinkCounters()
    package internal(set) var state = LineState.closed
    /// What the module told of itself; complete when the link was `ready` or `disassociated`.
    package internal(set) var module = XBeeModule()
    /// The most octets a datagram to one node may have; before the start-up is over, a guess on the safe side.
    package internal(set) var maximumDatagramByteCount: Int
    /// The most octets a broadcast may have.
    package internal(set) var maximumBroadcastByteCount: Int

    var startup = XBeeStartup()
    var signals = XBeeSignals()
    var nodes: XBeeNodeTable
    var messages: XBeeMessageSlots
    /// Nodes, by place, that have something to be sent and nothing under way; who stands first is next.
    var line: [Int] = []
    var outstanding: [XBeeTransmission] = []
    /// Goes on when the line is opened anew: a status of before must not name a frame of now.
    var lastFrameID: UInt8 = 0
    /// Nothing is sent before, as the module has no room.
    var pausedUntil: Instant?
    var silenceDeadline: Instant?
    var lastHeard: Instant?
    /// The data of the frame that is being made.
    var frameData: [UInt8] = []

    /// - Precondition: the numbers lie in the ranges that `XBeeLinkConfiguration` gives.
    package init(_ configuration: XBeeLinkConfiguration = XBeeLinkConfiguration()) {
        precondition((1...32).contains(configuration.maximumOutstanding))
        precondition(configuration.maximumMessageCount > 0 && configuration.maximumMessageCountPerNode > 0)
        precondition(configuration.maximumNodeCount > configuration.maximumMessageCount)
        precondition(
            XBeeLinkConfiguration.datagramByteCounts.contains(configuration.largestDatagramByteCount))
        self.configuration = configuration
        framer = Framer(.xbee(isEscaped: true), maximumFrameByteCount: Framer.maximumXBeeFrameByteCount)
        nodes = XBeeNodeTable(capacity: configuration.maximumNodeCount)
        messages = XBeeMessageSlots(
            count: configuration.maximumMessageCount, byteCountPerSlot: configuration.largestDatagramByteCount)
        (maximumDatagramByteCount, maximumBroadcastByteCount) = XBeeModule().limits(configuration)
        line.reserveCapacity(configuration.maximumMessageCount + 1)
        outstanding.reserveCapacity(configuration.maximumOutstanding)
        frameData.reserveCapacity(Framer.maximumXBeeFrameByteCount)
    }

    package var framingCounters: FramingCounters { framer.counters }

    /// Datagrams that wait or are under way.
    package var queuedMessageCount: Int { messages.usedCount }

    /// Nodes that are remembered.
    package var knownNodeCount: Int { nodes.count }

    // MARK: Time

    /// When `deadlineReached` is to be called; nil while there is nothing to wait for.
    package var nextDeadline: Instant? {
        guard state != .closed else { return nil }
        var next = earlier(silenceDeadline, startup.nextDeadline)
        for transmission in outstanding {
            next = earlier(next, transmission.deadline)
            if !transmission.isReleased { next = earlier(next, transmission.releaseTime) }
        }
        // Only what is ready to send ends a pause.
        if canTransmit, !line.isEmpty { next = earlier(next, pausedUntil) }
        for place in line {
            if canTransmit { next = earlier(next, nodes[place].notBefore) }
            if let slot = nodes[place].firstMessage { next = earlier(next, messages[slot].expiry) }
        }
        return next
    }

    private func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    /// Does what is due at `now`; doing it too early does nothing.
    package mutating func deadlineReached(at now: Instant, into effects: inout LinkEffects) {
        guard state != .closed else { return }
        if let silenceDeadline, silenceDeadline <= now {
            self.silenceDeadline = nil
            framer.lineWasSilent()
            let nothing: [UInt8] = []
            takeFrames(of: nothing.span.bytes, at: now, into: &effects)
        }
        continueStartup(at: now, into: &effects)
        giveUpStatuses(at: now, into: &effects)
        dropExpired(at: now, into: &effects)
        for place in line {
            if let notBefore = nodes[place].notBefore, notBefore <= now { nodes[place].notBefore = nil }
        }
        transmit(at: now, into: &effects)
    }

    // MARK: The line

    /// The line is open at one speed: looks for the module, and begins again with everything but the counters and what
    /// waits, as far as that is still in time.
    package mutating func lineOpened(at now: Instant, into effects: inout LinkEffects) {
        forgetLine()
        dropExpired(at: now, into: &effects)
        module = XBeeModule()
        startup = XBeeStartup()
        signals = XBeeSignals()
        framer.setXBeeMode(isEscaped: true)
        restart(at: now, into: &effects)
    }

    /// The line is gone, with what was under way.
    package mutating func lineClosed(at now: Instant, into effects: inout LinkEffects) {
        forgetLine()
        startup = XBeeStartup()
        change(to: .closed, into: &effects)
    }

    private mutating func forgetLine() {
        framer.removeAll()
        silenceDeadline = nil
        lastHeard = nil
        pausedUntil = nil
        dropOutstanding()
        nodes.dropRoutes()
    }

    /// Takes octets from the line, in any portion.
    package mutating func receive(_ bytes: RawSpan, at now: Instant, into effects: inout LinkEffects) {
        guard state != .closed, bytes.byteCount > 0 else { return }
        lastHeard = now
        startup.receivedByteCount += UInt64(bytes.byteCount)
        takeFrames(of: bytes, at: now, into: &effects)
        silenceDeadline = framer.isIncomplete ? now + configuration.interByteTimeout : nil
        transmit(at: now, into: &effects)
    }

    private mutating func takeFrames(
        of input: RawSpan, at now: Instant, into effects: inout LinkEffects
    ) {
        var position = 0
        while let range = framer.nextFrame(in: input, at: &position) {
            // Named, so that the framer's memory is shared and not copied while the frame is looked at.
            let bytes = framer.bytes
            handle(bytes.span.bytes.extracting(range), at: now, into: &effects)
        }
    }

    mutating func change(to newState: LineState, into effects: inout LinkEffects) {
        guard state != newState else { return }
        state = newState
        effects.observe(.stateChanged(newState))
    }

    // MARK: Frame ids

    /// The next number that no frame under way has; never 0, for which no status would come.
    mutating func nextFrameID() -> UInt8 {
        repeat {
            lastFrameID = lastFrameID == .max ? 1 : lastFrameID + 1
        } while outstanding.contains { $0.frameID == lastFrameID } || startup.isWaiting(for: lastFrameID)
        return lastFrameID
    }

    /// Writes a frame in the module's API mode; ranges in the frame index `source`.
    mutating func write(
        _ frame: XBeeFrame, from source: RawSpan, isEscaped: Bool, into effects: inout LinkEffects
    ) {
        frameData.removeAll(keepingCapacity: true)
        frameData.appendFrameData(of: frame, from: source)
        effects.write(frameData.span.bytes, as: .xbee(isEscaped: isEscaped))
    }
}

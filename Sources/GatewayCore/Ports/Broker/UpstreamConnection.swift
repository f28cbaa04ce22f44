import Bytes
import MQTT
import Time

// Opening, keeping alive, pausing and closing broker connections.

extension Environment {
    /// A place for a connection that is not wanted yet.
    mutating func makeUpstream(for owner: Upstream.Owner) -> UInt32 {
        let slot = upstreams.occupy()
        upstreams[slot].owner = owner
        return slot
    }

    /// Asks for a stream to the broker, as soon as the one before in that name has ended and its turn has come; what
    /// the slot had before must be closed. The gateway's own connection waits for none: a Will that a takeover
    /// publishes is made good at once.
    mutating func openStream(
        ofUpstream slot: UInt32, inNameOf name: ClientID?, as identity: IdentityIndex = .none
    ) {
        if let name, let deadline = closing.deadline(of: name, at: now) {
            upstreams[slot].state = .held
            upstreams[slot].attemptDeadline = deadline
            return scheduleDeadline(ofUpstream: slot)
        }
        guard !hasToWait(slot) else { return }
        beginStream(ofUpstream: slot, inNameOf: name, as: identity)
    }

    /// Asks for the stream, whose turn has come.
    mutating func beginStream(
        ofUpstream slot: UInt32, inNameOf name: ClientID?, as identity: IdentityIndex = .none
    ) {
        streamCount &+= 1
        let id = UpstreamID(slot: slot, generation: streamCount)
        let broker = upstreams[slot].owner == .lookout ? 0 : brokers.current
        upstreams[slot].broker = broker
        upstreams[slot].version = brokers[broker].next(configuration.upstream.version, at: now)
        resetStream(ofUpstream: slot, maximumPacketByteCount: limits.packetByteCount)
        upstreams[slot].streamID = id
        upstreams[slot].state = .opening
        upstreams[slot].attemptDeadline = now + configuration.upstream.connectTimeout
        connectionBegins(id)
        effects.list.append(.openStream(id, with: certificate(of: identity, name)))
        scheduleDeadline(ofUpstream: slot)
    }

    /// Forgets what belonged to the connection's last stream.
    mutating func resetStream(ofUpstream slot: UInt32, maximumPacketByteCount: Int = 0) {
        upstreams[slot].resetStream(maximumPacketByteCount: maximumPacketByteCount)
        aliases.reset(on: slot)
    }

    /// What a client's connection shows the broker; its texts go into the arena.
    private mutating func certificate(of identity: IdentityIndex, _ name: ClientID?) -> StreamCertificate {
        guard let name, !identity.isNone, let certificate = identities[identity].certificate else { return .gateways }
        return StreamCertificate(certificate, of: name, to: &effects.bytes)
    }

    /// Ends the connection, with DISCONNECT where the broker is not to publish the Will.
    mutating func closeStream(ofUpstream slot: UInt32, inNameOf name: ClientID?, politely: Bool) {
        if politely { sayGoodbye(onUpstream: slot) }
        cutStream(ofUpstream: slot, inNameOf: name)
        if upstreams[slot].state == .queued { pace.leave(slot) }
        upstreams[slot].state = .idle
        resetStream(ofUpstream: slot)
        upstreams[slot].pauseMilliseconds = 0
        deadlines.cancel(.upstream(slot))
    }

    /// Ends the connection politely; how often it has failed is not forgotten.
    mutating func abandonStream(ofUpstream slot: UInt32, inNameOf name: ClientID?) {
        sayGoodbye(onUpstream: slot)
        cutStream(ofUpstream: slot, inNameOf: name)
        upstreams[slot].state = .idle
        resetStream(ofUpstream: slot)
    }

    /// Says DISCONNECT and lets the host close the stream; what is known of it stays as it was.
    mutating func suspendStream(ofUpstream slot: UInt32) {
        guard upstreams[slot].hasStream else { return }
        sayGoodbye(onUpstream: slot)
        effects.list.append(.closeStream(upstreams[slot].streamID))
    }

    /// Lets the host close the stream, and the next one of that name wait for its end.
    mutating func cutStream(ofUpstream slot: UInt32, inNameOf name: ClientID?) {
        guard upstreams[slot].hasStream else { return }
        let id = upstreams[slot].streamID
        effects.list.append(.closeStream(id))
        aliases.reset(on: slot)
        guard let name else { return }
        closing.closed(id, of: name, awaitedUntil: now + configuration.upstream.connectTimeout, at: now)
    }

    /// Says DISCONNECT and lets the broker close, so that what it has sent before is not lost. One that does not close
    /// in time is closed.
    mutating func leaveStream(ofUpstream slot: UInt32) {
        sayGoodbye(onUpstream: slot)
        upstreams[slot].state = .leaving
        upstreams[slot].pingResponseDeadline = nil
        upstreams[slot].attemptDeadline = now + Self.timeToLeave
        scheduleDeadline(ofUpstream: slot)
    }

    /// Brokers should close after DISCONNECT, not must (MQTT 3.1.1 §3.14.4), and the client waits for its answer;
    /// longer than two ways through a slow network.
    private static var timeToLeave: TimeSpan { .seconds(1) }

    /// Keeps the broker from publishing the Will. It has the Will with the CONNECT, so a DISCONNECT may not wait for
    /// the CONNACK (MQTT 3.1.1 §3.1.4 allows it before).
    mutating func sayGoodbye(onUpstream slot: UInt32) {
        guard upstreams[slot].state == .open || upstreams[slot].state == .connecting else { return }
        let start = effects.bytes.count
        effects.bytes.appendPacket(.disconnect)
        endPacket(start, on: slot)
    }

    /// After a failure: the next attempt comes after a pause.
    mutating func scheduleReconnect(ofUpstream slot: UInt32) {
        let settings = configuration.upstream
        let last = TimeSpan.milliseconds(Int(upstreams[slot].pauseMilliseconds))
        let pause = random.pause(
            after: last.isZero ? nil : last, from: settings.reconnectMinimum, upTo: settings.reconnectMaximum)
        // The first counts as two thirds of the minimum, so that the second is no longer than twice that.
        let counted = last.isZero ? settings.reconnectMinimum.nanoseconds / 3 * 2 : pause.nanoseconds
        upstreams[slot].pauseMilliseconds = UInt32(clamping: max(1, counted / 1_000_000))
        upstreams[slot].state = .waiting
        upstreams[slot].attemptDeadline = now + pause
        scheduleDeadline(ofUpstream: slot)
    }

    /// Whether the connection has been open for long enough to count as a success: a broker that accepts and closes
    /// again at once is failing.
    @inline(__always)
    func hasStayedOpen(upstream slot: UInt32) -> Bool {
        upstreams[slot].state == .open
            && now.since(upstreams[slot].openedAt) >= configuration.upstream.reconnectMinimum * 10
    }

    func scheduledDeadline(ofUpstream slot: UInt32) -> Instant? { upstreams[slot].nextDeadline }

    mutating func scheduleDeadline(ofUpstream slot: UInt32) {
        guard let deadline = scheduledDeadline(ofUpstream: slot) else { return }
        deadlines.schedule(.upstream(slot), noLaterThan: deadline)
    }

    /// MQTT 3.1.1 §3.1.2.10: something is sent at least once per keep-alive time, and the broker must answer.
    mutating func keepAlive(upstream slot: UInt32) {
        sendPacket(.pingRequest, on: slot)
        if !upstreams[slot].isPaused {
            upstreams[slot].pingResponseDeadline = now + configuration.upstream.responseTimeout
        }
    }

    @inline(__always)
    func awaitsPingResponse(_ slot: UInt32?) -> Bool {
        guard let slot else { return false }
        return upstreams[slot].pingResponseDeadline != nil || upstreams[slot].isPaused
    }

    /// Asks the broker whether it is there, out of turn.
    mutating func askForLife(_ slot: UInt32?) {
        guard let slot, upstreams[slot].state == .open else { return }
        keepAlive(upstream: slot)
        scheduleDeadline(ofUpstream: slot)
    }

    // MARK: Back-pressure

    /// Lets the broker keep what it has.
    mutating func pause(_ slot: UInt32?) {
        guard let slot, upstreams[slot].speaksForBroker, !upstreams[slot].isPaused else { return }
        upstreams[slot].isPaused = true
        upstreams[slot].pingResponseDeadline = nil
        effects.list.append(.pauseStream(upstreams[slot].streamID))
        observe(.upstreamPaused)
    }

    /// Whether bytes of the broker are here that have not been read.
    @inline(__always)
    func hasKeptBytes(_ slot: UInt32?) -> Bool {
        guard let slot else { return false }
        return upstreams[slot].hasKeptBytes
    }

    /// Whether bytes of the broker are here and there is room for them again.
    @inline(__always)
    func mayReadOn(_ slot: UInt32?) -> Bool {
        guard let slot else { return false }
        return upstreams[slot].hasKeptBytes && !upstreams[slot].isPaused
    }

    /// When the bytes came that are being read: those that were kept are older than now.
    @inline(__always)
    func timeOfBytes(onUpstream slot: UInt32) -> Instant {
        upstreams[slot].hasKeptBytes ? upstreams[slot].lastReceived : now
    }

    @inline(__always)
    func isPaused(_ slot: UInt32?) -> Bool {
        guard let slot else { return false }
        return upstreams[slot].isPaused
    }

    mutating func resume(_ slot: UInt32?) {
        guard let slot, upstreams[slot].isPaused else { return }
        upstreams[slot].isPaused = false
        // While nothing was read the broker was not silent; what is kept is read on at once, and is as old as it is.
        if !upstreams[slot].hasKeptBytes { upstreams[slot].lastReceived = now }
        effects.list.append(.resumeStream(upstreams[slot].streamID))
        observe(.upstreamResumed)
    }
}

import Bytes
import MQTT
import MQTTSN
import Time

// The way of the broker's bytes to the session that they concern.

extension Gateway {
    /// Whether an event's stream is the one the slot has now; what is said of an older one no longer matters.
    @inline(__always)
    private func isCurrent(_ id: UpstreamID) -> Bool {
        environment.upstreams.contains(id.slot) && environment.upstreams[id.slot].streamID == id
            && environment.upstreams[id.slot].hasStream
    }

    mutating func streamOpened(_ id: UpstreamID) {
        guard isCurrent(id), environment.upstreams[id.slot].state == .opening else { return }
        let upstream = environment.configuration.upstream
        switch environment.upstreams[id.slot].owner {
        case .shared:
            environment.sendConnect(
                as: BrokerIntroduction(upstream), cleanSession: true, will: upstream.statusTopic.map(OwnStatus.will),
                on: id.slot)
        case .session(let index):
            changing(index) { session, environment in session.introduce(in: &environment) }
        case .lookout: firstBrokerIsThere(id.slot)
        }
    }

    mutating func streamBlocked(_ id: UpstreamID, queuedByteCount: Int) {
        guard isCurrent(id) else { return }
        environment.upstreams[id.slot].isBlocked = true
        environment.upstreams[id.slot].queuedByteCount = queuedByteCount
    }

    mutating func streamDrained(_ id: UpstreamID) {
        guard isCurrent(id) else { return }
        environment.upstreams[id.slot].isBlocked = false
        environment.upstreams[id.slot].queuedByteCount = 0
    }

    mutating func streamReceived(_ id: UpstreamID, _ bytes: RawSpan) {
        guard isCurrent(id) else { return }
        environment.upstreams[id.slot].lastReceived = environment.now
        if environment.upstreams[id.slot].isPaused {
            keep(bytes, from: 0, ofUpstream: id.slot)
        } else {
            readPackets(in: bytes, from: id)
        }
    }

    private mutating func keep(_ bytes: RawSpan, from position: Int, ofUpstream slot: UInt32) {
        environment.upstreams[slot].decoder.keep(bytes, from: position)
        environment.upstreams[slot].hasKeptBytes = true
    }

    mutating func readKeptBytes(ofUpstream slot: UInt32) {
        let id = environment.upstreams[slot].streamID
        let nothing: [UInt8] = []
        readPackets(in: nothing.span.bytes, from: id)
        // Where it was paused again, it has kept the rest.
        guard isCurrent(id), !environment.upstreams[slot].isPaused else { return }
        environment.upstreams[slot].hasKeptBytes = false
        environment.upstreams[slot].lastReceived = environment.now
    }

    /// Takes packet after packet, until the bytes or the client's room are used up or the connection ends.
    private mutating func readPackets(in bytes: RawSpan, from id: UpstreamID) {
        var position = 0
        do throws(PacketError) {
            while isCurrent(id) {
                if environment.upstreams[id.slot].isPaused {
                    keep(bytes, from: position, ofUpstream: id.slot)
                    return
                }
                switch try environment.upstreams[id.slot].decoder.next(in: bytes, at: &position) {
                case .needsMore: return
                case .frame(let range): try receivePacket(bytes.extracting(range), on: id)
                case .assembled:
                    let packet = environment.upstreams[id.slot].decoder.takeAssembled()
                    try receivePacket(packet.span.bytes, on: id)
                    if isCurrent(id) { environment.upstreams[id.slot].decoder.recycle(packet) }
                }
            }
        } catch {
            environment.observe(.malformedPacket(error))
            notMQTT(bytes, onUpstream: id.slot)
            breakOff(id.slot)
        }
    }

    private mutating func receivePacket(_ bytes: RawSpan, on id: UpstreamID) throws(PacketError) {
        var added = AddedFields()
        let version = versionOf(bytes, onUpstream: id.slot)
        let packet = try Packet.decode(bytes, version, &added)
        let isOpen = environment.upstreams[id.slot].speaksForBroker
        switch packet {
        case .connectAcknowledgement(let answer) where !isOpen:
            connectAcknowledged(answer, in: version, added, bytes, slot: id.slot)
        case .disconnect where isOpen && environment.upstreams[id.slot].version == .v5_0:
            brokerDisconnected(added, bytes, slot: id.slot)
        case .pingResponse where isOpen: pingAnswered(onUpstream: id.slot)
        case .publish, .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete,
            .subscribeAcknowledgement, .unsubscribeAcknowledgement, .connectAcknowledgement, .pingResponse:
            guard isOpen, case .session(let index) = environment.upstreams[id.slot].owner,
                let fact = BrokerFact(packet, added, bytes, at: environment.timeOfBytes(onUpstream: id.slot))
            else {
                if isOpen, statusAnswered(packet, bytes, onUpstream: id.slot) { return }
                return unexpectedPacket(packet, slot: id.slot)
            }
            noteRefusal(packet, added, bytes, version, of: index)
            let hasPlace = changing(index) { session, environment in
                session.handle(fact, bytes, in: &environment)
            }
            if !hasPlace { unexpectedPacket(packet, slot: nil) }
        case .connect, .subscribe, .unsubscribe, .pingRequest, .disconnect, .authentication:
            unexpectedPacket(packet, slot: id.slot)
        }
    }

    /// Counts a packet that has no place; one that breaks the protocol also ends the connection (`slot`).
    private mutating func unexpectedPacket(_ packet: Packet, slot: UInt32?) {
        environment.observe(.unexpectedPacket(packet.type))
        if let slot { breakOff(slot) }
    }

    private mutating func connectAcknowledged(
        _ received: ConnectAcknowledgement, in version: ProtocolVersion, _ added: AddedFields, _ bytes: RawSpan,
        slot: UInt32
    ) {
        var answer = received
        // Whatever it says in another version, it does not speak this one.
        if version != environment.upstreams[slot].version { answer.returnCode = .unacceptableProtocolVersion }
        guard answer.returnCode == .accepted else {
            if triesOtherVersion(answer.returnCode, slot: slot) { return }
            if let name = name(ofUpstream: slot) {
                environment.observe(.upstreamRefused(answer.returnCode), of: name)
            } else {
                environment.observe(.upstreamRefused(answer.returnCode))
            }
            if version == .v5_0 { noteReference(added.properties, bytes, slot: slot) }
            if isUnavailable(answer.returnCode), triesNextBroker(slot, after: .refused) { return }
            brokerHasRefused(onUpstream: slot)
            environment.upstreams[slot].state = .refused
            connectRefused(answer.returnCode, slot: slot)
            return
        }
        noteAnswer(added.properties, bytes, onUpstream: slot)
        environment.upstreams[slot].state = .open
        environment.upstreams[slot].openedAt = environment.now
        environment.upstreams[slot].lastReceived = environment.now
        environment.scheduleDeadline(ofUpstream: slot)
        brokerHasAccepted()
        environment.observe(.upstreamOpened)
        switch environment.upstreams[slot].owner {
        case .lookout: break
        case .shared:
            environment.beginStatus()
            environment.sendWaitingPublishes()
        case .session(let index):
            guard takePlace(index) else {
                let refusal = ClientRefusal.noPlace(limit: UInt32(clamping: environment.limits.clients))
                changing(index) { session, environment in
                    session.refuseConnection(.congestion, because: refusal, in: &environment)
                }
                return
            }
            changing(index) { session, environment in
                session.brokerAccepted(sessionPresent: answer.sessionPresent, in: &environment)
            }
        }
    }

    /// A refusal that only says "later" is tried again where a client waits connected; any other one is final for it.
    private mutating func connectRefused(_ code: ConnectReturnCode, slot: UInt32) {
        guard case .session(let index) = environment.upstreams[slot].owner else { return breakOff(slot) }
        // Those of a rule are not the gateway's own.
        let hasOwn = environment.identities[sessions[index].identity].username != nil
        let areGood = !hasOwn && environment.isOpen(environment.sharedUpstream)
        let refusal = BrokerRefusal(code, credentialsAreGood: areGood)
        let isTriedAgain = changing(index) { session, environment in
            session.brokerRefused(refusal, in: &environment)
        }
        if isTriedAgain { breakOff(slot) }
    }

    /// Ends a connection from this side and goes on as if the broker had. No client has failed, so none is to be
    /// mourned: the broker is told DISCONNECT, whatever the reason. The Will of the gateway's own connection is true
    /// until it is back.
    mutating func breakOff(_ slot: UInt32, _ end: StreamEnd? = nil) {
        guard environment.upstreams[slot].hasStream else { return }
        sayGoodbyeForClient(onUpstream: slot)
        environment.cutStream(ofUpstream: slot, inNameOf: name(ofUpstream: slot))
        connectionEnded(slot, end)
    }

    /// Keeps the broker from mourning a client; the gateway's own Will is true.
    mutating func sayGoodbyeForClient(onUpstream slot: UInt32) {
        let hasOwnWill = environment.configuration.upstream.statusTopic != nil && slot == environment.sharedUpstream
        if !hasOwnWill { environment.sayGoodbye(onUpstream: slot) }
    }

    /// The client whose connection it is; nil for the gateway's own.
    func name(ofUpstream slot: UInt32) -> ClientID? {
        guard case .session(let index) = environment.upstreams[slot].owner else { return nil }
        return sessions[index].clientID
    }

    /// As whom it is made.
    func identity(ofUpstream slot: UInt32) -> IdentityIndex {
        guard case .session(let index) = environment.upstreams[slot].owner else { return .none }
        return sessions[index].identity
    }

    /// What was closed from this side is over: who waits for that goes on.
    mutating func streamEnded(_ id: UpstreamID) {
        guard let name = environment.closing.ended(id), let index = sessionByClientID[name],
            let slot = sessions[index].upstream, environment.upstreams[slot].state == .held
        else { return }
        environment.openStream(ofUpstream: slot, inNameOf: name, as: sessions[index].identity)
    }

    mutating func streamClosed(_ id: UpstreamID, _ end: StreamEnd) {
        guard isCurrent(id) else { return }
        if environment.upstreams[id.slot].owner == .lookout { return firstBrokerIsAway(id.slot, streamIsOver: true) }
        switch end {
        case .unresolved, .refused, .timedOut:
            environment.observe(.upstreamUnavailable(end))
            if triesNextBroker(id.slot, after: .streamEnded) { return }
            brokerIsAway()
        case .localFailure: environment.observe(.upstreamUnavailable(end))
        case .closedByBroker, .failed, .insecure, .noPassage:
            if noteNoAnswer(end, onUpstream: id.slot) { return }
            noteUnwelcome(onUpstream: id.slot)
            noteContest(onUpstream: id.slot)
        case .queueOverflow, .noCertificate: break
        }
        connectionEnded(id.slot, end)
    }

    /// What is no MQTT may be something else; before the CONNACK it is no answer at all.
    private mutating func notMQTT(_ bytes: RawSpan, onUpstream slot: UInt32) {
        guard environment.upstreams[slot].state == .connecting else { return }
        if let foreign = ForeignProtocol(startOf: bytes) { environment.observe(.brokerSpeaksOtherProtocol(foreign)) }
        brokerHasRefused(onUpstream: slot)
    }

    /// The broker has taken the connection, and ended it without a word about the CONNECT; where it was to be protected
    /// or spoken to by WebSocket, and could not be, it was not even told one.
    ///
    /// - Returns: whether another broker is tried.
    private mutating func noteNoAnswer(_ end: StreamEnd, onUpstream slot: UInt32) -> Bool {
        let state = environment.upstreams[slot].state
        guard state == .connecting || state == .opening && (end == .insecure || end == .noPassage) else { return false }
        environment.observe(.connectUnanswered(end))
        // Where TLS failed, nothing is known of what MQTT is spoken behind it.
        let mayBeOfVersion =
            state == .connecting && end != .insecure
            && environment.brokers[environment.upstreams[slot].broker].ended(
                environment.upstreams[slot].version, of: environment.configuration.upstream.version,
                at: environment.now)
        if !mayBeOfVersion, triesNextBroker(slot, after: .streamEnded) { return true }
        brokerHasRefused(onUpstream: slot)
        return false
    }

    private mutating func pingAnswered(onUpstream slot: UInt32) {
        if slot == environment.sharedUpstream, let deadline = environment.upstreams[slot].pingResponseDeadline {
            let askedAt = deadline - environment.configuration.upstream.responseTimeout
            environment.observe(.brokerAnswered(after: environment.now.since(askedAt)))
        }
        environment.upstreams[slot].pingResponseDeadline = nil
        // The keep-alive time may be shorter than what the answer had.
        environment.scheduleDeadline(ofUpstream: slot)
        guard case .session(let index) = environment.upstreams[slot].owner, sessions[index].atMostOnce.isTrying
        else { return }
        changing(index) { session, environment in session.brokerAnsweredPing(in: &environment) }
    }

    /// The broker has ended a connection: perhaps because of what it was told and did not answer.
    mutating func noteUnwelcome(onUpstream slot: UInt32) {
        let state = environment.upstreams[slot].state
        guard state == .open || state == .leaving, case .session(let index) = environment.upstreams[slot].owner
        else { return }
        for digest in sessions[index].uplink.unanswered + sessions[index].atMostOnce.suspects {
            environment.unwelcome.brokerClosed(
                sessions[index].clientID, digest, isUnasked: state == .open, at: environment.now)
        }
    }

    /// The broker has ended the gateway's own connection: it does so to the one when another comes with its identifier.
    mutating func noteContest(onUpstream slot: UInt32) {
        guard slot == environment.sharedUpstream, environment.upstreams[slot].state == .open else { return }
        let life = environment.now.since(environment.upstreams[slot].openedAt)
        guard let count = sharedContest.closed(after: life) else { return }
        environment.observe(.sharedConnectionContested(timesInARow: count))
    }

    /// The connection is no more: its client is told or keeps waiting, and the next attempt is planned.
    mutating func connectionEnded(_ slot: UInt32, _ end: StreamEnd?, isTakenOver: Bool = false) {
        let state = environment.upstreams[slot].state
        let hasStayed = environment.hasStayedOpen(upstream: slot)
        if hasStayed { environment.upstreams[slot].pauseMilliseconds = 0 }
        environment.upstreams[slot].state = .idle
        environment.resetStream(ofUpstream: slot)
        switch environment.upstreams[slot].owner {
        case .lookout: break
        case .shared: sharedConnectionEnded(slot, wasOpen: state == .open, hasStayed: hasStayed)
        case .session(let index):
            changing(index) { session, environment in
                guard state != .leaving else { return session.hasLeftBroker(in: &environment) }
                session.noteLostAnswer(state, in: &environment)
                session.brokerLost(end, hasStayed: hasStayed, isTakenOver: isTakenOver, in: &environment)
                if session.broker.isRestoring { environment.scheduleReconnect(ofUpstream: slot) }
            }
        }
    }

    /// One that had stayed open comes back at once: others wait for it, and whatever has ended it was no lasting
    /// failure.
    private mutating func sharedConnectionEnded(_ slot: UInt32, wasOpen: Bool, hasStayed: Bool) {
        environment.status.connectionEnded()
        guard !isShuttingDown else { return }
        if wasOpen { environment.sharedLostAt = environment.now }
        if hasStayed {
            environment.openStream(ofUpstream: slot, inNameOf: nil)
        } else {
            environment.scheduleReconnect(ofUpstream: slot)
        }
    }

    mutating func upstreamDeadlineReached(_ slot: UInt32) {
        guard let deadline = environment.scheduledDeadline(ofUpstream: slot), deadline <= environment.now else {
            environment.scheduleDeadline(ofUpstream: slot)
            return
        }
        switch environment.upstreams[slot].state {
        case .idle, .refused: break
        case .held, .waiting:
            environment.openStream(
                ofUpstream: slot, inNameOf: name(ofUpstream: slot), as: identity(ofUpstream: slot))
        case .queued: waitsTooLong(slot)
        case .leaving: breakOff(slot)
        case .opening, .connecting: timedOut(slot)
        case .open:
            guard environment.upstreams[slot].pingResponseDeadline == nil else { return timedOut(slot) }
            environment.keepAlive(upstream: slot)
            environment.scheduleDeadline(ofUpstream: slot)
        }
    }

    /// The broker has not answered in time.
    private mutating func timedOut(_ slot: UInt32) {
        if environment.upstreams[slot].owner == .lookout { return firstBrokerIsAway(slot, streamIsOver: false) }
        environment.observe(.upstreamUnavailable(.timedOut))
        if environment.upstreams[slot].state == .connecting { environment.observe(.connectUnanswered(.timedOut)) }
        if triesNextBroker(slot, after: .unanswered) { return }
        if environment.upstreams[slot].state != .open { brokerIsAway() }
        breakOff(slot, .timedOut)
    }
}

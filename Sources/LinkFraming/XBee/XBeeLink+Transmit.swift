import Bytes
package import Time

/// A datagram that the module has and whose status is awaited.
struct XBeeTransmission: Sendable {
    var frameID: UInt8
    /// Where the node is in the table; the datagram is its first message.
    var place: Int
    /// The 16-bit address it was sent to.
    var route: XBeeAddress16
    var sentAt: Instant
    var deadline: Instant
    /// When the node waits no longer for the status, as it was heard; the module may still be busy with it.
    var releaseTime: Instant?
    var isReleased = false
}

// Sends datagrams: a bounded queue, one transmission under way per node, several in all, nodes in turn.

extension XBeeLink {
    /// Takes a datagram for one node; it waits its turn.
    ///
    /// - Returns: why it was dropped, which is counted; nil when it was taken.
    package mutating func send(
        _ datagram: RawSpan, to address: LinkAddress, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal? {
        if let refusal = admit(datagram, maximumByteCount: maximumDatagramByteCount) { return refusal }
        guard isNode(address) else {
            counters.refusedNotSendable += 1
            return .notSendable
        }
        guard let place = nodes.use(address) else {
            counters.refusedQueueFull += 1
            return .queueFull
        }
        if let refusal = enqueue(datagram, for: place, radius: 0, at: now) { return refusal }
        transmit(at: now, into: &effects)
        return nil
    }

    /// Takes a datagram for every node within `radius` hops; 0 is the whole network.
    ///
    /// - Returns: why it was dropped, which is counted; nil when it was taken.
    package mutating func broadcast(
        _ datagram: RawSpan, radius: UInt8, at now: Instant, into effects: inout LinkEffects
    ) -> SendRefusal? {
        if let refusal = admit(datagram, maximumByteCount: maximumBroadcastByteCount) { return refusal }
        if let refusal = enqueue(datagram, for: XBeeNodeTable.broadcast, radius: radius, at: now) { return refusal }
        transmit(at: now, into: &effects)
        return nil
    }

    private mutating func admit(_ datagram: RawSpan, maximumByteCount: Int) -> SendRefusal? {
        guard datagram.byteCount > 0 else {
            counters.refusedNotSendable += 1
            return .notSendable
        }
        guard datagram.byteCount <= maximumByteCount else {
            counters.refusedTooLong += 1
            return .tooLong(maximumByteCount: maximumByteCount)
        }
        guard state == .ready || state == .starting else {
            counters.refusedLinkDown += 1
            return .linkDown
        }
        return nil
    }

    private mutating func enqueue(
        _ datagram: RawSpan, for place: Int, radius: UInt8, at now: Instant
    ) -> SendRefusal? {
        if replaceWaiting(datagram, for: place, radius: radius, at: now) { return nil }
        guard nodes[place].messageCount < configuration.maximumMessageCountPerNode else {
            counters.refusedQueueFull += 1
            return .nodeQueueFull
        }
        guard let slot = messages.insert(datagram, radius: radius, expiry: now + configuration.messageLifetime) else {
            counters.refusedQueueFull += 1
            return .queueFull
        }
        if let last = nodes[place].lastMessage {
            messages[last].next = slot
        } else {
            nodes[place].firstMessage = slot
        }
        nodes[place].lastMessage = slot
        nodes[place].messageCount += 1
        standInLine(place)
        return nil
    }

    /// Lets a datagram take the place of the first one that it repeats or makes pointless, of those that wait for the
    /// same node, and drops the others; false when there are none.
    private mutating func replaceWaiting(_ datagram: RawSpan, for place: Int, radius: UInt8, at now: Instant) -> Bool {
        var previous: Int?
        var next = nodes[place].firstMessage
        // The module has that one already.
        if nodes[place].isInFlight, let first = next { (previous, next) = (first, messages[first].next) }
        var hasReplaced = false
        while let slot = next {
            next = messages[slot].next
            let supersession = messages.supersession(of: slot, by: datagram)
            guard supersession != .none else {
                previous = slot
                continue
            }
            counters.replaced += 1
            if hasReplaced {
                remove(slot, of: place, behind: previous)
                continue
            }
            hasReplaced = true
            previous = slot
            let reach = Self.wider(messages[slot].radius, radius)
            if supersession == .replacement { messages.replace(slot, by: datagram) }
            messages[slot].radius = reach
            messages[slot].expiry = now + configuration.messageLifetime
        }
        return hasReplaced
    }

    /// Of two radii the one that reaches more nodes; 0 is the whole network.
    private static func wider(_ one: UInt8, _ other: UInt8) -> UInt8 { min(one, other) == 0 ? 0 : max(one, other) }

    private mutating func remove(_ slot: Int, of place: Int, behind previous: Int?) {
        guard let previous else { return removeFirst(of: place) }
        messages[previous].next = messages[slot].next
        if nodes[place].lastMessage == slot { nodes[place].lastMessage = previous }
        nodes[place].messageCount -= 1
        messages.remove(slot)
    }

    /// Puts a node with messages and nothing under way behind the others.
    mutating func standInLine(_ place: Int) {
        guard nodes[place].messageCount > 0, !nodes[place].isInFlight, !nodes[place].isInLine else { return }
        nodes[place].isInLine = true
        line.append(place)
    }

    // MARK: Turns

    /// Whether the module is in a network, and not being asked whether it is.
    var canTransmit: Bool { state == .ready && startup.step == nil }

    /// Gives the module as much as it may have at once, from each node in turn.
    mutating func transmit(at now: Instant, into effects: inout LinkEffects) {
        guard canTransmit else { return }
        if let pausedUntil {
            guard pausedUntil <= now else { return }
            self.pausedUntil = nil
        }
        var remaining = line.count
        while remaining > 0, outstanding.count < configuration.maximumOutstanding {
            remaining -= 1
            let place = line.removeFirst()
            if maySend(to: place, at: now) {
                nodes[place].isInLine = false
                transmit(firstOf: place, at: now, into: &effects)
            } else {
                line.append(place)
            }
        }
    }

    private func maySend(to place: Int, at now: Instant) -> Bool {
        let node = nodes[place]
        if let notBefore = node.notBefore, now < notBefore { return false }
        // The module may still be busy with what the node was released from; nobody has more than half of its places.
        if outstanding.contains(where: { $0.isReleased && $0.place == place }),
            outstanding.count >= max(1, configuration.maximumOutstanding / 2)
        {
            return false
        }
        guard node.isSuspect else { return true }
        // Nodes that do not answer hold a place for seconds; some places are kept from them.
        let suspectCount = outstanding.count { !$0.isReleased && nodes[$0.place].isSuspect }
        return suspectCount < max(1, configuration.maximumOutstanding / 2)
    }

    private mutating func transmit(
        firstOf place: Int, at now: Instant, into effects: inout LinkEffects
    ) {
        guard let slot = nodes[place].firstMessage else { return }
        let frameID = nextFrameID()
        nodes[place].notBefore = nil
        nodes[place].isInFlight = true
        outstanding.append(
            XBeeTransmission(
                frameID: frameID, place: place, route: nodes[place].route, sentAt: now,
                deadline: now + configuration.statusTimeout))
        counters.transmitted += 1
        writeSourceRoute(to: place, into: &effects)
        let frame = frame(for: place, slot, frameID: frameID)
        // Named, so that the buffers are shared and not copied while the frame is written.
        let bytes = messages.bytes
        write(frame, from: bytes.span.bytes, isEscaped: module.apiMode != 1, into: &effects)
    }

    /// The module keeps few source routes and forgets them; the one to this node goes before what takes it.
    private mutating func writeSourceRoute(to place: Int, into effects: inout LinkEffects) {
        guard !nodes[place].sourceRoute.isEmpty, case .xbee64(let address) = nodes[place].address else { return }
        let hops = nodes[place].sourceRoute
        let route = XBeeSourceRoute(node64: address, node16: nodes[place].route, hops: 0..<hops.count)
        write(
            .createSourceRoute(route), from: hops.span.bytes, isEscaped: module.apiMode != 1, into: &effects)
    }

    /// Of the transmit options: encrypt from end to end.
    private static let apsEncryption: UInt8 = 0x20

    private func frame(for place: Int, _ slot: Int, frameID: UInt8) -> XBeeFrame {
        let payload = messages.range(of: slot)
        if configuration.transmission == .legacy || nodes[place].usesLegacyFrames {
            return legacyFrame(for: place, frameID, configuration.transmitOptions, payload)
        }
        var options = configuration.transmitOptions
        // There is no key that everybody has.
        if configuration.usesAPSEncryption, place != XBeeNodeTable.broadcast { options |= Self.apsEncryption }
        var request = XBeeTransmitRequest(
            frameID: frameID, destination64: .unknown, destination16: nodes[place].route,
            radius: messages[slot].radius, options: options, payload: payload)
        switch nodes[place].address {
        case .xbee64(let address): request.destination64 = address
        case .xbee16(let address): request.destination16 = address
        case .otherEnd: break
        }
        switch configuration.transmission {
        case .request, .legacy: return .transmitRequest(request)
        case .explicit(let application):
            return .explicitTransmit(XBeeExplicitTransmit(request: request, application: application))
        }
    }

    private func legacyFrame(
        for place: Int, _ frameID: UInt8, _ options: UInt8, _ payload: ByteRange
    ) -> XBeeFrame {
        switch nodes[place].address {
        case .xbee64(.broadcast), .otherEnd:
            .legacyTransmit16(frameID: frameID, destination: .broadcast, options: options, payload: payload)
        case .xbee64(let address):
            .legacyTransmit64(frameID: frameID, destination: address, options: options, payload: payload)
        case .xbee16(let address):
            .legacyTransmit16(frameID: frameID, destination: address, options: options, payload: payload)
        }
    }

    // MARK: Drops

    /// Forgets a node's first message.
    mutating func removeFirst(of place: Int) {
        guard let slot = nodes[place].firstMessage else { return }
        nodes[place].firstMessage = messages[slot].next
        if nodes[place].firstMessage == nil { nodes[place].lastMessage = nil }
        nodes[place].messageCount -= 1
        messages.remove(slot)
    }

    /// Forgets what is under way: its statuses will not come, or mean nothing any more.
    mutating func dropOutstanding() {
        while let transmission = outstanding.popLast() {
            guard !transmission.isReleased else { continue }
            nodes[transmission.place].isInFlight = false
            counters.lostWithLink += 1
            removeFirst(of: transmission.place)
            standInLine(transmission.place)
        }
    }

    private mutating func leaveLine(_ place: Int) {
        nodes[place].isInLine = false
        nodes[place].notBefore = nil
        nodes[place].notRequestedCount = 0
    }

    /// Forgets what has waited too long; what is under way has a deadline of its own.
    mutating func dropExpired(at now: Instant, into effects: inout LinkEffects) {
        var index = 0
        while index < line.count {
            let place = line[index]
            while let slot = nodes[place].firstMessage, messages[slot].expiry <= now {
                counters.expired += 1
                effects.observe(.messageExpired(to: address(of: place)))
                removeFirst(of: place)
            }
            if nodes[place].messageCount == 0 {
                line.remove(at: index)
                leaveLine(place)
            } else {
                index += 1
            }
        }
    }

    /// Who is at a place of the table; nil for everybody.
    func address(of place: Int) -> LinkAddress? {
        place == XBeeNodeTable.broadcast ? nil : nodes[place].address
    }
}

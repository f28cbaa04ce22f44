// What follows when the module says, or does not say, what became of a transmission.

import Time

extension XBeeLink {
    /// Takes a delivery status; `destination16` is where the datagram really went, if the frame tells.
    mutating func statusReceived(
        _ frameID: UInt8, _ status: XBeeDeliveryStatus, destination16: XBeeAddress16, at now: Instant,
        into effects: inout LinkEffects
    ) {
        guard let index = outstanding.firstIndex(where: { $0.frameID == frameID }) else {
            counters.unknownStatuses += 1
            return
        }
        let transmission = outstanding.remove(at: index)
        guard !transmission.isReleased else {
            counters.unknownStatuses += 1
            // The datagram is given up, but what the status says of the module holds.
            if status == .notJoined { askForNetwork(at: now, into: &effects) }
            return
        }
        let place = transmission.place
        nodes[place].isInFlight = false
        switch status {
        case .success: succeed(place, destination16)
        case .channelBusy, .noBuffers: resendLater(place, status, at: now, into: &effects)
        case .noNetworkAcknowledgement, .addressNotFound, .routeNotFound:
            retryWithoutRoute(transmission, status, at: now, into: &effects)
        case .noMACAcknowledgement, .purged:
            nodes[place].isSuspect = place != XBeeNodeTable.broadcast
            fail(place, status, into: &effects)
        case .notRequested: waitForPoll(place, status, at: now, into: &effects)
        case .payloadTooLarge: lowerMaximum(place, into: &effects)
        case .notJoined:
            resendLater(place, status, at: now, into: &effects)
            askForNetwork(at: now, into: &effects)
        case .invalidEndpoint, .invalidBinding, .broadcastWithAPS, .apsWithoutEncryption, .noSecureSession,
            .encryptionFailure, .keyNotAuthorized:
            effects.observe(.configurationError(to: address(of: place), status))
            fail(place, status, into: &effects)
        case .selfAddressed, .broadcastNotRelayed, .internalError, .unknown: fail(place, status, into: &effects)
        }
        standInLine(place)
    }

    private mutating func succeed(_ place: Int, _ destination16: XBeeAddress16) {
        counters.delivered += 1
        removeFirst(of: place)
        guard place != XBeeNodeTable.broadcast else { return }
        nodes[place].isSuspect = false
        nodes[place].notRequestedCount = 0
        guard destination16.isNode, destination16 != nodes[place].route else { return }
        // What is known to lead to another node is a stale status; a node that took over an address is heard soon.
        if !nodes.leads(destination16, toOtherThan: place) { nodes.note(destination16, for: place) }
    }

    private mutating func fail(_ place: Int, _ status: XBeeDeliveryStatus, into effects: inout LinkEffects) {
        counters.undelivered += 1
        effects.observe(.deliveryFailed(to: address(of: place), status))
        removeFirst(of: place)
    }

    /// Back-pressure: nothing goes to the module for a while, then the same datagram again.
    private mutating func resendLater(
        _ place: Int, _ status: XBeeDeliveryStatus, at now: Instant, into effects: inout LinkEffects
    ) {
        guard let slot = nodes[place].firstMessage else { return }
        var count = messages[slot].resendCount
        if count < configuration.maximumResendCount {
            count += 1
            messages[slot].resendCount = count
            counters.resent += 1
        } else {
            fail(place, status, into: &effects)
        }
        let end = now + configuration.pause * max(1, count)
        pausedUntil = max(pausedUntil ?? end, end)
        counters.pauses += 1
        effects.observe(.paused(status))
    }

    /// The node may have another 16-bit address by now: once more, and the module has to search for it.
    private mutating func retryWithoutRoute(
        _ transmission: XBeeTransmission, _ status: XBeeDeliveryStatus, at now: Instant,
        into effects: inout LinkEffects
    ) {
        let place = transmission.place
        guard place != XBeeNodeTable.broadcast, let slot = nodes[place].firstMessage else {
            return fail(place, status, into: &effects)
        }
        if nodes[place].route == transmission.route { nodes.dropRoute(of: place) }
        nodes[place].isSuspect = true
        let wasAsleep = status == .noNetworkAcknowledgement
        guard !messages[slot].wasRetried, wasAsleep || transmission.route != .unknown else {
            return fail(place, status, into: &effects)
        }
        messages[slot].wasRetried = true
        counters.resent += 1
        if wasAsleep { nodes[place].notBefore = now + configuration.retryDelay }
    }

    /// So many times at most the wait for a sleeping node doubles.
    private static let maximumPollDoublingCount = 4

    /// The node's parent kept the datagram, and the node did not ask for it. Its polls reach the parent alone, so the
    /// datagram goes there again and again, until the node is heard, takes it, or it is too old.
    private mutating func waitForPoll(
        _ place: Int, _ status: XBeeDeliveryStatus, at now: Instant, into effects: inout LinkEffects
    ) {
        guard place != XBeeNodeTable.broadcast else { return fail(place, status, into: &effects) }
        let doublingCount = min(nodes[place].notRequestedCount, Self.maximumPollDoublingCount)
        nodes[place].notRequestedCount = doublingCount + 1
        nodes[place].notBefore = now + configuration.pollDelay * (1 << doublingCount)
        nodes[place].isSuspect = true
        counters.resent += 1
    }

    /// Shorter than what any radio network carries, encrypted and over many hops, and long enough for a CONNECT.
    private static let leastMaximumDatagramByteCount = 40

    /// The network carries less than was thought; the next datagram of this size is refused before it is sent.
    private mutating func lowerMaximum(_ place: Int, into effects: inout LinkEffects) {
        guard let slot = nodes[place].firstMessage else { return }
        let byteCount = messages[slot].byteCount
        var (unicast, broadcast) = (maximumDatagramByteCount, maximumBroadcastByteCount)
        // What every radio carries stays allowed, or one false status would silence the link for good.
        let smaller = max(byteCount - 1, min(Self.leastMaximumDatagramByteCount, unicast, broadcast))
        if place == XBeeNodeTable.broadcast {
            broadcast = min(broadcast, smaller)
        } else {
            // One packet is what surely passes when it was more.
            unicast = min(unicast, byteCount > broadcast ? broadcast : smaller)
        }
        effects.observe(.payloadTooLarge(to: address(of: place), byteCount: byteCount))
        setMaximum(unicast, broadcast: broadcast, into: &effects)
        fail(place, .payloadTooLarge, into: &effects)
    }

    /// Gives up the statuses that are overdue. A module that said nothing at all since is asked whether it is there.
    mutating func giveUpStatuses(at now: Instant, into effects: inout LinkEffects) {
        var isModuleSilent = false
        for index in outstanding.indices.reversed() {
            let transmission = outstanding[index]
            if transmission.deadline <= now {
                outstanding.remove(at: index)
                guard !transmission.isReleased else { continue }
                if (lastHeard ?? transmission.sentAt) <= transmission.sentAt { isModuleSilent = true }
                nodes[transmission.place].isSuspect = transmission.place != XBeeNodeTable.broadcast
                giveUpStatus(for: transmission.place, into: &effects)
            } else if !transmission.isReleased, let time = transmission.releaseTime, time <= now {
                outstanding[index].isReleased = true
                giveUpStatus(for: transmission.place, into: &effects)
            }
        }
        if isModuleSilent, state == .ready { restart(at: now, into: &effects) }
    }

    private mutating func giveUpStatus(for place: Int, into effects: inout LinkEffects) {
        nodes[place].isInFlight = false
        counters.statusMissing += 1
        effects.observe(.statusMissing(for: address(of: place)))
        removeFirst(of: place)
        standInLine(place)
    }
}

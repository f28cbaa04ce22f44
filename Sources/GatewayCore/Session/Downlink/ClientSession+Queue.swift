import Bytes
import MQTTSN
import Time

// The bounds of what waits for one client (MQTT-SN 1.2 §6.14, AMB-15): what is taken, what gives way, and when the
// broker must keep the rest.

extension ClientSession {
    /// Where there is no room, QoS 0 gives way as the policy says; at QoS 1 and 2 every message is taken and the broker
    /// keeps what comes after it.
    mutating func enqueue(
        _ publish: Publication, _ name: TopicNameIndex, _ payload: RawSpan, in environment: inout Environment
    ) {
        let mayDisplace = environment.configuration.queuePolicy == .dropOldest
        let nameByteCount = environment.topicNames.byteCount(of: name)
        let byteCount = Limits.queuedByteCount(nameByteCount: nameByteCount, payloadByteCount: payload.byteCount)
        if publish.qos == .atMostOnce,
            isQueueFull(adding: byteCount, countingAtMostOnce: !mayDisplace, in: environment)
        {
            dropExpired(in: &environment)
            if isQueueFull(adding: byteCount, countingAtMostOnce: !mayDisplace, in: environment) {
                return noteQueueDrop(payload.byteCount, in: &environment)
            }
        }
        if mayDisplace { makeRoom(for: byteCount, in: &environment) }
        environment.topicNames.use(name)
        let index = environment.store.insert(
            payload, topicName: name, nameByteCount: nameByteCount, token: publish.token, qos: publish.qos,
            retain: publish.retain, at: environment.now)
        environment.store[index].expiry = publish.expiry
        if publish.duplicate, publish.qos != .atMostOnce {
            let patience = link(in: environment).patience
            downlink.expectKnown(index, at: environment.now, patience: patience, in: &environment.store)
        }
        downlink.append(index, in: &environment.store)
        adjustReading(in: &environment)
    }

    /// The client is away (AMB-15); what of a long queue has not been looked at is another time.
    mutating func leaveQueueToBroker(in environment: inout Environment) {
        let missed = downlink.leaveToBroker(
            isKept: !broker.isClean, in: &environment.store, names: &environment.topicNames)
        guard let missed else { return environment.putOff(clientID) }
        noteMissed(missed, in: &environment)
    }

    /// These messages will not reach the client, because it was away.
    func noteMissed(_ missed: MissedMessages, in environment: inout Environment) {
        if missed.count > 0 { observe(.absentClientsMessagesDropped(missed), in: &environment) }
    }

    /// Drops the oldest QoS 0 messages whose time is up: nobody will get them, and they keep fresh ones out.
    private mutating func dropExpired(in environment: inout Environment) {
        while downlink.waiting.oldestAtMostOnce != .none,
            environment.store[downlink.waiting.oldestAtMostOnce].expiry?.isOver(at: environment.now) == true,
            let dropped = downlink.dropOldestAtMostOnce(in: &environment.store)
        {
            environment.topicNames.release(dropped.topicName)
            observe(.messageExpired(.atMostOnce, octets: Int(dropped.payloadByteCount)), in: &environment)
        }
    }

    /// Drops the oldest QoS 0 messages until the new one fits.
    private mutating func makeRoom(for byteCount: Int, in environment: inout Environment) {
        while isQueueFull(adding: byteCount, in: environment),
            let dropped = downlink.dropOldestAtMostOnce(in: &environment.store)
        {
            environment.topicNames.release(dropped.topicName)
            noteQueueDrop(Int(dropped.payloadByteCount), in: &environment)
        }
    }

    /// Every drop is counted; a line for the log comes once per client and minute.
    private mutating func noteQueueDrop(_ byteCount: Int, in environment: inout Environment) {
        observe(.messageDroppedQueueFull(octets: byteCount), in: &environment)
        guard let count = downlink.drops.noteDrop(at: environment.now) else { return }
        observe(.queueDropsReported(count: count), in: &environment)
    }

    /// Whether there is no room for so many octets more; without `countingAtMostOnce`, even if QoS 0 gave way.
    @inline(__always)
    private func isQueueFull(
        adding byteCount: Int, countingAtMostOnce: Bool = true, in environment: borrowing Environment
    ) -> Bool {
        let limits = environment.limits
        let count = downlink.waiting.count - (countingAtMostOnce ? 0 : downlink.waiting.atMostOnceCount)
        let growth = byteCount - (countingAtMostOnce ? 0 : downlink.waiting.atMostOnceByteCount)
        return count >= limits.queuedMessagesPerClient
            || downlink.waiting.byteCount + growth > limits.queuedByteCountPerClient
            || environment.store.byteCount + growth > limits.queuedByteCount
    }

    /// Whether there is no room even for what may be read beyond the limits.
    @inline(__always)
    private func isReserveUsed(in environment: borrowing Environment) -> Bool {
        let limits = environment.limits
        // Longer messages do not pass the link.
        let leastByteCount = Self.leastReserve * leastReserveOfOne(in: environment)
        return downlink.waiting.count >= max(2 * limits.queuedMessagesPerClient, Self.leastReserve)
            || downlink.waiting.byteCount > max(2 * limits.queuedByteCountPerClient, leastByteCount)
            || environment.store.byteCount > 2 * limits.queuedByteCount
    }

    /// What the longest message that passes the client's link counts, unless its name is as long.
    @inline(__always)
    private func leastReserveOfOne(in environment: borrowing Environment) -> Int {
        Limits.queuedByteCount(
            nameByteCount: 0, payloadByteCount: link(in: environment).maximumDatagramByteCount)
    }

    /// More messages than brokers have in flight to one client.
    private static var leastReserve: Int { 64 }

    /// Lets the broker keep what it has while the queue takes no more QoS 1 and 2, and go on when it does.
    mutating func adjustReading(in environment: inout Environment) {
        if mustNotRead(in: environment) { environment.pause(upstream) } else { environment.resume(upstream) }
        guard downlink.awaitsBroker(in: environment.store) else { return }
        // The PUBREL lies behind what is not read. If nothing makes room in time, it never comes.
        downlink.noteRelease(isBlocked: environment.isPaused(upstream), at: environment.now)
        guard state == .active else { return }
        clock.wait(until: releaseDeadline(in: environment))
    }

    /// When the broker's PUBREL for the first message is not waited for any longer; nil where it is.
    @inline(__always)
    private func releaseDeadline(in environment: borrowing Environment) -> Instant? {
        if let since = downlink.memory.releaseBlockedSince { return since + link(in: environment).patience }
        return doubtEnds(in: environment)
    }

    /// When a broker that is there would have named the first message, of which it may know nothing.
    @inline(__always)
    private func doubtEnds(in environment: borrowing Environment) -> Instant? {
        environment.isOpen(upstream) ? downlink.doubtEnds(in: environment.store) : nil
    }

    /// The broker's PUBREL has not come, though there was time for it.
    mutating func releaseOverdue(in environment: inout Environment) {
        if let since = downlink.memory.releaseBlockedSince,
            environment.now.since(since) >= link(in: environment).patience
        {
            dismiss(in: &environment)  // more waits before the broker's PUBREL than there is room for
        } else if let ends = doubtEnds(in: environment), ends <= environment.now {
            downlink.releaseFirst(in: &environment.store)
            deliver(in: &environment)
        } else if state == .awake {
            finishWakeUp(in: &environment)  // the rest waits for the next wake-up
        } else {
            clock.wait(until: releaseDeadline(in: environment))
        }
    }

    /// Whether a message at QoS 1 or 2 would have no room. An empty queue reads whatever fills the others': nothing
    /// else would come back to it. What waits for the broker's answer would wait for ever if that were not read, so as
    /// much again is read for it; it lies behind what the broker has in flight.
    @inline(__always)
    private func mustNotRead(in environment: borrowing Environment) -> Bool {
        guard let last = downlink.waiting.newest, isQueueFull(adding: 0, in: environment) else { return false }
        if downlink.awaitsBroker(in: environment.store) || uplink.awaitsBroker || !requests.isEmpty,
            !isReserveUsed(in: environment)
        {
            return false
        }
        switch environment.configuration.queuePolicy {
        case .dropOldest: return downlink.waiting.atMostOnceCount == 0
        case .dropNewest: return environment.store[last].qos != .atMostOnce
        }
    }
}

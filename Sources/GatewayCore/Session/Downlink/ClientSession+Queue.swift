import Bytes
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
        if publish.qos == .atMostOnce,
            isQueueFull(adding: payload.byteCount, countingAtMostOnce: !mayDisplace, in: environment)
        {
            noteQueueDrop(payload.byteCount, in: &environment)
            return
        }
        if mayDisplace { makeRoom(for: payload.byteCount, in: &environment) }
        environment.topicNames.use(name)
        let index = environment.store.insert(
            payload, topicName: name, token: publish.token, qos: publish.qos, retain: publish.retain)
        if publish.duplicate, publish.qos != .atMostOnce { expectKnown(index, in: &environment) }
        queue.append(index, in: &environment.store)
        adjustReading(in: &environment)
    }

    /// The client may have a message that the broker repeats from an earlier connection, of which nothing is left here:
    /// at QoS 2 it must have the number by which the client then knows it, whatever becomes of the broker's session.
    private mutating func expectKnown(_ index: StoredMessageIndex, in environment: inout Environment) {
        let message = environment.store[index]
        environment.store[index].stage = .sent
        hasUsedMessageIDHalf = true
        let messageID = Self.messageID(of: message.token, messageIDHalf)
        let isTaken = recentlyDelivered.contains(
            messageID, endedWithin: link(in: environment).patience, before: environment.now)
        if message.qos == .exactlyOnce, !isTaken { environment.store[index].messageID = messageID }
    }

    /// The client is away: what the broker has kept it will send again, with DUP, and QoS 0 does not wait for who is
    /// not there. Only what the broker would not send again stays, and what the client must know again by a message id
    /// that it would not get again.
    mutating func leaveQueueToBroker(in environment: inout Environment) {
        let half = messageIDHalf
        let atMostOnceCount = queue.atMostOnceCount
        let missedCount = queue.removeAll(in: &environment.store, names: &environment.topicNames) { message in
            guard message.qos != .atMostOnce else { return true }
            switch message.stage {
            case .unsent, .sent:
                let isKnownByOtherID =
                    message.qos == .exactlyOnce && message.messageID != 0
                    && message.messageID != Self.messageID(of: message.token, half)
                return !message.token.isNone && !isKnownByOtherID
            case .received, .released: return false
            }
        }
        noteMissed(atMostOnceCount, in: &environment)
        leftToBrokerCount += UInt32(clamping: missedCount - atMostOnceCount)
        renewals = 0
    }

    /// So many messages will not reach the client, because it was away.
    func noteMissed(_ count: Int, in environment: inout Environment) {
        if count > 0 { observe(.absentClientsMessagesDropped, detail: count, in: &environment) }
    }

    /// Drops the oldest QoS 0 messages until the new one fits.
    private mutating func makeRoom(for byteCount: Int, in environment: inout Environment) {
        while isQueueFull(adding: byteCount, in: environment),
            let dropped = queue.removeOldestAtMostOnce(in: &environment.store)
        {
            environment.topicNames.release(dropped.topicName)
            noteQueueDrop(Int(dropped.payloadByteCount), in: &environment)
        }
    }

    /// Every drop is counted; a line for the log comes once per client and minute.
    private mutating func noteQueueDrop(_ byteCount: Int, in environment: inout Environment) {
        observe(.messageDroppedQueueFull, detail: byteCount, in: &environment)
        dropsSinceReport += 1
        guard environment.now >= nextDropReport else { return }
        observe(.queueDropsReported, detail: dropsSinceReport, in: &environment)
        dropsSinceReport = 0
        nextDropReport = environment.now + .seconds(60)
    }

    /// Whether there is no room for so many octets more; without `countingAtMostOnce`, even if QoS 0 gave way.
    private func isQueueFull(
        adding byteCount: Int, countingAtMostOnce: Bool = true, in environment: borrowing Environment
    ) -> Bool {
        let limits = environment.limits
        let count = queue.count - (countingAtMostOnce ? 0 : queue.atMostOnceCount)
        let growth = byteCount - (countingAtMostOnce ? 0 : queue.atMostOnceByteCount)
        return count >= limits.queuedMessagesPerClient
            || queue.byteCount + growth > limits.queuedByteCountPerClient
            || environment.store.byteCount + growth > limits.queuedByteCount
    }

    /// Whether there is no room even for what may be read beyond the limits.
    private func isReserveUsed(in environment: borrowing Environment) -> Bool {
        let limits = environment.limits
        // Longer messages do not pass the link.
        let leastByteCount = Self.leastReserve * link(in: environment).maximumDatagramByteCount
        return queue.count >= max(2 * limits.queuedMessagesPerClient, Self.leastReserve)
            || queue.byteCount > max(2 * limits.queuedByteCountPerClient, leastByteCount)
            || environment.store.byteCount > 2 * limits.queuedByteCount
    }

    /// More messages than brokers have in flight to one client.
    private static var leastReserve: Int { 64 }

    /// Lets the broker keep what it has while the queue takes no more QoS 1 and 2, and go on when it does.
    mutating func adjustReading(in environment: inout Environment) {
        if mustNotRead(in: environment) { environment.pause(upstream) } else { environment.resume(upstream) }
        guard open.kind == .brokerRelease else { return }
        // The PUBREL lies behind what is not read. If nothing makes room in time, it never comes.
        if !environment.isPaused(upstream) {
            releaseBlockedSince = nil
        } else if releaseBlockedSince == nil {
            releaseBlockedSince = environment.now
        }
        guard state == .active else { return }
        open.retryAt = releaseBlockedSince.map { $0 + link(in: environment).patience }
    }

    /// Whether a message at QoS 1 or 2 would have no room. An empty queue reads whatever fills the others': nothing
    /// else would come back to it. What waits for the broker's answer would wait for ever if that were not read, so as
    /// much again is read for it; it lies behind what the broker has in flight.
    private func mustNotRead(in environment: borrowing Environment) -> Bool {
        guard let last = queue.newest, isQueueFull(adding: 0, in: environment) else { return false }
        if open.kind == .brokerRelease || uplink.awaitsBroker || !requests.isEmpty,
            !isReserveUsed(in: environment)
        {
            return false
        }
        switch environment.configuration.queuePolicy {
        case .dropOldest: return queue.atMostOnceCount == 0
        case .dropNewest: return environment.store[last].qos != .atMostOnce
        }
    }
}

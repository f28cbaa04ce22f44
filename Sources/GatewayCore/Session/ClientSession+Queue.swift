import Bytes
import MQTT

// The bounds of what waits for one client (MQTT-SN 1.2 §6.14, AMB-15): what is taken, what gives way, and when the
// broker must keep the rest.

extension ClientSession {
    /// Where there is no room, QoS 0 gives way as the policy says; at QoS 1 and 2 every message is taken and the broker
    /// keeps what comes after it.
    mutating func enqueue(
        _ publish: MQTT.Publish, _ name: TopicNameIndex, _ payload: RawSpan, in environment: inout Environment
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
            payload, topicName: name, packetID: publish.packetID, qos: publish.qos, retain: publish.retain)
        queue.append(index, in: &environment.store)
        adjustReading(in: &environment)
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
    func isQueueFull(
        adding byteCount: Int, countingAtMostOnce: Bool = true, in environment: borrowing Environment
    ) -> Bool {
        let limits = environment.limits
        let count = queue.count - (countingAtMostOnce ? 0 : queue.atMostOnceCount)
        let growth = byteCount - (countingAtMostOnce ? 0 : queue.atMostOnceByteCount)
        return count >= limits.queuedMessagesPerClient
            || queue.byteCount + growth > limits.queuedByteCountPerClient
            || environment.store.byteCount + growth > limits.queuedByteCount
    }

    /// Lets the broker keep what it has while the queue takes no more QoS 1 and 2, and go on when it does.
    mutating func adjustReading(in environment: inout Environment) {
        if mustNotRead(in: environment) { environment.pause(upstream) } else { environment.resume(upstream) }
    }

    /// Whether a message at QoS 1 or 2 would have no room. An empty queue reads whatever fills the others': nothing
    /// else would come back to it. And what waits for the broker's answer waits for ever if that is not read; what
    /// comes before it is bounded by what the broker keeps in flight.
    private func mustNotRead(in environment: borrowing Environment) -> Bool {
        guard let last = queue.newest, isQueueFull(adding: 0, in: environment), open.kind != .brokerRelease,
            !exchanges.contains(where: \.awaitsBroker)
        else { return false }
        switch environment.configuration.queuePolicy {
        case .dropOldest: return queue.atMostOnceCount == 0
        case .dropNewest: return environment.store[last].qos != .atMostOnce
        }
    }
}

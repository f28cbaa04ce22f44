import Bytes
import MQTT
import Time

/// QoS −1 messages that wait for the return of the gateway's own connection, as the packets that they will be.
///
/// **What it owns.** The packets and when each came, in their order; those before `first` are gone. **Invariant.** The
/// octets of the packets and of what it takes to keep them are never more than the limit it was given last. **Awkward
/// case.** What has waited for too long is no longer news: it is not sent.
struct WaitingPublishes {
    struct Entry {
        fileprivate(set) var packet: [UInt8]
        fileprivate(set) var arrivedAt: Instant
    }

    private var entries: [Entry] = []
    private var first = 0
    /// Octets of all that waits, with what it takes to keep it.
    private(set) var byteCount = 0

    var isEmpty: Bool { first == entries.count }

    /// Whether a message of so many octets has room.
    func hasRoom(for packetByteCount: Int, limit: Int) -> Bool {
        byteCount + Limits.waitingByteCount(packetByteCount: packetByteCount) <= limit
    }

    /// `prefix` and `topicName` behind it are a topic name.
    mutating func append(
        _ prefix: [UInt8], _ topicName: RawSpan, _ payload: RawSpan, retain: Bool, at now: Instant
    ) {
        var packet: [UInt8] = []
        packet.reserveCapacity(
            Packet.publishByteCount(
                topicNameByteCount: prefix.count + topicName.byteCount, payloadByteCount: payload.byteCount,
                qos: .atMostOnce))
        packet.appendPublishHeader(
            duplicate: false, qos: .atMostOnce, retain: retain, topicPrefix: prefix.span.bytes, topicName: topicName,
            packetID: 0, payloadByteCount: payload.byteCount)
        packet.append(payload)
        byteCount += Limits.waitingByteCount(packetByteCount: packet.count)
        entries.append(Entry(packet: packet, arrivedAt: now))
    }

    /// - Returns: the octets of its packet; nil where nothing waits.
    mutating func removeOldest() -> Int? {
        guard !isEmpty else { return nil }
        let packetByteCount = entries[first].packet.count
        byteCount -= Limits.waitingByteCount(packetByteCount: packetByteCount)
        entries[first].packet = []
        first += 1
        if first > 64, first * 2 > entries.count {
            entries.removeFirst(first)
            first = 0
        }
        return packetByteCount
    }

    /// Hands over everything, oldest first, and forgets it.
    mutating func takeAll() -> ArraySlice<Entry> {
        defer { self = WaitingPublishes() }
        return entries[first...]
    }
}

extension WaitingPublishes {
    /// What does not hold here; nil if all does.
    func checkInvariants(limit: Int) -> String? {
        let sum = entries[first...].reduce(0) { $0 + Limits.waitingByteCount(packetByteCount: $1.packet.count) }
        if sum != byteCount { return "waiting packets and their sums differ" }
        return byteCount <= limit || isEmpty ? nil : "more waits for the shared connection than may"
    }
}

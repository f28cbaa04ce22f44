import Bytes
import MQTT
import Time

/// QoS −1 messages that wait for the return of the gateway's own connection, as the packets that they will be.
///
/// **What it owns.** The packets, one behind the other, and when each came. **Invariant.** The octets of the packets
/// and of what it takes to keep them are never more than the limit it was given last. **Awkward case.** What has waited
/// for too long is no longer news: it is not sent.
struct WaitingPublishes {
    private struct Entry {
        var byteCount: Int
        var arrivedAt: Instant
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []

    var isEmpty: Bool { entries.isEmpty }

    /// Octets of all that waits, with what it takes to keep it.
    var byteCount: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

    /// Whether a message of so many octets has room.
    func hasRoom(for packetByteCount: Int, limit: Int) -> Bool {
        byteCount + packetByteCount + MemoryLayout<Entry>.stride <= limit
    }

    mutating func append(_ topicName: RawSpan, _ payload: RawSpan, retain: Bool, at now: Instant) {
        let start = bytes.count
        bytes.appendPublishPacket(
            duplicate: false, qos: .atMostOnce, retain: retain, topicName: topicName, packetID: 0, payload: payload)
        entries.append(Entry(byteCount: bytes.count - start, arrivedAt: now))
    }

    /// - Returns: the octets of its packet; nil where nothing waits.
    mutating func removeOldest() -> Int? {
        guard let oldest = entries.first else { return nil }
        entries.removeFirst()
        bytes.removeFirst(oldest.byteCount)
        return oldest.byteCount
    }

    /// Hands over everything, oldest first, and forgets it.
    mutating func takeAll() -> [(packet: ArraySlice<UInt8>, arrivedAt: Instant)] {
        var start = 0
        let packets = entries.map { entry in
            defer { start += entry.byteCount }
            return (packet: bytes[start..<(start + entry.byteCount)], arrivedAt: entry.arrivedAt)
        }
        (entries, bytes) = ([], [])
        return packets
    }
}

extension WaitingPublishes {
    /// What does not hold here; nil if all does.
    func checkInvariants(limit: Int) -> String? {
        if entries.reduce(0, { $0 + $1.byteCount }) != bytes.count { return "waiting packets and their sums differ" }
        return byteCount <= limit || isEmpty ? nil : "more waits for the shared connection than may"
    }
}

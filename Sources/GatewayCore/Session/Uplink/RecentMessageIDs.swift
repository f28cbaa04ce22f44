import MQTTSN
import Time

/// The message ids whose exchanges ended last, so that what comes late under one is not taken for something new.
///
/// Eight are enough: who is late by more than eight exchanges is later than any network keeps a datagram. Most clients
/// never have such an exchange, so the room is taken with the first.
struct RecentMessageIDs: Sendable {
    private struct Entry: Sendable {
        /// 0 where it was forgotten.
        var messageID: MessageID
        var digest: UInt32
        /// nil where the client has still to hear that its exchange has ended.
        var endedAt: Instant?
    }

    private static let limit = 8

    private var entries: [Entry] = []
    private var oldest: UInt8 = 0

    /// Notes that the exchange under `messageID` has ended; `digest` tells its message from another one. Without a time
    /// it is kept however long the client, which does not know, needs to come back.
    mutating func note(_ messageID: MessageID, digest: UInt32 = 0, at now: Instant?) {
        forget(messageID)
        let entry = Entry(messageID: messageID, digest: digest, endedAt: now)
        if entries.isEmpty { entries.reserveCapacity(Self.limit) }
        if entries.count < Self.limit {
            entries.append(entry)
        } else {
            entries[Int(oldest)] = entry
            oldest = (oldest + 1) % UInt8(Self.limit)
        }
    }

    /// The client, too, has brought an exchange to its end that was noted without a time.
    mutating func settle(_ messageID: MessageID, at now: Instant) {
        for index in entries.indices where entries[index].messageID == messageID && entries[index].endedAt == nil {
            entries[index].endedAt = now
        }
    }

    mutating func forget(_ messageID: MessageID) {
        for index in entries.indices where entries[index].messageID == messageID { entries[index].messageID = 0 }
    }

    /// Whether an exchange under `messageID`, and of the message with this digest where one is given, ended less than
    /// `span` before `now`.
    func contains(
        _ messageID: MessageID, digest: UInt32? = nil, endedWithin span: TimeSpan, before now: Instant
    ) -> Bool {
        for index in entries.indices where entries[index].messageID == messageID && messageID != 0 {
            let entry = entries[index]
            return now.since(entry.endedAt ?? now) < span && (digest == nil || digest == entry.digest)
        }
        return false
    }
}

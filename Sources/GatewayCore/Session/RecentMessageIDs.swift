import MQTTSN

/// The message ids whose exchanges ended last, so that what comes late under one is not taken for something new.
///
/// Eight are enough: who is late by more than eight exchanges is later than any network keeps a datagram.
struct RecentMessageIDs: Sendable {
    private struct Entry: Sendable {
        /// 0 in an empty place.
        var messageID: MessageID = 0
        var digest: UInt32 = 0
        var endedAt = Instant(nanoseconds: 0)
    }

    private var entries: [8 of Entry] = .init(repeating: Entry())
    private var oldest = 0

    /// Notes that the exchange under `messageID` has ended; `digest` tells its message from another one.
    mutating func note(_ messageID: MessageID, digest: UInt32 = 0, at now: Instant) {
        forget(messageID)
        entries[oldest] = Entry(messageID: messageID, digest: digest, endedAt: now)
        oldest = (oldest + 1) % entries.count
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
            return now.since(entry.endedAt) < span && (digest == nil || digest == entry.digest)
        }
        return false
    }
}

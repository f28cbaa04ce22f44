import GatewayCore
import MQTTSN
import Time

/// Where a client's message ids come from: counted up, or the lowest free one of a few.
///
/// Of a few, an id rests after its exchange before it stands for something else: a copy of the old exchange that is
/// still on its way, and the answer to it, would be taken for the new one's.
struct ClientMessageIDs: Sendable {
    private struct Rest: Sendable {
        var messageID: MessageID
        var end: Instant
    }

    /// How many there are; nil for all that MQTT-SN has.
    private let limit: MessageID?
    private let rest: TimeSpan
    private var resting: [Rest] = []
    private var last: MessageID = 0

    init(limit: MessageID?, rest: TimeSpan) { (self.limit, self.rest) = (limit, rest) }

    /// 1…65535 and none that `isInUse`; nil where all of a few are in use or rest.
    mutating func take(at now: Instant, isInUse: (MessageID) -> Bool) -> MessageID? {
        guard let limit else {
            repeat { last = last == .max ? 1 : last + 1 } while isInUse(last)
            return last
        }
        return firstFree(in: 1...limit, at: now, isInUse: isInUse)
    }

    /// One for a REGISTER without which no exchange that holds an id can go on; it is none of the few.
    mutating func takeSpare(at now: Instant, isInUse: (MessageID) -> Bool) -> MessageID? {
        guard let limit else { return nil }
        return firstFree(in: (limit + 1)...(limit + 4), at: now, isInUse: isInUse)
    }

    private mutating func firstFree(
        in range: ClosedRange<MessageID>, at now: Instant, isInUse: (MessageID) -> Bool
    ) -> MessageID? {
        resting.removeAll { $0.end <= now }
        return range.first { candidate in
            !isInUse(candidate) && !resting.contains { $0.messageID == candidate }
        }
    }

    /// The exchange under the id has ended, or was given up.
    mutating func end(_ messageID: MessageID, at now: Instant) {
        guard limit != nil, messageID != 0 else { return }
        resting.removeAll { $0.messageID == messageID }
        resting.append(Rest(messageID: messageID, end: now + rest))
    }

    /// When the first of the resting ids may be used again; nil where none rests.
    var nextFree: Instant? { resting.map(\.end).min() }

    /// The device has forgotten which ids it has used; it has been off for longer than they rest.
    mutating func countAnew() {
        resting = []
        last = 0
    }
}

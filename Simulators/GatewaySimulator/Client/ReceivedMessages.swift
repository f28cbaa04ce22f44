import GatewayCore
import MQTTSN
import Time

/// What a client knows of the QoS 2 messages published to it, so that it hands each on once (MQTT-SN 1.2 §6.6).
///
/// The plain client notes message ids from PUBLISH to PUBREL, as the specification has it. The comparing one also knows
/// what was said under an id: another message under a noted id is another message, and a copy that comes late is a
/// copy, for as long as a network keeps one.
struct ReceivedMessages: Sendable {
    private struct Note: Sendable {
        var messageID: MessageID
        /// Empty in the plain client.
        var payload: [UInt8]
        /// When it was released; nil while the PUBREL is awaited.
        var releasedAt: Instant?
    }

    private let compares: Bool
    private let memory: TimeSpan
    private var notes: [Note] = []

    init(compares: Bool, memory: TimeSpan) { (self.compares, self.memory) = (compares, memory) }

    /// Whether a message is to be handed on.
    mutating func note(_ messageID: MessageID, _ payload: [UInt8], at now: Instant) -> Bool {
        let payload = compares ? payload : []
        notes.removeAll { note in note.releasedAt.map { now >= $0 + memory } ?? false }
        guard !notes.contains(where: { $0.messageID == messageID && $0.payload == payload }) else { return false }
        notes.removeAll { $0.messageID == messageID && $0.releasedAt == nil }
        notes.append(Note(messageID: messageID, payload: payload))
        return true
    }

    /// PUBREL has come.
    mutating func release(_ messageID: MessageID, at now: Instant) {
        guard compares else { return notes.removeAll { $0.messageID == messageID } }
        for index in notes.indices where notes[index].messageID == messageID && notes[index].releasedAt == nil {
            notes[index].releasedAt = now
        }
    }

    /// Whether PUBREL is still to come for what was said under the id.
    func awaitsRelease(_ messageID: MessageID) -> Bool {
        notes.contains { $0.messageID == messageID && $0.releasedAt == nil }
    }

    mutating func removeAll() { notes = [] }
}

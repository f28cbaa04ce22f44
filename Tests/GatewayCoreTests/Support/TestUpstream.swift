import GatewayCore
import Testing

/// The broker's end of a stream that the gateway asked for.
struct TestUpstream {
    let id: UpstreamID
    let dialogue: Dialogue

    /// The stream is connected.
    func opens(at location: SourceLocation = #_sourceLocation) { dialogue.happens(.streamOpened(id), at: location) }

    /// The broker writes packet after packet; between two of them the gateway must have nothing to say.
    func sends(_ packets: BrokerPacket..., at location: SourceLocation = #_sourceLocation) {
        for packet in packets { sends(octets: packet.octets(in: dialogue.version(of: id)), at: location) }
    }

    /// The broker's packets arrive in one piece.
    func sendsTogether(_ packets: BrokerPacket..., at location: SourceLocation = #_sourceLocation) {
        sends(octets: packets.flatMap { $0.octets(in: dialogue.version(of: id)) }, at: location)
    }

    func sends(octets: [UInt8], at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(.streamReceived(id), octets, at: location)
    }

    /// Everything that became of the stream since the last look is exactly this.
    func receives(_ expected: BrokerPacket..., at location: SourceLocation = #_sourceLocation) {
        receives(expected, at: location)
    }

    func receives(_ expected: [BrokerPacket], at location: SourceLocation = #_sourceLocation) {
        #expect(dialogue.readPackets(on: id) == expected, sourceLocation: location)
    }

    func receivesNothing(at location: SourceLocation = #_sourceLocation) {
        #expect(dialogue.readPackets(on: id) == [], sourceLocation: location)
    }

    /// The stream ends without the gateway having asked for it.
    func closes(_ end: StreamEnd = .closedByBroker, at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(.streamClosed(id, end), at: location)
    }

    /// What the gateway has closed has ended; for tests that hold it back.
    func ends(at location: SourceLocation = #_sourceLocation) { dialogue.happens(.streamEnded(id), at: location) }

    /// The operating system takes no more.
    func blocks(queuedByteCount: Int, at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(.streamBlocked(id, queuedByteCount: queuedByteCount), at: location)
    }

    func drains(at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(.streamDrained(id), at: location)
    }
}

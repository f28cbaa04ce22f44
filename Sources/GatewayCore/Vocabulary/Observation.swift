package import Bytes

/// Something to count and perhaps to log: a value, never a string.
package struct Observation: Equatable, Hashable, Sendable {
    package var occurrence: Occurrence
    /// The ClientId concerned, in `Effects.bytes`; empty when there is none.
    package var clientID: ByteRange
    /// The sender concerned, if any.
    package var peer: PeerID?

    package init(_ occurrence: Occurrence, clientID: ByteRange = 0..<0, peer: PeerID? = nil) {
        self.occurrence = occurrence
        self.clientID = clientID
        self.peer = peer
    }

    package var kind: ObservationKind { occurrence.kind }

    /// The topic concerned, or the server that the broker refers to, in `Effects.bytes` behind the ClientId; empty when
    /// there is none.
    package var topic: ByteRange {
        if case .clientExceedsRule(let byteCount) = occurrence { return topic(Int(byteCount)) }
        if case .brokerExceedsRule(let byteCount) = occurrence { return topic(Int(byteCount)) }
        if case .brokerRefersElsewhere(let byteCount) = occurrence { return topic(Int(byteCount)) }
        guard let loss = occurrence.loss else { return 0..<0 }
        return topic(Int(loss.topicByteCount))
    }

    private func topic(_ byteCount: Int) -> ByteRange {
        clientID.upperBound..<clientID.upperBound + byteCount
    }
}

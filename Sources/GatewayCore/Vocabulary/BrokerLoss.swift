/// How a client's broker connection was lost: what had been said on it before, which may be what the broker forbids
/// (MQTT 3.1.1 knows no refusal of a PUBLISH but to close).
package struct BrokerLoss: Hashable, Sendable {
    /// The last of the client's packets.
    package enum Said: UInt8, Hashable, Sendable, CaseIterable {
        /// Nothing but CONNECT, which was accepted.
        case connect
        case publishAtMostOnce
        case publishAtLeastOnce
        case publishExactlyOnce
        case subscribe
        case unsubscribe
    }

    /// How the stream ended; nil where the gateway has ended it, as what came on it was no answer.
    package var end: StreamEnd?
    package var said: Said
    /// How long the connection lived after that.
    package var milliseconds: UInt32
    /// The octets of the topic name or filter in that packet, which stand in `Effects.bytes` behind the ClientId; 0
    /// where it is not known any more.
    package var topicByteCount: UInt16

    package init(end: StreamEnd?, said: Said, milliseconds: UInt32, topicByteCount: UInt16 = 0) {
        (self.end, self.said, self.milliseconds, self.topicByteCount) = (end, said, milliseconds, topicByteCount)
    }
}

extension Occurrence {
    /// How a client's connection was lost, where that is what has occurred.
    var loss: BrokerLoss? {
        if case .upstreamLost(let loss) = self { return loss }
        if case .upstreamLostRepeatedly(let loss) = self { return loss }
        return nil
    }
}

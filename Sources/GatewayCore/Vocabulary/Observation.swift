package import Bytes

/// Something to count and perhaps to log: a value, never a string.
package struct Observation: Equatable, Hashable, Sendable {
    package var kind: ObservationKind
    /// The ClientId concerned, in `Effects.bytes`; empty when there is none.
    package var clientID: ByteRange
    /// The sender concerned, if any.
    package var peer: PeerID?
    /// A number that belongs to the kind: a code, a count, an octet count.
    package var detail: Int

    package init(_ kind: ObservationKind, clientID: ByteRange = 0..<0, peer: PeerID? = nil, detail: Int = 0) {
        self.kind = kind
        self.clientID = clientID
        self.peer = peer
        self.detail = detail
    }
}

/// What can be observed; the raw value indexes the host's counters.
package enum ObservationKind: UInt8, Hashable, Sendable, CaseIterable {
    // Clients come and go.
    case clientConnected, clientResumed, clientMoved, clientDisconnected, clientLost
    /// CONNACK with a code other than accepted; the detail is the code, plus 256 times the `ClientRefusal` if any.
    case clientRefused
    case clientSetUpAbandoned
    /// The gateway told a client that its session is gone (GW-86).
    case clientDismissed
    /// A session gave its place to a newer client: a remembered one, or with the detail 1 one whose client has done
    /// nothing but connect.
    case sessionEvicted

    /// In the broker's place, for a lost client whose Will the gateway held; or not, as the broker was away.
    case willPublished, willNotPublished

    // Messages pass.
    case messageForwarded, messageDelivered
    /// The payload's octet count is the detail.
    case messageDroppedTooLong, messageDroppedQueueFull, messageDroppedNotRegistered, messageDroppedUpstreamDown
    case messageDroppedUpstreamBlocked
    /// At QoS 1 or 2: the client did not take it, too many like it wait, and the broker was told to forget it; the
    /// payload's octet count is the detail.
    case messageUndeliverable
    /// Once per session: messages are dropped because the client does not answer, or for want of a topic id.
    case clientMissesMessages
    /// A client's refusal (0x03) is taken for the denial of a topic id; for one of a message because of its DUP.
    case refusalReadAsDenial, refusalOfRepetition
    case qosMinusOneForwarded, qosMinusOneDropped
    /// The configuration does not allow it, or the reference leads to no topic name; the detail is that of
    /// `QoSMinusOneRefusal`.
    case qosMinusOneRefused
    /// Too much waits for the shared connection; the detail is the octet count of what was dropped for it.
    case qosMinusOneBufferFull
    /// At most once per client and minute; the detail is the number of messages dropped from its queue since the last.
    case queueDropsReported
    /// Once per absence and cause; the detail is the number of messages that will not reach the client: QoS 0 when it
    /// goes, all of a session that is over, and what was left to a broker that has then forgotten it.
    case absentClientsMessagesDropped

    // The gateway makes itself known.
    case advertised, searchAnswered
    /// Another gateway uses this one's number (MQTT-SN 1.2 §5.3.8); the detail is the number.
    case gatewayIDTaken
    /// An encapsulated message from a sender that is not allowed to forward.
    case forwarderRefused

    // The client broke the protocol or reached a limit.
    /// The detail is the raw value of the codec's reason.
    case malformedDatagram
    case truncatedDatagram
    /// A well-formed message that has no place here; the detail is its message type.
    case unexpectedMessage
    /// A message from a sender without a session; the detail is its message type.
    case strangerMessage
    case strangerAnswered
    case requestRefusedCongestion, requestRefusedInvalidTopic, requestRefusedNotSupported

    // The broker.
    case brokerReachable, brokerUnreachable
    case upstreamOpened, upstreamLost, upstreamRestored
    /// The detail is the CONNACK's code; without a ClientId it is the gateway's own connection.
    case upstreamRefused
    /// The gateway's own connection was accepted and soon closed by the broker, again and again: another client may
    /// have its identifier (MQTT 3.1.1 §3.1.4). The detail is the number of times in a row.
    case sharedConnectionContested
    /// The broker refused a client's subscription (SUBACK 0x80, MQTT 3.1.1 §3.9.3).
    case subscriptionRefused
    /// The detail is the `StreamEnd`.
    case upstreamUnavailable
    /// The detail is the raw value of the codec's reason.
    case malformedPacket
    case unexpectedPacket
    case upstreamPaused, upstreamResumed
}

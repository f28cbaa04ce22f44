/// A fact that the host tells the core, in the past tense; the bytes of a fact travel beside it.
package enum Event: Equatable, Hashable, Sendable {
    /// A datagram came in; the bytes are the datagram. The owner allows the sender to be a forwarder or not. The
    /// network is the number of the smallest one that the sender's address belongs to, of those that the owner's rules
    /// for clients name (`ClientRule.networks`); 0 for none.
    case datagramReceived(from: PeerID, mayForward: Bool = false, network: UInt16 = 0)
    /// A datagram was longer than the host can receive and was cut by it; nothing of it is passed on.
    case datagramTruncated(from: PeerID)
    /// The stream that `openStream` asked for is connected; bytes may be sent.
    case streamOpened(UpstreamID)
    /// Bytes came in on a stream, in any portion.
    case streamReceived(UpstreamID)
    /// The operating system did not take everything; so many bytes wait in the host's queue.
    case streamBlocked(UpstreamID, queuedByteCount: Int)
    /// The host's queue for a blocked stream is empty again.
    case streamDrained(UpstreamID)
    /// A stream ended, or could not be opened. No further event names it.
    case streamClosed(UpstreamID, StreamEnd)
    /// What `closeStream` asked for is done: everything was written and the broker has closed, or the host has given up
    /// waiting for that. It comes once for every `closeStream`, in an event of its own, and no further event names the
    /// stream. The next connection of the same client waits for it, for a bounded time.
    case streamEnded(UpstreamID)
    /// A link's longest datagram, in octets, is another than was configured or told before: a radio module says so.
    case linkChanged(LinkID, maximumDatagramByteCount: Int)
    /// The gateway itself can send nothing on the link any more: the device, the radio network behind it or the
    /// interface is gone. It is said at most once until `linkReturned`.
    case linkLost(LinkID)
    /// What is sent on the link leaves again.
    case linkReturned(LinkID)
    /// Something to publish of the gateway itself, retained; the bytes are the name below its status topic, of so many
    /// octets, and the payload behind it. It comes only while there is a `statusAnnouncement`.
    case statusReported(nameByteCount: Int)
    /// The time of `nextDeadline` has come.
    case deadlineReached
    /// The process is asked to end: say goodbye to clients and broker.
    case shutdownRequested
    /// The process is asked to end, and another one goes on with its sessions: leave the broker in good order, so that
    /// it publishes no Will, and tell no client that can be gone on with. No further event changes anything.
    case suspensionRequested
}

/// Why a stream ended, as far as the host can tell.
package enum StreamEnd: UInt8, Hashable, Sendable, CaseIterable {
    /// The broker's name could not be resolved.
    case unresolved
    /// Nobody listens at the broker's address, or the network refused.
    case refused
    /// No connection within the connect timeout.
    case timedOut
    /// The broker closed the stream.
    case closedByBroker
    /// The stream failed after it was open.
    case failed
    /// The broker took bytes too slowly and the host's queue reached its bound.
    case queueOverflow
    /// This machine could not open the stream: no descriptor, memory or port was left. It says nothing of the broker.
    case localFailure
    /// The host's protection of the stream, TLS, did not come about, or did not go on.
    case insecure
    /// There is a stream, and no way through it to an MQTT broker: a proxy gave none, or WebSocket did not
    /// come about, or did not go on.
    case noPassage
    /// The certificate that the stream was to show, or the key, cannot be used. It says nothing of the broker.
    case noCertificate
}

package import Bytes

/// Something the core wants done, in the imperative; a value without references. Byte ranges index `Effects.bytes`.
package enum Effect: Equatable, Hashable, Sendable {
    case sendDatagram(ByteRange, to: PeerID)
    /// To every node of the link, `radius` hops far; 0 is the whole network.
    case broadcastDatagram(ByteRange, radius: UInt8, on: LinkID)
    case openStream(UpstreamID)
    /// Append to the stream's write queue.
    case sendStream(ByteRange, on: UpstreamID)
    /// Write what is queued, then close. The one event that still names the stream is `streamEnded`, when that is done.
    case closeStream(UpstreamID)
    /// Stop reading a stream, so that the broker keeps what it has (back-pressure: the broker is the queue).
    case pauseStream(UpstreamID)
    case resumeStream(UpstreamID)
    /// The core no longer needs the host to remember this peer's address.
    case forgetPeer(PeerID)
    /// Something to count, and for most kinds to log.
    case observe(Observation)
}

/// What one event caused, in order, over an arena of bytes that is cleared and reused.
package struct Effects: ~Copyable {
    package var list: [Effect] = []
    package var bytes: [UInt8] = []
    /// Where in the bytes passwords are: nobody may write these down. In ascending order.
    package var secrets: [ByteRange] = []

    package init() {}

    /// Forgets what has been done and keeps the room.
    package mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        secrets.removeAll(keepingCapacity: true)
    }
}

/// The owner of a TCP stream; called only from `EventLoop.turn`, never from within a call of the stream.
package protocol TCPStreamDelegate: AnyObject {
    /// The connection is established; what was queued before is written after this call.
    func streamOpened(_ stream: TCPStream)

    /// Octets or the end of the stream wait: call `read`. Told again in every turn until none is left.
    func streamReadable(_ stream: TCPStream)

    /// The write queue had to wait for the peer and is now empty.
    func streamDrained(_ stream: TCPStream)

    /// The stream is closed, its descriptor too; the last call about this stream.
    func streamClosed(_ stream: TCPStream, reason: StreamCloseReason)
}

/// Why a stream closed without its owner's doing.
package enum StreamCloseReason: Equatable, Sendable {
    /// The peer ended the stream.
    case endOfStream
    /// Connecting, reading or writing failed; a connect timeout is ETIMEDOUT.
    case failed(IOError)
    /// The peer did not read as fast as octets were queued for it.
    case writeQueueOverflow
}

/// What one read gave.
package enum ReadResult: Equatable, Sendable {
    /// So many octets were passed to the body; there may be more.
    case bytes(Int)
    /// Nothing waits, or the stream is not open.
    case wouldBlock
    /// The peer ended the stream; `streamClosed` follows.
    case endOfStream
    /// Reading failed; `streamClosed` follows.
    case failed(IOError)
}

/// Octets both ways, in order and whole: a TCP connection, or what wraps another stream, as TLS, WebSocket and a proxy
/// do.
///
/// A stream that wraps another owns it and is its delegate. What it is given to write it hands on changed, and what it
/// is told it tells its own delegate at its own level.
package protocol ByteStream: AnyObject {
    /// Told what happens; not kept alive by the stream.
    var delegate: (any ByteStreamDelegate)? { get set }

    /// How many octets wait to be handed to the system.
    var queuedByteCount: Int { get }

    /// Appends to the write queue, before the stream is open too; writes nothing yet.
    ///
    /// More than the stream may hold closes it. On a stream that is closing or closed nothing happens.
    func queueWrite(_ bytes: RawSpan)

    /// Hands everything queued to the system in one call; what it does not take waits until the peer has read.
    func flush()

    /// Leaves arriving octets in the system, which then slows the peer down.
    func pauseReading()

    /// Ends `pauseReading`.
    func resumeReading()

    /// Delivers what is queued, ends this side of the stream and waits until the peer, which has read all by then, has
    /// ended its own; all that within a bounded time. `streamFinished` is the only call that comes any more, unless
    /// `streamClosed` has come already.
    func close()

    /// Cuts the connection and forgets what is queued. No call comes any more.
    func abort()

    /// Leaves a stream that is closing to the system, for the end of the process: the system goes on delivering what it
    /// has been handed, and what it has not been handed is lost. No call comes any more.
    func leaveToSystem()
}

/// The owner of a stream; except for `streamBlocked` it is called only from `EventLoop.turn`, never from within a call
/// of the stream.
package protocol ByteStreamDelegate: AnyObject {
    /// The connection is established; what was queued before is written after this call.
    func streamOpened(_ stream: any ByteStream)

    /// Octets came, which are valid during the call only; at most 64 KiB, and the rest in a later turn.
    func stream(_ stream: any ByteStream, received bytes: RawSpan)

    /// The system has not taken all that was flushed: it waits for the peer. `streamDrained` or the end of the stream
    /// follows. Comes out of `flush` too.
    func streamBlocked(_ stream: any ByteStream)

    /// The write queue had to wait for the peer and is now empty.
    func streamDrained(_ stream: any ByteStream)

    /// The stream is closed without its owner's doing; the last call about it.
    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason)

    /// What `close` asked for is done or given up; the last call about this stream.
    func streamFinished(_ stream: any ByteStream)
}

/// Why a stream closed without its owner's doing.
package enum StreamCloseReason: Equatable, Sendable {
    /// The peer ended the stream.
    case endOfStream
    /// Connecting, reading or writing failed; a connect timeout is ETIMEDOUT.
    case failed(IOError)
    /// The peer did not read as fast as octets were queued for it.
    case writeQueueOverflow
    /// TLS did not come about, or did not go on.
    case insecure(TLSFailure)
    /// A proxy gave no way through, or WebSocket did not come about, or did not go on.
    case noPassage(PassageFailure)
}

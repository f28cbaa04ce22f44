import Bytes
package import HTTP

/// A stream through a proxy of HTTP, which passes on all octets once it has said yes (RFC 9110 §9.3.6).
package final class TunnelStream: UpgradedStream {
    private let tunnel: HTTPTunnel
    private let maximumQueuedByteCount: Int
    /// What was written before the tunnel was there.
    private var early: [UInt8] = []

    /// Asks the proxy at the end of `inner` for the tunnel; ends with `streamOpened` or `streamClosed`.
    ///
    /// The answer has come `timeout` from now at the latest; the inner stream sees to its own part of that. More than
    /// `maximumQueuedByteCount` octets that wait for it close the stream; later the inner one has its own bound.
    package init(
        over inner: any ByteStream, tunnel: HTTPTunnel, timeout: Duration, maximumQueuedByteCount: Int,
        loop: EventLoop, delegate: (any ByteStreamDelegate)?
    ) {
        (self.tunnel, self.maximumQueuedByteCount) = (tunnel, maximumQueuedByteCount)
        super.init(over: inner, timeout: timeout, loop: loop, delegate: delegate)
    }

    override var place: PassageFailure.Place { .proxy }

    override var request: [UInt8] { tunnel.request }

    override func objection(to answer: HTTPAnswer) -> PassageFailure.Reason? {
        HTTPTunnel.isMade(by: answer) ? nil : .refused(PassageFailure.Refusal(answer))
    }

    override var waitingByteCount: Int { early.count }

    package override func queueWrite(_ bytes: RawSpan) {
        if state == .open { return inner.queueWrite(bytes) }
        guard state == .asking || state == .connecting else { return }
        guard bytes.byteCount <= maximumQueuedByteCount &- queuedByteCount else {
            inner.abort()
            return end(.writeQueueOverflow)
        }
        bytes.withUnsafeBytes { early.append(contentsOf: $0) }
    }

    override func passWaitingOn() {
        guard !early.isEmpty else { return }
        inner.queueWrite(early.span.bytes)
        early = []
    }

    override func forgetWaiting() { early = [] }

    override func receivedOpen(_ bytes: RawSpan) { delegate?.stream(self, received: bytes) }
}

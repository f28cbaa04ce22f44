import Bytes
import HTTP
import WebSocket

/// The octets of MQTT in binary frames of WebSocket (RFC 6455, MQTT 3.1.1 §6) over another stream.
///
/// What is written waits in the clear until it is flushed, so that each turn has one frame or few.
package final class WebSocketStream: UpgradedStream {
    private let upgrade: WebSocketUpgrade
    private let maximumQueuedByteCount: Int
    private var reader = WebSocketFrameReader()
    /// The owner's octets, in the clear.
    private var writes: [UInt8] = []
    /// What stands before them as a frame.
    private var head: [UInt8] = []
    /// What the last ping is to be answered with; the ones before need no answer (RFC 6455 §5.5.3).
    private var pong: [UInt8]?

    /// An emptied array up to this capacity is kept for the next turn; a longer one is given back.
    private static let keptByteCount = 16_384

    /// Asks the server at the end of `inner`, whom `authority` names as Host does, for WebSocket at `path`; ends with
    /// `streamOpened` or `streamClosed`.
    ///
    /// The answer has come `timeout` from now at the latest; the inner stream sees to its own part of that. More than
    /// `maximumQueuedByteCount` octets that wait close the stream; the inner one must hold somewhat more.
    package init(
        over inner: any ByteStream, authority: String, path: String, timeout: Duration, maximumQueuedByteCount: Int,
        loop: EventLoop, delegate: (any ByteStreamDelegate)?
    ) {
        upgrade = WebSocketUpgrade(
            authority: authority, path: path, chance: (.random(in: .min ... .max), .random(in: .min ... .max)))
        self.maximumQueuedByteCount = maximumQueuedByteCount
        super.init(over: inner, timeout: timeout, loop: loop, delegate: delegate)
    }

    override var place: PassageFailure.Place { .webSocket }

    override var request: [UInt8] { upgrade.request }

    override func objection(to answer: HTTPAnswer) -> PassageFailure.Reason? {
        guard answer.status == 101 else { return .refused(PassageFailure.Refusal(answer)) }
        return upgrade.fault(in: answer).map { .wrongUpgrade($0) }
    }

    // MARK: Writing

    override var waitingByteCount: Int { writes.count }

    package override func queueWrite(_ bytes: RawSpan) {
        guard state == .open || state == .asking || state == .connecting else { return }
        guard bytes.byteCount <= maximumQueuedByteCount &- queuedByteCount else {
            inner.abort()
            return end(.writeQueueOverflow)
        }
        bytes.withUnsafeBytes { writes.append(contentsOf: $0) }
    }

    override func passWaitingOn() {
        if let pong {
            self.pong = nil
            var payload = pong
            queueFrame(.pong, of: &payload, 0..<payload.count)
        }
        guard !writes.isEmpty else { return }
        for start in stride(from: 0, to: writes.count, by: WebSocketFrame.longestPayload) {
            let end = min(writes.count, start + WebSocketFrame.longestPayload)
            queueFrame(.binary, of: &writes, start..<end)
        }
        writes.removeAll(keepingCapacity: writes.capacity <= Self.keptByteCount)
    }

    /// Masks the octets where they are, and puts them into the inner stream's queue behind their head.
    private func queueFrame(_ kind: WebSocketFrame.Kind, of octets: inout [UInt8], _ range: Range<Int>) {
        // From the system's own generator, as nobody may foresee it (RFC 6455 §10.3).
        let key = UInt32.random(in: .min ... .max)
        head.removeAll(keepingCapacity: true)
        WebSocketFrame.appendHead(kind, byteCount: range.count, key: key, to: &head)
        inner.queueWrite(head.span.bytes)
        WebSocketFrame.mask(&octets, range, key: key)
        inner.queueWrite(octets.span.bytes.extracting(range))
    }

    override func forgetWaiting() { (writes, pong) = ([], nil) }

    override func sayGoodbye(_ reason: PassageFailure.Reason?) {
        let code: UInt16
        switch reason {
        case .broken(let fault): code = fault.code
        // A close frame is answered with its own code (RFC 6455 §5.5.1).
        case .closed(let close): code = close.code ?? 1_000
        case .refused, .wrongUpgrade, .noAnswer, .ended, .timedOut, nil: code = 1_000
        }
        var payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
        queueFrame(.close, of: &payload, 0..<payload.count)
    }

    // MARK: Reading

    override func receivedOpen(_ bytes: RawSpan) {
        var position = 0
        while state == .open {
            do throws(WebSocketFault) {
                switch try reader.next(bytes, from: &position) {
                case .data(let range): delegate?.stream(self, received: bytes.extracting(range))
                case .ping:
                    pong = reader.controlPayload
                    flush()
                case .pong: break
                case .close(let close): return fail(.closed(close))
                case .incomplete: return
                }
            } catch {
                return fail(.broken(error))
            }
        }
    }
}

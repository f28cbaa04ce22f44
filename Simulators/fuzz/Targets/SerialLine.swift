// The target `SerialLine`: a serial line gives the same frames however it is split, what is framed comes out as it was,
// and a link on it comes to the end of whatever it is told.
//
// The first octet of the input chooses the framing and, from 0x80 on, that the rest is a list of frames, each a length
// and its octets, to be framed well; the second says how many octets tell the splits and what happens between them.

import Bytes
import LinkFraming
import Time

private let framings: [Framing] = [
    .xbee(isEscaped: true), .xbee(isEscaped: false), .lengthPrefixed, .slip, .hdlc, .cobs(hasChecksum: true),
    .cobs(hasChecksum: false),
]

/// The most octets of a frame on a line that is no XBee's.
private let maximumByteCount = 80

/// What is wrong with reading the line in `input`; nil when nothing is.
func faultOfSerialLine(_ input: RawSpan) -> String? {
    guard let first = input.byte(at: 0), let count = input.byte(at: 1) else { return nil }
    let framing = framings[Int(first & 0x7F) % framings.count]
    let streamOffset = min(2 + Int(count & 0x1F), input.byteCount)
    let steps = input.copy(of: 2..<streamOffset)
    let rest = input.copy(of: streamOffset..<input.byteCount)
    let stream = first < 0x80 ? rest : framed(rest, as: framing)
    if let fault = faultOfFraming(rest, framing) { return fault }
    let whole = frames(of: stream, framing, steps: [])
    let split = frames(of: stream, framing, steps: steps)
    guard whole == split else { return "\(whole) becomes \(split) when split at \(steps)" }
    var line = LineRun(framing)
    return line.fault(stream, steps)
}

/// The octets on the wire of a list of frames.
private func framed(_ list: [UInt8], as framing: Framing) -> [UInt8] {
    var stream: [UInt8] = []
    var rest = list[...]
    while let count = rest.popFirst() {
        let datagram = Array(rest.prefix(Int(count)))
        rest = rest.dropFirst(datagram.count)
        stream.appendFrame(datagram.span.bytes, as: framing)
    }
    return stream
}

private func frames(of stream: [UInt8], _ framing: Framing, steps: [UInt8]) -> [[UInt8]] {
    var framer = Framer(framing, maximumFrameByteCount: maximumByteCount(of: framing))
    var found: [[UInt8]] = []
    for piece in Pieces(stream, steps) {
        let octets = Array(stream[piece])
        var position = 0
        while let range = framer.nextFrame(in: octets.span.bytes, at: &position) {
            found.append(Array(framer.bytes[range]))
        }
    }
    return found
}

/// Whether `datagram`, framed, comes out as it was; a length-prefixed one is its own frame, if it is one.
private func faultOfFraming(_ octets: [UInt8], _ framing: Framing) -> String? {
    let datagram = Array(octets.prefix(maximumByteCount))
    guard !datagram.isEmpty, framing != .lengthPrefixed else { return nil }
    var stream: [UInt8] = []
    stream.appendFrame(datagram.span.bytes, as: framing)
    let found = frames(of: stream, framing, steps: [])
    return found == [datagram] ? nil : "\(datagram) comes out as \(found)"
}

private func maximumByteCount(of framing: Framing) -> Int {
    switch framing {
    case .xbee: Framer.maximumXBeeFrameByteCount
    case .lengthPrefixed, .slip, .hdlc, .cobs: maximumByteCount
    }
}

/// A stream in pieces; a step's lower five bits say how long each is, over and over, all in one if there are none.
private struct Pieces: Sequence, IteratorProtocol {
    private let byteCount: Int
    private let steps: [UInt8]
    private var start = 0
    private var number = 0

    init(_ stream: [UInt8], _ steps: [UInt8]) { (byteCount, self.steps) = (stream.count, steps) }

    mutating func next() -> Range<Int>? {
        guard start < byteCount else { return nil }
        let size = steps.isEmpty ? byteCount : 1 + Int(steps[number % steps.count] & 0x1F)
        number += 1
        let piece = start..<Swift.min(start + size, byteCount)
        start = piece.upperBound
        return piece
    }
}

/// A link on the line, among deadlines, sends and lines that end.
private struct LineRun: ~Copyable {
    private var link: any DatagramLine & ~Copyable
    private var effects = LinkEffects()
    private var now = Instant(nanoseconds: 1)
    private var lastSender = LinkAddress.otherEnd
    private let longestQueue: Int

    init(_ framing: Framing) {
        switch framing {
        case .xbee:
            let configuration = XBeeLinkConfiguration()
            longestQueue = configuration.maximumMessageCount
            link = XBeeLink(configuration)
            lastSender = .xbee64(XBeeAddress64(0x0013_A200_4052_2BAA))
        case .lengthPrefixed, .slip, .hdlc, .cobs:
            longestQueue = 0
            link = PointToPointLink(
                PointToPointLinkConfiguration(framing: framing, maximumDatagramByteCount: maximumByteCount))
        }
    }

    mutating func fault(_ stream: [UInt8], _ steps: [UInt8]) -> String? {
        link.lineOpened(at: now, into: &effects)
        for (number, piece) in Pieces(stream, steps).enumerated() {
            let octets = Array(stream[piece])
            link.receive(octets.span.bytes, at: now, into: &effects)
            if !steps.isEmpty { happen(steps[number % steps.count] >> 5, octets) }
            if let fault = faultOfEffects() ?? faultOfDeadline(isForced: false) { return fault }
        }
        // Left alone, it goes on with its own deadlines, and each leads to a later one.
        for _ in 0..<32 where link.nextDeadline != nil {
            if let fault = faultOfDeadline(isForced: true) { return fault }
        }
        return nil
    }

    private mutating func happen(_ what: UInt8, _ octets: [UInt8]) {
        switch what {
        case 1: _ = link.send(octets.span.bytes, to: lastSender, at: now, into: &effects)
        case 2: _ = link.broadcast(octets.span.bytes, radius: 1, at: now, into: &effects)
        case 3:
            for _ in 0..<16 { _ = link.send(octets.span.bytes, to: lastSender, at: now, into: &effects) }
        case 4: now = now + .milliseconds(20)
        case 5: now = max(now, link.nextDeadline ?? now)
        case 6: now = now + .milliseconds(60_000)
        case 7:
            link.lineClosed(at: now, into: &effects)
            link.lineOpened(at: now, into: &effects)
        default: break
        }
    }

    /// Whether what is due is done, and the next deadline a later one.
    private mutating func faultOfDeadline(isForced: Bool) -> String? {
        if isForced, let deadline = link.nextDeadline { now = max(now, deadline) }
        guard let deadline = link.nextDeadline, deadline <= now else { return nil }
        link.deadlineReached(at: now, into: &effects)
        if let next = link.nextDeadline, next <= now { return "the deadline at \(next) stays, in \(link.state)" }
        return faultOfEffects()
    }

    private mutating func faultOfEffects() -> String? {
        for effect in effects.list {
            switch effect {
            case .write(let range):
                guard range.upperBound <= effects.bytes.count, !range.isEmpty else { return "\(effect) lies outside" }
            case .datagramReceived(let range, let sender, _):
                guard range.upperBound <= effects.bytes.count, range.count <= Framer.maximumXBeeFrameByteCount
                else { return "\(effect) lies outside" }
                lastSender = sender
            case .tryNextSpeed, .observe: break
            }
        }
        effects.removeAll()
        guard link.queuedMessageCount <= longestQueue else { return "\(link.queuedMessageCount) messages are queued" }
        return nil
    }
}

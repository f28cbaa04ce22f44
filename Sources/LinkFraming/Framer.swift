package import Bytes

/// Cuts the bytes of a serial line into frames, however they are split over inputs, in memory that never grows.
///
/// What is not a frame is dropped and counted, and the frames behind it are found again:
/// - `slip`, `hdlc`, `cobs`: from the next delimiter on. What stands before the line's first delimiter is taken for a
///   frame too, as senders without a leading delimiter need.
/// - `xbee` escaped: from the next 0x7E on, which never stands inside a frame.
/// - `xbee` not escaped: a frame that fails is searched for others from the octet behind its 0x7E on. A false start is
///   found out when as many octets have come as it claims (at most 516) or when the line falls silent.
/// - `lengthPrefixed`: only by silence. Of what is then incomplete, the longest end that consists of whole messages is
///   kept; a length that cannot be (0, or beyond the maximum) is skipped octet by octet.
///
/// The framer has no clock: its owner calls `lineWasSilent` when no octet came for the line's inter-byte timeout.
///
///     var position = 0
///     while let frame = framer.nextFrame(in: input, at: &position) { handle(framer.bytes, frame) }
package struct Framer: Sendable {
    /// The most octets of frame data in one XBee frame; a longer length is garbage.
    package static let maximumXBeeFrameByteCount = 512

    private var buffer: FrameBuffer
    private var cutter: Cutter
    package private(set) var counters = FramingCounters()

    /// A framer at the beginning of a line on which a frame holds at most `maximumFrameByteCount` octets, without
    /// delimiters and checksum; for `xbee` never more than `maximumXBeeFrameByteCount`.
    ///
    /// - Precondition: `maximumFrameByteCount` lies in `1...65535`.
    package init(_ framing: Framing, maximumFrameByteCount: Int) {
        precondition((1...65_535).contains(maximumFrameByteCount), "a frame's size is a 16-bit number")
        cutter = Cutter(framing, maximumFrameByteCount)
        buffer = FrameBuffer(capacity: cutter.bufferByteCount(maximumFrameByteCount))
    }

    /// The memory that frames lie in; what `nextFrame` returned is valid until the next call of anything mutating.
    package var bytes: [UInt8] { buffer.bytes }

    /// How many octets of storage are held; the same for the framer's whole life.
    package var reservedByteCount: Int { buffer.bytes.capacity }

    /// Whether a frame has begun and is not complete: a silent line is then worth telling.
    package var isIncomplete: Bool { !buffer.isEmpty || cutter.isDiscarding }

    /// The next frame as a range of `bytes`, or nil when all of `input` is consumed; `position` moves behind what was.
    ///
    /// - Precondition: `position` lies in `0...input.byteCount`.
    package mutating func nextFrame(in input: RawSpan, at position: inout Int) -> ByteRange? {
        buffer.release()
        switch cutter {
        case .lengthPrefixed(let cutter):
            return cutter.next(in: input, at: &position, &buffer, &counters)
        case .slip(var slip):
            defer { cutter = .slip(slip) }
            return slip.next(in: input, at: &position, &buffer, &counters)
        case .hdlc(var hdlc):
            defer { cutter = .hdlc(hdlc) }
            return hdlc.next(in: input, at: &position, &buffer, &counters)
        case .cobs(var cobs):
            defer { cutter = .cobs(cobs) }
            return cobs.next(in: input, at: &position, &buffer, &counters)
        case .xbee(var xbee):
            defer { cutter = .xbee(xbee) }
            return xbee.next(in: input, at: &position, &buffer, &counters)
        case .escapedXBee(var xbee):
            defer { cutter = .escapedXBee(xbee) }
            return xbee.next(in: input, at: &position, &buffer, &counters)
        }
    }

    /// No octet came for the inter-byte timeout: gives up the frame that is incomplete. Frames that are found in what
    /// it had swallowed come out of the next `nextFrame`, which the owner calls with no input.
    package mutating func lineWasSilent() {
        buffer.release()
        guard isIncomplete else { return }
        switch cutter {
        case .lengthPrefixed(let cutter): cutter.giveUp(&buffer, &counters)
        case .xbee(var xbee):
            xbee.giveUp()
            cutter = .xbee(xbee)
        case .slip, .hdlc, .cobs, .escapedXBee: removeAll()
        }
    }

    /// Forgets everything but the counters, in which what is incomplete goes: the line was opened anew.
    package mutating func removeAll() {
        buffer.release()
        // A frame that was dropped is counted already.
        if isIncomplete, !cutter.isDroppingFrame { counters.incomplete += 1 }
        counters.discardedByteCount += UInt64(buffer.count)
        buffer.removeAll()
        cutter = cutter.atBeginning
    }

    /// Goes on with XBee frames in the other API mode; what is incomplete is forgotten.
    ///
    /// - Precondition: the framing is `xbee`.
    mutating func setXBeeMode(isEscaped: Bool) {
        let old = cutter
        cutter = old.inXBeeMode(isEscaped: isEscaped)
        guard old.isEscaped != cutter.isEscaped else { return }
        buffer.release()
        counters.discardedByteCount += UInt64(buffer.count)
        buffer.removeAll()
    }
}

/// What a framing remembers between octets, beside those in the buffer; values without references.
private enum Cutter: Sendable {
    case lengthPrefixed(LengthPrefixCutter)
    case slip(SLIPCutter)
    case hdlc(HDLCCutter)
    case cobs(COBSCutter)
    case xbee(XBeeCutter)
    case escapedXBee(EscapedXBeeCutter)

    init(_ framing: Framing, _ maximumFrameByteCount: Int) {
        let xbeeByteCount = min(maximumFrameByteCount, Framer.maximumXBeeFrameByteCount)
        switch framing {
        case .lengthPrefixed: self = .lengthPrefixed(LengthPrefixCutter(maximumByteCount: maximumFrameByteCount))
        case .slip: self = .slip(SLIPCutter())
        case .hdlc: self = .hdlc(HDLCCutter())
        case .cobs(let hasChecksum): self = .cobs(COBSCutter(hasChecksum: hasChecksum))
        case .xbee(isEscaped: false): self = .xbee(XBeeCutter(maximumByteCount: xbeeByteCount))
        case .xbee(isEscaped: true): self = .escapedXBee(EscapedXBeeCutter(maximumByteCount: xbeeByteCount))
        }
    }

    /// The octets that must be kept at once: a frame, and what goes with it.
    func bufferByteCount(_ maximumFrameByteCount: Int) -> Int {
        switch self {
        case .lengthPrefixed, .slip: maximumFrameByteCount
        case .hdlc: maximumFrameByteCount + 2
        case .cobs(let cutter): maximumFrameByteCount + (cutter.hasChecksum ? 2 : 0)
        case .xbee(let cutter): cutter.maximumByteCount + XBeeEnvelope.byteCount
        case .escapedXBee(let cutter): cutter.maximumByteCount + XBeeEnvelope.byteCount
        }
    }

    var isDiscarding: Bool {
        switch self {
        case .lengthPrefixed, .xbee, .escapedXBee: false
        case .slip(let cutter): cutter.isDiscarding || cutter.isEscaping
        case .hdlc(let cutter): cutter.isDiscarding || cutter.isEscaping
        case .cobs(let cutter): cutter.isDiscarding || cutter.hasBegun
        }
    }

    /// Whether the frame that is not over was dropped already.
    var isDroppingFrame: Bool {
        switch self {
        case .lengthPrefixed, .xbee, .escapedXBee: false
        case .slip(let cutter): cutter.isDiscarding
        case .hdlc(let cutter): cutter.isDiscarding
        case .cobs(let cutter): cutter.isDiscarding
        }
    }

    var atBeginning: Cutter {
        switch self {
        case .lengthPrefixed: self
        case .slip: .slip(SLIPCutter())
        case .hdlc: .hdlc(HDLCCutter())
        case .cobs(let cutter): .cobs(COBSCutter(hasChecksum: cutter.hasChecksum))
        case .xbee(let cutter): .xbee(XBeeCutter(maximumByteCount: cutter.maximumByteCount))
        case .escapedXBee(let cutter): .escapedXBee(EscapedXBeeCutter(maximumByteCount: cutter.maximumByteCount))
        }
    }

    var isEscaped: Bool {
        switch self {
        case .escapedXBee: true
        case .lengthPrefixed, .slip, .hdlc, .cobs, .xbee: false
        }
    }

    func inXBeeMode(isEscaped: Bool) -> Cutter {
        switch self {
        case .xbee(let cutter) where isEscaped:
            .escapedXBee(EscapedXBeeCutter(maximumByteCount: cutter.maximumByteCount))
        case .escapedXBee(let cutter) where !isEscaped:
            .xbee(XBeeCutter(maximumByteCount: cutter.maximumByteCount))
        case .lengthPrefixed, .slip, .hdlc, .cobs, .xbee, .escapedXBee: self
        }
    }
}

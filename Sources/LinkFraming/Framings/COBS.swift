import Bytes

/// The numbers of consistent overhead byte stuffing (Cheshire and Baker, 1997).
private enum COBSNumber {
    static let delimiter: UInt8 = 0
    /// The code of a block of 254 octets that no zero follows.
    static let longestCode: UInt8 = 0xFF
    static let checksumByteCount = 2
}

/// Takes the stuffing out of COBS frames and proves their check sequence.
struct COBSCutter: Sendable {
    let hasChecksum: Bool
    /// Octets that are still missing of the block.
    private var remainingByteCount = 0
    /// Whether the block stands for a zero at its end, unless the frame ends there.
    private var zeroFollows = false
    private(set) var hasBegun = false
    /// Whether everything up to the next delimiter belongs to a frame that was dropped.
    private(set) var isDiscarding = false

    init(hasChecksum: Bool) { self.hasChecksum = hasChecksum }

    mutating func next(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange? {
        while position < input.byteCount {
            let octet = input[unchecked: position]
            position += 1
            if octet == COBSNumber.delimiter {
                if let frame = end(&buffer, &counters) { return frame }
            } else {
                take(octet, &buffer, &counters)
            }
        }
        return nil
    }

    private mutating func end(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) -> ByteRange? {
        let ended = self
        self = COBSCutter(hasChecksum: hasChecksum)
        guard ended.hasBegun, !ended.isDiscarding else { return nil }
        let checksumByteCount = hasChecksum ? COBSNumber.checksumByteCount : 0
        guard ended.remainingByteCount == 0, buffer.count > checksumByteCount else {
            counters.malformed += 1
            drop(&buffer, &counters)
            return nil
        }
        if hasChecksum, !FrameCheckSequence(of: buffer.bytes.span.bytes, in: buffer.stored).isGood {
            counters.badChecksums += 1
            drop(&buffer, &counters)
            return nil
        }
        counters.frames += 1
        return buffer.handOut(0..<(buffer.count - checksumByteCount), consuming: buffer.count)
    }

    private mutating func take(_ octet: UInt8, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        guard !isDiscarding else {
            counters.discardedByteCount += 1
            return
        }
        hasBegun = true
        if remainingByteCount > 0 {
            remainingByteCount -= 1
            store(octet, &buffer, &counters)
            return
        }
        if zeroFollows { store(0, &buffer, &counters) }
        remainingByteCount = Int(octet) - 1
        zeroFollows = octet != COBSNumber.longestCode
    }

    private mutating func store(_ octet: UInt8, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        guard !buffer.append(octet) else { return }
        counters.oversized += 1
        counters.discardedByteCount += 1
        drop(&buffer, &counters)
        isDiscarding = true
    }

    private func drop(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        counters.discardedByteCount += UInt64(buffer.count)
        buffer.removeAll()
    }
}

extension [UInt8] {
    /// Appends `datagram`, stuffed, with its check sequence where wanted, and the delimiter.
    mutating func appendCOBSFrame(_ datagram: RawSpan, hasChecksum: Bool) {
        var codeIndex = count
        append(1)
        for index in 0..<datagram.byteCount { appendCOBSOctet(datagram[unchecked: index], &codeIndex) }
        if hasChecksum {
            let check = FrameCheckSequence(of: datagram, in: 0..<datagram.byteCount).value
            appendCOBSOctet(UInt8(truncatingIfNeeded: check), &codeIndex)
            appendCOBSOctet(UInt8(truncatingIfNeeded: check >> 8), &codeIndex)
        }
        append(COBSNumber.delimiter)
    }

    /// Appends one octet to the block whose code lies at `codeIndex`, or begins the next block.
    ///
    /// A full block is closed only when another octet follows, so that none is empty.
    private mutating func appendCOBSOctet(_ octet: UInt8, _ codeIndex: inout Int) {
        if self[codeIndex] == COBSNumber.longestCode {
            codeIndex = count
            append(1)
        }
        if octet == 0 {
            codeIndex = count
            append(1)
        } else {
            append(octet)
            self[codeIndex] += 1
        }
    }
}

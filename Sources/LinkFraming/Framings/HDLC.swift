import Bytes

/// The octets with a meaning of their own in RFC 1662 §4.
private enum HDLCOctet {
    static let flag: UInt8 = 0x7E
    static let escape: UInt8 = 0x7D
    static let complement: UInt8 = 0x20
    static let checksumByteCount = 2
}

/// Takes escapes out, finds the flags and proves the check sequence of HDLC-like frames (RFC 1662 §4).
struct HDLCCutter: Sendable {
    private(set) var isEscaping = false
    /// Whether everything up to the next flag belongs to a frame that was dropped.
    private(set) var isDiscarding = false

    mutating func next(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange? {
        while position < input.byteCount {
            let octet = input[unchecked: position]
            position += 1
            if octet == HDLCOctet.flag {
                if let frame = end(&buffer, &counters) { return frame }
            } else {
                take(octet, &buffer, &counters)
            }
        }
        return nil
    }

    private mutating func end(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) -> ByteRange? {
        let (wasDiscarding, wasEscaping) = (isDiscarding, isEscaping)
        (isDiscarding, isEscaping) = (false, false)
        if wasEscaping {
            // RFC 1662 §4.3: an escape before the flag aborts the frame.
            counters.incomplete += 1
            drop(&buffer, &counters)
            return nil
        }
        guard !wasDiscarding, !buffer.isEmpty else { return nil }
        guard buffer.count > HDLCOctet.checksumByteCount else {
            counters.malformed += 1
            drop(&buffer, &counters)
            return nil
        }
        guard FrameCheckSequence(of: buffer.bytes.span.bytes, in: buffer.stored).isGood else {
            counters.badChecksums += 1
            drop(&buffer, &counters)
            return nil
        }
        counters.frames += 1
        return buffer.handOut(0..<(buffer.count - HDLCOctet.checksumByteCount), consuming: buffer.count)
    }

    private mutating func take(_ octet: UInt8, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        guard !isDiscarding else {
            counters.discardedByteCount += 1
            return
        }
        if octet == HDLCOctet.escape, !isEscaping {
            isEscaping = true
            return
        }
        let plain = isEscaping ? octet ^ HDLCOctet.complement : octet
        isEscaping = false
        guard !buffer.append(plain) else { return }
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
    /// Appends `datagram` and its check sequence between two flags (RFC 1662 §4).
    mutating func appendHDLCFrame(_ datagram: RawSpan) {
        append(HDLCOctet.flag)
        for index in 0..<datagram.byteCount { appendHDLCOctet(datagram[unchecked: index]) }
        let check = FrameCheckSequence(of: datagram, in: 0..<datagram.byteCount).value
        appendHDLCOctet(UInt8(truncatingIfNeeded: check))
        appendHDLCOctet(UInt8(truncatingIfNeeded: check >> 8))
        append(HDLCOctet.flag)
    }

    private mutating func appendHDLCOctet(_ octet: UInt8) {
        if octet == HDLCOctet.flag || octet == HDLCOctet.escape {
            append(HDLCOctet.escape)
            append(octet ^ HDLCOctet.complement)
        } else {
            append(octet)
        }
    }
}

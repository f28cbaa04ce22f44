import Bytes

/// The octets with a meaning of their own in RFC 1055.
private enum SLIPOctet {
    static let end: UInt8 = 0xC0
    static let escape: UInt8 = 0xDB
    static let escapedEnd: UInt8 = 0xDC
    static let escapedEscape: UInt8 = 0xDD
}

/// Takes SLIP's escapes out and finds the ends of datagrams (RFC 1055).
struct SLIPCutter: Sendable {
    private(set) var isEscaping = false
    /// Whether everything up to the next END belongs to a datagram that was dropped.
    private(set) var isDiscarding = false

    mutating func next(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange? {
        while position < input.byteCount {
            let octet = input[unchecked: position]
            position += 1
            if octet == SLIPOctet.end {
                if let frame = end(&buffer, &counters) { return frame }
            } else {
                take(octet, &buffer, &counters)
            }
        }
        return nil
    }

    private mutating func end(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) -> ByteRange? {
        let wasDiscarding = isDiscarding
        isDiscarding = false
        if isEscaping {
            isEscaping = false
            drop(&buffer, &counters)
            counters.malformed += 1
            return nil
        }
        guard !wasDiscarding, !buffer.isEmpty else { return nil }
        counters.frames += 1
        return buffer.handOut(0..<buffer.count, consuming: buffer.count)
    }

    private mutating func take(_ octet: UInt8, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        guard !isDiscarding else {
            counters.discardedByteCount += 1
            return
        }
        guard isEscaping else {
            if octet == SLIPOctet.escape {
                isEscaping = true
            } else {
                store(octet, &buffer, &counters)
            }
            return
        }
        isEscaping = false
        switch octet {
        case SLIPOctet.escapedEnd: store(SLIPOctet.end, &buffer, &counters)
        case SLIPOctet.escapedEscape: store(SLIPOctet.escape, &buffer, &counters)
        default:
            counters.malformed += 1
            counters.discardedByteCount += 1
            drop(&buffer, &counters)
            isDiscarding = true
        }
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
    /// Appends `datagram` between two ENDs; the first makes the receiver forget noise (RFC 1055).
    mutating func appendSLIPFrame(_ datagram: RawSpan) {
        append(SLIPOctet.end)
        for index in 0..<datagram.byteCount {
            let octet = datagram[unchecked: index]
            switch octet {
            case SLIPOctet.end:
                append(SLIPOctet.escape)
                append(SLIPOctet.escapedEnd)
            case SLIPOctet.escape:
                append(SLIPOctet.escape)
                append(SLIPOctet.escapedEscape)
            default: append(octet)
            }
        }
        append(SLIPOctet.end)
    }
}

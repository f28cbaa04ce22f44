import Bytes

/// The octets around the data of an XBee API frame: start, two of length, checksum.
enum XBeeEnvelope {
    static let start: UInt8 = 0x7E
    static let escape: UInt8 = 0x7D
    static let complement: UInt8 = 0x20
    static let headerByteCount = 3
    /// Header and checksum.
    static let byteCount = 4

    /// What API mode 2 escapes behind the start: start, escape, XON, XOFF.
    static func needsEscape(_ octet: UInt8) -> Bool {
        octet == start || octet == escape || octet == 0x11 || octet == 0x13
    }

    /// What the octets in the buffer, which begin with a start, are.
    enum Extent {
        case atLeast(Int)
        case whole(dataByteCount: Int)
        /// Nothing, not even a type.
        case empty
        case oversized
        case badChecksum
    }

    static func extent(in buffer: FrameBuffer, maximumByteCount: Int) -> Extent {
        guard buffer.count >= headerByteCount else { return .atLeast(headerByteCount) }
        let dataByteCount = Int(buffer[1]) << 8 | Int(buffer[2])
        // A frame has at least its type.
        guard dataByteCount >= 1 else { return .empty }
        guard dataByteCount <= maximumByteCount else { return .oversized }
        guard buffer.count >= dataByteCount + byteCount else { return .atLeast(dataByteCount + byteCount) }
        var sum: UInt8 = 0
        for offset in headerByteCount..<(dataByteCount + byteCount) { sum &+= buffer[offset] }
        return sum == 0xFF ? .whole(dataByteCount: dataByteCount) : .badChecksum
    }

    static func count(_ failure: Extent, in counters: inout FramingCounters) {
        switch failure {
        case .empty: counters.malformed += 1
        case .oversized: counters.oversized += 1
        case .badChecksum: counters.badChecksums += 1
        case .atLeast: counters.incomplete += 1
        case .whole: break
        }
    }

    static func handOut(
        _ dataByteCount: Int, of buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange {
        counters.frames += 1
        return buffer.handOut(
            headerByteCount..<(headerByteCount + dataByteCount), consuming: dataByteCount + byteCount)
    }
}

/// Finds the frames of API mode 1, where a start octet may stand inside a frame too.
struct XBeeCutter: Sendable {
    let maximumByteCount: Int
    /// Whether the line fell silent behind what is stored: nothing of it will become complete.
    private var isGivingUp = false

    init(maximumByteCount: Int) { self.maximumByteCount = maximumByteCount }

    mutating func next(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange? {
        while true {
            if buffer.isEmpty {
                isGivingUp = false
                guard begin(in: input, at: &position, &buffer, &counters) else { return nil }
            } else if buffer[0] != XBeeEnvelope.start {
                dropUpToStart(&buffer, &counters)
                continue
            }
            let extent = XBeeEnvelope.extent(in: buffer, maximumByteCount: maximumByteCount)
            switch extent {
            case .atLeast(let byteCount):
                if isGivingUp {
                    fail(extent, &buffer, &counters)
                } else if !buffer.fill(to: byteCount, from: input, at: &position) {
                    return nil
                }
            case .whole(let dataByteCount): return XBeeEnvelope.handOut(dataByteCount, of: &buffer, &counters)
            case .empty, .oversized, .badChecksum: fail(extent, &buffer, &counters)
            }
        }
    }

    mutating func giveUp() { isGivingUp = true }

    /// Skips octets of the input up to a start and stores that; false when there is none.
    private func begin(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> Bool {
        while position < input.byteCount {
            let octet = input[unchecked: position]
            position += 1
            if octet == XBeeEnvelope.start { return buffer.append(octet) }
            counters.discardedByteCount += 1
        }
        return false
    }

    /// Counts the frame as lost; what it had swallowed is searched again from the octet behind its start on.
    private func fail(
        _ extent: XBeeEnvelope.Extent, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) {
        XBeeEnvelope.count(extent, in: &counters)
        counters.discardedByteCount += 1
        buffer.dropFirst(1)
    }

    /// After a frame or a failure: what is stored need not begin with a start.
    private func dropUpToStart(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        var byteCount = 0
        while byteCount < buffer.count, buffer[byteCount] != XBeeEnvelope.start { byteCount += 1 }
        counters.discardedByteCount += UInt64(byteCount)
        buffer.dropFirst(byteCount)
    }
}

/// Finds the frames of API mode 2, where a start octet always begins a frame.
struct EscapedXBeeCutter: Sendable {
    let maximumByteCount: Int
    private var isEscaping = false

    init(maximumByteCount: Int) { self.maximumByteCount = maximumByteCount }

    mutating func next(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange? {
        while position < input.byteCount {
            let octet = input[unchecked: position]
            position += 1
            if octet == XBeeEnvelope.start {
                begin(&buffer, &counters)
            } else if buffer.isEmpty {
                counters.discardedByteCount += 1
            } else if octet == XBeeEnvelope.escape, !isEscaping {
                isEscaping = true
            } else {
                _ = buffer.append(isEscaping ? octet ^ XBeeEnvelope.complement : octet)
                isEscaping = false
                if let frame = finish(&buffer, &counters) { return frame }
            }
        }
        return nil
    }

    private mutating func begin(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        if !buffer.isEmpty {
            counters.incomplete += 1
            drop(&buffer, &counters)
        }
        isEscaping = false
        _ = buffer.append(XBeeEnvelope.start)
    }

    /// The frame if it is complete and good. One that failed holds no start, so nothing in it is worth a search.
    private func finish(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) -> ByteRange? {
        let extent = XBeeEnvelope.extent(in: buffer, maximumByteCount: maximumByteCount)
        switch extent {
        case .atLeast: return nil
        case .whole(let dataByteCount): return XBeeEnvelope.handOut(dataByteCount, of: &buffer, &counters)
        case .empty, .oversized, .badChecksum:
            XBeeEnvelope.count(extent, in: &counters)
            drop(&buffer, &counters)
            return nil
        }
    }

    private func drop(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        counters.discardedByteCount += UInt64(buffer.count)
        buffer.removeAll()
    }
}

extension [UInt8] {
    /// Appends an API frame around `data`; in mode 2 everything behind the start is escaped where needed.
    ///
    /// - Precondition: `data` has at most 65,535 octets.
    mutating func appendXBeeFrame(_ data: RawSpan, isEscaped: Bool) {
        append(XBeeEnvelope.start)
        let byteCount = UInt16(data.byteCount)
        appendXBeeOctet(UInt8(truncatingIfNeeded: byteCount >> 8), isEscaped)
        appendXBeeOctet(UInt8(truncatingIfNeeded: byteCount), isEscaped)
        var sum: UInt8 = 0
        for index in 0..<data.byteCount {
            sum &+= data[unchecked: index]
            appendXBeeOctet(data[unchecked: index], isEscaped)
        }
        appendXBeeOctet(0xFF &- sum, isEscaped)
    }

    private mutating func appendXBeeOctet(_ octet: UInt8, _ isEscaped: Bool) {
        if isEscaped, XBeeEnvelope.needsEscape(octet) {
            append(XBeeEnvelope.escape)
            append(octet ^ XBeeEnvelope.complement)
        } else {
            append(octet)
        }
    }
}

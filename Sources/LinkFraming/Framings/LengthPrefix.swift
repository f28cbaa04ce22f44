import Bytes

/// Finds the boundaries of MQTT-SN messages by their own length fields (MQTT-SN 1.2 §5.2.1).
///
/// A forwarder encapsulation belongs to the message behind it, which its length does not count (§5.5).
struct LengthPrefixCutter: Sendable {
    /// What the octets from some offset on claim to be.
    private enum Extent {
        /// At least so many octets are needed to tell more, or to have all.
        case atLeast(Int)
        case whole(Int)
        /// No message has such a length.
        case impossible
        /// Longer than anything on this line.
        case oversized
        /// An encapsulation, of so many octets, whose message is an encapsulation.
        case nested(Int)
    }

    private static let forwarderEncapsulation: UInt8 = 0xFE
    /// A length octet of 1 says that two more octets hold the length.
    private static let longFormMarker: UInt8 = 0x01

    let maximumByteCount: Int

    func next(
        in input: RawSpan, at position: inout Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters
    ) -> ByteRange? {
        while true {
            switch frameExtent(in: buffer) {
            case .atLeast(let byteCount):
                guard buffer.fill(to: byteCount, from: input, at: &position) else { return nil }
            case .whole(let byteCount):
                counters.frames += 1
                return buffer.handOut(0..<byteCount, consuming: byteCount)
            case .impossible:
                counters.malformed += 1
                skip(1, &buffer, &counters)
            case .oversized:
                counters.oversized += 1
                skip(1, &buffer, &counters)
            case .nested(let byteCount):
                // Its message was lost; the one behind it has an encapsulation of its own.
                counters.malformed += 1
                skip(byteCount, &buffer, &counters)
            }
        }
    }

    /// Keeps the longest end of the octets that consists of whole frames, or nothing.
    ///
    /// A message that was cut short must not be taken for the messages that its middle may look like; only what ends
    /// where the line fell silent is likely to have been sent as it stands here.
    func giveUp(_ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        let count = buffer.count
        // Backwards, so that each offset is looked at once.
        var endsWell = [Bool](repeating: false, count: count + 1)
        endsWell[count] = true
        for offset in stride(from: count - 1, through: 0, by: -1) {
            guard case .whole(let byteCount) = messageExtent(in: buffer, at: offset) else { continue }
            guard byteCount <= count - offset else { continue }
            let end = offset + byteCount
            guard endsWell[end] else { continue }
            // An encapsulation needs a message, which is none itself.
            let isAlone = end == count || isEncapsulation(buffer, at: end)
            endsWell[offset] = !(isEncapsulation(buffer, at: offset) && isAlone)
        }
        let kept = endsWell.firstIndex(of: true) ?? count
        guard kept > 0 else { return }
        counters.incomplete += 1
        counters.discardedByteCount += UInt64(kept)
        buffer.dropFirst(kept)
    }

    private func skip(_ byteCount: Int, _ buffer: inout FrameBuffer, _ counters: inout FramingCounters) {
        counters.discardedByteCount += UInt64(byteCount)
        buffer.dropFirst(byteCount)
    }

    /// The extent of a message with the encapsulation before it, of which there is one at most (§5.5).
    private func frameExtent(in buffer: FrameBuffer) -> Extent {
        let first = extent(in: buffer, from: 0)
        guard case .whole(let byteCount) = first, isEncapsulation(buffer, at: 0) else { return first }
        let second = extent(in: buffer, from: byteCount)
        guard case .whole = second, isEncapsulation(buffer, at: byteCount) else { return second }
        return .nested(byteCount)
    }

    /// The extent from the beginning of the buffer to the end of the message at `offset`.
    private func extent(in buffer: FrameBuffer, from offset: Int) -> Extent {
        let extent = messageExtent(in: buffer, at: offset)
        switch extent {
        case .atLeast(let byteCount): return .atLeast(offset + byteCount)
        case .whole(let byteCount):
            let end = offset + byteCount
            guard end <= maximumByteCount else { return .oversized }
            return end <= buffer.count ? .whole(end) : .atLeast(end)
        case .impossible, .oversized, .nested: return extent
        }
    }

    /// The extent that the header at `offset` claims, which may lie beyond what is stored.
    ///
    /// Never asks for more than the next decision needs: what cannot be is known as soon as its octet has come.
    private func messageExtent(in buffer: FrameBuffer, at offset: Int) -> Extent {
        let storedByteCount = buffer.count - offset
        // A message is at least a length and a type; what is refused must have come, or it could not be skipped.
        guard offset > 0 || storedByteCount >= 1 else { return .atLeast(1) }
        guard offset + 2 <= maximumByteCount else { return .oversized }
        guard storedByteCount >= 1 else { return .atLeast(1) }
        let first = buffer[offset]
        guard first == Self.longFormMarker else {
            guard first >= 2 else { return .impossible }
            return storedByteCount >= 2 ? .whole(Int(first)) : .atLeast(2)
        }
        guard offset + 4 <= maximumByteCount else { return .oversized }
        guard storedByteCount >= 3 else { return .atLeast(3) }
        let byteCount = Int(buffer[offset + 1]) << 8 | Int(buffer[offset + 2])
        guard byteCount >= 4 else { return .impossible }
        guard byteCount <= maximumByteCount else { return .oversized }
        return storedByteCount >= 4 ? .whole(byteCount) : .atLeast(4)
    }

    /// Whether the message at `offset`, of which the type has come, is a forwarder encapsulation.
    private func isEncapsulation(_ buffer: FrameBuffer, at offset: Int) -> Bool {
        buffer[offset] == Self.longFormMarker
            ? buffer[offset + 3] == Self.forwarderEncapsulation : buffer[offset + 1] == Self.forwarderEncapsulation
    }
}

// What each framing's frames in a whole stream are, followed by silence: found with everything in sight, octet by octet.

import Bytes
import LinkFraming

/// The slow and obvious reading of a whole stream that framers are compared with.
enum Oracle {
    static func frames(in stream: [UInt8], _ framing: Framing, maximum: Int) -> [[UInt8]] {
        switch framing {
        case .lengthPrefixed: lengthPrefixed(stream, maximum)
        case .slip: segments(stream, 0xC0).compactMap { slip($0, maximum) }
        case .hdlc: segments(stream, 0x7E).compactMap { hdlc($0, maximum) }
        case .cobs(let hasChecksum): segments(stream, 0).compactMap { cobs($0, hasChecksum, maximum) }
        case .xbee(isEscaped: false): xbee(stream, min(maximum, 512))
        case .xbee(isEscaped: true): escapedXBee(stream, min(maximum, 512))
        }
    }

    /// What stands before each delimiter; what stands behind the last one is incomplete.
    private static func segments(_ stream: [UInt8], _ delimiter: UInt8) -> [[UInt8]] {
        stream.split(separator: delimiter, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    private static func slip(_ segment: [UInt8], _ maximum: Int) -> [UInt8]? {
        var frame: [UInt8] = []
        var rest = segment[...]
        while let octet = rest.popFirst() {
            guard octet == 0xDB else {
                frame.append(octet)
                continue
            }
            switch rest.popFirst() {
            case 0xDC: frame.append(0xC0)
            case 0xDD: frame.append(0xDB)
            default: return nil
            }
        }
        return (1...maximum).contains(frame.count) ? frame : nil
    }

    private static func checked(_ frame: [UInt8], _ maximum: Int) -> [UInt8]? {
        guard (3...(maximum + 2)).contains(frame.count) else { return nil }
        let body = Array(frame.dropLast(2))
        var remainder: UInt16 = 0xFFFF
        for octet in body {
            remainder ^= UInt16(octet)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x8408 : remainder >> 1 }
        }
        let value = ~remainder
        return frame.suffix(2) == [UInt8(value & 0xFF), UInt8(value >> 8)] ? body : nil
    }

    private static func hdlc(_ segment: [UInt8], _ maximum: Int) -> [UInt8]? {
        var frame: [UInt8] = []
        var rest = segment[...]
        while let octet = rest.popFirst() {
            if octet != 0x7D {
                frame.append(octet)
            } else if let escaped = rest.popFirst() {
                frame.append(escaped ^ 0x20)
            } else {
                return nil
            }
        }
        return checked(frame, maximum)
    }

    private static func cobs(_ segment: [UInt8], _ hasChecksum: Bool, _ maximum: Int) -> [UInt8]? {
        var frame: [UInt8] = []
        var rest = segment[...]
        while let code = rest.popFirst() {
            guard rest.count >= Int(code) - 1 else { return nil }
            frame += rest.prefix(Int(code) - 1)
            rest = rest.dropFirst(Int(code) - 1)
            if code != 0xFF, !rest.isEmpty { frame.append(0) }
        }
        if hasChecksum { return checked(frame, maximum) }
        return (1...maximum).contains(frame.count) ? frame : nil
    }

    private static func xbee(_ stream: [UInt8], _ maximum: Int) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var index = 0
        while index < stream.count {
            if stream[index] == 0x7E, let data = xbeeData(stream[(index + 1)...], maximum) {
                frames.append(data)
                index += data.count + 4
            } else {
                index += 1
            }
        }
        return frames
    }

    private static func escapedXBee(_ stream: [UInt8], _ maximum: Int) -> [[UInt8]] {
        stream.split(separator: 0x7E, omittingEmptySubsequences: false).dropFirst().compactMap { segment in
            var plain: [UInt8] = []
            var rest = segment
            while let octet = rest.popFirst() {
                if octet != 0x7D {
                    plain.append(octet)
                } else if let escaped = rest.popFirst() {
                    plain.append(escaped ^ 0x20)
                }
            }
            return xbeeData(plain[...], maximum)
        }
    }

    /// The data of the frame whose length stands at the beginning of `rest`.
    private static func xbeeData(_ rest: ArraySlice<UInt8>, _ maximum: Int) -> [UInt8]? {
        let bytes = Array(rest)
        guard bytes.count >= 2 else { return nil }
        let length = Int(bytes[0]) * 256 + Int(bytes[1])
        guard (1...maximum).contains(length), bytes.count >= length + 3 else { return nil }
        let sum = bytes[2..<(length + 3)].reduce(0) { $0 + Int($1) }
        return sum % 256 == 255 ? Array(bytes[2..<(length + 2)]) : nil
    }

    /// Reads forward; of what is incomplete at the end, the longest end that consists of whole frames counts.
    private static func lengthPrefixed(_ stream: [UInt8], _ maximum: Int) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = stream[...]
        while !rest.isEmpty {
            switch messages(rest, maximum) {
            case .frame(let count):
                frames.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            case .impossible: rest = rest.dropFirst()
            case .nested(let count): rest = rest.dropFirst(count)
            case .incomplete:
                repeat { rest = rest.dropFirst() } while !rest.isEmpty && !endsWell(rest, maximum)
            }
        }
        return frames
    }

    private enum Reading { case frame(Int), impossible, incomplete, nested(Int) }

    private static func endsWell(_ bytes: ArraySlice<UInt8>, _ maximum: Int) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard case .frame(let count) = messages(bytes, maximum) else { return false }
        return endsWell(bytes.dropFirst(count), maximum)
    }

    /// A message with the encapsulation before it.
    private static func messages(_ slice: ArraySlice<UInt8>, _ maximum: Int) -> Reading {
        let bytes = Array(slice)
        var end = 0
        while true {
            let start = end
            guard start + 2 <= maximum else { return .impossible }
            guard start < bytes.count else { return .incomplete }
            guard bytes[start] != 0 else { return .impossible }
            if bytes[start] == 1 {
                guard start + 4 <= maximum else { return .impossible }
                guard start + 3 <= bytes.count else { return .incomplete }
                let length = Int(bytes[start + 1]) * 256 + Int(bytes[start + 2])
                guard length >= 4, start + length <= maximum else { return .impossible }
                end = start + length
            } else {
                guard start + 2 <= bytes.count else { return .incomplete }
                guard start + Int(bytes[start]) <= maximum else { return .impossible }
                end = start + Int(bytes[start])
            }
            guard end <= bytes.count else { return .incomplete }
            if bytes[start] == 1 ? bytes[start + 3] != 0xFE : bytes[start + 1] != 0xFE { return .frame(end) }
            if start > 0 { return .nested(start) }
        }
    }
}

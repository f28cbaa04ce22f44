// Writes and reads octets as tests show them, and frames whole streams.

import Bytes
import LinkFraming

/// Random numbers that are the same on every run with the same seed (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// The octets of hexadecimal digits; blanks between them mean nothing.
func octets(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { octet in
        let digits = String(octet, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }.joined(separator: " ")
}

func framed(_ datagram: [UInt8], as framing: Framing) -> [UInt8] {
    var wire: [UInt8] = []
    wire.appendFrame(datagram.span.bytes, as: framing)
    return wire
}

extension Framer {
    /// The frames that come out of `bytes` given as one input.
    mutating func frames(in bytes: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var position = 0
        let input = bytes.span
        while let range = nextFrame(in: input.bytes, at: &position) { frames.append(Array(self.bytes[range])) }
        return frames
    }

    /// The frames that a silent line sets free.
    mutating func framesAfterSilence() -> [[UInt8]] {
        lineWasSilent()
        return frames(in: [])
    }
}

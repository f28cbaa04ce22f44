/// The hash function SHA-1 (FIPS 180-4), which RFC 6455 §4.2.2 wants where no secret depends on it; for short inputs.
enum SHA1 {
    /// The 20 octets of the hash.
    static func hash(_ message: [UInt8]) -> [UInt8] {
        // §5.1.1: a one bit, zeros, and the length in bits fill the last block of 64 octets.
        var padded = message + [0x80]
        padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
        padded += bigEndian(UInt64(message.count) * 8)
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        for start in stride(from: 0, to: padded.count, by: 64) { compress(padded[start..<start + 64], into: &state) }
        return state.flatMap(bigEndian)
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// §6.1.2.
    private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { start in
            block[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<80 {
            words.append(rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
        }
        var work = state
        for index in 0..<80 {
            let (b, c, d) = (work[1], work[2], work[3])
            let (mixed, constant) = mix(b, c, d, at: index)
            let first = rotate(work[0], 5) &+ mixed &+ work[4] &+ constant &+ words[index]
            work = [first, work[0], rotate(b, 30), c, d]
        }
        for index in 0..<5 { state[index] &+= work[index] }
    }

    /// The function and the constant of a round (§4.1.1, §4.2.1).
    private static func mix(_ b: UInt32, _ c: UInt32, _ d: UInt32, at index: Int) -> (UInt32, constant: UInt32) {
        switch index {
        case ..<20: (b & c ^ ~b & d, 0x5a82_7999)
        case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case ..<60: (b & c ^ b & d ^ c & d, 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}

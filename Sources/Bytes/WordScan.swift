// Looks at eight octets of a topic name or filter at a time: most of them are plain ASCII, and asked several things.

extension RawSpan {
    /// How many octets at the beginning, in steps of eight, are printable ASCII characters, 0x20…0x7E.
    @inlinable
    public var printableWordsByteCount: Int {
        var offset = 0
        while offset &+ 8 <= byteCount {
            let word = littleEndianWord(at: offset)
            // The first octet below 0x20 borrows, and 0x7F carries, into its own highest bit; others have it set.
            let unprintable = (word &- 0x2020_2020_2020_2020) | (word &+ 0x0101_0101_0101_0101) | word
            guard unprintable & 0x8080_8080_8080_8080 == 0 else { return offset }
            offset &+= 8
        }
        return offset
    }

    /// Whether one of the two octets is among the bytes.
    @inlinable
    public func holds(_ first: UInt8, or second: UInt8) -> Bool {
        let (firstWord, secondWord) = (Self.word(of: first), Self.word(of: second))
        var offset = 0
        while offset &+ 8 <= byteCount {
            let word = littleEndianWord(at: offset)
            if Self.holdsZero(word ^ firstWord) || Self.holdsZero(word ^ secondWord) { return true }
            offset &+= 8
        }
        while offset < byteCount {
            let octet = self[unchecked: offset]
            if octet == first || octet == second { return true }
            offset &+= 1
        }
        return false
    }

    /// Eight times the same octet.
    @inlinable
    static func word(of octet: UInt8) -> UInt64 { UInt64(octet) &* 0x0101_0101_0101_0101 }

    /// Whether one of the eight octets is 0.
    @inlinable
    static func holdsZero(_ word: UInt64) -> Bool {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0
    }
}

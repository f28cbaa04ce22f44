// Tells whether borrowed bytes are a string that MQTT and MQTT-SN allow.

extension RawSpan {
    /// Whether the bytes are well-formed UTF-8 without U+0000 (MQTT 3.1.1 §1.5.3); surrogates are ill-formed.
    @inlinable
    public var isWellFormedString: Bool {
        var index = printableWordsByteCount
        let end = byteCount
        while index < end {
            let first = self[unchecked: index]
            if first < 0x80 {
                guard first != 0 else { return false }
                index &+= 1
                continue
            }
            let length = wellFormedSequenceLength(at: index, first: first)
            guard length > 0 else { return false }
            index &+= length
        }
        return true
    }

    /// The length of the multi-octet sequence at `index`, or 0 when it is ill-formed (Unicode 15, table 3-7).
    @usableFromInline
    func wellFormedSequenceLength(at index: Int, first: UInt8) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard length <= byteCount &- index, second.contains(self[unchecked: index &+ 1]) else { return 0 }
        for offset in 2..<max(2, length) where self[unchecked: index &+ offset] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}

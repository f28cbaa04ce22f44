import Bytes

/// One statement of a batch, and its octets: a kind, and what the kind says follows.
enum JournalEntry: Hashable {
    case put(key: [UInt8], value: [UInt8], at: ClockReading?)
    case remove(key: [UInt8])
    /// What segments that begin before this sequence number say holds no longer.
    case begins(UInt64)
    /// The gateway has ended as it should.
    case closed

    /// The kinds, and what stands behind each.
    enum Kind {
        /// UInt16 and the key, UInt32 and the value.
        static let put: UInt8 = 1
        /// A clock reading, then as above: the value was true then.
        static let putAsOf: UInt8 = 2
        /// UInt16 and the key.
        static let remove: UInt8 = 3
        /// UInt64.
        static let begins: UInt8 = 4
        /// Nothing.
        static let closed: UInt8 = 5
    }

    /// Reads the entry at `offset` and moves behind it; nil where there is none that is known here.
    init?(_ bytes: RawSpan, at offset: inout Int) {
        guard let kind = bytes.byte(at: offset) else { return nil }
        offset &+= 1
        switch kind {
        case Kind.put, Kind.putAsOf:
            var reading: ClockReading?
            if kind == Kind.putAsOf {
                reading = ClockReading(bytes, at: offset)
                guard reading != nil else { return nil }
                offset &+= ClockReading.byteCount
            }
            guard let keyCount = bytes.uint16(at: offset),
                let key = Self.take(Int(keyCount), from: bytes, behind: 2, &offset),
                let valueCount = bytes.uint32(at: offset),
                let value = Self.take(Int(valueCount), from: bytes, behind: 4, &offset)
            else { return nil }
            self = .put(key: key, value: value, at: reading)
        case Kind.remove:
            guard let keyCount = bytes.uint16(at: offset),
                let key = Self.take(Int(keyCount), from: bytes, behind: 2, &offset)
            else { return nil }
            self = .remove(key: key)
        case Kind.begins:
            guard let sequence = bytes.uint64(at: offset) else { return nil }
            offset &+= 8
            self = .begins(sequence)
        case Kind.closed:
            self = .closed
        default:
            return nil
        }
    }

    /// `count` octets behind a length of `width` octets; nil where there are not so many.
    private static func take(_ count: Int, from bytes: RawSpan, behind width: Int, _ offset: inout Int) -> [UInt8]? {
        let start = offset + width
        guard count <= bytes.byteCount - start else { return nil }
        offset = start + count
        return bytes.copy(of: start..<start + count)
    }
}

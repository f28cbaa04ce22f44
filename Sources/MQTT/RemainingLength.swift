// The Remaining Length field: how many octets follow the fixed header, seven bits per octet (MQTT 3.1.1 §2.2.3); in
// 5.0 other lengths and numbers have the same form, the Variable Byte Integer (5.0 §1.5.5).

import Bytes

/// The variable-length number that ends the fixed header.
enum RemainingLength {
    /// A number and how many octets it takes, 1 to 4.
    struct Reading {
        var value: Int
        var byteCount: Int

        /// Whether no fewer octets could say it.
        var isShortest: Bool { byteCount == RemainingLength.byteCount(of: value) }
    }

    /// The largest number that four octets can carry.
    static let maximum = 268_435_455

    /// The number at `offset`, or nil when the bytes end within it.
    ///
    /// A number in more octets than it needs is accepted: §2.2.3 limits it to four octets and its decoding algorithm
    /// refuses nothing else; only MQTT 5.0 §1.5.5 demands the shortest form.
    static func read(in bytes: RawSpan, at offset: Int) throws(PacketError) -> Reading? {
        var value = 0
        for index in 0..<4 {
            guard let octet = bytes.byte(at: offset + index) else { return nil }
            value |= Int(octet & 0x7F) << (7 * index)
            if octet & 0x80 == 0 { return Reading(value: value, byteCount: index + 1) }
        }
        throw .malformedRemainingLength
    }

    /// How many octets `value` takes in its shortest form.
    ///
    /// - Precondition: `value` is at most `maximum`.
    static func byteCount(of value: Int) -> Int {
        precondition((0...maximum).contains(value), "a packet is longer than its length field can say")
        return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
    }
}

extension [UInt8] {
    /// Appends `value` in its shortest form.
    ///
    /// - Precondition: `value` is at most `RemainingLength.maximum`.
    mutating func append(remainingLength value: Int) {
        precondition((0...RemainingLength.maximum).contains(value), "a packet is longer than its length field can say")
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

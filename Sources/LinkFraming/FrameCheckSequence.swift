package import Bytes

/// The CRC that RFC 1662 calls FCS-16 and others CRC-16/X-25: polynomial 0x8408 reflected, beginning with 0xFFFF,
/// complemented at the end, least significant octet first on the wire.
package struct FrameCheckSequence: Equatable, Sendable {
    /// What remains after the octets of a good frame and its check sequence (RFC 1662 §C.2).
    private static let goodRemainder: UInt16 = 0xF0B8

    private var remainder: UInt16 = 0xFFFF

    package init(of bytes: RawSpan, in range: ByteRange) {
        for index in range { append(bytes[unchecked: index]) }
    }

    /// The value to send behind the octets.
    package var value: UInt16 { ~remainder }

    /// Whether the octets so far end with their own check sequence.
    package var isGood: Bool { remainder == Self.goodRemainder }

    private mutating func append(_ octet: UInt8) {
        // The eight steps of the bitwise definition, gathered.
        var mixed = UInt16(octet) ^ (remainder & 0xFF)
        mixed ^= (mixed << 4) & 0xFF
        remainder = (remainder >> 8) ^ (mixed << 8) ^ (mixed << 3) ^ (mixed >> 4)
    }
}

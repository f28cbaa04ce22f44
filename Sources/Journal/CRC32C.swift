/// The checksum of journals: CRC-32C (Castagnoli, RFC 3720 §12.1), of octets that come in several pieces.
///
/// It finds every single bit and every run of up to 32 bits that are not as they were written.
package struct CRC32C: Sendable {
    /// The tables of eight octets at a time: entry 256 · n + x is what the octet x does n octets later.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = []
        tables.reserveCapacity(2_048)
        for octet in UInt32(0)..<256 {
            var value = octet
            for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
            tables.append(value)
        }
        for index in 256..<2_048 {
            let before = tables[index - 256]
            tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
        }
        return tables
    }()

    private var register: UInt32 = ~0

    /// Of no octets yet.
    package init() {}

    /// Of the eight octets of `salt`, most significant first.
    package init(salt: UInt64) {
        let octets: [UInt8] = (0..<8).map { UInt8(truncatingIfNeeded: salt >> (56 - 8 * $0)) }
        update(octets.span.bytes)
    }

    /// The checksum of what it was told so far.
    package var value: UInt32 { ~register }

    /// Goes on with `bytes`.
    package mutating func update(_ bytes: RawSpan) {
        var register = register
        bytes.withUnsafeBytes { bytes in
            Self.tables.withUnsafeBufferPointer { tables in
                var offset = 0
                while offset &+ 8 <= bytes.count {
                    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    let mixed = word ^ UInt64(register)
                    register =
                        tables[1_792 &+ Int(mixed & 0xFF)] ^ tables[1_536 &+ Int(mixed &>> 8 & 0xFF)]
                        ^ tables[1_280 &+ Int(mixed &>> 16 & 0xFF)] ^ tables[1_024 &+ Int(mixed &>> 24 & 0xFF)]
                        ^ tables[768 &+ Int(mixed &>> 32 & 0xFF)] ^ tables[512 &+ Int(mixed &>> 40 & 0xFF)]
                        ^ tables[256 &+ Int(mixed &>> 48 & 0xFF)] ^ tables[Int(mixed &>> 56)]
                    offset &+= 8
                }
                while offset < bytes.count {
                    register = register &>> 8 ^ tables[Int(UInt8(truncatingIfNeeded: register) ^ bytes[offset])]
                    offset &+= 1
                }
            }
        }
        self.register = register
    }
}

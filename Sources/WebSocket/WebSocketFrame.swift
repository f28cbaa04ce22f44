/// Frames as a client sends them, whole and masked (RFC 6455 §5.2, §5.3).
package enum WebSocketFrame {
    /// What a client of MQTT sends.
    package enum Kind: UInt8, Sendable {
        case binary = 0x2
        case close = 0x8
        case pong = 0xA
    }

    /// The longest payload of one frame: some servers take no more than 65,536 octets, and a packet of MQTT may go on
    /// in the next frame [MQTT-6.0.0-2].
    package static let longestPayload = 16_384

    /// Appends what stands before a payload of `byteCount` octets, of which there are at most `longestPayload`; `key`
    /// is new for each frame, and nobody can foresee it.
    package static func appendHead(_ kind: Kind, byteCount: Int, key: UInt32, to output: inout [UInt8]) {
        precondition(0...longestPayload ~= byteCount, "a frame's payload has a bound")
        output.append(0x80 | kind.rawValue)
        if byteCount < 126 {
            output.append(0x80 | UInt8(byteCount))
        } else {
            output.append(0x80 | 126)
            output.append(UInt8(byteCount >> 8))
            output.append(UInt8(byteCount & 0xFF))
        }
        for index in 0..<4 { output.append(octet(of: key, index)) }
    }

    /// Masks the octets of `range` where they are; a second time with the same key undoes it.
    package static func mask(_ octets: inout [UInt8], _ range: Range<Int>, key: UInt32) {
        octets.withUnsafeMutableBytes { mask(UnsafeMutableRawBufferPointer(rebasing: $0[range]), key) }
    }

    private static func mask(_ bytes: UnsafeMutableRawBufferPointer, _ key: UInt32) {
        let octets = key.bigEndian
        let word = UInt64(octets) | UInt64(octets) << 32
        var offset = 0
        while offset + 8 <= bytes.count {
            let masked = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ word
            bytes.storeBytes(of: masked, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < bytes.count {
            bytes[offset] ^= octet(of: key, offset & 3)
            offset += 1
        }
    }

    /// The first octet of a key is its most significant one.
    private static func octet(of key: UInt32, _ index: Int) -> UInt8 { UInt8(key >> UInt32(24 - 8 * index) & 0xFF) }
}

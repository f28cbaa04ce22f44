import Bytes

/// The part that every packet begins with: its type, its flags and where its body lies (MQTT 3.1.1 §2.2).
struct FixedHeader {
    /// The kind of the packet.
    let type: PacketType
    /// The lower four bits of the first octet, allowed for the type.
    let flags: UInt8
    /// Everything after the fixed header; may reach past the bytes that the header was read from.
    let body: ByteRange

    /// Reads the fixed header at `offset`, or nil when the bytes end within it; what is there is checked even then.
    static func read(
        in bytes: RawSpan, at offset: Int, _ version: ProtocolVersion
    ) throws(PacketError) -> FixedHeader? {
        guard let firstOctet = bytes.byte(at: offset) else { return nil }
        let type = try PacketType(firstOctet: firstOctet, version: version)
        guard let length = try RemainingLength.read(in: bytes, at: offset + 1) else { return nil }
        guard version == .v3_1_1 || length.isShortest else { throw .malformedRemainingLength }
        let bodyStart = offset + 1 + length.byteCount
        return FixedHeader(type: type, flags: firstOctet & 0x0F, body: bodyStart..<(bodyStart + length.value))
    }
}

extension FixedHeader {
    /// Reads the fixed header of `frame`, which must be exactly one packet; `offset` is that of the fault, if any.
    static func readWhole(
        of frame: RawSpan, _ version: ProtocolVersion, reached offset: inout Int
    ) throws(PacketError) -> FixedHeader {
        guard let header = try read(in: frame, at: 0, version), header.body.upperBound <= frame.byteCount else {
            offset = frame.byteCount
            throw .truncated
        }
        offset = header.body.upperBound
        guard header.body.upperBound == frame.byteCount else { throw .trailingBytes }
        return header
    }
}

extension [UInt8] {
    /// Appends the fixed header of a packet whose flags are prescribed by its type.
    mutating func appendFixedHeader(of type: PacketType, remainingLength: Int) {
        append(type.rawValue << 4 | (type.prescribedFlags ?? 0))
        append(remainingLength: remainingLength)
    }
}

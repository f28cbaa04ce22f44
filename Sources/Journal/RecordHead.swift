import Bytes

/// What a record of a journal begins with; behind it stand `byteCount` octets of a batch.
///
/// A batch is one record, or several where it is long: what its records hold is joined, and counts from its last
/// record on. So a batch that was not written to its end is none at all, however it was cut.
struct RecordHead: Hashable {
    /// Octets of a head.
    static let byteCount = 28
    /// The most octets of a batch in one record.
    static let maximumPayloadByteCount = 1 << 20
    /// "SWJR": what a reader looks for behind damage.
    private static let magic: UInt32 = 0x5357_4A52
    /// The octet that the magic begins with.
    private static let firstOctet: UInt8 = 0x53

    /// The record is the first of its batch.
    static let first: UInt8 = 1
    /// The record is the last of its batch.
    static let last: UInt8 = 2

    var flags: UInt8
    var payloadByteCount: Int
    var sequence: UInt64
    var payloadChecksum: UInt32

    var isFirst: Bool { flags & Self.first != 0 }
    var isLast: Bool { flags & Self.last != 0 }

    /// Appends a record.
    static func write(
        _ payload: RawSpan, flags: UInt8, sequence: UInt64, storeID: UInt64, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.append(bigEndian: magic)
        bytes += [flags, 0, 0, 0]
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: payload.byteCount))
        bytes.append(bigEndian: sequence)
        bytes.append(bigEndian: checksum(of: payload, storeID))
        let head = Array(bytes[start...])
        bytes.append(bigEndian: checksum(of: head.span.bytes, storeID))
        bytes.append(payload)
    }

    /// The head at `offset`; nil where there is none, or one that says what no writer says.
    init?(_ bytes: RawSpan, at offset: Int, storeID: UInt64) {
        guard offset >= 0, bytes.byteCount - offset >= Self.byteCount, bytes.uint32(at: offset) == Self.magic,
            let checksum = bytes.uint32(at: offset + 24),
            Self.checksum(of: bytes.extracting(offset..<offset + 24), storeID) == checksum,
            let flags = bytes.byte(at: offset + 4), let count = bytes.uint32(at: offset + 8),
            count <= Self.maximumPayloadByteCount, let sequence = bytes.uint64(at: offset + 12),
            sequence < SegmentHead.sequenceLimit,
            let payloadChecksum = bytes.uint32(at: offset + 20)
        else { return nil }
        (self.flags, payloadByteCount, self.sequence) = (flags, Int(count), sequence)
        self.payloadChecksum = payloadChecksum
    }

    /// Where the next head may begin, at `offset` or behind it; the end of the octets where nowhere.
    static func candidate(in bytes: RawSpan, from offset: Int) -> Int {
        bytes.withUnsafeBytes { bytes in
            var offset = offset
            while offset < bytes.count, bytes[offset] != firstOctet { offset &+= 1 }
            return offset
        }
    }

    static func checksum(of bytes: RawSpan, _ storeID: UInt64) -> UInt32 {
        var checksum = CRC32C(salt: storeID)
        checksum.update(bytes)
        return checksum.value
    }
}

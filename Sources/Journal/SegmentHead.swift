import Bytes

/// What a segment of a journal begins with: whose it is, and where in the journal it belongs. It stands there twice, so
/// that damage to one does not cost the segment.
package struct SegmentHead: Hashable, Sendable {
    /// The version of the format that is written here.
    package static let version: UInt16 = 1
    /// Octets of both copies.
    package static let byteCount = 2 * copyByteCount
    static let copyByteCount = 32
    /// "SWFTJRNL".
    private static let magic: UInt64 = 0x5357_4654_4A52_4E4C

    /// No sequence number is this great; a million a second would last for 146,000 years.
    static let sequenceLimit: UInt64 = 1 << 62

    /// What stands at the beginning of a file.
    enum Reading: Hashable {
        case head(SegmentHead, isDamaged: Bool)
        case newerVersion(UInt16)
        case none
    }

    /// The GwId of the gateway that has written it.
    package var gatewayID: UInt8
    /// Drawn at random for each store: with it all checksums begin, so that no octets of others pass for a record.
    package var storeID: UInt64
    /// The sequence number of its first record.
    package var firstSequence: UInt64

    func write(to bytes: inout [UInt8]) {
        var copy: [UInt8] = []
        copy.append(bigEndian: Self.magic)
        copy.append(bigEndian: Self.version)
        copy += [gatewayID, 0]
        copy.append(bigEndian: storeID)
        copy.append(bigEndian: firstSequence)
        var checksum = CRC32C()
        checksum.update(copy.span.bytes)
        copy.append(bigEndian: checksum.value)
        bytes += copy + copy
    }

    /// Reads the one of the two copies that is as it was written.
    static func read(_ bytes: RawSpan) -> Reading {
        let copies = [copy(bytes, at: 0), copy(bytes, at: copyByteCount)]
        guard let good = copies.first(where: { $0 != .none }) else { return .none }
        guard case .head(let head, _) = good else { return good }
        return .head(head, isDamaged: copies[0] != copies[1] && !isTorn(bytes))
    }

    /// Whether nothing stands behind the head, or zeros: then it may never have been written to its end.
    static func isTorn(_ bytes: RawSpan) -> Bool {
        bytes.extracting(min(byteCount, bytes.byteCount)..<bytes.byteCount).withUnsafeBytes { bytes in
            !bytes.contains { $0 != 0 }
        }
    }

    private static func copy(_ bytes: RawSpan, at start: Int) -> Reading {
        guard bytes.byteCount >= start + copyByteCount, bytes.uint64(at: start) == magic else { return .none }
        var checksum = CRC32C()
        checksum.update(bytes.extracting(start..<start + copyByteCount - 4))
        guard bytes.uint32(at: start + 28) == checksum.value, let version = bytes.uint16(at: start + 8),
            let gatewayID = bytes.byte(at: start + 10), let storeID = bytes.uint64(at: start + 12),
            let firstSequence = bytes.uint64(at: start + 20), firstSequence < sequenceLimit
        else { return .none }
        if version > Self.version { return .newerVersion(version) }
        guard version == Self.version else { return .none }
        return .head(
            SegmentHead(gatewayID: gatewayID, storeID: storeID, firstSequence: firstSequence), isDamaged: false)
    }
}

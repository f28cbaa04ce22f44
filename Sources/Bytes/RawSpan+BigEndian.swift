// Checked big-endian reads from borrowed bytes; a read past the end is `nil`, never a trap.

extension RawSpan {
    /// The octet at `offset`, or nil when the bytes end before it.
    @inlinable
    public func byte(at offset: Int) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The two octets at `offset` as a big-endian number, or nil when the bytes end before them.
    @inlinable
    public func uint16(at offset: Int) -> UInt16? {
        guard offset >= 0, offset < byteCount &- 1 else { return nil }
        return unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The four octets at `offset` as a big-endian number, or nil when the bytes end before them.
    @inlinable
    public func uint32(at offset: Int) -> UInt32? {
        guard offset >= 0, offset < byteCount &- 3 else { return nil }
        return unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The eight octets at `offset` as a big-endian number, or nil when the bytes end before them.
    @inlinable
    public func uint64(at offset: Int) -> UInt64? {
        guard offset >= 0, offset < byteCount &- 7 else { return nil }
        return unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The eight octets at `offset`, which the caller has proved to lie inside, as a little-endian number.
    @inlinable
    public func littleEndianWord(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Whether the octets in `range` are the same as all of `other`.
    ///
    /// - Precondition: `range` lies inside these bytes.
    @inlinable
    public func equals(_ other: RawSpan, in range: ByteRange) -> Bool {
        guard range.count == other.byteCount else { return false }
        for index in 0..<other.byteCount where self[unchecked: range.lowerBound &+ index] != other[unchecked: index] {
            return false
        }
        return true
    }

    /// The octet at `offset`, which the caller has proved to lie inside.
    @inlinable
    public subscript(unchecked offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// A copy of the octets in `range`; allocates.
    ///
    /// - Precondition: `range` lies inside these bytes.
    @inlinable
    public func copy(of range: ByteRange) -> [UInt8] {
        extracting(range).withUnsafeBytes { [UInt8]($0) }
    }
}

// Big-endian appends to a byte array that its owner clears and reuses, so that steady traffic allocates nothing.

extension [UInt8] {
    /// Appends `value` with its most significant octet first.
    @inlinable
    public mutating func append(bigEndian value: UInt16) {
        append(UInt8(truncatingIfNeeded: value &>> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    /// Appends every octet of `bytes`.
    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { append(contentsOf: $0) }
    }
}

import Bytes

// The wider numbers of the format; in Bytes they would make a literal's width a riddle.

extension [UInt8] {
    /// Appends `value` with its most significant octet first.
    mutating func append(bigEndian value: UInt32) {
        append(bigEndian: UInt16(truncatingIfNeeded: value &>> 16))
        append(bigEndian: UInt16(truncatingIfNeeded: value))
    }

    /// Appends `value` with its most significant octet first.
    mutating func append(bigEndian value: UInt64) {
        append(bigEndian: UInt32(truncatingIfNeeded: value &>> 32))
        append(bigEndian: UInt32(truncatingIfNeeded: value))
    }
}

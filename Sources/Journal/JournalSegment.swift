/// A segment of a journal as a file has it.
package struct JournalSegment: Hashable, Sendable {
    /// The number in the file's name.
    package var name: UInt64
    /// The sequence number of its first record, which is the name unless somebody has renamed the file.
    package var firstSequence: UInt64
    /// Octets of the file.
    package var byteCount: Int

    package init(name: UInt64, firstSequence: UInt64, byteCount: Int) {
        (self.name, self.firstSequence, self.byteCount) = (name, firstSequence, byteCount)
    }

    /// The name of the file of a segment: `journal-`, sixteen hexadecimal digits, `.log`.
    package static func fileName(_ name: UInt64) -> String {
        let digits = String(name, radix: 16)
        return prefix + String(repeating: "0", count: 16 - digits.count) + digits + suffix
    }

    /// The number in a file's name; nil where it is not the name of a segment.
    package static func name(ofFile file: String) -> UInt64? {
        guard file.utf8.count == prefix.utf8.count + 16 + suffix.utf8.count, file.hasPrefix(prefix),
            file.hasSuffix(suffix), let name = UInt64(file.dropFirst(prefix.count).dropLast(suffix.count), radix: 16),
            name < SegmentHead.sequenceLimit, fileName(name) == file
        else { return nil }
        return name
    }

    private static let prefix = "journal-"
    private static let suffix = ".log"
}

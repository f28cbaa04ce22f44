/// What a framer has met so far on its line; each number only grows.
package struct FramingCounters: Equatable, Sendable {
    /// Frames that were handed out.
    package var frames: UInt64 = 0
    /// Frames that were dropped because their checksum is wrong.
    package var badChecksums: UInt64 = 0
    /// Frames that were dropped because they are, or claim to be, longer than the line's maximum.
    package var oversized: UInt64 = 0
    /// Frames that were dropped because they break the framing's rules: a length that cannot be, an unknown escape.
    package var malformed: UInt64 = 0
    /// Frames that were given up because the line fell silent or the next one began before they were complete.
    package var incomplete: UInt64 = 0
    /// Octets, escapes taken out, that belonged to no frame that was handed out.
    package var discardedByteCount: UInt64 = 0

    package init() {}

    /// Each number by its name.
    package var named: [(name: String, count: UInt64)] {
        [
            ("frames", frames),
            ("badChecksums", badChecksums),
            ("oversized", oversized),
            ("malformed", malformed),
            ("incomplete", incomplete),
            ("discardedByteCount", discardedByteCount),
        ]
    }
}

/// Octets that are to be durable, and what follows from that.
package struct StoreWrite: Sendable {
    /// The file that begins with them; nil where they are appended to the one before.
    package var newFile: String?
    package var octets: [UInt8]
    /// Names the write; each is greater than the one before.
    package var sequence: UInt64
    /// Whether it needs nothing that was written before: with such a one a writer goes on after an error. It has a
    /// `newFile`.
    package var isWhole: Bool
    /// Files to delete once the octets are durable.
    package var obsolete: [String]
    /// Files to set aside then.
    package var damaged: [String]

    package init(
        newFile: String?, octets: [UInt8], sequence: UInt64, isWhole: Bool = false, obsolete: [String] = [],
        damaged: [String] = []
    ) {
        (self.newFile, self.octets, self.sequence, self.isWhole) = (newFile, octets, sequence, isWhole)
        (self.obsolete, self.damaged) = (obsolete, damaged)
    }
}

/// What a writer has done so far.
package struct StoreStatistics: Equatable, Sendable {
    /// Writes that are durable, and the times that the device was waited for to make them so.
    package var writeCount: UInt64 = 0
    package var commitCount: UInt64 = 0
    package var byteCount: UInt64 = 0
    /// Nanoseconds that the last commit took, and the slowest.
    package var lastCommit: UInt64 = 0
    package var slowestCommit: UInt64 = 0

    package init() {}
}

/// What the segments of a journal say, once read.
package struct RecoveredJournal: Sendable {
    /// The last value of a key.
    package struct Entry: Hashable, Sendable {
        package var key: [UInt8]
        package var value: [UInt8]
        /// When the value was true.
        package var moment: ClockReading
        /// The batch that says so: the sequence number of its last record.
        package var sequence: UInt64
        /// Whether something behind it was lost that may have changed or removed it. What is not uncertain is as it was
        /// when the journal ended.
        package var isUncertain: Bool
        /// The first sequence number of its segment.
        package var segment: UInt64
        /// Octets of the statement.
        package var byteCount: Int
    }

    /// What stands behind the last whole batch of a segment, as a crash leaves it: it was never promised to anybody.
    package struct Cut: Hashable, Sendable {
        /// The name of the segment.
        package var segment: UInt64
        /// Where it begins, and its octets.
        package var offset: Int
        package var byteCount: Int
    }

    /// In the order in which they were written.
    package internal(set) var entries: [Entry] = []
    /// All that were read, oldest first.
    package internal(set) var segments: [JournalSegment] = []
    /// The names of those that hold nothing but what was cut off: they must go before anything is written, as the
    /// next segment may have the name of one. What is in `damages` is to be set aside, the others can be deleted.
    package internal(set) var emptySegments: [UInt64] = []
    package internal(set) var damages: [JournalDamage] = []
    package internal(set) var cuts: [Cut] = []
    /// How many whole records, and how many whole batches, were read.
    package internal(set) var recordCount = 0
    package internal(set) var batchCount = 0
    /// Where the next segment begins.
    package internal(set) var nextSequence: UInt64 = 1
    /// Nil where no segment says whose it is.
    package internal(set) var storeID: UInt64?
    package internal(set) var gatewayID: UInt8?
    /// When the last batch was written; nil where there is none.
    package internal(set) var lastMoment: ClockReading?
    /// Whether the gateway ended as it should after the last batch.
    package internal(set) var isClosed = false

    /// Of a directory in which nothing is.
    package init() {}

    /// Octets of all cuts.
    package var cutByteCount: Int { cuts.reduce(0) { $0 + $1.byteCount } }
}

/// A part of a journal that is not as it was written.
package struct JournalDamage: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Segments that are not there.
        case missing
        /// Octets that are no record, or a record whose checksum is another.
        case unreadable
        /// One of the two heads; the other one is good.
        case head
        /// A segment of another store.
        case foreign
        /// A segment that only a newer version can read.
        case newerVersion
        /// A batch that is as it was written, and says something that is not known here.
        case notUnderstood
    }

    package var kind: Kind
    /// The name of the segment; nil where it is missing.
    package var segment: UInt64?
    /// Where in it, and how many octets.
    package var offset = 0
    package var byteCount = 0
    /// The records that are lost; empty where none is.
    package var lost: Range<UInt64> = 0..<0

    /// Such as `journal-0000000000000001.log at 4096: 64 octets cannot be read, records 12 to 13 are lost`.
    package var description: String {
        let place = segment.map(JournalSegment.fileName) ?? "the journal"
        let loss: String
        switch lost.upperBound - lost.lowerBound {
        case 0: loss = ""
        case 1: loss = ", record \(lost.lowerBound) is lost"
        default: loss = ", records \(lost.lowerBound) to \(lost.upperBound - 1) are lost"
        }
        switch kind {
        case .missing: return "\(place): a segment is missing\(loss)"
        case .unreadable: return "\(place) at \(offset): \(byteCount) octets cannot be read\(loss)"
        case .head: return "\(place): one of its two heads cannot be read\(loss)"
        case .foreign: return "\(place): it belongs to another store\(loss)"
        case .newerVersion: return "\(place): a newer version of Swiftlet has written it\(loss)"
        case .notUnderstood: return "\(place) at \(offset): a batch says what is not known here\(loss)"
        }
    }
}

/// Why a journal is not read without the word of its owner.
package enum JournalRefusal: Error, Hashable, Sendable {
    /// It belongs to the gateway with this GwId.
    case anotherGateway(UInt8)
    /// Its format has this version.
    case newerVersion(UInt16)
}

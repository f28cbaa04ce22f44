import Describe
import GatewayCore
import GatewayHost
import Journal
import Transports

/// A store that is looked at: what a directory of a stopped gateway, or a copy of one, holds. It changes nothing.
struct StoreReport: Sendable {
    /// One key of the journal.
    struct Session: Sendable {
        var entry: RecoveredJournal.Entry
        var stored: Result<StoredSession, StoredSession.Failure>
        /// Seconds since the value was true; nil where nobody knows.
        var ageSeconds: Double?
    }

    let path: String
    let journal: RecoveredJournal
    /// In the order of their writing.
    let sessions: [Session]
    /// The names of the files that were set aside.
    let setAside: [String]

    /// Reads the files, as they are seen at `now`.
    init(_ files: StoreFiles, at now: ClockReading) throws(StoreRefusal) {
        path = files.path
        journal = try StoreReading.recover(files, gatewayID: nil)
        setAside = try StoreReading.namesSetAside(files)
        sessions = journal.entries.filter { !$0.key.isEmpty }.map { entry in
            let value = entry.value.span
            let stored = Result { () throws(StoredSession.Failure) in try StoredSession(value.bytes) }
            return Session(
                entry: entry, stored: stored, ageSeconds: now.since(entry.moment).map { Double($0) / 1_000_000_000 })
        }
    }

    /// What is not as it was written, or cannot be understood, in sentences; empty where all is well.
    var complaints: [String] {
        journal.damages.map(\.description)
            + sessions.compactMap { session in
                guard case .failure(let failure) = session.stored else { return nil }
                return "the session of \(ForeignText.quoted(session.entry.key)): \(failure.sentence)"
            }
    }

    /// What a crash has left, in sentences; that is no damage.
    var remarks: [String] {
        journal.cuts.map { cut in
            "\(JournalSegment.fileName(cut.segment)) at \(cut.offset): \(cut.byteCount.octets) that were not "
                + "written to their end do not count"
        } + setAside.map { "\($0) was set aside earlier, and is not read" }
    }

    var uncertainCount: Int { sessions.count { $0.entry.isUncertain } }

    var byteCount: Int { journal.segments.reduce(0) { $0 + $1.byteCount } }
}

extension StoredSession.Failure {
    /// The rest of a sentence that begins with what it is.
    fileprivate var sentence: String {
        switch self {
        case .endsEarly: "it ends before its record begins"
        case .version(let version): "version \(version) is not known here"
        case .record(let error):
            switch error.reason {
            case .endsEarly: "its record ends early, at octet \(error.offset)"
            case .unknownVersion: "the version of its record is not known here"
            case .unknownValue: "octet \(error.offset) of its record has a value that it cannot have"
            case .endsLate: "something stands behind its record, at octet \(error.offset)"
            }
        }
    }
}

package import Journal
package import Transports

/// Why a store is not read.
package enum StoreRefusal: Error, Equatable, Sendable {
    case store(StoreError)
    /// It needs the owner's word, `--accept-foreign-store`.
    case journal(JournalRefusal, path: String)

    /// What happened, and where.
    package var fact: String {
        switch self {
        case .store(let error): "\(error)"
        case .journal(.anotherGateway(let gatewayID), let path):
            "the store '\(path)' belongs to the gateway with gateway.id \(gatewayID)"
        case .journal(.newerVersion(let version), let path):
            "the store '\(path)' has format \(version), which only a newer version of Swiftlet can read"
        }
    }

    /// The same, and what to do for a gateway that is to start.
    package var description: String {
        switch self {
        case .store: fact
        case .journal(.anotherGateway, _):
            fact + ": name another directory, or give '--accept-foreign-store' once to go on with that one's sessions"
        case .journal(.newerVersion, _):
            fact + ": run that, or give '--accept-foreign-store' once to set it aside and begin anew"
        }
    }
}

/// Reads the journal in a directory, which nobody may be writing to.
package enum StoreReading {
    /// The most octets of one segment that are looked at; what is behind them is reported as damage. It is far beyond a
    /// batch of everything, which is the only one that is longer than a segment should be.
    package static let maximumSegmentByteCount = Int(Int32.max)

    /// What the segments in `files` say; of a directory without any, nothing.
    ///
    /// - Parameters:
    ///   - files: Of the directory.
    ///   - gatewayID: The GwId of the gateway whose it must be; nil: anybody's.
    ///   - acceptsForeign: Whether it is read though it is another gateway's, or set aside where only a newer version
    ///     can read it.
    /// - Returns: what they say, with what is damaged in them.
    /// - Throws: why it is not read.
    package static func recover(
        _ files: StoreFiles, gatewayID: UInt8?, acceptsForeign: Bool = false
    ) throws(StoreRefusal) -> RecoveredJournal {
        var listed: [JournalReader.Listed] = []
        for name in try inStore({ () throws(IOError) in try files.names() }) {
            guard let number = JournalSegment.name(ofFile: name) else { continue }
            let head = try contents(of: number, in: files, maximumByteCount: SegmentHead.byteCount).octets
            listed.append(JournalReader.Listed(name: number, head: head))
        }
        var reader: JournalReader
        do throws(JournalRefusal) {
            reader = try JournalReader(listed, gatewayID: gatewayID, acceptsForeign: acceptsForeign)
        } catch {
            throw .journal(error, path: files.path)
        }
        for name in reader.names {
            let (octets, unread) = try contents(of: name, in: files, maximumByteCount: maximumSegmentByteCount)
            reader.read(octets.span.bytes, of: name, unreadByteCount: unread)
        }
        return reader.finish()
    }

    /// The first octets of a segment, and how many there are behind them. Where the device cannot give them, they count
    /// as damage; where the system forbids it, the owner has to do something.
    private static func contents(
        of name: UInt64, in files: StoreFiles, maximumByteCount: Int
    ) throws(StoreRefusal) -> (octets: [UInt8], unread: Int) {
        let file = JournalSegment.fileName(name)
        let byteCount = try inStore { () throws(IOError) in try files.byteCount(of: file) }
        do throws(IOError) {
            let octets = try files.read(file, maximumByteCount: maximumByteCount)
            return (octets, byteCount - octets.count)
        } catch {
            guard error.isDeviceFault else { throw .store(.failed(error)) }
            return ([], byteCount)
        }
    }

    /// The names of the files that were set aside.
    package static func namesSetAside(_ files: StoreFiles) throws(StoreRefusal) -> [String] {
        try inStore { () throws(IOError) in try files.names() }.filter { $0.contains(StoreDirectory.asideSuffix) }
    }

    static func inStore<Value>(_ body: () throws(IOError) -> Value) throws(StoreRefusal) -> Value {
        do throws(IOError) { return try body() } catch { throw .store(.failed(error)) }
    }
}

import GatewayCore
import GatewayHost
import Glibc
import Journal
import Testing
import Time
import Transports

/// A store's directory with sessions of a real core in it.
private final class StoreAtWork {
    let directory: TemporaryDirectory
    let loop: EventLoop
    private(set) var store: SessionStore

    init() throws {
        directory = try TemporaryDirectory()
        loop = try EventLoop()
        store = try SessionStore(path: directory.path, gatewayID: 1, loop: loop)
    }

    /// The record of a client that has connected, registered a topic and gone to sleep for a minute.
    static func sleeper(_ name: String) throws -> SessionRecord {
        var configuration = GatewayConfiguration()
        configuration.links = [LinkConfiguration()]
        var gateway = Gateway(configuration: configuration, seed: 1)
        var effects = Effects()
        let peer = PeerID(link: LinkID(0), number: 1)
        func tell(_ event: Event, _ bytes: [UInt8], _ gateway: inout Gateway) {
            effects.removeAll()
            let span = bytes.span
            gateway.handle(event, span.bytes, at: Instant(nanoseconds: 1 << 50), into: &effects)
        }
        tell(.datagramReceived(from: peer), [UInt8(6 + name.utf8.count), 0x04, 0, 1, 0, 60] + octets(name), &gateway)
        var stream: UpstreamID?
        for case .openStream(let id, _) in effects.list { stream = id }
        let id = try #require(stream)
        tell(.streamOpened(id), [], &gateway)
        tell(.streamReceived(id), [0x20, 2, 0, 0], &gateway)
        tell(.datagramReceived(from: peer), [10, 0x0A, 0, 0, 0, 1] + octets("a/b1"), &gateway)
        tell(.datagramReceived(from: peer), [4, 0x18, 0, 60], &gateway)
        let record = gateway.record(of: octets(name), at: Instant(nanoseconds: 1 << 50))
        return try #require(record)
    }

    func put(_ name: String, _ value: [UInt8]) throws {
        var batch = JournalBatch()
        batch.put(octets(name), value)
        let sequence = store.write(batch)
        let deadline = MonotonicClock.now() + 20_000_000_000
        while store.persisted < sequence, MonotonicClock.now() < deadline { try loop.turn(deadline: deadline) }
        #expect(store.persisted == sequence)
    }

    func putSession(_ name: String) throws {
        let record = try Self.sleeper(name)
        try put(name, StoredSession(link: "udp://0.0.0.0:1884", address: [10, 0, 0, 9, 7, 92], record: record).octets)
    }

    /// Ends in order and opens it anew, as another life does.
    func reopen() throws {
        var batch = JournalBatch()
        batch.close()
        store.write(batch)
        #expect(store.close())
        // The lock goes with the last that holds the directory.
        store = try SessionStore(path: try TemporaryDirectory().path, gatewayID: 1, loop: loop)
        store.close()
        store = try SessionStore(path: directory.path, gatewayID: 1, loop: loop)
    }

    func flip(_ offset: Int, of file: String) {
        let descriptor = open("\(directory.path)/\(file)", O_RDWR)
        var octet: UInt8 = 0
        _ = pread(descriptor, &octet, 1, offset)
        octet ^= 0x10
        _ = pwrite(descriptor, &octet, 1, offset)
        close(descriptor)
    }
}

/// Sessions in a directory: kept, found again, and looked at.
@Suite(.serialized) struct StoreTests {
    @Test func aSessionIsKeptWithItsAddress() throws {
        let record = try StoreAtWork.sleeper("valve")
        let session = StoredSession(link: "udp://[::]:1884", address: [1, 2, 3], record: record)
        let octets = session.octets
        let span = octets.span
        #expect(try StoredSession(span.bytes) == session)
        for count in 0..<octets.count {
            #expect(throws: StoredSession.Failure.self) { try StoredSession(span.bytes.extracting(0..<count)) }
        }
        let newer = [2] + octets.dropFirst()
        #expect(throws: StoredSession.Failure.version(2)) { try StoredSession(newer.span.bytes) }
    }

    @Test func anotherLifeFindsWhatWasWritten() throws {
        let work = try StoreAtWork()
        #expect(work.store.recovered.entries.isEmpty)
        try work.putSession("valve")
        try work.put("other", octets("x"))
        #expect(throws: StoreRefusal.self) {
            try SessionStore(path: work.directory.path, gatewayID: 1, loop: work.loop)
        }
        try work.reopen()
        let found = work.store.recovered
        #expect(found.entries.map(\.key) == [octets("valve"), octets("other")] && found.isClosed)
        #expect(found.damages.isEmpty && found.cuts.isEmpty)
        let age = try #require(ClockReading.now.since(found.entries[0].moment))
        #expect(age < 60_000_000_000)
        #expect(work.store.keysToRewrite() == [octets("valve"), octets("other")])
    }

    /// With the first batches of the next life it is as if nothing had been, but for a file that nobody reads.
    @Test func whatIsDamagedIsSetAside() throws {
        let work = try StoreAtWork()
        try work.putSession("valve")
        try work.putSession("pump")
        try work.putSession("lamp")
        let file = JournalSegment.fileName(1)
        // In the middle of the second record.
        let size = try work.store.directory.files.byteCount(of: file)
        work.flip(64 + (size - 64) / 2, of: file)
        try work.reopen()
        let found = work.store.recovered
        #expect(found.damages.count == 1 && found.damages[0].lost == 2..<3)
        #expect(found.entries.map(\.isUncertain) == [true, false])
        for entry in found.entries { try work.put(String(decoding: entry.key, as: UTF8.self), entry.value) }
        #expect(work.store.close())
        let names = try work.store.directory.files.names()
        #expect(names == ["journal-0000000000000001.log.damaged", JournalSegment.fileName(5), "lock"])
    }

    @Test func aStoreOfAnotherGatewayIsRefused() throws {
        let work = try StoreAtWork()
        try work.putSession("valve")
        #expect(work.store.close())
        let files = work.store.directory.files
        let refusal = StoreRefusal.journal(.anotherGateway(1), path: files.path)
        #expect(throws: refusal) { try StoreReading.recover(files, gatewayID: 2) }
        #expect(refusal.description.contains("gateway.id 1") && refusal.description.contains("--accept-foreign-store"))
        #expect(try StoreReading.recover(files, gatewayID: 2, acceptsForeign: true).entries.count == 1)
    }
}

extension RealSocketTests {
    /// `swiftlet store`, on the directory of a store.
    @Suite(.serialized) struct StoreCommandTests {
        @Test func aStoreIsShown() throws {
            let work = try StoreAtWork()
            try work.putSession("valve")
            try work.putSession("pump")
            try work.put("broken", [1, 0])
            #expect(work.store.close())
            let path = work.directory.path
            let shown = try SwiftletCommand.run(["store", "show", path])
            #expect(shown.exit == .exited(0))
            let lines = shown.output.lines
            #expect(lines[0].hasPrefix("\(path): gateway 1, 3 sessions, 1 segment of "))
            #expect(lines[1].hasSuffix("without an end in order"))
            #expect(lines[2].hasPrefix("! the session of \"broken\": it ends before its record begins"))
            let row = try #require(lines.first { $0.hasPrefix("valve") })
            #expect(row.split(separator: " ").prefix(5) == ["valve", "asleep", "1m", "1m", "1"])
            #expect(lines.contains { $0.hasPrefix("broken  cannot be read") })
            let json = try SwiftletCommand.run(["store", "show", "--json", path]).output
            #expect(json.contains(#""gateway_id":1"#) && json.contains(#""client":"pump""#))
        }

        @Test func everySessionIsExported() throws {
            let work = try StoreAtWork()
            try work.putSession("valve")
            #expect(work.store.close())
            let exported = try SwiftletCommand.run(["store", "export", work.directory.path])
            #expect(exported.exit == .exited(0) && exported.output.lines.count == 1)
            for part in [
                #""client":"valve""#, #""link":"udp://0.0.0.0:1884","address":"0a000009075c""#, #""phase":"asleep""#,
                #""sleep_seconds":60"#, #""name":"a/b1""#, #""uncertain":false"#,
            ] {
                #expect(exported.output.contains(part), "\(part)")
            }
        }

        /// What a crash leaves is no damage; a flipped bit is, and says what may be out of date.
        @Test func aStoreIsChecked() throws {
            let work = try StoreAtWork()
            for name in ["valve", "pump", "lamp"] { try work.putSession(name) }
            #expect(work.store.close())
            let path = work.directory.path
            let file = JournalSegment.fileName(1)
            let before = try work.store.directory.files.names()
            #expect(try SwiftletCommand.run(["store", "check", path]).exit == .exited(0))
            let size = try work.store.directory.files.byteCount(of: file)
            truncate("\(path)/\(file)", size - 3)
            let cut = try SwiftletCommand.run(["store", "check", path])
            #expect(cut.exit == .exited(0) && cut.output.contains("all of it is as it was written"))
            #expect(cut.output.contains("? \(file) at"))
            work.flip(200, of: file)
            let damaged = try SwiftletCommand.run(["store", "check", path])
            #expect(damaged.exit == .exited(65))
            #expect(damaged.output.contains("! \(file) at 64: ") && damaged.output.contains("record 1 is lost"))
            #expect(damaged.output.contains("1 part cannot be read"))
            #expect(try work.store.directory.files.names() == before)
        }

        /// A newer version's store is refused without the advice that is for a start; beside a gateway that runs it is
        /// said what that means.
        @Test func whatTheOwnerMustKnowIsSaid() throws {
            let work = try StoreAtWork()
            try work.putSession("valve")
            let path = work.directory.path
            let used = try SwiftletCommand.run(["store", "show", path])
            #expect(used.exit == .exited(0) && used.output.contains("valve"))
            #expect(used.error.contains("a gateway is using '\(path)'"))
            #expect(work.store.close())
            // The lock goes with the last that holds the directory.
            let copy = try TemporaryDirectory()
            try copy.write(JournalSegment.fileName(1), "")
            var head = octets("SWFTJRNL") + [0, 2, 1, 0] + [UInt8](repeating: 3, count: 16)
            var checksum = CRC32C()
            checksum.update(head.span.bytes)
            let value = checksum.value
            head += (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
            let descriptor = open("\(copy.path)/\(JournalSegment.fileName(1))", O_WRONLY)
            let octets = head + head
            _ = write(descriptor, octets, octets.count)
            close(descriptor)
            let newer = try SwiftletCommand.run(["store", "show", copy.path])
            #expect(newer.exit == .exited(65) && newer.error.contains("only a newer version of Swiftlet can read"))
            #expect(!newer.error.contains("--accept-foreign-store") && !newer.error.contains("is using"))
        }

        @Test func whatIsNoStoreIsSaid() throws {
            let directory = try TemporaryDirectory()
            let empty = try SwiftletCommand.run(["store", "show", directory.path])
            #expect(empty.exit == .exited(0) && empty.output == "\(directory.path): no store is here\n")
            let missing = try SwiftletCommand.run(["store", "check", directory.path + "/none"])
            #expect(missing.exit == .exited(66) && missing.error.contains("no such file or directory (ENOENT)"))
            let other = try SwiftletCommand.run(["store", "mend", directory.path])
            #expect(other.exit == .exited(64))
            #expect(other.error.contains("a store can be asked to 'show', 'check', 'export', not 'mend'"))
        }
    }
}

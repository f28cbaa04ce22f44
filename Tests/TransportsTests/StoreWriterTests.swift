import Glibc
import Testing
import Transports

/// What the writer says is durable, is; and an error ends nothing but what it concerns.
@Suite struct StoreWriterTests {
    @Test func whatIsSubmittedIsInTheFiles() throws {
        let place = try StorePlace()
        place.write("old", "x")
        place.write("bad", "y")
        let store = try WriterAtWork(place.path)
        store.submit(1, "one", newFile: "a")
        store.submit(2, "two")
        store.writer.submit(
            StoreWrite(newFile: "b", octets: octets("three"), sequence: 3, obsolete: ["old"], damaged: ["bad"]))
        store.submit(4, "four")
        try store.wait(for: 4)
        #expect(store.writer.close())
        #expect(try place.content("a") == octets("onetwo") && place.content("b") == octets("threefour"))
        #expect(try place.files.names() == ["a", "b", "bad.damaged", "lock"])
        #expect(place.mode(of: "a") == 0o600 && store.writer.queuedByteCount == 0)
        #expect(store.recorder.errors.isEmpty && store.recorder.tidyErrors.isEmpty)
        let statistics = store.writer.statistics
        #expect(statistics.writeCount == 4 && statistics.byteCount == 15 && 2...4 ~= statistics.commitCount)
    }

    /// Who has closed it can open it again at once: the thread holds the lock no longer than its owner.
    @Test func theLockEndsWithTheWriter() throws {
        let place = try StorePlace()
        for number in 0..<300 {
            let store = try WriterAtWork(place.path)
            store.submit(1, "one", newFile: "file \(number)")
            #expect(store.writer.close())
        }
        #expect(try place.files.names().count == 301)
    }

    /// With a delay everything that comes meanwhile is one commit, and an end does not wait for it.
    @Test func aGroupIsOneCommit() throws {
        let place = try StorePlace()
        var limits = StoreWriter.Limits()
        limits.commitDelay = 3_600_000_000_000
        let store = try WriterAtWork(place.path, limits)
        for sequence in UInt64(1)...100 {
            #expect(!store.writer.isFull)
            store.submit(sequence, "\(sequence),", newFile: sequence == 1 ? "a" : nil)
        }
        #expect(store.writer.queuedByteCount == 292)
        #expect(store.writer.close())
        #expect(store.recorder.persisted == 100 && store.writer.statistics.commitCount == 1)
        #expect(try place.content("a") == octets((1...100).map { "\($0)," }.joined()))
        store.submit(101, "too late")
        #expect(!store.writer.isFull)
    }

    /// Where half of what may wait does, be it octets or writes, it waits for no others.
    @Test(arguments: [(10, 8 << 20, 6), (4_096, 100, 1)])
    func whatIsMuchDoesNotWait(queuedCount: Int, queuedByteCount: Int, count: Int) throws {
        let place = try StorePlace()
        var limits = StoreWriter.Limits()
        limits.commitDelay = 3_600_000_000_000
        (limits.queuedCount, limits.queuedByteCount) = (queuedCount, queuedByteCount)
        let store = try WriterAtWork(place.path, limits)
        for number in 1...count {
            store.submit(UInt64(number), String(repeating: "x", count: 60), newFile: number == 1 ? "a" : nil)
        }
        try store.wait(for: UInt64(count))
        #expect(store.writer.close())
    }

    /// Before an end nothing waits for others, and who cannot turn the loop can wait for the outcome.
    @Test func whoIsInAHurryDoesNotWait() throws {
        let place = try StorePlace()
        var limits = StoreWriter.Limits()
        limits.commitDelay = 3_600_000_000_000
        let store = try WriterAtWork(place.path, limits)
        #expect(!store.writer.wait(milliseconds: 0))
        store.submit(1, "one", newFile: "a")
        store.writer.hurry()
        #expect(store.writer.wait(milliseconds: 20_000) && store.recorder.persisted == 1)
        store.submit(2, "two")
        try store.wait(for: 2)
        #expect(store.writer.close())
    }

    /// What will not hold any more is gone before anybody hears of the error, or it is said that it is not.
    @Test func afterAnErrorNothingOldIsBelieved() throws {
        let place = try StorePlace()
        place.write("before", "x")
        place.write("other", "y")
        mkdir("\(place.path)/taken", 0o700)
        defer { rmdir("\(place.path)/taken") }
        let store = try WriterAtWork(place.path, isDistrusted: { $0 != "other" && $0 != "lock" })
        store.submit(1, "one", newFile: "a")
        try store.wait(for: 1)
        store.submit(2, "two", newFile: "taken")
        try store.waitForError()
        #expect(try place.files.names() == ["lock", "other"] && store.recorder.distrustErrors.isEmpty)
        store.submit(3, "all", newFile: "b", isWhole: true)
        try store.wait(for: 3)
        #expect(store.writer.close())
        #expect(try place.files.names() == ["b", "lock", "other"])
    }

    /// Nothing after an error counts until a write needs nothing before it.
    @Test func afterAnErrorOnlyAWholeWriteCounts() throws {
        let place = try StorePlace()
        place.write("taken", "x")
        let store = try WriterAtWork(place.path)
        store.submit(1, "one", newFile: "a")
        try store.wait(for: 1)
        store.submit(2, "two", newFile: "taken")
        try store.waitForError()
        #expect(store.recorder.errors == [IOError(operation: "create \(place.path)/taken", code: EEXIST)])
        store.submit(3, "three")
        store.submit(4, "four", newFile: "b")
        #expect(try store.loop.turn { store.writer.queuedByteCount == 0 })
        #expect(store.recorder.persisted == 1)
        store.submit(5, "all", newFile: "c", isWhole: true)
        store.submit(6, "more")
        try store.wait(for: 6)
        #expect(store.writer.close() && store.recorder.errors.count == 1)
        #expect(try place.files.names() == ["a", "c", "lock", "taken"])
        #expect(try place.content("taken") == octets("x") && place.content("c") == octets("allmore"))
    }

    /// A file that may not grow is left as it was, and the process goes on. The limit is the process's own, so it is
    /// another process.
    @Test func aLimitOnFilesIsAnError() async throws {
        let place = try StorePlace()
        let path = place.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            let store = try WriterAtWork(path)
            store.submit(1, String(repeating: "a", count: 600), newFile: "a")
            try store.wait(for: 1)
            var limit = rlimit(rlim_cur: 1_000, rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            store.submit(2, String(repeating: "b", count: 600))
            try store.waitForError()
            #expect(store.recorder.errors == [IOError(operation: "write \(path)/a", code: EFBIG)])
            limit.rlim_cur = rlim_t.max
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            store.submit(3, "all", newFile: "b", isWhole: true)
            try store.wait(for: 3)
            #expect(store.writer.close())
        }
        #expect(try place.content("a").count == 600 && place.content("b") == octets("all"))
    }

    /// A disk that is full: a tmpfs of 64 KiB, where this process may mount one.
    @Test func aFullDiskIsAnError() throws {
        let place = try StorePlace()
        guard mount("tmpfs", place.path, "tmpfs", 0, "size=64k,mode=700") == 0 else {
            return print("a full disk was not tried: mounting a tmpfs is not permitted here")
        }
        defer { _ = umount2(place.path, 2) }
        let store = try WriterAtWork(place.path)
        store.submit(1, String(repeating: "a", count: 20_000), newFile: "a")
        store.submit(2, String(repeating: "b", count: 80_000))
        try store.waitForError()
        #expect(store.recorder.errors.map(\.code) == [ENOSPC] && store.recorder.persisted <= 1)
        // What was only half there is gone, so there is room for something else.
        #expect(try store.directory.freeByteCount() > 30_000)
        store.submit(3, "all", newFile: "b", isWhole: true)
        try store.wait(for: 3)
        #expect(store.writer.close())
        #expect(try place.content("b") == octets("all"))
    }

    /// Nothing can be made in a directory that may only be read; root may all the same, so it is another user.
    @Test func aReadOnlyDirectoryIsAnError() async throws {
        let place = try StorePlace()
        let path = place.path
        if geteuid() == 0 { chown(path, 65_534, 65_534) }
        await #expect(processExitsWith: .success) { [path = path as String] in
            if geteuid() == 0 { #expect(setuid(65_534) == 0) }
            let store = try WriterAtWork(path)
            store.submit(1, "one", newFile: "a")
            try store.wait(for: 1)
            chmod(path, 0o500)
            store.submit(2, "two", newFile: "b")
            try store.waitForError()
            #expect(store.recorder.errors == [IOError(operation: "create \(path)/b", code: EACCES)])
            chmod(path, 0o700)
            store.submit(3, "all", newFile: "c", isWhole: true)
            try store.wait(for: 3)
            #expect(store.writer.close())
        }
        #expect(try place.content("c") == octets("all"))
    }

    /// A process that is killed has left everything of which it was told that it is durable.
    @Test func whatIsDurableOutlivesAKill() async throws {
        let place = try StorePlace()
        let path = place.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            var limits = StoreWriter.Limits()
            limits.queuedCount = 300
            let store = try WriterAtWork(path, limits)
            var sequence: UInt64 = 0
            while store.recorder.persisted < 1_500 {
                if store.writer.isFull {
                    try store.loop.turn(deadline: nil)
                } else {
                    sequence += 1
                    let isFirst = sequence % 400 == 1
                    store.submit(sequence, "\(sequence)\n", newFile: isFirst ? "part\(100 + sequence / 400)" : nil)
                    try store.loop.turn(deadline: 0)
                }
            }
            // What was promised stands in a file of its own, written before the end comes.
            let promised = open("\(path)/promised", O_WRONLY | O_CREAT, 0o600)
            let text = octets("\(store.recorder.persisted)")
            _ = Glibc.write(promised, text, text.count)
            kill(getpid(), SIGKILL)
        }
        let promised = try #require(Int(String(decoding: try place.content("promised"), as: UTF8.self)))
        let parts = try place.files.names().filter { $0.hasPrefix("part") }
        let text = try parts.map { String(decoding: try place.content($0), as: UTF8.self) }.joined()
        let numbers = text.split(separator: "\n").compactMap { Int($0) }
        #expect(promised >= 1_500 && numbers.count >= promised)
        #expect(Array(numbers.prefix(promised)) == Array(1...promised))
    }
}

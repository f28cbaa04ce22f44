import CLinux
import Glibc

/// The thread that waits for the device, and the mailbox that it shares with the loop's thread.
final class StoreThread: Sendable {
    /// What the thread has to tell.
    struct News: Sendable {
        /// Everything up to this sequence number is durable.
        var persisted: UInt64 = 0
        /// The error after which nothing is written until a write comes that is whole.
        var failure: IOError?
        /// Files that could not be deleted or set aside.
        var tidyFailure: IOError?
        /// After an error, files that nobody should believe any more could not be deleted.
        var distrustFailure: IOError?
        var statistics = StoreStatistics()
    }

    private struct Mailbox {
        var queue: [StoreWrite] = []
        /// Octets of the writes that are neither durable nor given up, those with the thread among them.
        var queuedByteCount = 0
        var queuedCount = 0
        var news = News()
        var isStopping = false
        /// Nothing waits for others any more.
        var isHurried = false
    }

    private let mailbox = Locked(Mailbox())
    /// Until the thread takes it, which lets go of it before it says that it has ended: then the owner's lock ends with
    /// the owner.
    private let directory: Locked<StoreDirectory?>
    private let limits: StoreWriter.Limits
    /// The names of files of which none is to be there after an error.
    private let isDistrusted: @Sendable (String) -> Bool
    /// Readable while the thread has something to see; reading it blocks the thread.
    private let orders: Int32
    /// Readable while there are news for the loop.
    let newsReady: LoopWaker
    /// Readable once the thread has ended.
    private let ended: LoopWaker

    init(
        _ directory: StoreDirectory, _ limits: StoreWriter.Limits, isDistrusted: @escaping @Sendable (String) -> Bool
    ) throws(IOError) {
        (self.directory, self.limits, self.isDistrusted) = (Locked(directory), limits, isDistrusted)
        // A file that may not grow any further is an error of its write.
        _ = signal(SIGXFSZ, SIG_IGN)
        newsReady = try LoopWaker()
        ended = try LoopWaker()
        orders = eventfd(0, Int32(EFD_CLOEXEC))
        guard orders >= 0 else { throw IOError(operation: "eventfd", code: errno) }
    }

    deinit {
        _ = close(orders)
    }

    // MARK: The loop's thread

    /// Starts the thread, which keeps this object alive until it is stopped.
    func start() throws(IOError) {
        try DetachedThread.start(self) { $0.run() }
    }

    func submit(_ write: StoreWrite) {
        mailbox.withLock {
            $0.queuedByteCount += write.octets.count
            $0.queuedCount += 1
            $0.queue.append(write)
        }
        _ = eventfd_write(orders, 1)
    }

    /// What waits: octets, and writes.
    var load: (byteCount: Int, count: Int) { mailbox.withLock { ($0.queuedByteCount, $0.queuedCount) } }

    /// From now on the first of a group does not wait for others.
    func hurry() {
        mailbox.withLock { $0.isHurried = true }
        _ = eventfd_write(orders, 1)
    }

    /// What there is to tell since the last time; errors are told once.
    func takeNews() -> News {
        newsReady.drain()
        return mailbox.withLock { mailbox in
            defer {
                mailbox.news.failure = nil
                mailbox.news.tidyFailure = nil
                mailbox.news.distrustFailure = nil
            }
            return mailbox.news
        }
    }

    /// Ends the thread once everything that waits is durable or given up.
    ///
    /// - Returns: whether that was so within `milliseconds`.
    func stop(within milliseconds: Int32) -> Bool {
        mailbox.withLock { $0.isStopping = true }
        _ = eventfd_write(orders, 1)
        let deadline = MonotonicClock.now() + UInt64(max(milliseconds, 0)) * 1_000_000
        while true {
            let now = MonotonicClock.now()
            let rest = Int32(clamping: deadline > now ? (deadline - now) / 1_000_000 : 0)
            var wanted = pollfd(fd: ended.descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&wanted, 1, rest)
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }

    // MARK: The thread itself

    private func run() {
        workInDirectory()
        ended.wake()
    }

    private func workInDirectory() {
        guard let directory = directory.withLock({ $0.take() }) else { return }
        var file = StoreFile(directory)
        while let group = nextGroup() { write(group, to: &file, in: directory) }
    }

    /// Everything that waits, once something does; nil when nothing does and nothing will.
    private func nextGroup() -> [StoreWrite]? {
        while true {
            let (isStopping, isEmpty) = mailbox.withLock { ($0.isStopping, $0.queue.isEmpty) }
            if !isEmpty {
                if !isStopping, limits.commitDelay > 0 { waitForOthers() }
                return mailbox.withLock { mailbox in
                    defer { mailbox.queue = [] }
                    return mailbox.queue
                }
            }
            if isStopping { return nil }
            var count: eventfd_t = 0
            guard eventfd_read(orders, &count) != 0, errno != EINTR else { continue }
            // Nothing tells when there is something to do: it is said, and looked at now and then.
            let error = IOError(operation: "read eventfd", code: errno)
            tell([]) { $0.failure = error }
            _ = poll(nil, 0, 1_000)
        }
    }

    private func waitForOthers() {
        let deadline = MonotonicClock.now() &+ limits.commitDelay
        while true {
            let now = MonotonicClock.now()
            guard now < deadline, mailbox.withLock({ mayWait($0) }) else { return }
            var wanted = pollfd(fd: orders, events: Int16(POLLIN), revents: 0)
            _ = poll(&wanted, 1, Int32(clamping: (deadline - now + 999_999) / 1_000_000))
            var count: eventfd_t = 0
            // What was counted is in the queue, which is looked at behind this.
            if wanted.revents != 0 { _ = eventfd_read(orders, &count) }
        }
    }

    /// Half of what may wait is enough: nobody is to be turned away for the sake of fewer writes.
    private func mayWait(_ mailbox: Mailbox) -> Bool {
        !mailbox.isStopping && !mailbox.isHurried && mailbox.queuedCount <= limits.queuedCount / 2
            && mailbox.queuedByteCount <= limits.queuedByteCount / 2
    }

    private func write(_ group: [StoreWrite], to file: inout StoreFile, in directory: StoreDirectory) {
        var rest = group[...]
        while let first = rest.first {
            let behind = rest.dropFirst().firstIndex { $0.newFile != nil } ?? rest.endIndex
            let part = rest[..<behind]
            rest = rest[behind...]
            guard !file.hasFailed || first.isWhole else {
                tell(part) { _ in }
                continue
            }
            do throws(IOError) {
                let began = MonotonicClock.now()
                try file.write(part)
                let took = MonotonicClock.now() - began
                tell(part) { $0.note(part, took) }
            } catch {
                // Before anybody goes on without.
                let distrustFailure = clear(directory)
                tell(part) { ($0.failure, $0.distrustFailure) = (error, distrustFailure) }
                continue
            }
            do throws(IOError) {
                try file.tidy(part)
            } catch {
                tell([]) { $0.tidyFailure = error }
            }
        }
    }

    /// Deletes what is not to be believed after an error.
    ///
    /// - Returns: why that cannot be done.
    private func clear(_ directory: StoreDirectory) -> IOError? {
        do throws(IOError) {
            let names = try directory.files.names().filter(isDistrusted)
            guard !names.isEmpty else { return nil }
            for name in names { try directory.remove(name) }
            try directory.sync()
            return nil
        } catch {
            return error
        }
    }

    /// The writes are durable or given up.
    private func tell(_ writes: ArraySlice<StoreWrite>, _ change: (inout News) -> Void) {
        mailbox.withLock { mailbox in
            mailbox.queuedByteCount -= writes.reduce(0) { $0 + $1.octets.count }
            mailbox.queuedCount -= writes.count
            change(&mailbox.news)
        }
        newsReady.wake()
    }
}

extension StoreThread.News {
    fileprivate mutating func note(_ writes: ArraySlice<StoreWrite>, _ took: UInt64) {
        persisted = writes.last?.sequence ?? persisted
        statistics.writeCount += UInt64(writes.count)
        statistics.commitCount += 1
        statistics.byteCount += writes.reduce(0) { $0 + UInt64($1.octets.count) }
        statistics.lastCommit = took
        statistics.slowestCommit = max(statistics.slowestCommit, took)
    }
}

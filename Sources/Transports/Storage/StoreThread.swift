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
        var statistics = StoreStatistics()
    }

    private struct Mailbox {
        var queue: [StoreWrite] = []
        /// Octets of the writes that are neither durable nor given up, those with the thread among them.
        var queuedByteCount = 0
        var queuedCount = 0
        var news = News()
        var isStopping = false
    }

    private let mailbox = Locked(Mailbox())
    /// Until the thread takes it, which lets go of it before it says that it has ended: then the owner's lock ends with
    /// the owner.
    private let directory: Locked<StoreDirectory?>
    /// How long the first of a group waits for others, in nanoseconds.
    private let commitDelay: UInt64
    /// Readable while the thread has something to see; reading it blocks the thread.
    private let orders: Int32
    /// Readable while there are news for the loop.
    let newsReady: LoopWaker
    /// Readable once the thread has ended.
    private let ended: LoopWaker

    init(_ directory: StoreDirectory, commitDelay: UInt64) throws(IOError) {
        (self.directory, self.commitDelay) = (Locked(directory), commitDelay)
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

    /// What there is to tell since the last time; errors are told once.
    func takeNews() -> News {
        newsReady.drain()
        return mailbox.withLock { mailbox in
            defer { (mailbox.news.failure, mailbox.news.tidyFailure) = (nil, nil) }
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
        while let group = nextGroup() { write(group, to: &file) }
    }

    /// Everything that waits, once something does; nil when nothing does and nothing will.
    private func nextGroup() -> [StoreWrite]? {
        while true {
            let (isStopping, isEmpty) = mailbox.withLock { ($0.isStopping, $0.queue.isEmpty) }
            if !isEmpty {
                if !isStopping, commitDelay > 0 { waitForOthers() }
                return mailbox.withLock { mailbox in
                    defer { mailbox.queue = [] }
                    return mailbox.queue
                }
            }
            if isStopping { return nil }
            var count: eventfd_t = 0
            guard eventfd_read(orders, &count) == 0 || errno == EINTR else { return nil }
        }
    }

    private func waitForOthers() {
        let deadline = MonotonicClock.now() &+ commitDelay
        while true {
            let now = MonotonicClock.now()
            guard now < deadline, !mailbox.withLock({ $0.isStopping }) else { return }
            var wanted = pollfd(fd: orders, events: Int16(POLLIN), revents: 0)
            _ = poll(&wanted, 1, Int32(clamping: (deadline - now + 999_999) / 1_000_000))
            var count: eventfd_t = 0
            // What was counted is in the queue, which is looked at behind this.
            if wanted.revents != 0 { _ = eventfd_read(orders, &count) }
        }
    }

    private func write(_ group: [StoreWrite], to file: inout StoreFile) {
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
                tell(part) { $0.failure = error }
                continue
            }
            do throws(IOError) {
                try file.tidy(part)
            } catch {
                tell([]) { $0.tidyFailure = error }
            }
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

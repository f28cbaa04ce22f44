import Glibc

/// Told what became of writes, in a turn of the loop like of any other event.
package protocol StoreWriterDelegate: AnyObject {
    /// Everything up to the write `sequence` is durable. Called again where only room has become free.
    func storePersisted(upTo sequence: UInt64)

    /// The writes behind the last that is durable are lost, and so is each that comes until one `isWhole`. SIGXFSZ is
    /// ignored, so that a limit on the size of files is such an error, too.
    func storeFailed(_ error: IOError)

    /// Files that nobody is to believe after such an error could not be deleted. Comes before `storeFailed`.
    func storeCannotForget(_ error: IOError)

    /// Files that are not needed any more could not be deleted or set aside; what was promised holds.
    func storeCannotTidy(_ error: IOError)
}

/// Makes octets durable without ever blocking the loop: a thread waits for the device.
///
/// Everything that waits when the thread comes to it is one write and one fdatasync (group commit).
package final class StoreWriter: ReadinessHandler {
    /// How much may wait.
    package struct Limits: Sendable {
        /// Octets, and writes. One write more may always be submitted.
        package var queuedByteCount = 8 << 20
        package var queuedCount = 4_096
        /// How long the first of a group waits for others to come, in nanoseconds; less where half of the above waits.
        package var commitDelay: UInt64 = 0

        package init() {}
    }

    private let loop: EventLoop
    private let limits: Limits
    private var thread: StoreThread?

    /// Told the outcome.
    package weak var delegate: (any StoreWriterDelegate)?

    /// Everything up to this write is durable.
    package private(set) var persistedSequence: UInt64 = 0
    /// What was done until the last turn.
    package private(set) var statistics = StoreStatistics()

    /// Starts the thread, which keeps `directory` open and locked until `close`.
    ///
    /// - Parameters:
    ///   - directory: Of the files.
    ///   - loop: Where the delegate is told.
    ///   - limits: How much may wait.
    ///   - isDistrusted: The names of the files that are deleted after an error, before the delegate hears of it: those
    ///     that say what will not hold any more, where their owner goes on without.
    /// - Throws: what the process lacks for it.
    package init(
        _ directory: StoreDirectory, loop: EventLoop, limits: Limits = Limits(),
        isDistrusted: @escaping @Sendable (String) -> Bool = { _ in false }
    ) throws(IOError) {
        (self.loop, self.limits) = (loop, limits)
        let thread = try StoreThread(directory, limits, isDistrusted: isDistrusted)
        try thread.start()
        self.thread = thread
        do throws(IOError) {
            try loop.add(thread.newsReady.descriptor, self, interest: .readable)
        } catch {
            _ = thread.stop(within: 0)
            throw error
        }
    }

    /// Hands over a write; it is durable when the delegate hears so. Where `isFull` says so, the owner should take in
    /// nothing that makes it write until it is told that something is durable.
    package func submit(_ write: StoreWrite) { thread?.submit(write) }

    /// Whether as much waits as may.
    package var isFull: Bool {
        guard let load = thread?.load else { return false }
        return load.byteCount >= limits.queuedByteCount || load.count >= limits.queuedCount
    }

    /// Nothing waits for others from now on, for the sake of an end that comes soon.
    package func hurry() { thread?.hurry() }

    /// Waits for news, and tells the delegate.
    ///
    /// - Returns: whether there were any within `milliseconds`.
    package func wait(milliseconds: Int32) -> Bool {
        guard let thread else { return false }
        var wanted = pollfd(fd: thread.newsReady.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, milliseconds) > 0 else { return false }
        tellNews(of: thread)
        return true
    }

    /// Octets that wait to be durable.
    package var queuedByteCount: Int { thread?.load.byteCount ?? 0 }

    /// Waits until all that was submitted is durable or given up, tells the delegate, and ends the thread. Nothing can
    /// be submitted behind it. The lock of the directory goes with the last who holds that.
    ///
    /// - Returns: whether that was so within `milliseconds`; else the thread goes on with it as long as the process
    ///   does.
    @discardableResult
    package func close(within milliseconds: Int32 = 5_000) -> Bool {
        guard let thread else { return true }
        let isDone = thread.stop(within: milliseconds)
        tellNews(of: thread)
        loop.remove(thread.newsReady.descriptor)
        self.thread = nil
        return isDone
    }

    package func ready(_ readiness: Readiness) {
        if let thread { tellNews(of: thread) }
    }

    private func tellNews(of thread: StoreThread) {
        let news = thread.takeNews()
        statistics = news.statistics
        persistedSequence = max(persistedSequence, news.persisted)
        if let error = news.distrustFailure { delegate?.storeCannotForget(error) }
        // What is durable now may have been written after the error.
        if let error = news.failure { delegate?.storeFailed(error) }
        delegate?.storePersisted(upTo: persistedSequence)
        if let error = news.tidyFailure { delegate?.storeCannotTidy(error) }
    }
}

import CLinux
import Glibc

/// The only part of an event loop that other threads may hold: it ends the loop's current wait.
package final class LoopWaker: Sendable {
    /// An eventfd, readable from `wake` until `drain`.
    let descriptor: Int32

    init() throws(IOError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard descriptor >= 0 else { throw IOError(operation: "eventfd", code: errno) }
    }

    deinit {
        _ = close(descriptor)
    }

    /// Makes the loop's current or next wait return at once; callable from any thread.
    package func wake() {
        _ = eventfd_write(descriptor, 1)
    }

    /// Forgets the wakes so far.
    func drain() {
        var count: eventfd_t = 0
        _ = eventfd_read(descriptor, &count)
    }
}

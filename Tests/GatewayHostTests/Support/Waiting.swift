// Waiting for what another thread or process does, within bounds.

import Glibc
import Transports

/// How long anything may take here: far more than it does, for machines that are busy with something else.
let generous = Duration.seconds(20)

/// A moment by which something must have happened.
struct Deadline {
    private let nanoseconds: UInt64

    init(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        nanoseconds = MonotonicClock.now() + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }

    var hasPassed: Bool { MonotonicClock.now() >= nanoseconds }

    /// What is left, in milliseconds as poll(2) takes them, rounded up.
    var remainingMilliseconds: Int32 {
        let now = MonotonicClock.now()
        return now >= nanoseconds ? 0 : Int32(clamping: (nanoseconds - now + 999_999) / 1_000_000)
    }
}

/// Asks for `condition` again and again; whether it held before the time was over.
func eventually(within duration: Duration = generous, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(in: duration)
    while true {
        if try condition() { return true }
        if deadline.hasPassed { return false }
        usleep(2_000)
    }
}

/// Lets `descriptor` become ready for `events` (poll(2)); whether it did in time.
func waitUntilReady(_ descriptor: Int32, for events: Int32, until deadline: Deadline) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    while true {
        let count = poll(&request, 1, deadline.remainingMilliseconds)
        if count > 0 { return true }
        if count == 0 || errno != EINTR { return false }
    }
}

/// A call to the system that failed where the test needs it.
struct SystemFailure: Error, CustomStringConvertible {
    let operation: String
    let code = errno

    var description: String { "\(operation): errno \(code)" }
}

/// What was awaited did not come.
struct NothingCame: Error, CustomStringConvertible {
    let awaited: String

    var description: String { "\(awaited) did not come in time" }
}

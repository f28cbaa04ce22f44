import Glibc

/// What a program asks of its own process.
package enum ProcessControl {
    /// Ends the process with status `code`, 0 to 255.
    package static func exit(_ code: Int32) -> Never {
        Glibc.exit(code)
    }

    /// Lets the process do nothing for so many nanoseconds, to the millisecond.
    package static func sleep(_ nanoseconds: UInt64) {
        _ = poll(nil, 0, Int32(clamping: nanoseconds / 1_000_000))
    }
}

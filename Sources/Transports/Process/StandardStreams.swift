import Glibc

/// The process's standard error, written without a buffer.
package enum StandardError {
    /// Writes all of `bytes`; an error ends the writing silently, since there is nowhere to tell it.
    package static func write(_ bytes: RawSpan) {
        writeAll(bytes, to: STDERR_FILENO)
    }
}

/// The process's standard output, written without a buffer.
package enum StandardOutput {
    /// Writes all of `bytes`; false when an error has ended the writing, as when the reader of a pipe has gone.
    @discardableResult
    package static func write(_ bytes: RawSpan) -> Bool {
        writeAll(bytes, to: STDOUT_FILENO)
    }
}

/// The process's standard input.
package enum StandardInput {
    /// All of it to its end; throws EFBIG when that is more than `maximumByteCount` octets.
    package static func readAll(maximumByteCount: Int) throws(IOError) -> [UInt8] {
        try FileReader.readAll(
            from: STDIN_FILENO, maximumByteCount: maximumByteCount, operation: "read standard input")
    }
}

/// Writes until all is written; waits where the descriptor is non-blocking (a terminal shared with another program).
/// False when an error ends it.
@discardableResult
func writeAll(_ bytes: RawSpan, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// Writes that let the caller wait no longer than it wants, whoever reads them.
package enum PatientOutput {
    /// The descriptor of standard error.
    package static let standardError = STDERR_FILENO

    /// What a pipe that is ready for writing takes without blocking (PIPE_BUF, pipe(7)).
    private static let portionByteCount = 4_096

    /// Writes all of `bytes`, waiting for the reader for at most `patience` nanoseconds in all; what it waited is taken
    /// from `patience`. False when not everything was written.
    package static func write(_ bytes: RawSpan, to descriptor: Int32, patience: inout UInt64) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                // The descriptor may be a blocking one that other programs use too, so it is asked first.
                guard waitUntilWritable(descriptor, &patience) else { return false }
                let portion = UnsafeRawBufferPointer(rebasing: rest.prefix(portionByteCount))
                let count = Glibc.write(descriptor, portion.baseAddress, portion.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EAGAIN && errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    private static func waitUntilWritable(_ descriptor: Int32, _ patience: inout UInt64) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&request, 1, 0) > 0 { return true }
        let began = MonotonicClock.now()
        let count = poll(&request, 1, Int32(clamping: patience / 1_000_000))
        let waited = MonotonicClock.now() &- began
        patience -= min(patience, waited)
        // A signal ends the wait: nothing is lost by asking again with what is left.
        if count < 0, errno == EINTR, patience > 0 { return waitUntilWritable(descriptor, &patience) }
        return count > 0
    }
}

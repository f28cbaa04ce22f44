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
    /// Writes all of `bytes`; an error ends the writing silently.
    package static func write(_ bytes: RawSpan) {
        writeAll(bytes, to: STDOUT_FILENO)
    }
}

/// Writes until all is written; waits where the descriptor is non-blocking (a terminal shared with another program).
func writeAll(_ bytes: RawSpan, to descriptor: Int32) {
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
                return
            }
        }
    }
}

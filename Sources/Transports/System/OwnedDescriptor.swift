import Glibc

/// A file descriptor with exactly one owner, closed at the latest when the owner goes away.
package struct OwnedDescriptor: ~Copyable {
    /// The descriptor, or -1 once it is closed.
    package private(set) var value: Int32

    /// Takes over `value`, which a system call for `operation` returned; throws the error it left when negative.
    package init(_ value: Int32, operation: @autoclosure () -> String) throws(IOError) {
        guard value >= 0 else { throw IOError(operation: operation(), code: errno) }
        self.value = value
    }

    /// Takes over the open descriptor `value`.
    package init(adopting value: Int32) {
        self.value = value
    }

    package var isOpen: Bool { value >= 0 }

    /// Writes all of `bytes` at the file's end or place; where that fails, a part of them may have been written.
    func writeAll(_ bytes: RawSpan, operation: @autoclosure () -> String) throws(IOError) {
        var position = 0
        while position < bytes.byteCount {
            let count = bytes.extracting(position..<bytes.byteCount).withUnsafeBytes {
                Glibc.write(value, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw IOError(operation: operation(), code: errno) }
            position += count
        }
    }

    /// Closes the descriptor now; does nothing the second time.
    package mutating func close() {
        guard value >= 0 else { return }
        _ = Glibc.close(value)
        value = -1
    }

    deinit {
        if value >= 0 { _ = Glibc.close(value) }
    }
}

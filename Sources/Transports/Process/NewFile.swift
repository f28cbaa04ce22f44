import Glibc

/// A file that did not exist before, which only its owner may read and which grows at its end.
package struct NewFile: ~Copyable {
    private let descriptor: OwnedDescriptor
    private let path: String

    /// Creates the file at `path`; throws EEXIST where there is something already.
    ///
    /// SIGXFSZ is ignored from here on, since a file that may not grow any further is an error of its write.
    package init(path: String) throws(IOError) {
        _ = signal(SIGXFSZ, SIG_IGN)
        self.path = path
        descriptor = try OwnedDescriptor(
            open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600), operation: "create \(path)")
    }

    /// Writes all of `bytes`; where that fails, a part of them may have been written.
    package func append(_ bytes: RawSpan) throws(IOError) {
        try descriptor.writeAll(bytes, operation: "write \(path)")
    }
}

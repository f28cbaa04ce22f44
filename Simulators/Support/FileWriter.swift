import Glibc
package import Transports

/// Writes small files whole.
package enum FileWriter {
    /// Makes `content` the content of the file at `path`, which is created where there is none.
    package static func write(_ content: [UInt8], path: String) throws(IOError) {
        let operation = "write \(path)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        let file = try OwnedDescriptor(descriptor, operation: operation)
        var position = 0
        while position < content.count {
            let count = content.withUnsafeBytes { bytes in
                Glibc.write(file.value, bytes.baseAddress?.advanced(by: position), bytes.count - position)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw IOError(operation: operation, code: errno) }
            position += count
        }
    }
}

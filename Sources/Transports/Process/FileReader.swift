import Glibc

/// Reads small files whole.
package enum FileReader {
    /// The content of the file at `path`; throws EFBIG when it has more than `maximumByteCount` octets.
    package static func read(path: String, maximumByteCount: Int) throws(IOError) -> [UInt8] {
        let operation = "read \(path)"
        let file = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), operation: operation)
        return try readAll(from: file.value, maximumByteCount: maximumByteCount, operation: operation)
    }

    /// Whether there is something at `path`, readable or not.
    package static func exists(path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 || errno != ENOENT && errno != ENOTDIR
    }

    /// Whether users of the machine may read the file at `path` who are neither its owner nor of its group.
    package static func isReadableByOthers(path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & S_IROTH != 0
    }

    /// What an open descriptor gives until its end.
    static func readAll(
        from descriptor: Int32, maximumByteCount: Int, operation: String
    ) throws(IOError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return content }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw IOError(operation: operation, code: errno)
            }
            guard count <= maximumByteCount - content.count else { throw IOError(operation: operation, code: EFBIG) }
            content.append(contentsOf: chunk[..<count])
        }
    }
}

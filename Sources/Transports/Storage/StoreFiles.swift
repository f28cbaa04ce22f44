import Glibc

/// The files of a directory as they are, read without any lock and without changing anything.
package struct StoreFiles: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Whether a process holds the directory (`StoreDirectory`) and writes there.
    package var areInUse: Bool {
        let lock = open("\(path)/\(StoreDirectory.lockName)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard lock >= 0 else { return false }
        // Closing it gives the lock back at once, where it was to be had.
        defer { close(lock) }
        return flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// The names of its regular files, sorted by their octets.
    package func names() throws(IOError) -> [String] {
        guard let directory = opendir(path) else { throw IOError(operation: "open \(path)", code: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFREG { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// How many octets the file has.
    package func byteCount(of name: String) throws(IOError) -> Int {
        var status = stat()
        guard lstat("\(path)/\(name)", &status) == 0 else {
            throw IOError(operation: "stat \(path)/\(name)", code: errno)
        }
        return Int(status.st_size)
    }

    /// The first octets of a file: all of them, where it has no more than `maximumByteCount`.
    package func read(_ name: String, maximumByteCount: Int) throws(IOError) -> [UInt8] {
        let operation = "read \(path)/\(name)"
        let file = try OwnedDescriptor(
            open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW), operation: operation)
        var content = [UInt8](repeating: 0, count: min(try byteCount(of: name), maximumByteCount))
        var position = 0
        while position < content.count {
            let count = content.withUnsafeMutableBytes {
                Glibc.read(file.value, $0.baseAddress.map { $0 + position }, $0.count - position)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw IOError(operation: operation, code: errno) }
            // It has become shorter meanwhile.
            guard count > 0 else { return Array(content[..<position]) }
            position += count
        }
        return content
    }
}

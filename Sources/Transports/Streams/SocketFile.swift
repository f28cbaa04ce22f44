import CLinux
import Glibc

/// The file of a socket of the file system, from its creation until it is removed (unix(7)).
struct SocketFile {
    /// The longest path that such a socket may have, its end not counted.
    static let maximumPathByteCount = 107

    private let path: String
    /// Which file it is, so that another one is never removed.
    private let device: dev_t
    private let inode: ino_t

    /// Binds `socket` to `path`; see `StreamListener.init(atPath:loop:)` for what it throws.
    init(_ path: String, of socket: borrowing OwnedDescriptor, operation: String) throws(IOError) {
        guard 1...Self.maximumPathByteCount ~= path.utf8.count, !path.utf8.contains(0) else {
            throw IOError(operation: operation, code: ENAMETOOLONG)
        }
        try Self.checkDirectory(of: path, operation)
        // Narrower than wanted until the file is there, whatever the umask is.
        _ = fchmod(socket.value, 0o600)
        if Self.bind(socket.value, to: path) != 0 {
            guard errno == EADDRINUSE else { throw IOError(operation: operation, code: errno) }
            try Self.removeAbandoned(path, operation)
            guard Self.bind(socket.value, to: path) == 0 else { throw IOError(operation: operation, code: errno) }
        }
        var status = stat()
        guard chmod(path, 0o660) == 0, lstat(path, &status) == 0 else {
            throw IOError(operation: operation, code: errno)
        }
        (self.path, device, inode) = (path, status.st_dev, status.st_ino)
    }

    /// Who may write to the directory may put a socket of their own in the place of this one.
    private static func checkDirectory(of path: String, _ operation: String) throws(IOError) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(directory, &status) == 0 else { throw IOError(operation: operation, code: errno) }
        guard status.st_mode & 0o002 == 0 else { throw IOError(operation: operation, code: EPERM) }
    }

    /// Removes a socket that nobody listens at, as a process leaves it that was killed.
    private static func removeAbandoned(_ path: String, _ operation: String) throws(IOError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw IOError(operation: operation, code: EEXIST)
        }
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let probe = try OwnedDescriptor(Glibc.socket(AF_UNIX, flags, 0), operation: operation)
        let result = withNative(path) { connect(probe.value, $0, $1) }
        // Somebody lives there whose queue is full, or who lets nobody in.
        guard result != 0, errno == ECONNREFUSED else { throw IOError(operation: operation, code: EADDRINUSE) }
        _ = unlink(path)
    }

    private static func bind(_ descriptor: Int32, to path: String) -> Int32 {
        withNative(path) { Glibc.bind(descriptor, $0, $1) }
    }

    /// Calls `body` with the native address of `path`, whose length was checked.
    private static func withNative<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// Removes the file, unless another one has taken its place.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
        _ = unlink(path)
    }
}

import CLinux
import Glibc

/// A directory in which one process keeps files that nobody else may read, for as long as it holds this.
///
/// The lock is one of the open file (flock(2)): it ends with the process, however that ends. Two processes never hold
/// the same directory; on a network file system that is so only where that knows such locks.
package final class StoreDirectory: Sendable {
    /// The name of the file that is locked, which holds the number of the process.
    static let lockName = "lock"
    /// What is added to the name of a file that is set aside.
    package static let asideSuffix = ".damaged"

    package let files: StoreFiles
    private let directory: Int32
    private let lock: Int32

    /// Where it is.
    package var path: String { files.path }

    /// Opens the directory at `path`, which is made with mode 0700 where it is not there, and gets that mode where it
    /// has another; the one that it is to be in must exist.
    package init(path: String) throws(StoreError) {
        files = StoreFiles(path: path)
        directory = try Self.openDirectory(path)
        do throws(StoreError) {
            lock = try Self.takeLock(in: directory, path)
        } catch {
            _ = close(directory)
            throw error
        }
    }

    deinit {
        // A process that is just being started may have a copy of the descriptor for a moment.
        _ = flock(lock, LOCK_UN)
        _ = close(lock)
        _ = close(directory)
    }

    private static func openDirectory(_ path: String) throws(StoreError) -> Int32 {
        if mkdir(path, 0o700) == 0 {
            syncParent(of: path)
        } else if errno != EEXIST {
            throw .failed(IOError(operation: "create \(path)", code: errno))
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOTDIR
                ? .notADirectory(path: path) : .failed(IOError(operation: "open \(path)", code: errno))
        }
        var status = stat()
        var failure: StoreError?
        if fstat(descriptor, &status) != 0 {
            failure = .failed(IOError(operation: "stat \(path)", code: errno))
        } else if status.st_uid != geteuid() {
            failure = .ownedByAnother(path: path, user: status.st_uid)
        } else if status.st_mode & 0o777 != 0o700, fchmod(descriptor, 0o700) != 0 {
            failure = .failed(IOError(operation: "chmod 0700 \(path)", code: errno))
        }
        guard let failure else { return descriptor }
        _ = close(descriptor)
        throw failure
    }

    /// A directory that is new must be found again as well; where its parent may not be read, nothing can be done.
    private static func syncParent(of path: String) {
        let parent = open(path + "/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return }
        _ = fsync(parent)
        _ = close(parent)
    }

    private static func takeLock(in directory: Int32, _ path: String) throws(StoreError) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let lock = openat(directory, lockName, flags, 0o600)
        guard lock >= 0 else { throw .failed(IOError(operation: "open \(path)/\(lockName)", code: errno)) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = code == EWOULDBLOCK ? holder(in: lock) : nil
            _ = close(lock)
            throw code == EWOULDBLOCK
                ? .inUse(path: path, process: holder)
                : .failed(IOError(operation: "lock \(path)/\(lockName)", code: code))
        }
        // Only words for those who find it locked: a disk that is full does not matter here.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(lock, 0)
        _ = pwrite(lock, text, text.count, 0)
        return lock
    }

    private static func holder(in lock: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(lock, &text, text.count, 0)
        return Int32(String(decoding: text.prefix(max(count, 0)).prefix { $0 != 0x0A }, as: UTF8.self))
    }

    // MARK: Files

    /// Octets that the file system has left for this user.
    package func freeByteCount() throws(IOError) -> UInt64 {
        var status = statvfs()
        guard fstatvfs(directory, &status) == 0 else { throw failure("statvfs", "") }
        return UInt64(status.f_bavail) &* UInt64(status.f_frsize)
    }

    /// Makes the file `name`, which only its owner may read and which grows at its end; throws EEXIST where it is
    /// there.
    func create(_ name: String) throws(IOError) -> OwnedDescriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        return try OwnedDescriptor(openat(directory, name, flags, 0o600), operation: "create \(path)/\(name)")
    }

    /// Deletes the file; nothing where it is not there.
    package func remove(_ name: String) throws(IOError) {
        guard unlinkat(directory, name, 0) == 0 || errno == ENOENT else { throw failure("delete", name) }
    }

    /// Gives the file a name that nothing reads, and never that of another file; nothing where it is not there.
    ///
    /// - Returns: the new name; nil where there is no such file.
    @discardableResult
    package func setAside(_ name: String) throws(IOError) -> String? {
        var aside = name + Self.asideSuffix
        var number = 1
        while faccessat(directory, aside, F_OK, AT_SYMLINK_NOFOLLOW) == 0 {
            aside = "\(name)\(Self.asideSuffix).\(number)"
            number += 1
        }
        guard renameat(directory, name, directory, aside) == 0 else {
            if errno == ENOENT { return nil }
            throw failure("rename", name)
        }
        return aside
    }

    /// Waits until the names of files are durable.
    package func sync() throws(IOError) {
        guard fsync(directory) == 0 else { throw failure("fsync", "") }
    }

    private func failure(_ operation: String, _ name: String) -> IOError {
        IOError(operation: "\(operation) \(path)\(name.isEmpty ? "" : "/" + name)", code: errno)
    }
}

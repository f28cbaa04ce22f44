import CLinux
import Glibc
package import Transports

/// A network namespace for the calling thread and for all that it starts (network_namespaces(7)): it begins with
/// nothing but a loopback interface that is down, and what is done there nobody else notices.
package enum OwnNetwork {
    private static let programs: [String] = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"]
    private static let program = programs.first { access($0, X_OK) == 0 }

    #if arch(x86_64)
        private static let unshare = 272
    #else
        private static let unshare = 97
    #endif

    /// Whether this process may have one, and `ip` is installed.
    package static let isAvailable = program != nil && (try? OwnThread.run { try enter() }) != nil

    /// From now on the thread is in a network of its own. Nothing takes that back.
    package static func enter() throws(IOError) {
        guard OwnThread.systemCall(unshare, 0x4000_0000) == 0 else { throw IOError(operation: "unshare", code: errno) }
    }

    /// Runs `ip` with these words (ip(8)) in the thread's network, to its end.
    package static func ip(_ words: String) throws(IOError) {
        guard let program else { throw IOError(operation: "ip", code: ENOENT) }
        try run(program, words.split(separator: " ").map(String.init))
    }

    /// Sets a value below /proc/sys/net of the thread's network.
    package static func set(_ path: String, to value: String) throws(IOError) {
        let file = try OwnedDescriptor(open("/proc/sys/net/" + path, O_WRONLY), operation: path)
        guard write(file.value, value, value.utf8.count) == value.utf8.count else {
            throw IOError(operation: path, code: errno)
        }
    }

    private static func run(_ program: String, _ arguments: [String]) throws(IOError) {
        var strings = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, program, nil, nil, &strings, environ)
        guard code == 0 else { throw IOError(operation: program, code: code) }
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw IOError(operation: ([program] + arguments).joined(separator: " "), code: EINVAL)
        }
    }
}

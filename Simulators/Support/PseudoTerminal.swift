import Glibc
package import Transports

/// A terminal that is no device, in the place of a serial adapter: what is written here, whoever opens `path` reads,
/// and the other way round, each octet as it is.
package final class PseudoTerminal {
    /// This side, which an event loop may watch; -1 once it is hung up.
    package private(set) var descriptor: Int32
    /// The other side, held open: without it a loop would tell of a hang-up for as long as nobody has `path` open.
    private let line: Int32
    package let path: String

    package init() throws(IOError) {
        var (here, there): (Int32, Int32) = (-1, -1)
        var raw = Glibc.termios()
        cfmakeraw(&raw)
        guard openpty(&here, &there, nil, &raw, nil) == 0 else {
            throw IOError(operation: "open a pseudo-terminal", code: errno)
        }
        (descriptor, line) = (here, there)
        var name = [CChar](repeating: 0, count: 256)
        let code = ttyname_r(there, &name, name.count)
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard code == 0 else { throw IOError(operation: "name a pseudo-terminal", code: code) }
        guard fcntl(here, F_SETFD, FD_CLOEXEC) == 0, fcntl(there, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(here, F_SETFL, O_RDWR | O_NONBLOCK) == 0
        else { throw IOError(operation: "set up \(path)", code: errno) }
    }

    deinit { hangUp() }

    /// Pulls the plug, for whoever has `path` open too; what waits is lost.
    package func hangUp() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        close(line)
        descriptor = -1
    }

    /// Writes all of `bytes`; throws where the other side does not make room for them within so many milliseconds.
    package func write(_ bytes: [UInt8], patience: Int32 = 10_000) throws(IOError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            let code = errno
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard count < 0, code == EAGAIN, poll(&request, 1, patience) > 0 else {
                throw IOError(operation: "write to \(path)", code: code)
            }
        }
    }

    /// What waits; empty where nothing does.
    package func read() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }
}

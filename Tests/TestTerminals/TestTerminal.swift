package import Glibc

/// A terminal that is no device, for tests that wait for it: what its other side writes, whoever opens `path` reads.
///
/// `Transports.PseudoTerminal` lives on an event loop and tells nothing of the settings that were made.
package final class TestTerminal {
    /// The side of the test; -1 once it is hung up.
    package private(set) var master: Int32
    package let path: String

    package init() throws {
        var (other, slave): (Int32, Int32) = (-1, -1)
        var raw = termios()
        cfmakeraw(&raw)
        guard openpty(&other, &slave, nil, &raw, nil) == 0 else { throw TerminalFailure(operation: "openpty") }
        var name = [CChar](repeating: 0, count: 64)
        let code = ttyname_r(slave, &name, name.count)
        close(slave)
        guard code == 0, fcntl(other, F_SETFD, FD_CLOEXEC) == 0 else { throw TerminalFailure(operation: "ttyname_r") }
        master = other
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { hangUp() }

    /// Pulls the plug.
    package func hangUp() {
        if master >= 0 { close(master) }
        master = -1
    }

    /// The settings that whoever opened `path` has made.
    package var settings: termios {
        var settings = termios()
        tcgetattr(master, &settings)
        return settings
    }

    package func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(master, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TerminalFailure(operation: "write to \(path)") }
            rest = rest.dropFirst(count)
        }
    }

    /// What waits; empty where nothing does, or nobody has `path` open.
    package func read() -> [UInt8] {
        var request = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 0) > 0, request.revents & Int16(POLLIN) != 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(master, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }
}

/// A call to the system that failed where the test needs it.
package struct TerminalFailure: Error {
    package let operation: String
    package let code = errno
}

import CLinux
import Glibc

/// A connection for one request of a command, which may wait: to a socket in the file system or over TCP.
package struct RequestConnection: ~Copyable {
    private let descriptor: OwnedDescriptor
    private let name: String

    /// Connects to the socket at `path`, and waits for at most `timeout` nanoseconds.
    package init(socket path: String, timeout: UInt64) throws(IOError) {
        let operation = "connect to \(path)"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw IOError(operation: operation, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let opened = try OwnedDescriptor(Glibc.socket(AF_UNIX, flags, 0), operation: operation)
        let value = opened.value
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(value, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try Self.finishConnecting(value, result, operation, timeout)
        descriptor = opened
        name = path
    }

    /// Connects to `address`, and waits for at most `timeout` nanoseconds.
    package init(to address: SocketAddress, timeout: UInt64) throws(IOError) {
        let operation = "connect to \(address)"
        let opened = try SocketOption.openSocket(for: address, type: SOCK_STREAM, operation: operation)
        let value = opened.value
        try Self.finishConnecting(value, address.withNative { connect(value, $0, $1) }, operation, timeout)
        descriptor = opened
        name = "\(address)"
    }

    private static func finishConnecting(
        _ descriptor: Int32, _ result: Int32, _ operation: String, _ timeout: UInt64
    ) throws(IOError) {
        guard result != 0 else { return }
        guard errno == EINPROGRESS else { throw IOError(operation: operation, code: errno) }
        try wait(for: POLLOUT, descriptor, operation, timeout)
        let code = SocketOption.value(of: SO_ERROR, level: SOL_SOCKET, on: descriptor) ?? EIO
        guard code == 0 else { throw IOError(operation: operation, code: code) }
    }

    /// Writes all of `octets`; each wait for the other side ends after `timeout` nanoseconds.
    package func write(_ octets: [UInt8], timeout: UInt64) throws(IOError) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor.value, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try Self.wait(for: POLLOUT, descriptor.value, "write to \(name)", timeout)
            } else if errno != EINTR {
                throw IOError(operation: "write to \(name)", code: errno)
            }
        }
    }

    /// What has come, at most 64 KiB of it; empty at the end. Waits for at most `timeout` nanoseconds, nil: for ever.
    package func read(timeout: UInt64?) throws(IOError) -> [UInt8] {
        let operation = "read from \(name)"
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            try Self.wait(for: POLLIN, descriptor.value, operation, timeout)
            let count = Glibc.read(descriptor.value, &chunk, chunk.count)
            if count >= 0 { return Array(chunk[..<count]) }
            guard errno == EAGAIN || errno == EINTR else { throw IOError(operation: operation, code: errno) }
        }
    }

    /// Throws ETIMEDOUT where the descriptor is not ready in time.
    private static func wait(
        for events: Int32, _ descriptor: Int32, _ operation: String, _ timeout: UInt64?
    ) throws(IOError) {
        var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let milliseconds = timeout.map { Int32(clamping: $0 / 1_000_000) } ?? -1
            let count = poll(&request, 1, milliseconds)
            if count > 0 { return }
            if count == 0 { throw IOError(operation: operation, code: ETIMEDOUT) }
            guard errno == EINTR else { throw IOError(operation: operation, code: errno) }
        }
    }
}

import Glibc
import Transports

/// A socket that a test works with call by call; closed when nobody holds it.
final class BlockingSocket {
    enum Kind {
        /// TCP.
        case stream
        /// UDP.
        case datagrams
    }

    let descriptor: Int32

    /// Takes over an open descriptor.
    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    /// A socket for addresses like `address`, bound to `local` if that is given.
    init(_ kind: Kind, for address: SocketAddress, boundTo local: SocketAddress? = nil) throws {
        let family = address.isIPv6 ? AF_INET6 : AF_INET
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        descriptor = socket(family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure(operation: "socket") }
        guard let local else { return }
        set(SO_REUSEADDR, to: 1)
        guard try local.withNativeAddress({ bind(descriptor, $0, $1) }) == 0 else {
            throw SystemFailure(operation: "bind \(local)")
        }
    }

    deinit { close(descriptor) }

    func set(_ option: Int32, to value: Int32) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends a stream in both directions.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func connect(to address: SocketAddress) throws {
        guard try address.withNativeAddress({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            throw SystemFailure(operation: "connect \(address)")
        }
    }

    /// The address that the socket has got.
    func localAddress() throws -> SocketAddress {
        let address = try SocketAddress.readingNative { getsockname(descriptor, $0, $1) }
        guard let address else { throw SystemFailure(operation: "getsockname") }
        return address
    }

    /// Writes all of `bytes` to a connected stream.
    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw SystemFailure(operation: "send") }
            rest = rest.dropFirst(count)
        }
    }

    /// What became of a connected stream, as an errno value; a cut is EPIPE after its end and ECONNRESET before.
    var pendingError: Int32 {
        var (code, length) = (Int32(-1), socklen_t(MemoryLayout<Int32>.size))
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    /// Whether reading would not wait.
    var hasInput: Bool { waitUntilReady(descriptor, for: POLLIN, until: Deadline(in: .zero)) }

    /// What waits on a connected stream, as soon as there is something; empty at the stream's end, nil when nothing
    /// comes in time.
    func read(until deadline: Deadline) -> [UInt8]? {
        guard waitUntilReady(descriptor, for: POLLIN, until: deadline) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        // A reset is an end too.
        return count > 0 ? Array(buffer[..<count]) : []
    }

    func send(_ datagram: [UInt8], to address: SocketAddress) throws {
        let count = try address.withNativeAddress {
            sendto(descriptor, datagram, datagram.count, Int32(MSG_NOSIGNAL), $0, $1)
        }
        guard count == datagram.count else { throw SystemFailure(operation: "sendto \(address)") }
    }

    /// The next datagram and its sender; nil when none comes in time.
    func receive(until deadline: Deadline) throws -> (datagram: [UInt8], source: SocketAddress)? {
        guard waitUntilReady(descriptor, for: POLLIN, until: deadline) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var count = 0
        let source = try SocketAddress.readingNative {
            count = recvfrom(descriptor, &buffer, buffer.count, 0, $0, $1)
            return count < 0 ? -1 : 0
        }
        guard let source else { throw SystemFailure(operation: "recvfrom") }
        return (Array(buffer[..<count]), source)
    }
}

extension SocketAddress {
    /// The numeric loopback or any address `host`.
    static func numeric(_ host: String, _ port: UInt16 = 0) throws -> SocketAddress {
        guard let address = SocketAddress(numeric: host, port: port) else { throw NothingCame(awaited: host) }
        return address
    }

    /// Calls `body` with the address as the system wants it.
    func withNativeAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) throws -> Result {
        var storage = sockaddr_storage()
        let length = socklen_t(isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.storeBytes(of: sa_family_t(isIPv6 ? AF_INET6 : AF_INET), as: sa_family_t.self)
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            let target = bytes.baseAddress.map { $0 + (isIPv6 ? 8 : 4) }
            inet_pton(isIPv6 ? AF_INET6 : AF_INET, host, target)
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The address that `read` (getsockname, recvfrom …) fills in; nil when it fails.
    static func readingNative(
        _ read: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { read($0, &length) }
        }
        guard result >= 0 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let port = withUnsafeBytes(of: &storage) { bytes in
            let isIPv6 = Int32(bytes.load(as: sa_family_t.self)) == AF_INET6
            inet_ntop(
                isIPv6 ? AF_INET6 : AF_INET, bytes.baseAddress.map { $0 + (isIPv6 ? 8 : 4) }, &text,
                socklen_t(text.count))
            return UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
        }
        let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return try .numeric(String(decoding: host, as: UTF8.self), port)
    }
}

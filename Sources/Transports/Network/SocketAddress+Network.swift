// What this machine's network makes of an address, asked of sockets that send nothing.

import CLinux
import Glibc

extension SocketAddress {
    /// The address of this machine that a datagram to this one would leave from; throws where none would leave.
    package func sourceOfRoute() throws(IOError) -> SocketAddress {
        let operation = "find a way to udp://\(self)"
        let scratch = try SocketOption.openSocket(for: self, type: SOCK_DGRAM, operation: operation)
        try SocketOption.set(SO_BROADCAST, level: SOL_SOCKET, to: 1, on: scratch.value, operation: operation)
        let value = scratch.value
        var target = self
        // Any port will do, but 0 is none.
        target.port = max(port, 1)
        guard target.withNative({ connect(value, $0, $1) }) == 0,
            var source = SocketAddress(fromNative: { getsockname(value, $0, $1) })
        else { throw IOError(operation: operation, code: errno) }
        source.port = 0
        return source
    }

    /// Whether nothing sent to the address would leave this machine.
    package var isUnreachable: Bool {
        do throws(IOError) {
            _ = try sourceOfRoute()
            return false
        } catch {
            return error.isUnreachable
        }
    }

    /// Whether a socket can be bound to the address: some interface has it now. True also where that cannot be asked.
    package var isOnThisMachine: Bool {
        var address = self
        address.port = 0
        do throws(IOError) {
            let scratch = try SocketOption.openSocket(
                for: address, type: SOCK_DGRAM, operation: "bind udp://\(address)")
            _ = try SocketOption.bind(scratch, to: address, operation: "bind udp://\(address)")
            return true
        } catch {
            return !error.isNotThereYet
        }
    }

    /// Every address of this machine's interfaces, with port 0, and the interface's number; nil where the system does
    /// not tell.
    package static func ofThisMachine() -> [SocketAddress: UInt32]? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var found: [SocketAddress: UInt32] = [:]
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let native = entry.pointee.ifa_addr else { continue }
            let byteCount =
                Int32(native.pointee.sa_family) == AF_INET6
                ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            guard let address = SocketAddress(loadingFrom: native, byteCount: byteCount) else { continue }
            found[address] = if_nametoindex(entry.pointee.ifa_name)
        }
        return found
    }

    /// Whether the address is one of 127.0.0.0/8, all of which are this machine's.
    package var isLoopbackIPv4: Bool { !isIPv6 && ipv4 >> 24 == 127 }

    /// The same address on the interface with another number.
    package func onInterface(_ scopeIdentifier: UInt32) -> SocketAddress {
        isIPv6
            ? SocketAddress(ipv6High: ipv6.high, low: ipv6.low, scopeIdentifier: scopeIdentifier, port: port) : self
    }

    /// Whether `host` is a numeric address, be the interface that it may name behind `%` there or not.
    package static func isNumeric(_ host: String) -> Bool {
        SocketAddress(numeric: String(host.prefix { $0 != "%" }), port: 0) != nil
    }
}

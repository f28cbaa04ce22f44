// Reads and writes socket addresses in their numeric notation; never asks a name server.

import CLinux
import Glibc

extension SocketAddress {
    /// The address written as `host`, such as `127.0.0.1`, `::1` or `fe80::1%eth0`; nil when it is no numeric address.
    package init?(numeric host: String, port: UInt16) {
        guard !host.utf8.contains(0) else { return nil }
        var ipv4 = in_addr()
        if inet_pton(AF_INET, host, &ipv4) == 1 {
            self.init(ipv4: UInt32(bigEndian: ipv4.s_addr), port: port)
            return
        }
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var ipv6 = in6_addr()
        guard let literal = parts.first, inet_pton(AF_INET6, String(literal), &ipv6) == 1 else { return nil }
        var scopeIdentifier: UInt32 = 0
        if parts.count == 2 {
            guard let index = Self.interfaceIndex(String(parts[1])) else { return nil }
            scopeIdentifier = index
        }
        let (high, low) = withUnsafeBytes(of: &ipv6) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(
            ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low), scopeIdentifier: scopeIdentifier,
            port: port)
    }

    /// The index of the interface called `name`, which may also be the index itself; nil when there is none.
    static func interfaceIndex(_ name: String) -> UInt32? {
        let index = if_nametoindex(name)
        if index != 0 { return index }
        guard let number = UInt32(name), number != 0 else { return nil }
        return number
    }

    /// The address without its port, such as `192.0.2.1` or `fe80::1%eth0`.
    package var host: String {
        guard isIPv6 else {
            return "\(ipv4 >> 24).\(ipv4 >> 16 & 0xFF).\(ipv4 >> 8 & 0xFF).\(ipv4 & 0xFF)"
        }
        var octets = (ipv6.high.bigEndian, ipv6.low.bigEndian)
        let literal = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            inet_ntop(AF_INET6, &octets, text.baseAddress, socklen_t(text.count)).map { String(cString: $0) }
        }
        guard scopeIdentifier != 0 else { return literal ?? "?" }
        let zone = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { text in
            text.baseAddress.flatMap { if_indextoname(scopeIdentifier, $0) }.map { String(cString: $0) }
        }
        return "\(literal ?? "?")%\(zone ?? String(scopeIdentifier))"
    }
}

extension SocketAddress: CustomStringConvertible {
    /// Such as `192.0.2.1:1884` or `[::1]:1884`.
    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

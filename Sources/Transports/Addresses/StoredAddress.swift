import Bytes

/// A sender on UDP and the address of ours that it wrote to, in octets that mean the same after a restart: interfaces
/// by name, as their numbers change.
///
/// Octet 0 is 4 or 6, for IPv4 or IPv6, and octet 1 how the datagram was addressed. Then come the sender's address and
/// port, the address of ours and its port, each with its most significant octet first, and, each behind its length in
/// one octet, the names of the interfaces that the sender's address, that of ours and the datagram belong to; empty
/// where it is none.
package struct StoredAddress: Equatable, Sendable {
    package var address: SocketAddress
    package var local: LocalAddress

    package init(_ address: SocketAddress, _ local: LocalAddress) { (self.address, self.local) = (address, local) }

    package var octets: [UInt8] {
        var octets: [UInt8] = [address.isIPv6 ? 6 : 4, local.delivery.rawValue]
        for end in [address, local.address] {
            if address.isIPv6 {
                for half in end.isIPv6 ? [end.ipv6.high, end.ipv6.low] : [0, 0] {
                    for shift in [48, 32, 16, 0] { octets.append(bigEndian: UInt16(truncatingIfNeeded: half >> shift)) }
                }
            } else {
                octets.append(bigEndian: UInt16(truncatingIfNeeded: end.ipv4 >> 16))
                octets.append(bigEndian: UInt16(truncatingIfNeeded: end.ipv4))
            }
            octets.append(bigEndian: end.port)
        }
        for index in [address.scopeIdentifier, local.address.scopeIdentifier, local.interfaceIndex] {
            let name = index == 0 ? [] : Array((NetworkInterface.name(of: index) ?? "").utf8.prefix(255))
            octets.append(UInt8(name.count))
            octets += name
        }
        return octets
    }

    /// Reads octets of which nothing is believed; nil where they are no address, or an interface is not there.
    package init?(_ bytes: RawSpan) {
        guard let family = bytes.byte(at: 0), family == 4 || family == 6,
            let delivery = bytes.byte(at: 1).flatMap(LocalAddress.Delivery.init)
        else { return nil }
        let endByteCount = family == 6 ? 18 : 6
        var offset = 2 + 2 * endByteCount
        var scopes: [UInt32] = []
        for _ in 0..<3 {
            guard let count = bytes.byte(at: offset).map(Int.init), count <= bytes.byteCount - offset - 1 else {
                return nil
            }
            let name = String(decoding: bytes.copy(of: offset + 1..<offset + 1 + count), as: UTF8.self)
            guard let index = name.isEmpty ? 0 : SocketAddress.interfaceIndex(name) else { return nil }
            scopes.append(index)
            offset += 1 + count
        }
        guard offset == bytes.byteCount,
            let address = Self.end(bytes, at: 2, isIPv6: family == 6, scope: scopes[0]),
            let own = Self.end(bytes, at: 2 + endByteCount, isIPv6: family == 6, scope: scopes[1])
        else { return nil }
        self.address = address
        local = LocalAddress(address: own, interfaceIndex: scopes[2], delivery: delivery)
    }

    private static func end(_ bytes: RawSpan, at offset: Int, isIPv6: Bool, scope: UInt32) -> SocketAddress? {
        guard isIPv6 else {
            guard let high = bytes.uint16(at: offset), let low = bytes.uint16(at: offset + 2),
                let port = bytes.uint16(at: offset + 4)
            else { return nil }
            return SocketAddress(ipv4: UInt32(high) << 16 | UInt32(low), port: port)
        }
        guard let high = bytes.uint64(at: offset), let low = bytes.uint64(at: offset + 8),
            let port = bytes.uint16(at: offset + 16)
        else { return nil }
        return SocketAddress(ipv6High: high, low: low, scopeIdentifier: scope, port: port)
    }
}

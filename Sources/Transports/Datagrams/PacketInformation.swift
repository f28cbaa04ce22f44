import CLinux
import Glibc

/// The control message that carries a datagram's local address: `IP_PKTINFO` (ip(7)) or `IPV6_PKTINFO` (RFC 3542 §6).
enum PacketInformation {
    /// Room for the one control message of either family, with its header and padding.
    static let capacity = 64

    private static let headerByteCount = aligned(MemoryLayout<cmsghdr>.size)

    /// Control messages start at multiples of the machine word (`CMSG_ALIGN`).
    private static func aligned(_ count: Int) -> Int {
        let word = MemoryLayout<Int>.size
        return (count + word - 1) & ~(word - 1)
    }

    /// The local address that the control messages of a received datagram tell, or `fallback` when none does.
    static func localAddress(
        in control: UnsafeRawPointer, byteCount: Int, fallback: SocketAddress
    ) -> LocalAddress {
        var offset = 0
        while offset &+ headerByteCount <= byteCount {
            let header = control.loadUnaligned(fromByteOffset: offset, as: cmsghdr.self)
            let length = Int(header.cmsg_len)
            guard length >= headerByteCount, length <= byteCount &- offset else { break }
            let data = control + (offset &+ headerByteCount)
            let dataByteCount = length &- headerByteCount
            if header.cmsg_level == Int32(IPPROTO_IP), header.cmsg_type == IP_PKTINFO, dataByteCount >= 12 {
                return ipv4(data, port: fallback.port)
            }
            if header.cmsg_level == Int32(IPPROTO_IPV6), header.cmsg_type == IPV6_PKTINFO, dataByteCount >= 20 {
                return ipv6(data, port: fallback.port)
            }
            offset &+= aligned(length)
        }
        return LocalAddress(address: fallback, interfaceIndex: 0, delivery: .unicast)
    }

    /// Reads `in_pktinfo`: the interface, the local address to answer from, the address in the datagram's header.
    private static func ipv4(_ data: UnsafeRawPointer, port: UInt16) -> LocalAddress {
        let interfaceIndex = data.loadUnaligned(as: UInt32.self)
        let local = UInt32(bigEndian: data.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let addressed = UInt32(bigEndian: data.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        let delivery: LocalAddress.Delivery
        if SocketAddress(ipv4: addressed, port: 0).isMulticast {
            delivery = .multicast
        } else {
            delivery = addressed == local ? .unicast : .broadcast
        }
        return LocalAddress(
            address: SocketAddress(ipv4: local, port: port), interfaceIndex: interfaceIndex, delivery: delivery)
    }

    /// Reads `in6_pktinfo`: the address in the datagram's header, the interface.
    private static func ipv6(_ data: UnsafeRawPointer, port: UInt16) -> LocalAddress {
        let high = UInt64(bigEndian: data.loadUnaligned(as: UInt64.self))
        let low = UInt64(bigEndian: data.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let interfaceIndex = data.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
        let addressed = SocketAddress(ipv6High: high, low: low, scopeIdentifier: 0, port: port)
        guard !addressed.isMulticast else {
            return LocalAddress(
                address: .any(ipv6: true, port: port), interfaceIndex: interfaceIndex, delivery: .multicast)
        }
        return LocalAddress(address: addressed, interfaceIndex: interfaceIndex, delivery: .unicast)
    }

    /// Writes the control message that makes a datagram for `destination` leave from `local`; returns its length.
    ///
    /// There is room for `capacity` octets at `control`.
    static func store(
        _ local: LocalAddress, destination: SocketAddress, to control: UnsafeMutableRawPointer
    ) -> Int {
        // Elsewhere the routing table knows better than the interface the request came in on.
        let isBoundToLink = destination.isMulticast || destination.isLinkLocalIPv6 || local.address.isLinkLocalIPv6
        let interfaceIndex = isBoundToLink ? local.interfaceIndex : 0
        let data = control + headerByteCount
        let dataByteCount: Int
        var header = cmsghdr()
        if local.address.isIPv6 {
            (header.cmsg_level, header.cmsg_type, dataByteCount) = (Int32(IPPROTO_IPV6), IPV6_PKTINFO, 20)
            data.storeBytes(of: local.address.ipv6.high.bigEndian, as: UInt64.self)
            data.storeBytes(of: local.address.ipv6.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            data.storeBytes(of: interfaceIndex, toByteOffset: 16, as: UInt32.self)
        } else {
            (header.cmsg_level, header.cmsg_type, dataByteCount) = (Int32(IPPROTO_IP), IP_PKTINFO, 12)
            data.storeBytes(of: interfaceIndex, as: UInt32.self)
            data.storeBytes(of: local.address.ipv4.bigEndian, toByteOffset: 4, as: UInt32.self)
            data.storeBytes(of: 0, toByteOffset: 8, as: UInt32.self)
        }
        header.cmsg_len = headerByteCount + dataByteCount
        control.storeBytes(of: header, as: cmsghdr.self)
        return aligned(headerByteCount + dataByteCount)
    }
}

// The socket options for multicast (RFC 1112, RFC 3493 §5.2) and IPv4 broadcast.

import CLinux
import Glibc

extension UDPTransport {
    /// Receives what is sent to `group` on the interface called `interface`; nil lets the system choose one.
    ///
    /// The group's family must be the socket's; its port does not matter.
    package func joinMulticast(group: SocketAddress, interface: String?) throws(IOError) {
        let operation = "join multicast group \(group.host) on \(interface ?? "default interface")"
        let index = try interfaceIndex(interface, operation: operation)
        guard group.isMulticast, group.isIPv6 == localAddress.isIPv6 else {
            throw IOError(operation: operation, code: EINVAL)
        }
        guard setMembership(of: group, on: index, IPV6_JOIN_GROUP, IP_ADD_MEMBERSHIP) else {
            throw IOError(operation: operation, code: errno)
        }
    }

    /// Forgets a group that was joined on the interface with the number `index`, which may be gone: a socket has few
    /// places for groups (net.ipv4.igmp_max_memberships), and those on lost interfaces keep theirs.
    package func leaveMulticast(group: SocketAddress, interfaceIndex index: UInt32) {
        _ = setMembership(of: group, on: index, IPV6_LEAVE_GROUP, IP_DROP_MEMBERSHIP)
    }

    private func setMembership(
        of group: SocketAddress, on index: UInt32, _ ipv6Option: Int32, _ ipv4Option: Int32
    ) -> Bool {
        guard group.isIPv6 else {
            var request = ip_mreqn()
            request.imr_multiaddr.s_addr = group.ipv4.bigEndian
            request.imr_ifindex = Int32(bitPattern: index)
            return SocketOption.trySet(ipv4Option, level: Int32(IPPROTO_IP), to: request, on: descriptor)
        }
        var request = ipv6_mreq()
        var octets = (group.ipv6.high.bigEndian, group.ipv6.low.bigEndian)
        withUnsafeMutableBytes(of: &request.ipv6mr_multiaddr) { target in
            withUnsafeBytes(of: &octets) { target.copyMemory(from: $0) }
        }
        request.ipv6mr_interface = index == 0 ? group.scopeIdentifier : index
        return SocketOption.trySet(ipv6Option, level: Int32(IPPROTO_IPV6), to: request, on: descriptor)
    }

    /// Sends multicast datagrams out of the interface called `interface`.
    package func setMulticastInterface(_ interface: String) throws(IOError) {
        let operation = "send multicast on \(interface)"
        let index = Int32(bitPattern: try interfaceIndex(interface, operation: operation))
        if localAddress.isIPv6 {
            try set(IPV6_MULTICAST_IF, IP_MULTICAST_IF, to: index, operation)
            return
        }
        var request = ip_mreqn()
        request.imr_ifindex = index
        guard SocketOption.trySet(IP_MULTICAST_IF, level: Int32(IPPROTO_IP), to: request, on: descriptor) else {
            throw IOError(operation: operation, code: errno)
        }
    }

    /// How many networks a multicast datagram may cross: the time to live (IPv4) or hop limit (IPv6), 1 at the start.
    package func setMulticastHopLimit(_ limit: UInt8) throws(IOError) {
        try set(IPV6_MULTICAST_HOPS, IP_MULTICAST_TTL, to: Int32(limit), "set multicast hop limit \(limit)")
    }

    /// Whether multicast datagrams also reach this host's own sockets, which they do at the start.
    package func setMulticastLoop(_ isOn: Bool) throws(IOError) {
        try set(IPV6_MULTICAST_LOOP, IP_MULTICAST_LOOP, to: isOn ? 1 : 0, "set multicast loop \(isOn)")
    }

    /// Whether sending to a broadcast address is allowed, which it is not at the start.
    package func setBroadcast(_ isOn: Bool) throws(IOError) {
        try SocketOption.set(
            SO_BROADCAST, level: SOL_SOCKET, to: isOn ? 1 : 0, on: descriptor, operation: "set broadcast \(isOn)")
    }

    private func set(_ ipv6Option: Int32, _ ipv4Option: Int32, to value: Int32, _ operation: String) throws(IOError) {
        try SocketOption.set(
            localAddress.isIPv6 ? ipv6Option : ipv4Option,
            level: Int32(localAddress.isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP), to: value, on: descriptor,
            operation: operation)
    }

    /// The index of the interface called `name`, 0 for nil; throws when there is no such interface.
    private func interfaceIndex(_ name: String?, operation: String) throws(IOError) -> UInt32 {
        guard let name else { return 0 }
        guard let index = SocketAddress.interfaceIndex(name) else { throw IOError(operation: operation, code: ENODEV) }
        return index
    }
}

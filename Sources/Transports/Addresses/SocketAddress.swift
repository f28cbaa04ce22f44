import Glibc

/// An IPv4 or IPv6 address with a port: a value without heap that fits in 24 octets.
package struct SocketAddress: Hashable, Sendable {
    /// The first eight octets of an IPv6 address as a number; zero for IPv4.
    private let high: UInt64

    /// The last eight octets of an IPv6 address, or the four of an IPv4 address, as a number.
    private let low: UInt64

    /// The interface index that a link-local IPv6 address belongs to, 0 when it belongs to none.
    package let scopeIdentifier: UInt32

    /// The UDP or TCP port.
    package var port: UInt16

    /// Whether this is an IPv6 address.
    package let isIPv6: Bool

    /// The IPv4 address whose four octets are `ipv4`, most significant first.
    init(ipv4: UInt32, port: UInt16) {
        (high, low) = (0, UInt64(ipv4))
        (scopeIdentifier, self.port, isIPv6) = (0, port, false)
    }

    /// The IPv6 address whose sixteen octets are `high` and `low`, most significant first.
    init(ipv6High high: UInt64, low: UInt64, scopeIdentifier: UInt32, port: UInt16) {
        (self.high, self.low) = (high, low)
        (self.scopeIdentifier, self.port, isIPv6) = (scopeIdentifier, port, true)
    }

    /// The address that stands for every local address: `0.0.0.0` or `::`.
    package static func any(ipv6: Bool, port: UInt16) -> SocketAddress {
        ipv6
            ? SocketAddress(ipv6High: 0, low: 0, scopeIdentifier: 0, port: port)
            : SocketAddress(ipv4: 0, port: port)
    }

    /// Whether this is `0.0.0.0` or `::`.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    /// Whether this is a group address: 224.0.0.0/4 or ff00::/8.
    package var isMulticast: Bool { isIPv6 ? high >> 56 == 0xFF : low >> 28 == 0xE }

    /// Whether this is an address that only means something on one interface: fe80::/10.
    var isLinkLocalIPv6: Bool { isIPv6 && high >> 54 == 0xFE80 >> 6 }

    /// The four octets of an IPv4 address as a number; meaningless for IPv6.
    var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// The sixteen octets of an IPv6 address as two numbers.
    var ipv6: (high: UInt64, low: UInt64) { (high, low) }

    /// The sixteen octets of an IPv6 address as two numbers, or the four of an IPv4 address as the second.
    package var octets: (high: UInt64, low: UInt64) { (high, low) }

    /// Feeds three words instead of five fields, since addresses are the keys of the hot path.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(high)
        hasher.combine(low)
        hasher.combine(UInt64(scopeIdentifier) &<< 32 | UInt64(port) &<< 1 | (isIPv6 ? 1 : 0))
    }
}

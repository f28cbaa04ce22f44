/// The local side of a received datagram: where it was addressed to and so where a reply must leave from.
package struct LocalAddress: Hashable, Sendable {
    /// How the datagram was addressed.
    package enum Delivery: UInt8, Sendable {
        /// To one of this host's own addresses.
        case unicast
        /// To a group that the socket joined.
        case multicast
        /// To everybody on the network (IPv4 only).
        case broadcast
    }

    /// The address a reply leaves from; unspecified when the system must choose (IPv6 multicast). The port is the
    /// socket's.
    package let address: SocketAddress

    /// The index of the interface the datagram came in on, 0 when unknown.
    package let interfaceIndex: UInt32

    /// How the datagram was addressed.
    package let delivery: Delivery

    package init(address: SocketAddress, interfaceIndex: UInt32, delivery: Delivery) {
        self.address = address
        self.interfaceIndex = interfaceIndex
        self.delivery = delivery
    }

    /// Whether the datagram came to a group or to everybody, rather than to this host alone.
    package var isMulticastOrBroadcast: Bool { delivery != .unicast }

    /// The same on an interface with another number.
    package func onInterface(_ index: UInt32) -> LocalAddress {
        LocalAddress(
            address: address.scopeIdentifier == interfaceIndex ? address.onInterface(index) : address,
            interfaceIndex: index, delivery: delivery)
    }
}

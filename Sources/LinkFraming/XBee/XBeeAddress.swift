/// The address that a module got in its factory (SH, SL), which it never loses: the only safe name for a client.
package struct XBeeAddress64: Hashable, Sendable {
    package var rawValue: UInt64

    @inlinable
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Stands for the network's coordinator.
    package static let coordinator = XBeeAddress64(0)
    /// Stands for every node of the network.
    package static let broadcast = XBeeAddress64(0xFFFF)
    /// Says that only the 16-bit address tells the node.
    package static let unknown = XBeeAddress64(.max)
}

/// The address that a node has in its network for the time being; on Zigbee it may change whenever the node joins.
package struct XBeeAddress16: Hashable, Sendable {
    package var rawValue: UInt16

    @inlinable
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    package static let coordinator = XBeeAddress16(0)
    /// Says that only the 64-bit address tells the node. With a 64-bit broadcast it is part of that.
    package static let unknown = XBeeAddress16(0xFFFE)
    /// Stands for every node of the network.
    package static let broadcast = XBeeAddress16(0xFFFF)

    /// Whether this names one node: Zigbee keeps 0xFFF8 and above for groups and for "unknown".
    package var isNode: Bool { rawValue < 0xFFF8 }
}

/// Who somebody on a serial link is, as long as that does not change: what an owner may know a client by.
package enum LinkAddress: Hashable, Sendable {
    /// The only one there is, at the other end of the wire.
    case otherEnd
    /// The node of a radio network with this factory address.
    case xbee64(XBeeAddress64)
    /// A node that tells only its 16-bit address (802.15.4).
    case xbee16(XBeeAddress16)

    /// The kind, and the address with its most significant octet first.
    package var octets: [UInt8] {
        switch self {
        case .otherEnd: [0]
        case .xbee64(let address): [1] + (0..<8).map { UInt8(truncatingIfNeeded: address.rawValue >> (56 - 8 * $0)) }
        case .xbee16(let address): [2] + (0..<2).map { UInt8(truncatingIfNeeded: address.rawValue >> (8 - 8 * $0)) }
        }
    }

    /// What `octets` has told; nil for anything else.
    package init?(octets: [UInt8]) {
        let number = octets.dropFirst().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if octets == [0] {
            self = .otherEnd
        } else if octets.first == 1, octets.count == 9 {
            self = .xbee64(XBeeAddress64(number))
        } else if octets.first == 2, octets.count == 3 {
            self = .xbee16(XBeeAddress16(UInt16(number)))
        } else {
            return nil
        }
    }
}

/// Who somebody on a serial link is, as long as that does not change: what an owner may know a client by.
package enum LinkAddress: Hashable, Sendable {
    /// The only one there is, at the other end of the wire.
    case otherEnd
    /// The node of a radio network with this factory address.
    case xbee64(XBeeAddress64)
    /// A node that tells only its 16-bit address (802.15.4).
    case xbee16(XBeeAddress16)
}

import Bytes

/// How datagrams are told apart on a serial line.
package enum Framing: Hashable, Sendable {
    /// The MQTT-SN message itself, whose own length field is the only boundary (MQTT-SN 1.2 §5.2.1).
    case lengthPrefixed
    /// RFC 1055: END behind each datagram; no checksum.
    case slip
    /// RFC 1662 without address and control, no control characters escaped, with FCS-16.
    case hdlc
    /// Consistent overhead byte stuffing, each frame ended by an octet 0. With `hasChecksum` the datagram is followed,
    /// before the stuffing, by the CRC that `hdlc` uses (CRC-16/X-25), least significant octet first.
    case cobs(hasChecksum: Bool)
    /// The API frames of Digi's XBee modules; with `isEscaped` in API mode 2, else in mode 1.
    case xbee(isEscaped: Bool)
}

extension [UInt8] {
    /// Appends `datagram` as it goes over the wire; for `xbee`, the datagram is the frame data from the type octet on.
    ///
    /// - Precondition: for `xbee`, not more than 65,535 octets.
    package mutating func appendFrame(_ datagram: RawSpan, as framing: Framing) {
        switch framing {
        case .lengthPrefixed: append(datagram)
        case .slip: appendSLIPFrame(datagram)
        case .hdlc: appendHDLCFrame(datagram)
        case .cobs(let hasChecksum): appendCOBSFrame(datagram, hasChecksum: hasChecksum)
        case .xbee(let isEscaped): appendXBeeFrame(datagram, isEscaped: isEscaped)
        }
    }
}

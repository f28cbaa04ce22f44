import Bytes

/// The Length and MsgType fields at the start of a message (MQTT-SN 1.2 §5.2.1, §5.2.2).
public struct MessageHeader {
    /// What the Length field says, in octets.
    public let declaredByteCount: Int
    /// The size of Length and MsgType: 2 octets in the short form, 4 in the long form.
    public let byteCount: Int
    public let typeCode: UInt8

    static let longFormMarker: UInt8 = 0x01
    static let shortFormByteCount = 2
    static let longFormByteCount = 4
    static let maximumShortFormLength = 255

    public var isLongForm: Bool { byteCount == Self.longFormByteCount }

    /// Reads the header at `offset`, without comparing Length with the datagram.
    public init(at offset: Int, of datagram: RawSpan) throws(DecodeError) {
        guard let first = datagram.byte(at: offset) else { throw DecodeError(.emptyDatagram) }
        if first == Self.longFormMarker {
            guard let length = datagram.uint16(at: offset + 1) else { throw DecodeError(.lengthCutOff) }
            declaredByteCount = Int(length)
            byteCount = Self.longFormByteCount
        } else {
            declaredByteCount = Int(first)
            byteCount = Self.shortFormByteCount
        }
        guard declaredByteCount >= byteCount else { throw DecodeError(.lengthBelowMinimum) }
        guard let code = datagram.byte(at: offset + byteCount - 1) else { throw DecodeError(.messageTypeMissing) }
        typeCode = code
    }

    /// Refuses the message unless its Length is the number of octets that are `present` (GW-03).
    func checkLength(present: Int, tolerance: DecodeTolerance) throws(DecodeError) {
        guard declaredByteCount != present else { return }
        switch tolerance {
        case .strict: break
        case .lenient: if isPahoMiscount(present: present) { return }
        }
        throw DecodeError(.lengthMismatch)
    }

    /// The sender took the long form, which needs 257 octets, and counted the 255 of the short form (AMB-32).
    private func isPahoMiscount(present: Int) -> Bool {
        isLongForm && declaredByteCount == Self.maximumShortFormLength && present == Self.maximumShortFormLength + 2
    }
}

public import Bytes

/// A message that a forwarder passes on, with the wireless node that it came from or goes to (MQTT-SN 1.2 §5.5).
public struct Encapsulated: Equatable, Sendable {
    /// The broadcast radius 0…3, of meaning only from gateway to forwarder (GW-82).
    public var radius: UInt8
    /// What the forwarder calls the node: 1 to 252 octets that the gateway echoes.
    public var nodeID: ByteRange
    /// The complete inner message, its own header included; a second `decode` reads it.
    ///
    /// Its Length has been compared with what is there, and it is not an encapsulation itself (GW-83).
    public var inner: ByteRange

    public init(radius: UInt8, nodeID: ByteRange, inner: ByteRange) {
        self.radius = radius
        self.nodeID = nodeID
        self.inner = inner
    }

    /// Reads an encapsulation whose Length and MsgType are `header`; Length stops before the inner message (GW-80).
    init(
        _ header: MessageHeader, of datagram: RawSpan, tolerance: DecodeTolerance
    ) throws(DecodeError) {
        guard !header.isLongForm else { throw DecodeError(.encapsulationWithLongLength) }
        let innerOffset = header.declaredByteCount
        guard innerOffset > Self.fixedByteCount else { throw DecodeError(.nodeIDMissing) }
        guard innerOffset <= datagram.byteCount, let control = datagram.byte(at: 2) else {
            throw DecodeError(.lengthMismatch)
        }
        guard innerOffset < datagram.byteCount else { throw DecodeError(.innerMessageMissing) }
        try Self.checkInnerMessage(at: innerOffset, of: datagram, tolerance: tolerance)
        radius = control & Self.radiusBits
        nodeID = Self.fixedByteCount..<innerOffset
        inner = innerOffset..<datagram.byteCount
    }

    private static func checkInnerMessage(
        at offset: Int, of datagram: RawSpan, tolerance: DecodeTolerance
    ) throws(DecodeError) {
        var isNested = false
        do throws(DecodeError) {
            let header = try MessageHeader(at: offset, of: datagram)
            isNested = header.typeCode == MessageType.encapsulated.rawValue
            if !isNested {
                try header.checkLength(present: datagram.byteCount - offset, tolerance: tolerance)
            }
        } catch {
            throw DecodeError(.innerMessageFraming)
        }
        if isNested { throw DecodeError(.nestedEncapsulation) }
    }

    /// The octets of Length, MsgType and Ctrl.
    static let fixedByteCount = 3
    /// Length is one octet and counts the three above.
    public static let maximumNodeIDByteCount = MessageHeader.maximumShortFormLength - fixedByteCount
    /// The part of Ctrl that is not reserved.
    static let radiusBits: UInt8 = 0b11

    var bodyByteCount: Int { encodedByteCount - MessageHeader.shortFormByteCount }

    var encodedByteCount: Int { Self.fixedByteCount + nodeID.count + inner.count }
}

extension [UInt8] {
    /// Appends the header of an encapsulation; the caller appends the inner message right after it.
    ///
    /// - Parameters:
    ///   - radius: The broadcast radius of the inner message in hops, 0 if it is not a broadcast. Ctrl has two bits
    ///     for it (GW-82); more than 3 is sent as 3, since its low bits alone could mean the whole network.
    ///   - nodeID: What the forwarder calls the node.
    /// - Precondition: `nodeID.byteCount` is in 1...252.
    public mutating func appendEncapsulation(radius: UInt8, nodeID: RawSpan) {
        precondition(
            (1...Encapsulated.maximumNodeIDByteCount).contains(nodeID.byteCount), "a node id has 1 to 252 octets")
        append(UInt8(truncatingIfNeeded: Encapsulated.fixedByteCount + nodeID.byteCount))
        append(MessageType.encapsulated.rawValue)
        append(Swift.min(radius, Encapsulated.radiusBits))
        append(nodeID)
    }

    mutating func appendEncapsulated(_ encapsulated: Encapsulated, from source: RawSpan) {
        appendEncapsulation(radius: encapsulated.radius, nodeID: source.extracting(encapsulated.nodeID))
        append(encapsulated.inner, of: source)
    }
}

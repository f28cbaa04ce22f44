import Bytes

/// A position in a packet's body that moves over one field after the other and never past the body's end.
///
/// The bytes travel beside it: every call must be given the frame that the body lies in.
struct BodyReader {
    /// The octets of the body that have not been read, as offsets into the frame.
    private(set) var remaining: ByteRange

    /// Begins at the start of `body`.
    ///
    /// - Precondition: `body` lies inside the frame that is passed to every later call.
    init(_ body: ByteRange) {
        remaining = body
    }

    /// Moves over `byteCount` octets and tells where they lie.
    mutating func take(_ byteCount: Int) throws(PacketError) -> ByteRange {
        guard byteCount <= remaining.count else { throw .truncated }
        let end = remaining.lowerBound + byteCount
        defer { remaining = end..<remaining.upperBound }
        return remaining.lowerBound..<end
    }

    /// Moves over all that is left.
    mutating func takeRest() -> ByteRange {
        defer { remaining = remaining.upperBound..<remaining.upperBound }
        return remaining
    }

    /// Reads one octet.
    mutating func byte(of frame: RawSpan) throws(PacketError) -> UInt8 {
        frame[unchecked: try take(1).lowerBound]
    }

    /// Reads a big-endian number of two octets (§1.5.2).
    mutating func uint16(of frame: RawSpan) throws(PacketError) -> UInt16 {
        let field = try take(2)
        return UInt16(frame[unchecked: field.lowerBound]) << 8 | UInt16(frame[unchecked: field.lowerBound + 1])
    }

    /// Reads a Packet Identifier, which is never 0 (§2.3.1).
    mutating func packetID(of frame: RawSpan) throws(PacketError) -> PacketID {
        let start = self
        let packetID = try uint16(of: frame)
        guard packetID != 0 else { throw fault(.zeroPacketIdentifier, at: start) }
        return packetID
    }

    /// Reads octets behind their length of two octets; the range leaves the length out.
    mutating func binary(of frame: RawSpan) throws(PacketError) -> ByteRange {
        try take(Int(try uint16(of: frame)))
    }

    /// Reads a UTF-8 encoded string (§1.5.3); the range leaves its length out.
    mutating func string(of frame: RawSpan) throws(PacketError) -> ByteRange {
        let start = self
        let field = try binary(of: frame)
        guard frame.extracting(field).isWellFormedString else { throw fault(.illFormedString, at: start) }
        return field
    }

    /// Reads a Topic Name: not empty and free of wildcards (§4.7.1, §4.7.3).
    mutating func topicName(of frame: RawSpan) throws(PacketError) -> ByteRange {
        let start = self
        let field = try string(of: frame)
        guard !field.isEmpty, !TopicFilter.hasWildcards(frame.extracting(field)) else {
            throw fault(.invalidTopicName, at: start)
        }
        return field
    }

    /// Reads a Topic Filter: not empty and with its wildcards in place (§4.7.1, §4.7.3).
    mutating func topicFilter(of frame: RawSpan) throws(PacketError) -> ByteRange {
        let start = self
        let field = try string(of: frame)
        guard !field.isEmpty, TopicFilter.hasWildcardsInPlace(frame.extracting(field)) else {
            throw fault(.invalidTopicFilter, at: start)
        }
        return field
    }

    /// Goes back to where a field began, as that is where the fault is.
    mutating func fault(_ error: PacketError, at start: BodyReader) -> PacketError {
        self = start
        return error
    }

    /// Confirms that nothing is left.
    func finish() throws(PacketError) {
        guard remaining.isEmpty else { throw .trailingBytes }
    }
}

extension [UInt8] {
    /// Appends `field` behind its length of two octets: a string (§1.5.3) or binary data.
    ///
    /// - Precondition: `field` has at most 65,535 octets.
    mutating func append(lengthPrefixed field: RawSpan) {
        precondition(field.byteCount <= Int(UInt16.max), "a field is longer than its length prefix can say")
        append(bigEndian: UInt16(truncatingIfNeeded: field.byteCount))
        append(field)
    }

    /// Appends a field that lies in two pieces.
    ///
    /// - Precondition: together they have at most 65,535 octets.
    mutating func append(lengthPrefixed head: RawSpan, _ tail: RawSpan) {
        let byteCount = head.byteCount + tail.byteCount
        precondition(byteCount <= Int(UInt16.max), "a field is longer than its length prefix can say")
        append(bigEndian: UInt16(truncatingIfNeeded: byteCount))
        if !head.isEmpty { append(head) }
        append(tail)
    }

    /// Appends a Packet Identifier.
    ///
    /// - Precondition: `packetID` is not 0 (§2.3.1).
    mutating func append(packetID: PacketID) {
        precondition(packetID != 0, "a Packet Identifier is never 0")
        append(bigEndian: packetID)
    }
}

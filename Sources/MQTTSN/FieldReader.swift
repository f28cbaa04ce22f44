import Bytes

/// Reads the fields of one message's body in order; a field that is not there is an error, never a trap.
///
/// It holds offsets only. The datagram is given to each read, since a span cannot be stored here.
struct FieldReader {
    private var offset: Int
    private let end: Int
    private let type: MessageType

    /// Reads what follows the header of a `type` message, from `offset` to the end of the datagram.
    init(at offset: Int, of datagram: RawSpan, type: MessageType) {
        self.offset = offset
        end = datagram.byteCount
        self.type = type
    }

    var isAtEnd: Bool { offset == end }

    mutating func octet(of datagram: RawSpan) throws(DecodeError) -> UInt8 {
        guard let octet = datagram.byte(at: offset) else { throw DecodeError(.bodyTooShort) }
        offset += 1
        return octet
    }

    mutating func uint16(of datagram: RawSpan) throws(DecodeError) -> UInt16 {
        guard let value = datagram.uint16(at: offset) else { throw DecodeError(.bodyTooShort) }
        offset += 2
        return value
    }

    mutating func flags(of datagram: RawSpan) throws(DecodeError) -> Flags {
        Flags(rawValue: try octet(of: datagram))
    }

    mutating func returnCode(of datagram: RawSpan) throws(DecodeError) -> ReturnCode {
        ReturnCode(rawValue: try octet(of: datagram))
    }

    /// All that has not been read, which may be nothing.
    mutating func rest() -> ByteRange {
        defer { offset = end }
        return offset..<end
    }

    /// Refuses octets after the last field.
    func finish() throws(DecodeError) {
        guard isAtEnd else { throw DecodeError(.bodyTooLong) }
    }
}

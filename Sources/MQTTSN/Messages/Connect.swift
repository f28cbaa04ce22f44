public import Bytes

/// CONNECT: a client asks for a connection (MQTT-SN 1.2 §5.4.4).
public struct Connect: Equatable, Sendable {
    /// Uses Will and CleanSession.
    public var flags: Flags
    /// 0x01 for versions 1.0 to 1.2; the others are reserved.
    public var protocolID: UInt8
    /// The keep-alive time in seconds.
    public var duration: UInt16
    /// Empty when the client sent none, which its reader refuses with a CONNACK (GW-22).
    public var clientID: ByteRange

    public init(flags: Flags, protocolID: UInt8, duration: UInt16, clientID: ByteRange) {
        self.flags = flags
        self.protocolID = protocolID
        self.duration = duration
        self.clientID = clientID
    }

    init(from fields: inout FieldReader, of datagram: RawSpan) throws(DecodeError) {
        flags = try fields.flags(of: datagram)
        protocolID = try fields.octet(of: datagram)
        duration = try fields.uint16(of: datagram)
        clientID = fields.rest()
    }

    /// The bits of Flags that the message uses (MQTT-SN 1.2 §5.3.4).
    public static let usedFlags = Flags.Bits.will | Flags.Bits.cleanSession

    var bodyByteCount: Int { 4 + clientID.count }
}

extension [UInt8] {
    mutating func appendBody(of connect: Connect, from source: RawSpan) {
        append(connect.flags.octet(using: Connect.usedFlags))
        append(connect.protocolID)
        append(bigEndian: connect.duration)
        append(connect.clientID, of: source)
    }
}

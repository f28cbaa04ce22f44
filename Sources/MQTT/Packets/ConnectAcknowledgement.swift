import Bytes

/// CONNACK: a server's answer to CONNECT (MQTT 3.1.1 §3.2).
public struct ConnectAcknowledgement: Equatable, Sendable {
    /// Whether the server goes on with a stored session; never together with a refusal (§3.2.2.2).
    public var sessionPresent: Bool
    /// Whether the server accepts the connection, and why not.
    public var returnCode: ConnectReturnCode

    /// The parts of a CONNACK; see the properties.
    public init(sessionPresent: Bool, returnCode: ConnectReturnCode) {
        self.sessionPresent = sessionPresent
        self.returnCode = returnCode
    }
}

/// A server's verdict on CONNECT (MQTT 3.1.1 §3.2.2.3). The values that are reserved there are refusals too.
public struct ConnectReturnCode: RawRepresentable, Equatable, Hashable, Sendable {
    public static var accepted: ConnectReturnCode { ConnectReturnCode(rawValue: 0) }
    public static var unacceptableProtocolVersion: ConnectReturnCode { ConnectReturnCode(rawValue: 1) }
    public static var identifierRejected: ConnectReturnCode { ConnectReturnCode(rawValue: 2) }
    public static var serverUnavailable: ConnectReturnCode { ConnectReturnCode(rawValue: 3) }
    public static var badCredentials: ConnectReturnCode { ConnectReturnCode(rawValue: 4) }
    public static var notAuthorized: ConnectReturnCode { ConnectReturnCode(rawValue: 5) }

    /// The octet on the wire.
    public let rawValue: UInt8

    /// Any octet is a code.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}

extension ConnectAcknowledgement {
    /// Reads the body of a CONNACK.
    init(from frame: RawSpan, _ reader: inout BodyReader) throws(PacketError) {
        let flags = try reader.byte(of: frame)
        guard flags & 0xFE == 0 else { throw .reservedConnectAcknowledgementFlags }
        sessionPresent = flags == 1
        returnCode = ConnectReturnCode(rawValue: try reader.byte(of: frame))
        guard !sessionPresent || returnCode == .accepted else { throw .sessionPresentWithRefusal }
    }
}

extension [UInt8] {
    /// Appends CONNACK.
    ///
    /// - Precondition: a refusal has no session present (§3.2.2.2).
    mutating func appendConnectAcknowledgementPacket(_ answer: ConnectAcknowledgement) {
        precondition(!answer.sessionPresent || answer.returnCode == .accepted, "a refusal has no session")
        appendFixedHeader(of: .connectAcknowledgement, remainingLength: 2)
        append(answer.sessionPresent ? 1 : 0)
        append(answer.returnCode.rawValue)
    }
}

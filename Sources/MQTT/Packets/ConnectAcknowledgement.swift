import Bytes

/// CONNACK: a server's answer to CONNECT (MQTT 3.1.1 §3.2).
package struct ConnectAcknowledgement: Equatable, Sendable {
    /// Whether the server goes on with a stored session; never together with a refusal (§3.2.2.2).
    package var sessionPresent: Bool
    /// Whether the server accepts the connection, and why not.
    package var returnCode: ConnectReturnCode

    /// The parts of a CONNACK; see the properties.
    package init(sessionPresent: Bool, returnCode: ConnectReturnCode) {
        self.sessionPresent = sessionPresent
        self.returnCode = returnCode
    }
}

/// A server's verdict on CONNECT (MQTT 3.1.1 §3.2.2.3). The values that are reserved there are refusals too.
package struct ConnectReturnCode: RawRepresentable, Equatable, Hashable, Sendable {
    package static let accepted = ConnectReturnCode(rawValue: 0)
    package static let unacceptableProtocolVersion = ConnectReturnCode(rawValue: 1)
    package static let identifierRejected = ConnectReturnCode(rawValue: 2)
    package static let serverUnavailable = ConnectReturnCode(rawValue: 3)
    package static let badCredentials = ConnectReturnCode(rawValue: 4)
    package static let notAuthorized = ConnectReturnCode(rawValue: 5)

    /// The octet on the wire.
    package let rawValue: UInt8

    /// Any octet is a code.
    package init(rawValue: UInt8) {
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

/// The first thing found wrong with a packet. Each of them obliges the receiver to close the connection (MQTT 3.1.1
/// §4.8), after the answer that the case names, if it names one. The raw value fits a counter's index.
package enum PacketError: UInt8, Error, Sendable, CaseIterable {
    /// The packet type is 0 or 15 (§2.2.1).
    case reservedPacketType
    /// The lower four bits of the first octet are not the ones prescribed for the type (§2.2.2).
    case reservedFlags
    /// A quality of service of 3 in PUBLISH, in the Will flags or in SUBSCRIBE (§3.3.1.2, §3.1.2.6, §3.8.3).
    case reservedQoS
    /// PUBLISH has DUP set at QoS 0 (§3.3.1.1).
    case duplicateAtMostOnce
    /// The Remaining Length runs over more than four octets (§2.2.3).
    case malformedRemainingLength
    /// The whole packet, fixed header included, is larger than the configured maximum.
    case packetTooLarge
    /// A field runs past the end of the packet.
    case truncated
    /// Octets follow the last field of the packet.
    case trailingBytes
    /// A string is not well-formed UTF-8 or holds U+0000 (§1.5.3).
    case illFormedString
    /// A Topic Name in PUBLISH or in the Will is empty or holds a wildcard (§4.7.1, §4.7.3).
    case invalidTopicName
    /// A Topic Filter is empty or a wildcard in it is misplaced (§4.7.1, §4.7.3).
    case invalidTopicFilter
    /// The Packet Identifier is 0 in a packet that must have one (§2.3.1).
    case zeroPacketIdentifier
    /// SUBSCRIBE or UNSUBSCRIBE names no Topic Filter (§3.8.3, §3.10.3).
    case noTopicFilters
    /// The upper six bits beside a requested QoS are not 0 (§3.8.3).
    case reservedSubscriptionBits
    /// SUBACK answers no Topic Filter (§3.9.3).
    case noReturnCodes
    /// A return code in SUBACK is not 0, 1, 2 or 0x80 (§3.9.3).
    case reservedReturnCode
    /// The Protocol Name in CONNECT is not "MQTT" (§3.1.2.1).
    case unknownProtocolName
    /// The Protocol Level in CONNECT is not supported: a server answers CONNACK with
    /// `ConnectReturnCode.unacceptableProtocolVersion` before it closes (§3.1.2.2).
    case unsupportedProtocolLevel
    /// Bit 0 of the Connect Flags is set (§3.1.2.3).
    case reservedConnectFlag
    /// Will QoS or Will Retain is set without the Will Flag (§3.1.2.6, §3.1.2.7).
    case willFieldsWithoutWill
    /// CONNECT has a password but no user name (§3.1.2.9).
    case passwordWithoutUsername
    /// Bits 7 to 1 of the Connect Acknowledge Flags are not 0 (§3.2.2.1).
    case reservedConnectAcknowledgementFlags
    /// CONNACK refuses the connection and yet has Session Present set (§3.2.2.2).
    case sessionPresentWithRefusal

    /// What is wrong, in the words of a log line.
    package var description: StaticString {
        switch self {
        case .reservedPacketType: "reserved packet type"
        case .reservedFlags: "reserved flags"
        case .reservedQoS: "QoS 3"
        case .duplicateAtMostOnce: "DUP at QoS 0"
        case .malformedRemainingLength: "malformed remaining length"
        case .packetTooLarge: "packet larger than the limit"
        case .truncated: "field runs past the end"
        case .trailingBytes: "octets behind the last field"
        case .illFormedString: "ill-formed string"
        case .invalidTopicName: "invalid topic name"
        case .invalidTopicFilter: "invalid topic filter"
        case .zeroPacketIdentifier: "packet identifier 0"
        case .noTopicFilters: "no topic filters"
        case .reservedSubscriptionBits: "reserved subscription bits"
        case .noReturnCodes: "no return codes"
        case .reservedReturnCode: "reserved return code"
        case .unknownProtocolName: "unknown protocol name"
        case .unsupportedProtocolLevel: "unsupported protocol level"
        case .reservedConnectFlag: "reserved connect flag"
        case .willFieldsWithoutWill: "Will fields without Will"
        case .passwordWithoutUsername: "password without user name"
        case .reservedConnectAcknowledgementFlags: "reserved CONNACK flags"
        case .sessionPresentWithRefusal: "session present with a refusal"
        }
    }
}

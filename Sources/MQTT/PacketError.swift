/// The first thing found wrong with a packet. Each of them obliges the receiver to close the connection (MQTT 3.1.1
/// §4.8, 5.0 §4.13), after the answer that the case names, if it names one. The raw value fits a counter's index, and
/// recordings hold it: new cases come at the end.
public enum PacketError: UInt8, Error, Sendable, CaseIterable {
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

    // MARK: MQTT 5.0

    /// A Variable Byte Integer runs over more than four octets, or is not in its shortest form (5.0 §1.5.5).
    case malformedVariableByteInteger
    /// A property runs past the end of the properties (5.0 §2.2.2).
    case truncatedProperty
    /// A Property Identifier that 5.0 does not know (5.0 §2.2.2.2).
    case unknownProperty
    /// A property that may not stand in this packet (5.0 §2.2.2.2).
    case misplacedProperty
    /// A property for the second time that may stand there once (5.0 §2.2.2.2).
    case repeatedProperty
    /// A property with a value that is not allowed: 0 for a Receive Maximum, or 2 for a truth.
    case invalidPropertyValue
    /// Authentication Data without an Authentication Method (5.0 §3.1.2.11.10).
    case authenticationDataWithoutMethod
    /// A Reason Code that is reserved, or that may not stand in this packet (5.0 §2.4).
    case reservedReasonCode
    /// UNSUBACK answers no Topic Filter (5.0 §3.11.3).
    case noReasonCodes
    /// PUBLISH has neither a Topic Name nor a Topic Alias (5.0 §3.3.2.1).
    case missingTopicName
    /// A Retain Handling of 3 in SUBSCRIBE (5.0 §3.8.3.1).
    case reservedRetainHandling
    /// No Local on a Shared Subscription (5.0 §3.8.3.1).
    case noLocalSharedSubscription
    /// A Share Name is empty or holds a wildcard, or no Topic Filter follows it (5.0 §4.8.2).
    case invalidShareName

    /// What is wrong, in the words of a log line.
    public var description: StaticString {
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
        case .malformedVariableByteInteger: "malformed variable byte integer"
        case .truncatedProperty: "property runs past the end of the properties"
        case .unknownProperty: "unknown property"
        case .misplacedProperty: "property that may not stand in this packet"
        case .repeatedProperty: "property that may stand once, for the second time"
        case .invalidPropertyValue: "property with a value that is not allowed"
        case .authenticationDataWithoutMethod: "authentication data without a method"
        case .reservedReasonCode: "reason code that may not stand in this packet"
        case .noReasonCodes: "no reason codes"
        case .missingTopicName: "neither topic name nor topic alias"
        case .reservedRetainHandling: "reserved retain handling"
        case .noLocalSharedSubscription: "No Local on a shared subscription"
        case .invalidShareName: "invalid share name"
        }
    }
}

/// The kind of a `PacketError` without its values; its raw value fits a counter's index.
package enum PacketErrorReason: UInt8, Hashable, Sendable, CaseIterable {
    case reservedPacketType,
        reservedFlags,
        reservedQoS,
        duplicateAtMostOnce,
        malformedRemainingLength,
        packetTooLarge,
        truncated,
        trailingBytes,
        illFormedString,
        invalidTopicName,
        invalidTopicFilter,
        zeroPacketIdentifier,
        noTopicFilters,
        reservedSubscriptionBits,
        noReturnCodes,
        reservedReturnCode,
        unknownProtocolName,
        unsupportedProtocolLevel,
        reservedConnectFlag,
        willFieldsWithoutWill,
        passwordWithoutUsername,
        reservedConnectAcknowledgementFlags,
        sessionPresentWithRefusal

    /// The reason in the words of a log line.
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

extension PacketError {
    package var reason: PacketErrorReason {
        switch self {
        case .reservedPacketType: .reservedPacketType
        case .reservedFlags: .reservedFlags
        case .reservedQoS: .reservedQoS
        case .duplicateAtMostOnce: .duplicateAtMostOnce
        case .malformedRemainingLength: .malformedRemainingLength
        case .packetTooLarge: .packetTooLarge
        case .truncated: .truncated
        case .trailingBytes: .trailingBytes
        case .illFormedString: .illFormedString
        case .invalidTopicName: .invalidTopicName
        case .invalidTopicFilter: .invalidTopicFilter
        case .zeroPacketIdentifier: .zeroPacketIdentifier
        case .noTopicFilters: .noTopicFilters
        case .reservedSubscriptionBits: .reservedSubscriptionBits
        case .noReturnCodes: .noReturnCodes
        case .reservedReturnCode: .reservedReturnCode
        case .unknownProtocolName: .unknownProtocolName
        case .unsupportedProtocolLevel: .unsupportedProtocolLevel
        case .reservedConnectFlag: .reservedConnectFlag
        case .willFieldsWithoutWill: .willFieldsWithoutWill
        case .passwordWithoutUsername: .passwordWithoutUsername
        case .reservedConnectAcknowledgementFlags: .reservedConnectAcknowledgementFlags
        case .sessionPresentWithRefusal: .sessionPresentWithRefusal
        }
    }
}

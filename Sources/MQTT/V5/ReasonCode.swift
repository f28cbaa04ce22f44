/// What a packet says of the outcome: below 0x80 success, from there on failure (MQTT 5.0 §2.4, Table 2-6).
public enum ReasonCode: UInt8, CaseIterable, Equatable, Hashable, Sendable {
    /// Also Normal disconnection in DISCONNECT and Granted QoS 0 in SUBACK.
    case success = 0x00
    case grantedQoS1 = 0x01
    case grantedQoS2 = 0x02
    case disconnectWithWillMessage = 0x04
    case noMatchingSubscribers = 0x10
    case noSubscriptionExisted = 0x11
    case continueAuthentication = 0x18
    case reauthenticate = 0x19
    case unspecifiedError = 0x80
    case malformedPacket = 0x81
    case protocolError = 0x82
    case implementationSpecificError = 0x83
    case unsupportedProtocolVersion = 0x84
    case clientIdentifierNotValid = 0x85
    case badUserNameOrPassword = 0x86
    case notAuthorized = 0x87
    case serverUnavailable = 0x88
    case serverBusy = 0x89
    case banned = 0x8A
    case serverShuttingDown = 0x8B
    case badAuthenticationMethod = 0x8C
    case keepAliveTimeout = 0x8D
    case sessionTakenOver = 0x8E
    case topicFilterInvalid = 0x8F
    case topicNameInvalid = 0x90
    case packetIdentifierInUse = 0x91
    case packetIdentifierNotFound = 0x92
    case receiveMaximumExceeded = 0x93
    case topicAliasInvalid = 0x94
    case packetTooLarge = 0x95
    case messageRateTooHigh = 0x96
    case quotaExceeded = 0x97
    case administrativeAction = 0x98
    case payloadFormatInvalid = 0x99
    case retainNotSupported = 0x9A
    case qosNotSupported = 0x9B
    case useAnotherServer = 0x9C
    case serverMoved = 0x9D
    case sharedSubscriptionsNotSupported = 0x9E
    case connectionRateExceeded = 0x9F
    case maximumConnectTime = 0xA0
    case subscriptionIdentifiersNotSupported = 0xA1
    case wildcardSubscriptionsNotSupported = 0xA2

    /// Whether it says that something failed.
    public var isFailure: Bool { rawValue >= 0x80 }

    /// Whether the code may stand in packets of `type` (Table 2-6).
    public func mayStand(in type: PacketType) -> Bool { packets.contains(PropertyOwners(type)) }

    /// The packets that may carry it, in the order of Table 2-6.
    private var packets: PropertyOwners {
        switch self {
        case .success: [.connack, .puback, .pubrec, .pubrel, .pubcomp, .suback, .unsuback, .disconnect, .auth]
        case .grantedQoS1, .grantedQoS2: .suback
        case .disconnectWithWillMessage: .disconnect
        case .noMatchingSubscribers: [.puback, .pubrec]
        case .noSubscriptionExisted: .unsuback
        case .continueAuthentication, .reauthenticate: .auth
        case .unspecifiedError, .implementationSpecificError, .notAuthorized:
            [.connack, .puback, .pubrec, .suback, .unsuback, .disconnect]
        case .unsupportedProtocolVersion, .clientIdentifierNotValid, .badUserNameOrPassword, .serverUnavailable,
            .banned:
            .connack
        case .malformedPacket, .protocolError, .serverBusy, .badAuthenticationMethod, .packetTooLarge,
            .retainNotSupported, .qosNotSupported, .useAnotherServer, .serverMoved, .connectionRateExceeded:
            [.connack, .disconnect]
        case .serverShuttingDown, .keepAliveTimeout, .sessionTakenOver, .receiveMaximumExceeded, .topicAliasInvalid,
            .messageRateTooHigh, .administrativeAction, .maximumConnectTime:
            .disconnect
        case .topicFilterInvalid: [.suback, .unsuback, .disconnect]
        case .topicNameInvalid, .payloadFormatInvalid: [.connack, .puback, .pubrec, .disconnect]
        case .packetIdentifierInUse: [.puback, .pubrec, .suback, .unsuback]
        case .packetIdentifierNotFound: [.pubrel, .pubcomp]
        case .quotaExceeded: [.connack, .puback, .pubrec, .suback, .disconnect]
        case .sharedSubscriptionsNotSupported, .subscriptionIdentifiersNotSupported,
            .wildcardSubscriptionsNotSupported:
            [.suback, .disconnect]
        }
    }

    /// The code's name in Table 2-6, in a packet of `type`.
    public func name(in type: PacketType) -> StaticString {
        guard self == .success else { return name }
        return type == .disconnect ? "normal disconnection" : type == .subscribeAcknowledgement ? "granted QoS 0" : name
    }

    private var name: StaticString {
        switch self {
        case .success: "success"
        case .grantedQoS1: "granted QoS 1"
        case .grantedQoS2: "granted QoS 2"
        case .disconnectWithWillMessage: "disconnect with Will Message"
        case .noMatchingSubscribers: "no matching subscribers"
        case .noSubscriptionExisted: "no subscription existed"
        case .continueAuthentication: "continue authentication"
        case .reauthenticate: "re-authenticate"
        case .unspecifiedError: "unspecified error"
        case .malformedPacket: "malformed packet"
        case .protocolError: "protocol error"
        case .implementationSpecificError: "implementation specific error"
        case .unsupportedProtocolVersion: "unsupported protocol version"
        case .clientIdentifierNotValid: "client identifier not valid"
        case .badUserNameOrPassword: "bad user name or password"
        case .notAuthorized: "not authorized"
        case .serverUnavailable: "server unavailable"
        case .serverBusy: "server busy"
        case .banned: "banned"
        case .serverShuttingDown: "server shutting down"
        case .badAuthenticationMethod: "bad authentication method"
        case .keepAliveTimeout: "keep alive timeout"
        case .sessionTakenOver: "session taken over"
        case .topicFilterInvalid: "topic filter invalid"
        case .topicNameInvalid: "topic name invalid"
        case .packetIdentifierInUse: "packet identifier in use"
        case .packetIdentifierNotFound: "packet identifier not found"
        case .receiveMaximumExceeded: "receive maximum exceeded"
        case .topicAliasInvalid: "topic alias invalid"
        case .packetTooLarge: "packet too large"
        case .messageRateTooHigh: "message rate too high"
        case .quotaExceeded: "quota exceeded"
        case .administrativeAction: "administrative action"
        case .payloadFormatInvalid: "payload format invalid"
        case .retainNotSupported: "retain not supported"
        case .qosNotSupported: "QoS not supported"
        case .useAnotherServer: "use another server"
        case .serverMoved: "server moved"
        case .sharedSubscriptionsNotSupported: "shared subscriptions not supported"
        case .connectionRateExceeded: "connection rate exceeded"
        case .maximumConnectTime: "maximum connect time"
        case .subscriptionIdentifiersNotSupported: "subscription identifiers not supported"
        case .wildcardSubscriptionsNotSupported: "wildcard subscriptions not supported"
        }
    }
}

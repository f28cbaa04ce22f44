public import Bytes

/// The packets that a property or a reason code may stand in; the Will's properties are a place of their own.
public struct PropertyOwners: OptionSet, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The one packet of that type, as its number is its bit.
    public init(_ type: PacketType) { rawValue = 1 << UInt16(type.rawValue) }

    /// The Will Properties in CONNECT (MQTT 5.0 §3.1.3.2); no packet has the number 0.
    public static let will = PropertyOwners(rawValue: 1)
    public static let connect = PropertyOwners(.connect)
    public static let connack = PropertyOwners(.connectAcknowledgement)
    public static let publish = PropertyOwners(.publish)
    public static let puback = PropertyOwners(.publishAcknowledgement)
    public static let pubrec = PropertyOwners(.publishReceived)
    public static let pubrel = PropertyOwners(.publishRelease)
    public static let pubcomp = PropertyOwners(.publishComplete)
    public static let subscribe = PropertyOwners(.subscribe)
    public static let suback = PropertyOwners(.subscribeAcknowledgement)
    public static let unsubscribe = PropertyOwners(.unsubscribe)
    public static let unsuback = PropertyOwners(.unsubscribeAcknowledgement)
    public static let disconnect = PropertyOwners(.disconnect)
    public static let auth = PropertyOwners(.authentication)
}

/// How a property's value is written (MQTT 5.0 §1.5).
public enum PropertyType: Sendable {
    /// One octet that is 0 or 1.
    case flag
    case twoByteInteger
    case fourByteInteger
    case variableByteInteger
    case string
    case binary
    case stringPair
}

/// A property by its identifier (MQTT 5.0 §2.2.2.2, Table 2-4).
public enum PropertyIdentifier: UInt8, CaseIterable, Equatable, Hashable, Sendable {
    case payloadFormatIndicator = 0x01
    case messageExpiryInterval = 0x02
    case contentType = 0x03
    case responseTopic = 0x08
    case correlationData = 0x09
    case subscriptionIdentifier = 0x0B
    case sessionExpiryInterval = 0x11
    case assignedClientIdentifier = 0x12
    case serverKeepAlive = 0x13
    case authenticationMethod = 0x15
    case authenticationData = 0x16
    case requestProblemInformation = 0x17
    case willDelayInterval = 0x18
    case requestResponseInformation = 0x19
    case responseInformation = 0x1A
    case serverReference = 0x1C
    case reasonString = 0x1F
    case receiveMaximum = 0x21
    case topicAliasMaximum = 0x22
    case topicAlias = 0x23
    case maximumQoS = 0x24
    case retainAvailable = 0x25
    case userProperty = 0x26
    case maximumPacketSize = 0x27
    case wildcardSubscriptionAvailable = 0x28
    case subscriptionIdentifierAvailable = 0x29
    case sharedSubscriptionAvailable = 0x2A

    /// How its value is written.
    public var type: PropertyType {
        switch self {
        case .payloadFormatIndicator, .requestProblemInformation, .requestResponseInformation, .maximumQoS,
            .retainAvailable, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            .flag
        case .serverKeepAlive, .receiveMaximum, .topicAliasMaximum, .topicAlias: .twoByteInteger
        case .messageExpiryInterval, .sessionExpiryInterval, .willDelayInterval, .maximumPacketSize: .fourByteInteger
        case .subscriptionIdentifier: .variableByteInteger
        case .contentType, .responseTopic, .assignedClientIdentifier, .authenticationMethod, .responseInformation,
            .serverReference, .reasonString:
            .string
        case .correlationData, .authenticationData: .binary
        case .userProperty: .stringPair
        }
    }

    /// Where it may stand.
    public var owners: PropertyOwners {
        switch self {
        case .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData:
            [.publish, .will]
        case .subscriptionIdentifier: [.publish, .subscribe]
        case .sessionExpiryInterval: [.connect, .connack, .disconnect]
        case .assignedClientIdentifier, .serverKeepAlive, .responseInformation, .maximumQoS, .retainAvailable,
            .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable, .sharedSubscriptionAvailable:
            .connack
        case .authenticationMethod, .authenticationData: [.connect, .connack, .auth]
        case .requestProblemInformation, .requestResponseInformation: .connect
        case .willDelayInterval: .will
        case .serverReference: [.connack, .disconnect]
        case .reasonString: [.connack, .puback, .pubrec, .pubrel, .pubcomp, .suback, .unsuback, .disconnect, .auth]
        case .receiveMaximum, .topicAliasMaximum, .maximumPacketSize: [.connect, .connack]
        case .topicAlias: .publish
        case .userProperty:
            [
                .connect, .connack, .publish, .will, .puback, .pubrec, .pubrel, .pubcomp, .subscribe, .suback,
                .unsubscribe, .unsuback, .disconnect, .auth,
            ]
        }
    }

    /// Whether it may stand in one place more than once: a publication may match several subscriptions (§3.3.2.3.8).
    public func repeats(in owner: PropertyOwners) -> Bool {
        self == .userProperty || self == .subscriptionIdentifier && owner == .publish
    }

    /// Whether a number of 0 is not allowed.
    var isNeverZero: Bool {
        switch self {
        case .subscriptionIdentifier, .receiveMaximum, .topicAlias, .maximumPacketSize: true
        case .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData,
            .sessionExpiryInterval, .assignedClientIdentifier, .serverKeepAlive, .authenticationMethod,
            .authenticationData, .requestProblemInformation, .willDelayInterval, .requestResponseInformation,
            .responseInformation, .serverReference, .reasonString, .topicAliasMaximum, .maximumQoS, .retainAvailable,
            .userProperty, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            false
        }
    }

    /// The name in Table 2-4.
    public var name: StaticString {
        switch self {
        case .payloadFormatIndicator: "Payload Format Indicator"
        case .messageExpiryInterval: "Message Expiry Interval"
        case .contentType: "Content Type"
        case .responseTopic: "Response Topic"
        case .correlationData: "Correlation Data"
        case .subscriptionIdentifier: "Subscription Identifier"
        case .sessionExpiryInterval: "Session Expiry Interval"
        case .assignedClientIdentifier: "Assigned Client Identifier"
        case .serverKeepAlive: "Server Keep Alive"
        case .authenticationMethod: "Authentication Method"
        case .authenticationData: "Authentication Data"
        case .requestProblemInformation: "Request Problem Information"
        case .willDelayInterval: "Will Delay Interval"
        case .requestResponseInformation: "Request Response Information"
        case .responseInformation: "Response Information"
        case .serverReference: "Server Reference"
        case .reasonString: "Reason String"
        case .receiveMaximum: "Receive Maximum"
        case .topicAliasMaximum: "Topic Alias Maximum"
        case .topicAlias: "Topic Alias"
        case .maximumQoS: "Maximum QoS"
        case .retainAvailable: "Retain Available"
        case .userProperty: "User Property"
        case .maximumPacketSize: "Maximum Packet Size"
        case .wildcardSubscriptionAvailable: "Wildcard Subscription Available"
        case .subscriptionIdentifierAvailable: "Subscription Identifier Available"
        case .sharedSubscriptionAvailable: "Shared Subscription Available"
        }
    }
}

/// A property as it lies in a packet.
public struct Property: Equatable, Sendable {
    /// What it holds; text and data are offsets into the frame, without their lengths.
    public enum Value: Equatable, Sendable {
        /// Of every type that is a number, flags included.
        case number(UInt32)
        /// A string or binary data.
        case octets(ByteRange)
        /// A User Property: name and value.
        case pair(ByteRange, ByteRange)
    }

    public var identifier: PropertyIdentifier
    public var value: Value
    /// All of it, identifier included.
    public var range: ByteRange
}

/// Why a CONNECT was refused, where the code of the CONNACK does not say it: MQTT-SN has three of them (AMB-17).
package enum ClientRefusal: Error, Hashable, Sendable {
    /// The protocol's identifier is another one than 0x01 (MQTT-SN 1.2 §5.3.8).
    case otherProtocol
    /// The ClientId has more octets than the limit.
    case clientIDTooLong(octets: UInt16, limit: UInt16)
    /// There is none (AMB-08).
    case noClientID
    /// It is not UTF-8, or holds what brokers close for (AMB-34).
    case unacceptableClientID
    /// The gateway's own connection goes by that name.
    case gatewaysOwnName
    /// The client is connected at another address, and addresses do not change (AMB-11).
    case addressChange
    /// All places are taken by clients that are connected and do something.
    case noPlace(limit: UInt32)
    /// As many new clients are being set up as may be.
    case noSetUp(limit: UInt32)
    /// Its Will's topic is no topic name, or its QoS is none.
    case willTopic
    /// The broker takes no QoS that high, says the configuration.
    case willQoS(maximum: UInt8)
    case willMessageTooLong(octets: UInt16, limit: UInt16)
    /// Its Will has a topic or a QoS that the owner's rule does not allow the client.
    case willBeyondRule
    /// The certificate that it is to show the broker, or the key, cannot be used.
    case noCertificate
    case brokerAway
    /// Its turn to be connected to the broker has not come in time.
    case noTurn
    /// The broker has ended the connection instead of answering.
    case brokerGone
    /// The broker has answered with this return code (MQTT 3.1.1 §3.2.2.3).
    case broker(code: UInt8)
    case gatewayStops
    /// None of the owner's rules is for it.
    case notAdmitted
    /// The rule for it, counted from 1, does not take it.
    case rule(RuleRefusal, number: UInt16)
}

/// Why the owner's rule for a client does not take it (`ClientRule`).
package enum RuleRefusal: UInt8, Error, Hashable, Sendable, CaseIterable {
    /// It says so.
    case denied
    /// It names the node, and the client is behind no forwarder.
    case noNode
    /// It puts the ClientId into topics, where that would stand for more than one level.
    case unsafeClientID
    /// A text that it makes is longer than one of MQTT may be.
    case tooLong
    /// The client's session is that of somebody else at the broker.
    case otherIdentity
    /// Another client has the identifier at the broker that it makes.
    case brokerClientIDTaken
    /// It names the client, for other places than that where it is.
    case elsewhere
    /// It puts the ClientId into the name of a file, where that would lead elsewhere.
    case noFileName
}

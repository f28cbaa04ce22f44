/// What a server of WebSocket must not send (RFC 6455 §5, MQTT 3.1.1 §6); the connection ends with it.
package enum WebSocketFault: Error, Equatable, Sendable, CaseIterable {
    /// A text frame; MQTT is binary [MQTT-6.0.0-1].
    case text
    /// A frame that is masked, as only a client's are (§5.1).
    case masked
    /// A frame whose reserved bits are set, without an extension that would give them a meaning (§5.2).
    case reservedBits
    /// A frame of a type that RFC 6455 reserves (§5.2).
    case reservedType
    /// A length of 2^63 octets or more (§5.2).
    case impossibleLength
    /// A control frame in pieces, or one of more than 125 octets (§5.5).
    case badControlFrame
    /// A continuation of nothing, or a message that begins within another one (§5.4).
    case brokenMessage
    /// A close frame of one octet, or with a code that no frame may have (§5.5.1, §7.4).
    case badClose

    /// The code with which the server is told (§7.4.1): 1003 for data that cannot be taken, else 1002.
    package var code: UInt16 { self == .text ? 1_003 : 1_002 }
}

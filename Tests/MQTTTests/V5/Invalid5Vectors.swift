import MQTT
import Testing

/// A frame that breaks one rule of MQTT 5.0, and where.
struct Invalid5Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let frame: [UInt8]
    let error: PacketError
    /// Of the octet with which the field at fault begins.
    let offset: Int

    init(_ name: String, _ frame: [UInt8], _ error: PacketError, at offset: Int) {
        (self.name, self.frame, self.error, self.offset) = (name, frame, error, offset)
    }

    var testDescription: String { name }

    /// PUBLISH to "t" at QoS 0 with these octets where its properties are.
    private static func publish(_ properties: [UInt8]) -> [UInt8] {
        [0x30, UInt8(3 + properties.count), 0, 1, 0x74] + properties
    }

    static let all = fixedHeaders + properties + packets

    private static let fixedHeaders = [
        Invalid5Vector("type 0 (§2.1.2)", [0, 0], .reservedPacketType, at: 0),
        Invalid5Vector("AUTH with flags (§3.15.1)", [0xF1, 0], .reservedFlags, at: 0),
        Invalid5Vector(
            "a length in more octets than it needs (§1.5.5)", [0xC0, 0x80, 0], .malformedRemainingLength, at: 0),
        Invalid5Vector("octets behind the packet (§2.1.4)", [0xC0, 0, 0], .trailingBytes, at: 2),
        Invalid5Vector("PINGRESP with a body (§3.13.2)", [0xD0, 1, 0], .trailingBytes, at: 2),
    ]

    private static let properties = [
        Invalid5Vector("no property length (§2.2.2.1)", publish([]), .truncated, at: 5),
        Invalid5Vector("a property length cut off (§2.2.2.1)", publish([0x80]), .truncated, at: 5),
        Invalid5Vector("a property length that overruns (§2.2.2.1)", publish([3, 1, 0]), .truncated, at: 5),
        Invalid5Vector(
            "a property length of five octets (§1.5.5)", publish([0x80, 0x80, 0x80, 0x80, 0]),
            .malformedVariableByteInteger, at: 5),
        Invalid5Vector(
            "a property length not in its shortest form (§1.5.5)", publish([0x80, 0]), .malformedVariableByteInteger,
            at: 5),
        Invalid5Vector("identifier 0 (§2.2.2.2)", publish([2, 0, 0]), .unknownProperty, at: 6),
        Invalid5Vector("identifier 0x2B (§2.2.2.2)", publish([4, 1, 0, 0x2B, 0]), .unknownProperty, at: 8),
        Invalid5Vector("identifier of two octets (§2.2.2.2)", publish([2, 0x81, 0]), .unknownProperty, at: 6),
        Invalid5Vector("a property of CONNACK (§2.2.2.2)", publish([2, 0x25, 1]), .misplacedProperty, at: 6),
        Invalid5Vector("the same twice (§3.3.2.3.2)", publish([4, 1, 0, 1, 0]), .repeatedProperty, at: 8),
        Invalid5Vector("a flag of 2 (§3.3.2.3.2)", publish([2, 1, 2]), .invalidPropertyValue, at: 6),
        Invalid5Vector("Topic Alias 0 (§3.3.2.3.4)", publish([3, 0x23, 0, 0]), .invalidPropertyValue, at: 6),
        Invalid5Vector("Subscription Identifier 0 (§3.3.2.3.8)", publish([2, 0x0B, 0]), .invalidPropertyValue, at: 6),
        Invalid5Vector(
            "Response Topic with wildcard (§3.3.2.3.5)", publish([4, 0x08, 0, 1, 0x23]), .invalidPropertyValue, at: 6),
        Invalid5Vector("a number cut off (§1.5.3)", publish([4, 0x02, 0, 0, 0]), .truncatedProperty, at: 6),
        Invalid5Vector("a string that overruns (§1.5.4)", publish([4, 0x03, 0, 2, 0x61]), .truncatedProperty, at: 6),
        Invalid5Vector(
            "a string that would end in the payload (§1.5.4)", publish([4, 0x03, 0, 2, 0x61, 0x62]), .truncatedProperty,
            at: 6),
        Invalid5Vector("half a pair (§1.5.7)", publish([4, 0x26, 0, 1, 0x61]), .truncatedProperty, at: 6),
        Invalid5Vector("an identifier alone (§2.2.2)", publish([1, 0x02]), .truncatedProperty, at: 6),
        Invalid5Vector(
            "a number that would end in the payload (§1.5.5)", publish([2, 0x0B, 0x80, 1]), .truncatedProperty, at: 6),
        Invalid5Vector("U+0000 (§1.5.4)", publish([4, 0x03, 0, 1, 0]), .illFormedString, at: 6),
        Invalid5Vector(
            "Authentication Data alone (§3.1.2.11.10)", [0xF0, 6, 0x18, 4, 0x16, 0, 1, 1],
            .authenticationDataWithoutMethod, at: 8),
        Invalid5Vector(
            "Subscription Identifier twice in SUBSCRIBE (§3.8.2.1.2)",
            [0x82, 11, 0, 1, 4, 0x0B, 1, 0x0B, 2, 0, 1, 0x61, 0], .repeatedProperty, at: 7),
        Invalid5Vector(
            "Maximum Packet Size 0 (§3.2.2.3.6)", [0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 0], .invalidPropertyValue, at: 5),
    ]

    private static let packets = [
        Invalid5Vector(
            "CONNECT of 3.1.1 (§3.1.2.2)", [0x10, 13, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x61],
            .unsupportedProtocolLevel, at: 8),
        Invalid5Vector(
            "CONNECT, Will Delay Interval outside the Will (§3.1.2.11)",
            [0x10, 19, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 2, 0, 60, 5, 0x18, 0, 0, 0, 1, 0, 1, 0x61], .misplacedProperty,
            at: 13),
        Invalid5Vector("CONNACK of 3.1.1 (§3.2.2)", [0x20, 2, 0, 1], .reservedReasonCode, at: 3),
        Invalid5Vector("CONNACK accepted, of 3.1.1 (§3.2.2)", [0x20, 2, 0, 0], .truncated, at: 4),
        Invalid5Vector(
            "CONNACK, refusal with session (§3.2.2.1.1)", [0x20, 3, 1, 0x87, 0], .sessionPresentWithRefusal, at: 2),
        Invalid5Vector("neither name nor alias (§3.3.2.1)", [0x30, 3, 0, 0, 0], .missingTopicName, at: 2),
        Invalid5Vector("a name with a wildcard (§3.3.2.1)", [0x30, 4, 0, 1, 0x23, 0], .invalidTopicName, at: 2),
        Invalid5Vector("identifier 0 (§2.2.1)", [0x40, 2, 0, 0], .zeroPacketIdentifier, at: 2),
        Invalid5Vector("PUBACK, code of SUBACK (§3.4.2.1)", [0x40, 3, 0, 1, 1], .reservedReasonCode, at: 4),
        Invalid5Vector("PUBREL, code of PUBREC (§3.6.2.1)", [0x62, 3, 0, 1, 0x97], .reservedReasonCode, at: 4),
        Invalid5Vector("SUBACK, code 3 (§3.9.3)", [0x90, 5, 0, 1, 0, 0, 3], .reservedReasonCode, at: 6),
        Invalid5Vector("SUBACK without codes (§3.9.3)", [0x90, 3, 0, 1, 0], .noReturnCodes, at: 5),
        Invalid5Vector("UNSUBACK of 3.1.1 (§3.11.2)", [0xB0, 2, 0, 1], .truncated, at: 4),
        Invalid5Vector("UNSUBACK without codes (§3.11.3)", [0xB0, 3, 0, 1, 0], .noReasonCodes, at: 5),
        Invalid5Vector("SUBSCRIBE without filters (§3.8.3)", [0x82, 3, 0, 1, 0], .noTopicFilters, at: 5),
        Invalid5Vector(
            "SUBSCRIBE, reserved bits (§3.8.3.1)", [0x82, 7, 0, 1, 0, 0, 1, 97, 0x40], .reservedSubscriptionBits, at: 8),
        Invalid5Vector("SUBSCRIBE, QoS 3 (§3.8.3.1)", [0x82, 7, 0, 1, 0, 0, 1, 97, 3], .reservedQoS, at: 8),
        Invalid5Vector(
            "SUBSCRIBE, Retain Handling 3 (§3.8.3.1)", [0x82, 7, 0, 1, 0, 0, 1, 97, 0x30], .reservedRetainHandling,
            at: 8),
        Invalid5Vector(
            "SUBSCRIBE, No Local on a share (§3.8.3.1)",
            [0x82, 16, 0, 1, 0, 0, 10, 0x24, 0x73, 0x68, 0x61, 0x72, 0x65, 0x2F, 0x67, 0x2F, 0x61, 4],
            .noLocalSharedSubscription, at: 17),
        Invalid5Vector(
            "UNSUBSCRIBE, no filter behind the Share Name (§4.8.2)",
            [0xA2, 14, 0, 1, 0, 0, 9, 0x24, 0x73, 0x68, 0x61, 0x72, 0x65, 0x2F, 0x67, 0x2F], .invalidShareName, at: 5),
        Invalid5Vector(
            "UNSUBSCRIBE, Share Name with wildcard (§4.8.2)",
            [0xA2, 15, 0, 1, 0, 0, 10, 0x24, 0x73, 0x68, 0x61, 0x72, 0x65, 0x2F, 0x2B, 0x2F, 0x61], .invalidShareName,
            at: 5),
        Invalid5Vector(
            "DISCONNECT, Keep Alive Timeout of CONNACK (§3.14.2.1)", [0xE0, 1, 0x88], .reservedReasonCode, at: 2),
        Invalid5Vector("DISCONNECT, octet behind (§3.14.2)", [0xE0, 3, 0, 0, 0], .trailingBytes, at: 4),
        Invalid5Vector("AUTH without properties (§3.15.2.1)", [0xF0, 1, 0x18], .truncated, at: 2),
    ]
}

// Proves that every rule of MQTT 3.1.1 that the codec checks is checked, and named by its own error.

import MQTT
import Testing

/// A frame that breaks one rule.
struct InvalidVector: Sendable, CustomTestStringConvertible {
    let name: String
    let frame: [UInt8]
    let error: PacketError

    init(_ name: String, _ frame: [UInt8], _ error: PacketError) {
        self.name = name
        self.frame = frame
        self.error = error
    }

    var testDescription: String { name }

    /// CONNECT with this protocol name, level, flags and rest.
    private static func connect(
        name: [UInt8] = [0, 4, 0x4D, 0x51, 0x54, 0x54], level: UInt8 = 4, flags: UInt8 = 2, _ rest: [UInt8]
    ) -> [UInt8] {
        let body = name + [level, flags, 0, 60] + rest
        return [0x10, UInt8(body.count)] + body
    }

    static let fixedHeaders: [InvalidVector] = [
        InvalidVector("type 0 (§2.2.1)", [0x00, 0x00], .reservedPacketType),
        InvalidVector("type 15 (§2.2.1)", [0xF0, 0x00], .reservedPacketType),
        InvalidVector("CONNECT with flags (§2.2.2)", [0x11, 0x00], .reservedFlags),
        InvalidVector("CONNACK with flags (§2.2.2)", [0x28, 0x02, 0, 0], .reservedFlags),
        InvalidVector("PUBACK with flags (§2.2.2)", [0x42, 0x02, 0, 1], .reservedFlags),
        InvalidVector("PUBREC with flags (§2.2.2)", [0x52, 0x02, 0, 1], .reservedFlags),
        InvalidVector("PUBREL without flags (§3.6.1)", [0x60, 0x02, 0, 1], .reservedFlags),
        InvalidVector("PUBCOMP with flags (§2.2.2)", [0x72, 0x02, 0, 1], .reservedFlags),
        InvalidVector("SUBSCRIBE without flags (§3.8.1)", [0x80, 0x06, 0, 1, 0, 1, 97, 0], .reservedFlags),
        InvalidVector("SUBACK with flags (§2.2.2)", [0x92, 0x03, 0, 1, 0], .reservedFlags),
        InvalidVector(
            "UNSUBSCRIBE, wrong flags (§3.10.1)", [0xA3, 0x05, 0, 1, 0, 1, 97], .reservedFlags),
        InvalidVector("UNSUBACK with flags (§2.2.2)", [0xB2, 2, 0, 1], .reservedFlags),
        InvalidVector("PINGREQ with flags (§2.2.2)", [0xC1, 0x00], .reservedFlags),
        InvalidVector("PINGRESP with flags (§2.2.2)", [0xD4, 0x00], .reservedFlags),
        InvalidVector("DISCONNECT with flags (§3.14.1)", [0xE8, 0x00], .reservedFlags),
        InvalidVector("PUBLISH, QoS 3 (§3.3.1.2)", [0x36, 0x05, 0, 1, 97, 0, 1], .reservedQoS),
        InvalidVector("PUBLISH, QoS 0 with DUP (§3.3.1.1)", [0x38, 0x03, 0, 1, 97], .duplicateAtMostOnce),
        InvalidVector(
            "a length of five octets (§2.2.3)", [0xC0, 0x80, 0x80, 0x80, 0x80, 0x00], .malformedRemainingLength),
        InvalidVector("the fourth octet goes on (§2.2.3)", [0xC0, 0xFF, 0xFF, 0xFF, 0xFF], .malformedRemainingLength),
    ]

    private static let connects: [InvalidVector] = [
        InvalidVector("no body (§3.1.2)", [0x10, 0x00], .truncated),
        InvalidVector(
            "name of 3.1 (§3.1.2.1)",
            connect(name: [0, 6, 0x4D, 0x51, 0x49, 0x73, 0x64, 0x70], level: 3, [0, 1, 97]), .unknownProtocolName),
        InvalidVector(
            "name in lower case (§3.1.2.1)", connect(name: [0, 4, 0x6D, 0x71, 0x74, 0x74], [0, 1, 97]),
            .unknownProtocolName),
        InvalidVector("empty name (§3.1.2.1)", connect(name: [0, 0], [0, 1, 97]), .unknownProtocolName),
        InvalidVector("level of 5.0 (§3.1.2.2)", connect(level: 5, [0, 0, 1, 97]), .unsupportedProtocolLevel),
        InvalidVector(
            "level before flags (§3.1.2.2)", connect(level: 0x84, flags: 0xFF, []), .unsupportedProtocolLevel),
        InvalidVector("reserved flag (§3.1.2.3)", connect(flags: 0x03, [0, 1, 97]), .reservedConnectFlag),
        InvalidVector("Will QoS 3 (§3.1.2.6)", connect(flags: 0x1E, [0, 1, 97, 0, 1, 97, 0, 0]), .reservedQoS),
        InvalidVector("Will QoS without Will (§3.1.2.6)", connect(flags: 0x0A, [0, 1, 97]), .willFieldsWithoutWill),
        InvalidVector("Will Retain without Will (§3.1.2.7)", connect(flags: 0x22, [0, 1, 97]), .willFieldsWithoutWill),
        InvalidVector(
            "password alone (§3.1.2.9)", connect(flags: 0x42, [0, 1, 97, 0, 1, 97]), .passwordWithoutUsername),
        InvalidVector("ill-formed client identifier (§3.1.3.1)", connect([0, 2, 0xC3, 0x28]), .illFormedString),
        InvalidVector("U+0000 in it (§1.5.3)", connect([0, 2, 97, 0]), .illFormedString),
        InvalidVector("client identifier too long (§3.1.3.1)", connect([0, 2, 97]), .truncated),
        InvalidVector("Will Topic empty (§4.7.3)", connect(flags: 0x06, [0, 0, 0, 0, 0, 0]), .invalidTopicName),
        InvalidVector(
            "Will Topic with wildcard (§4.7.1)", connect(flags: 0x06, [0, 0, 0, 1, 0x23, 0, 0]), .invalidTopicName),
        InvalidVector("Will Topic ill-formed (§3.1.3.2)", connect(flags: 0x06, [0, 0, 0, 1, 0xFF]), .illFormedString),
        InvalidVector("Will Message missing (§3.1.3.3)", connect(flags: 0x06, [0, 0, 0, 1, 97]), .truncated),
        InvalidVector("user name missing (§3.1.3.4)", connect(flags: 0x82, [0, 0]), .truncated),
        InvalidVector("user name ill-formed (§3.1.3.4)", connect(flags: 0x82, [0, 0, 0, 1, 0x80]), .illFormedString),
        InvalidVector("password missing (§3.1.3.5)", connect(flags: 0xC2, [0, 0, 0, 1, 97]), .truncated),
        InvalidVector("octets behind (§3.1.3)", connect([0, 0, 0, 1, 97]), .trailingBytes),
    ]

    private static let publishes: [InvalidVector] = [
        InvalidVector("no topic (§3.3.2)", [0x30, 0x00], .truncated),
        InvalidVector("topic too long (§3.3.2.1)", [0x30, 0x03, 0, 2, 97], .truncated),
        InvalidVector("topic empty (§4.7.3)", [0x30, 0x02, 0, 0], .invalidTopicName),
        InvalidVector("topic with + (§3.3.2.1)", [0x30, 0x05, 0, 3, 97, 0x2F, 0x2B], .invalidTopicName),
        InvalidVector("topic with # (§3.3.2.1)", [0x30, 0x04, 0, 2, 0x23, 97], .invalidTopicName),
        InvalidVector("topic with U+0000 (§4.7.3)", [0x30, 0x03, 0, 1, 0], .illFormedString),
        InvalidVector("topic with a surrogate (§1.5.3)", [0x30, 0x05, 0, 3, 0xED, 0xA0, 0x80], .illFormedString),
        InvalidVector("identifier missing (§3.3.2.2)", [0x32, 0x03, 0, 1, 97], .truncated),
        InvalidVector("identifier cut (§3.3.2.2)", [0x32, 0x04, 0, 1, 97, 1], .truncated),
        InvalidVector("identifier 0 (§2.3.1)", [0x34, 0x05, 0, 1, 97, 0, 0], .zeroPacketIdentifier),
    ]

    private static let subscriptions: [InvalidVector] = [
        InvalidVector("SUBSCRIBE, identifier 0 (§2.3.1)", [0x82, 0x06, 0, 0, 0, 1, 97, 0], .zeroPacketIdentifier),
        InvalidVector("SUBSCRIBE without filters (§3.8.3)", [0x82, 0x02, 0, 1], .noTopicFilters),
        InvalidVector("SUBSCRIBE without QoS (§3.8.3)", [0x82, 0x05, 0, 1, 0, 1, 97], .truncated),
        InvalidVector("SUBSCRIBE, QoS 3 (§3.8.3)", [0x82, 0x06, 0, 1, 0, 1, 97, 3], .reservedQoS),
        InvalidVector("SUBSCRIBE, option bits (§3.8.3)", [0x82, 0x06, 0, 1, 0, 1, 97, 4], .reservedSubscriptionBits),
        InvalidVector("SUBSCRIBE, empty filter (§4.7.3)", [0x82, 0x05, 0, 1, 0, 0, 0], .invalidTopicFilter),
        InvalidVector("SUBSCRIBE to a# (§4.7.1.2)", [0x82, 0x07, 0, 1, 0, 2, 97, 0x23, 0], .invalidTopicFilter),
        InvalidVector("SUBSCRIBE, ill-formed (§3.8.3)", [0x82, 0x06, 0, 1, 0, 1, 0xC0, 0], .illFormedString),
        InvalidVector(
            "SUBSCRIBE, second filter wrong (§3.8.3)", [0x82, 0x0A, 0, 1, 0, 1, 97, 0, 0, 1, 0, 0], .illFormedString),
        InvalidVector("SUBSCRIBE, octet behind (§3.8.3)", [0x82, 0x07, 0, 1, 0, 1, 97, 0, 0], .truncated),
        InvalidVector("SUBACK, identifier 0 (§2.3.1)", [0x90, 0x03, 0, 0, 0], .zeroPacketIdentifier),
        InvalidVector("SUBACK without codes (§3.9.3)", [0x90, 0x02, 0, 1], .noReturnCodes),
        InvalidVector("SUBACK, code 3 (§3.9.3)", [0x90, 0x04, 0, 1, 0, 3], .reservedReturnCode),
        InvalidVector("SUBACK, code 0x81 (§3.9.3)", [0x90, 0x03, 0, 1, 0x81], .reservedReturnCode),
        InvalidVector("UNSUBSCRIBE, identifier 0 (§2.3.1)", [0xA2, 0x05, 0, 0, 0, 1, 97], .zeroPacketIdentifier),
        InvalidVector("UNSUBSCRIBE without filters (§3.10.3)", [0xA2, 0x02, 0, 1], .noTopicFilters),
        InvalidVector("UNSUBSCRIBE, empty filter (§4.7.3)", [0xA2, 0x04, 0, 1, 0, 0], .invalidTopicFilter),
        InvalidVector(
            "UNSUBSCRIBE from #/a (§4.7.1.2)", [0xA2, 0x07, 0, 1, 0, 3, 0x23, 0x2F, 97], .invalidTopicFilter),
        InvalidVector("UNSUBACK, identifier 0 (§2.3.1)", [0xB0, 0x02, 0, 0], .zeroPacketIdentifier),
    ]

    private static let acknowledgements: [InvalidVector] = [
        InvalidVector("CONNACK, flags (§3.2.2.1)", [0x20, 2, 2, 0], .reservedConnectAcknowledgementFlags),
        InvalidVector("CONNACK, flags (§3.2.2.1)", [0x20, 2, 0x81, 0], .reservedConnectAcknowledgementFlags),
        InvalidVector("CONNACK, refusal with session (§3.2.2.2)", [0x20, 2, 1, 2], .sessionPresentWithRefusal),
        InvalidVector("CONNACK without code (§3.2.2.3)", [0x20, 1, 0], .truncated),
        InvalidVector("CONNACK, octet behind (§3.2)", [0x20, 3, 0, 0, 0], .trailingBytes),
        InvalidVector("PUBACK, identifier 0 (§2.3.1)", [0x40, 2, 0, 0], .zeroPacketIdentifier),
        InvalidVector("PUBREC, identifier 0 (§2.3.1)", [0x50, 2, 0, 0], .zeroPacketIdentifier),
        InvalidVector("PUBREL, identifier 0 (§2.3.1)", [0x62, 2, 0, 0], .zeroPacketIdentifier),
        InvalidVector("PUBCOMP, identifier 0 (§2.3.1)", [0x70, 2, 0, 0], .zeroPacketIdentifier),
        InvalidVector("PUBACK without identifier (§3.4.2)", [0x40, 0], .truncated),
        InvalidVector("PUBACK of 5.0 (§3.4.2)", [0x40, 3, 0, 1, 0x10], .trailingBytes),
        InvalidVector("PINGREQ with a body (§3.12.2)", [0xC0, 1, 0], .trailingBytes),
        InvalidVector("PINGRESP with a body (§3.13.2)", [0xD0, 1, 0], .trailingBytes),
        InvalidVector("DISCONNECT of 5.0 (§3.14.2)", [0xE0, 1, 4], .trailingBytes),
    ]

    static let all = fixedHeaders + connects + publishes + subscriptions + acknowledgements
}

@Suite struct InvalidPacketTests {
    @Test(arguments: InvalidVector.all)
    func isRefusedWithItsOwnError(vector: InvalidVector) {
        #expect(decodeError(vector.frame) == vector.error)
    }
    /// Too large is what the receiver says, not the packet.
    @Test func everyReasonIsShownByAVector() {
        let shown = Set(InvalidVector.all.map(\.error) + Invalid5Vector.all.map(\.error))
        #expect(Set(PacketError.allCases).subtracting(shown) == [.packetTooLarge])
    }

    @Test func noTwoReasonsReadTheSame() {
        let texts = Set(PacketError.allCases.map { "\($0.description)" })
        #expect(texts.count == PacketError.allCases.count)
        #expect(!texts.contains(""))
    }
}

import MQTT
import Testing

/// A frame and the packet that it is, checked by hand against MQTT 5.0 §3.
struct Packet5Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let frame: [UInt8]
    let packet: Packet5

    init(_ name: String, _ frame: [UInt8], _ packet: Packet, _ added: AddedFields = AddedFields()) {
        self.name = name
        self.frame = frame
        self.packet = Packet5(packet, added)
    }

    var testDescription: String { name }

    /// At least one frame for each packet type, one for each optional part, and every property once.
    static let all: [Packet5Vector] = connects + publishes + subscriptions + acknowledgements + ends

    private static let connects: [Packet5Vector] = [
        Packet5Vector(
            "CONNECT, no properties (§3.1)",
            [0x10, 0x0E, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 0x02, 0, 60, 0, 0, 1, 0x61],
            .connect(Connect(cleanSession: true, keepAliveSeconds: 60, clientID: 15..<16)),
            AddedFields(properties: 13..<13)),
        Packet5Vector(
            "CONNECT, every property (§3.1.2.11)",
            [
                0x10, 0x36, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 0x00, 0, 0, 41,
                0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0x21, 0, 10, 0x27, 0, 1, 0, 0, 0x22, 0, 5, 0x19, 1, 0x17, 0,
                0x26, 0, 1, 0x6B, 0, 1, 0x76, 0x15, 0, 2, 0x53, 0x43, 0x16, 0, 1, 0xFF, 0x26, 0, 0, 0, 0,
                0, 0,
            ],
            .connect(Connect(cleanSession: false, keepAliveSeconds: 0, clientID: 56..<56)),
            AddedFields(properties: 13..<54)),
        Packet5Vector(
            "CONNECT, Will with every property, password without user name (§3.1.3.2)",
            [
                0x10, 0x3A, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 0x66, 0, 0, 0, 0, 0, 35,
                0x18, 0, 0, 0, 9, 0x01, 1, 0x02, 0, 0, 0, 60, 0x03, 0, 1, 0x74, 0x08, 0, 1, 0x72, 0x09, 0, 1, 0,
                0x26, 0, 1, 0x6B, 0, 0, 0x26, 0, 0,
                0, 0, 0, 1, 0x77, 0, 1, 0xFF, 0, 1, 0x00,
            ],
            .connect(
                Connect(
                    cleanSession: true, keepAliveSeconds: 0, clientID: 15..<15,
                    will: Will(topic: 53..<54, payload: 56..<57, qos: .atMostOnce, retain: true),
                    password: 59..<60)),
            AddedFields(properties: 13..<13, willProperties: 16..<51)),
    ]

    private static let publishes: [Packet5Vector] = [
        Packet5Vector(
            "PUBLISH, QoS 0, no properties (§3.3)",
            [0x30, 0x08, 0, 3, 0x61, 0x2F, 0x62, 0, 0x68, 0x69],
            .publish(
                Publish(
                    duplicate: false, qos: .atMostOnce, retain: false, topicName: 4..<7, packetID: 0, payload: 8..<10)),
            AddedFields(properties: 8..<8)),
        Packet5Vector(
            "PUBLISH, QoS 1, a Topic Alias without a name (§3.3.2.3.4)",
            [0x32, 0x09, 0, 0, 0x12, 0x34, 3, 0x23, 0, 1, 0xFF],
            .publish(
                Publish(
                    duplicate: false, qos: .atLeastOnce, retain: false, topicName: 4..<4, packetID: 0x1234,
                    payload: 10..<11)),
            AddedFields(properties: 7..<10)),
        Packet5Vector(
            "PUBLISH, QoS 2, every property (§3.3.2.3)",
            [
                0x3D, 0x2A, 0, 1, 0x74, 0, 1, 35,
                0x01, 1, 0x02, 0, 0, 1, 0, 0x23, 0, 7, 0x08, 0, 1, 0x72, 0x09, 0, 2, 1, 2, 0x26, 0, 1, 0x6B, 0, 1, 0x76,
                0x0B, 0x80, 0x01, 0x0B, 5, 0x03, 0, 1, 0x63, 0x21,
            ],
            .publish(
                Publish(
                    duplicate: true, qos: .exactlyOnce, retain: true, topicName: 4..<5, packetID: 1, payload: 43..<44)),
            AddedFields(properties: 8..<43)),
    ]

    private static let subscriptions: [Packet5Vector] = [
        Packet5Vector(
            "SUBSCRIBE, every option and property, a Shared Subscription (§3.8, §4.8.2)",
            [
                0x82, 0x1D, 0, 10, 9, 0x0B, 0xFF, 0x7F, 0x26, 0, 0, 0, 1, 0x76,
                0, 1, 0x61, 0x2E, 0, 10, 0x24, 0x73, 0x68, 0x61, 0x72, 0x65, 0x2F, 0x67, 0x2F, 0x23, 0x19,
            ],
            .subscribe(Subscribe(packetID: 10, filters: 14..<31)), AddedFields(properties: 5..<14)),
        Packet5Vector(
            "SUBACK, with Reason String (§3.9)",
            [0x90, 0x0A, 0, 10, 4, 0x1F, 0, 1, 0x6E, 0, 2, 0x97],
            .subscribeAcknowledgement(SubscribeAcknowledgement(packetID: 10, returnCodes: 9..<12)),
            AddedFields(properties: 5..<9)),
        Packet5Vector(
            "UNSUBSCRIBE, two filters (§3.10)", [0xA2, 0x09, 0, 12, 0, 0, 1, 0x62, 0, 1, 0x23],
            .unsubscribe(Unsubscribe(packetID: 12, filters: 5..<11)), AddedFields(properties: 5..<5)),
        Packet5Vector(
            "UNSUBACK, two codes (§3.11)", [0xB0, 0x05, 0, 12, 0, 0x00, 0x11], .unsubscribeAcknowledgement(12),
            AddedFields(properties: 5..<5, reasonCodes: 5..<7)),
    ]

    private static let acknowledgements: [Packet5Vector] = [
        Packet5Vector(
            "CONNACK, session present (§3.2)", [0x20, 0x03, 1, 0, 0],
            .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: true, returnCode: .accepted)),
            AddedFields(properties: 5..<5)),
        Packet5Vector(
            "CONNACK, every property (§3.2.2.3)",
            [
                0x20, 0x46, 0, 0, 67,
                0x11, 0, 0, 0, 9, 0x21, 0, 1, 0x24, 1, 0x25, 0, 0x27, 0, 0, 1, 0, 0x12, 0, 1, 0x69, 0x22, 0, 0,
                0x1F, 0, 1, 0x6E, 0x26, 0, 1, 0x6B, 0, 1, 0x76, 0x28, 1, 0x29, 0, 0x2A, 1, 0x13, 0, 30,
                0x1A, 0, 1, 0x72, 0x1C, 0, 1, 0x73, 0x15, 0, 1, 0x6D, 0x16, 0, 2, 1, 2, 0x26, 0, 1, 0x6B, 0, 0,
            ],
            .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: false, returnCode: .accepted)),
            AddedFields(properties: 5..<72)),
        Packet5Vector(
            "CONNACK, refused (§3.2.2.2)", [0x20, 0x03, 0, 0x87, 0],
            .connectAcknowledgement(
                ConnectAcknowledgement(sessionPresent: false, returnCode: ConnectReturnCode(rawValue: 0x87))),
            AddedFields(reasonCode: .notAuthorized, properties: 5..<5)),
        Packet5Vector("PUBACK, success (§3.4.2.1)", [0x40, 2, 0x12, 0x34], .publishAcknowledgement(0x1234)),
        Packet5Vector(
            "PUBACK, no properties (§3.4.2.2.1)", [0x40, 3, 0, 1, 0x10], .publishAcknowledgement(1),
            AddedFields(reasonCode: .noMatchingSubscribers)),
        Packet5Vector(
            "PUBACK, refused with a reason in words (§3.4.2.2.2)", [0x40, 8, 0, 1, 0x87, 4, 0x1F, 0, 1, 0x6E],
            .publishAcknowledgement(1), AddedFields(reasonCode: .notAuthorized, properties: 6..<10)),
        Packet5Vector(
            "PUBREC, refused (§3.5.2.1)", [0x50, 3, 0, 1, 0x97], .publishReceived(1),
            AddedFields(reasonCode: .quotaExceeded)),
        Packet5Vector(
            "PUBREL, identifier not found (§3.6.2.1)", [0x62, 3, 0xFF, 0xFF, 0x92], .publishRelease(0xFFFF),
            AddedFields(reasonCode: .packetIdentifierNotFound)),
        Packet5Vector(
            "PUBCOMP, User Property (§3.7.2.2)", [0x70, 11, 1, 0, 0, 7, 0x26, 0, 1, 0x6B, 0, 1, 0x76],
            .publishComplete(256), AddedFields(properties: 6..<13)),
    ]

    private static let ends: [Packet5Vector] = [
        Packet5Vector("PINGREQ (§3.12)", [0xC0, 0], .pingRequest),
        Packet5Vector("PINGRESP (§3.13)", [0xD0, 0], .pingResponse),
        Packet5Vector("DISCONNECT, normal (§3.14.2.1)", [0xE0, 0], .disconnect),
        Packet5Vector(
            "DISCONNECT, with Will Message (§3.14.2.1)", [0xE0, 1, 0x04], .disconnect,
            AddedFields(reasonCode: .disconnectWithWillMessage)),
        Packet5Vector(
            "DISCONNECT, every property (§3.14.2.2)",
            [0xE0, 22, 0x9D, 20, 0x11, 0, 0, 0, 0, 0x1F, 0, 1, 0x6E, 0x26, 0, 1, 0x6B, 0, 1, 0x76, 0x1C, 0, 1, 0x73],
            .disconnect, AddedFields(reasonCode: .serverMoved, properties: 4..<24)),
        Packet5Vector("AUTH, success (§3.15.2.1)", [0xF0, 0], .authentication),
        Packet5Vector(
            "AUTH, continue with method and data (§3.15.2.2)",
            [0xF0, 11, 0x18, 9, 0x15, 0, 1, 0x6D, 0x16, 0, 2, 1, 2],
            .authentication, AddedFields(reasonCode: .continueAuthentication, properties: 4..<13)),
    ]
}

import MQTT
import Testing

/// A frame and the packet that it is, checked by hand against MQTT 3.1.1 §3.
struct PacketVector: Sendable, CustomTestStringConvertible {
    let name: String
    let frame: [UInt8]
    let packet: Packet

    init(_ name: String, _ frame: [UInt8], _ packet: Packet) {
        self.name = name
        self.frame = frame
        self.packet = packet
    }

    var testDescription: String { name }

    /// The vectors one after the other, as a stream would carry them.
    static let stream: [UInt8] = all.flatMap(\.frame)

    /// At least one frame for each packet type, and one for each optional part.
    static let all: [PacketVector] = connects + publishes + subscriptions + acknowledgements

    private static let connects: [PacketVector] = [
        PacketVector(
            "CONNECT, no options (§3.1)",
            [0x10, 0x0D, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0x02, 0, 60, 0, 1, 0x61],
            .connect(Connect(cleanSession: true, keepAliveSeconds: 60, clientID: 14..<15))),
        PacketVector(
            "CONNECT, all options (§3.1.3)",
            [
                0x10, 0x1D, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0xF4, 0xFF, 0xFF, 0, 2, 0x63, 0x31,
                0, 3, 0x77, 0x2F, 0x74, 0, 2, 0x00, 0xFF, 0, 1, 0x75, 0, 1, 0x00,
            ],
            .connect(
                Connect(
                    cleanSession: false, keepAliveSeconds: 65535, clientID: 14..<16,
                    will: Will(topic: 18..<21, payload: 23..<25, qos: .exactlyOnce, retain: true),
                    username: 27..<28, password: 30..<31))),
        PacketVector(
            "CONNECT, empty fields (§3.1.3.1)",
            [
                0x10, 0x13, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0x8E, 0, 0, 0, 0, 0, 1, 0x77, 0, 0, 0, 0,
            ],
            .connect(
                Connect(
                    cleanSession: true, keepAliveSeconds: 0, clientID: 14..<14,
                    will: Will(topic: 16..<17, payload: 19..<19, qos: .atLeastOnce, retain: false),
                    username: 21..<21))),
        PacketVector(
            "CONNECT, empty client identifier without Clean Session: the server decides (§3.1.3.1)",
            [0x10, 0x0C, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0x00, 0, 0, 0, 0],
            .connect(Connect(cleanSession: false, keepAliveSeconds: 0, clientID: 14..<14))),
    ]

    private static let publishes: [PacketVector] = [
        PacketVector(
            "PUBLISH, QoS 0 (§3.3)",
            [0x30, 0x07, 0, 3, 0x61, 0x2F, 0x62, 0x68, 0x69],
            .publish(
                Publish(
                    duplicate: false, qos: .atMostOnce, retain: false, topicName: 4..<7, packetID: 0, payload: 7..<9))),
        PacketVector(
            "PUBLISH, QoS 1, DUP and RETAIN (§3.3.1)",
            [0x3B, 0x06, 0, 1, 0x74, 0x12, 0x34, 0xFF],
            .publish(
                Publish(
                    duplicate: true, qos: .atLeastOnce, retain: true, topicName: 4..<5, packetID: 0x1234,
                    payload: 7..<8))),
        PacketVector(
            "PUBLISH, QoS 2, empty payload (§3.3.3)",
            [0x34, 0x05, 0, 1, 0x74, 0, 1],
            .publish(
                Publish(
                    duplicate: false, qos: .exactlyOnce, retain: false, topicName: 4..<5, packetID: 1,
                    payload: 7..<7))),
        PacketVector(
            "PUBLISH, RETAIN, a name of two, three and four octets per character (§1.5.3)",
            [0x31, 0x0B, 0, 9, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80],
            .publish(
                Publish(
                    duplicate: false, qos: .atMostOnce, retain: true, topicName: 4..<13, packetID: 0,
                    payload: 13..<13))),
        PacketVector(
            "PUBLISH, Remaining Length of two octets (§2.2.3)",
            [0x30, 0x80, 0x01, 0, 1, 0x74] + [UInt8](repeating: 0x55, count: 125),
            .publish(
                Publish(
                    duplicate: false, qos: .atMostOnce, retain: false, topicName: 5..<6, packetID: 0,
                    payload: 6..<131))),
    ]

    private static let subscriptions: [PacketVector] = [
        PacketVector(
            "SUBSCRIBE, one filter (§3.8)", [0x82, 0x06, 0, 10, 0, 1, 0x61, 1],
            .subscribe(Subscribe(packetID: 10, filters: 4..<8))),
        PacketVector(
            "SUBSCRIBE, two filters (§3.8.3)",
            [0x82, 0x0C, 0, 11, 0, 3, 0x61, 0x2F, 0x23, 2, 0, 1, 0x2B, 0],
            .subscribe(Subscribe(packetID: 11, filters: 4..<14))),
        PacketVector(
            "SUBACK, every code (§3.9.3)", [0x90, 0x06, 0, 10, 0, 1, 2, 0x80],
            .subscribeAcknowledgement(SubscribeAcknowledgement(packetID: 10, returnCodes: 4..<8))),
        PacketVector(
            "UNSUBSCRIBE, two filters (§3.10)",
            [0xA2, 0x0A, 0, 12, 0, 3, 0x61, 0x2F, 0x62, 0, 1, 0x23],
            .unsubscribe(Unsubscribe(packetID: 12, filters: 4..<12))),
        PacketVector("UNSUBACK (§3.11)", [0xB0, 0x02, 0, 12], .unsubscribeAcknowledgement(12)),
    ]

    private static let acknowledgements: [PacketVector] = [
        PacketVector(
            "CONNACK, session present (§3.2.2.2)", [0x20, 0x02, 0x01, 0x00],
            .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: true, returnCode: .accepted))),
        PacketVector(
            "CONNACK, refused (§3.2.2.3)", [0x20, 0x02, 0x00, 0x05],
            .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: false, returnCode: .notAuthorized))),
        PacketVector(
            "CONNACK, refused with a reserved code (§3.2.2.3)", [0x20, 0x02, 0x00, 0xFF],
            .connectAcknowledgement(
                ConnectAcknowledgement(sessionPresent: false, returnCode: ConnectReturnCode(rawValue: 255)))),
        PacketVector("PUBACK (§3.4)", [0x40, 0x02, 0x12, 0x34], .publishAcknowledgement(0x1234)),
        PacketVector("PUBREC (§3.5)", [0x50, 0x02, 0, 1], .publishReceived(1)),
        PacketVector("PUBREL (§3.6)", [0x62, 0x02, 0xFF, 0xFF], .publishRelease(65535)),
        PacketVector("PUBCOMP (§3.7)", [0x70, 0x02, 1, 0], .publishComplete(256)),
        PacketVector("PINGREQ (§3.12)", [0xC0, 0x00], .pingRequest),
        PacketVector("PINGRESP (§3.13)", [0xD0, 0x00], .pingResponse),
        PacketVector("DISCONNECT (§3.14)", [0xE0, 0x00], .disconnect),
    ]
}

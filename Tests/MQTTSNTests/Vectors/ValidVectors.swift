// The valid frames of the MQTT-SN 1.2 test vectors: what each decodes to and how it is sent.

import MQTTSN

extension ValidVector {
    static let specification: [ValidVector] = [
        ValidVector(
            id: "V002",
            name: "ADVERTISE extreme values",
            hex: "0500ffffff",
            expected: .advertise(gatewayID: 255, duration: 65535)),
        ValidVector(
            id: "V003",
            name: "ADVERTISE with the long length form",
            hex: "01000700010384",
            expected: .advertise(gatewayID: 1, duration: 900),
            canonicalHex: "0500010384"),
        ValidVector(
            id: "V004",
            name: "SEARCHGW radius 0 (whole network)",
            hex: "030100",
            expected: .searchGateway(radius: 0)),
        ValidVector(
            id: "V005",
            name: "SEARCHGW radius 1",
            hex: "030101",
            expected: .searchGateway(radius: 1)),
        ValidVector(
            id: "V006",
            name: "SEARCHGW with the long length form",
            hex: "0100050101",
            expected: .searchGateway(radius: 1),
            canonicalHex: "030101"),
        ValidVector(
            id: "V007",
            name: "GWINFO from a gateway",
            hex: "030201",
            expected: .gatewayInfo(gatewayID: 1, address: 3..<3),
            parts: [""]),
        ValidVector(
            id: "V008",
            name: "GWINFO from a client, 2-octet address",
            hex: "060207021234",
            expected: .gatewayInfo(gatewayID: 7, address: 3..<6),
            parts: ["021234"]),
        ValidVector(
            id: "V009",
            name: "GWINFO from a client, IPv4 address",
            hex: "08020104c000020a",
            expected: .gatewayInfo(gatewayID: 1, address: 3..<8),
            parts: ["04c000020a"]),
        ValidVector(
            id: "V012",
            name: "CONNECT resume, no Will prompt",
            hex: "07040001000a61",
            expected: .connect(Connect(flags: Flags(rawValue: 0x00), protocolID: 1, duration: 10, clientID: 6..<7)),
            parts: ["61"],
            flags: Flags(will: false, cleanSession: false)),
        ValidVector(
            id: "V013",
            name: "CONNECT resume, new Will",
            hex: "07040801000a61",
            expected: .connect(Connect(flags: Flags(rawValue: 0x08), protocolID: 1, duration: 10, clientID: 6..<7)),
            parts: ["61"],
            flags: Flags(will: true, cleanSession: false)),
        ValidVector(
            id: "V014",
            name: "CONNECT with 23-octet ClientId",
            hex: "1d040401003c6162636465666768696a6b6c6d6e6f7071727374757677",
            expected: .connect(Connect(flags: Flags(rawValue: 0x04), protocolID: 1, duration: 60, clientID: 6..<29)),
            parts: ["6162636465666768696a6b6c6d6e6f7071727374757677"],
            flags: Flags(will: false, cleanSession: true)),
        ValidVector(
            id: "V016",
            name: "CONNECT keep alive 65535",
            hex: "07040401ffff78",
            expected: .connect(Connect(flags: Flags(rawValue: 0x04), protocolID: 1, duration: 65535, clientID: 6..<7)),
            parts: ["78"],
            flags: Flags(will: false, cleanSession: true)),
        ValidVector(
            id: "V017",
            name: "CONNECT with the long length form",
            hex: "01000a040401003c6331",
            expected: .connect(Connect(flags: Flags(rawValue: 0x04), protocolID: 1, duration: 60, clientID: 8..<10)),
            parts: ["6331"],
            flags: Flags(will: false, cleanSession: true),
            canonicalHex: "08040401003c6331"),
        ValidVector(
            id: "V018",
            name: "CONNECT with every unused flag bit set",
            hex: "0704f701003c78",
            expected: .connect(Connect(flags: Flags(rawValue: 0xF7), protocolID: 1, duration: 60, clientID: 6..<7)),
            parts: ["78"],
            flags: Flags(will: false, cleanSession: true),
            canonicalHex: "07040401003c78"),
        ValidVector(
            id: "V019",
            name: "CONNACK accepted",
            hex: "030500",
            expected: .connectAcknowledgement(.accepted)),
        ValidVector(
            id: "V020",
            name: "CONNACK congestion",
            hex: "030501",
            expected: .connectAcknowledgement(.congestion)),
        ValidVector(
            id: "V025",
            name: "WILLTOPICREQ with the long length form",
            hex: "01000406",
            expected: .willTopicRequest,
            canonicalHex: "0206"),
        ValidVector(
            id: "V026",
            name: "WILLTOPIC QoS 1 retained",
            hex: "060730772f74",
            expected: .willTopic(WillTopic(flags: Flags(rawValue: 0x30), topic: 3..<6)),
            parts: ["772f74"],
            flags: Flags(qos: .atLeastOnce, retain: true)),
        ValidVector(
            id: "V027",
            name: "WILLTOPIC QoS 0",
            hex: "060700772f74",
            expected: .willTopic(WillTopic(flags: Flags(rawValue: 0x00), topic: 3..<6)),
            parts: ["772f74"],
            flags: Flags(qos: .atMostOnce, retain: false)),
        ValidVector(
            id: "V028",
            name: "WILLTOPIC QoS 2",
            hex: "060740772f74",
            expected: .willTopic(WillTopic(flags: Flags(rawValue: 0x40), topic: 3..<6)),
            parts: ["772f74"],
            flags: Flags(qos: .exactlyOnce, retain: false)),
        ValidVector(
            id: "V029",
            name: "WILLTOPIC empty (delete Will)",
            hex: "0207",
            expected: .willTopic(WillTopic(flags: Flags(), topic: 2..<2)),
            parts: [""]),
        ValidVector(
            id: "V030",
            name: "WILLMSGREQ",
            hex: "0208",
            expected: .willMessageRequest),
        ValidVector(
            id: "V031",
            name: "WILLMSG text",
            hex: "09096f66666c696e65",
            expected: .willMessage(2..<9),
            parts: ["6f66666c696e65"]),
        ValidVector(
            id: "V033",
            name: "REGISTER from client",
            hex: "090a00000001742f61",
            expected: .register(Register(topicID: 0x0000, messageID: 0x0001, topicName: 6..<9)),
            parts: ["742f61"]),
        ValidVector(
            id: "V034",
            name: "REGISTER from gateway",
            hex: "090a00101234742f61",
            expected: .register(Register(topicID: 0x0010, messageID: 0x1234, topicName: 6..<9)),
            parts: ["742f61"]),
        ValidVector(
            id: "V035",
            name: "REGISTER with a multi-octet UTF-8 topic",
            hex: "120a0000000274656d70c3a9726174757265",
            expected: .register(Register(topicID: 0x0000, messageID: 0x0002, topicName: 6..<18)),
            parts: ["74656d70c3a9726174757265"]),
        ValidVector(
            id: "V037",
            name: "REGACK accepted",
            hex: "070b0010000100",
            expected: .registerAcknowledgement(
                RegisterAcknowledgement(topicID: 0x0010, messageID: 0x0001, returnCode: .accepted))),
        ValidVector(
            id: "V038",
            name: "REGACK congestion",
            hex: "070b0000000101",
            expected: .registerAcknowledgement(
                RegisterAcknowledgement(topicID: 0x0000, messageID: 0x0001, returnCode: .congestion))),
        ValidVector(
            id: "V039",
            name: "REGACK invalid topic id (from client)",
            hex: "070b0010123402",
            expected: .registerAcknowledgement(
                RegisterAcknowledgement(topicID: 0x0010, messageID: 0x1234, returnCode: .invalidTopicID))),
        ValidVector(
            id: "V040",
            name: "REGACK not supported",
            hex: "070b0000000203",
            expected: .registerAcknowledgement(
                RegisterAcknowledgement(topicID: 0x0000, messageID: 0x0002, returnCode: .notSupported))),
        ValidVector(
            id: "V041",
            name: "PUBLISH QoS 0, normal id",
            hex: "090c00000100006869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x00), topicID: 0x0001, messageID: 0x0000, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V042",
            name: "PUBLISH QoS 1, normal id",
            hex: "090c20000100026869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x20), topicID: 0x0001, messageID: 0x0002, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .atLeastOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V043",
            name: "PUBLISH QoS 1 DUP",
            hex: "090ca0000100026869",
            expected: .publish(Publish(flags: Flags(rawValue: 0xA0), topicID: 0x0001, messageID: 0x0002, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: true, qos: .atLeastOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V046",
            name: "PUBLISH QoS 0 retained",
            hex: "090c10000100006869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x10), topicID: 0x0001, messageID: 0x0000, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: true, topicIDType: .normal)),
        ValidVector(
            id: "V048",
            name: "PUBLISH QoS 0, short topic name",
            hex: "090c02616200006869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x02), topicID: 0x6162, messageID: 0x0000, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .shortName)),
        ValidVector(
            id: "V049",
            name: "PUBLISH QoS 2, short topic name",
            hex: "090c42616200056869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x42), topicID: 0x6162, messageID: 0x0005, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .exactlyOnce, retain: false, topicIDType: .shortName)),
        ValidVector(
            id: "V050",
            name: "PUBLISH QoS -1, pre-defined id",
            hex: "090c61000500006869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x61), topicID: 0x0005, messageID: 0x0000, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .minusOne, retain: false, topicIDType: .predefined)),
        ValidVector(
            id: "V052",
            name: "PUBLISH QoS -1 retained, pre-defined id",
            hex: "090c71000500006869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x71), topicID: 0x0005, messageID: 0x0000, data: 7..<9)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .minusOne, retain: true, topicIDType: .predefined)),
        ValidVector(
            id: "V054",
            name: "PUBLISH with the highest usable topic id",
            hex: "080c00fffe000021",
            expected: .publish(Publish(flags: Flags(rawValue: 0x00), topicID: 0xFFFE, messageID: 0x0000, data: 7..<8)),
            parts: ["21"],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V055",
            name: "PUBLISH QoS 1 with unused Will and CleanSession bits set",
            hex: "080c2c0001000a21",
            expected: .publish(Publish(flags: Flags(rawValue: 0x2C), topicID: 0x0001, messageID: 0x000A, data: 7..<8)),
            parts: ["21"],
            flags: Flags(duplicate: false, qos: .atLeastOnce, retain: false, topicIDType: .normal),
            canonicalHex: "080c200001000a21"),
        ValidVector(
            id: "V056",
            name: "PUBLISH of exactly 255 octets, short length form",
            hex: "ff0c0000010000" + repeated("41", 248),
            expected: .publish(
                Publish(flags: Flags(rawValue: 0x00), topicID: 0x0001, messageID: 0x0000, data: 7..<255)),
            parts: ["" + repeated("41", 248)],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V057",
            name: "PUBLISH of 256 octets, long length form",
            hex: "0101000c0000010000" + repeated("42", 247),
            expected: .publish(
                Publish(flags: Flags(rawValue: 0x00), topicID: 0x0001, messageID: 0x0000, data: 9..<256)),
            parts: ["" + repeated("42", 247)],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .normal),
            canonicalHex: "fe0c0000010000" + repeated("42", 247)),
        ValidVector(
            id: "V058",
            name: "PUBLISH of 258 octets, long length form",
            hex: "0101020c0000010000" + repeated("43", 249),
            expected: .publish(
                Publish(flags: Flags(rawValue: 0x00), topicID: 0x0001, messageID: 0x0000, data: 9..<258)),
            parts: ["" + repeated("43", 249)],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V059",
            name: "PUBLISH small message in the long length form",
            hex: "01000b0c00000100006869",
            expected: .publish(Publish(flags: Flags(rawValue: 0x00), topicID: 0x0001, messageID: 0x0000, data: 9..<11)),
            parts: ["6869"],
            flags: Flags(duplicate: false, qos: .atMostOnce, retain: false, topicIDType: .normal),
            canonicalHex: "090c00000100006869"),
        ValidVector(
            id: "V060",
            name: "PUBLISH of 1400 octets, long length form",
            hex: "0105780c200001000b" + repeated("5a", 1391),
            expected: .publish(
                Publish(flags: Flags(rawValue: 0x20), topicID: 0x0001, messageID: 0x000B, data: 9..<1400)),
            parts: ["" + repeated("5a", 1391)],
            flags: Flags(duplicate: false, qos: .atLeastOnce, retain: false, topicIDType: .normal)),
        ValidVector(
            id: "V062",
            name: "PUBACK accepted",
            hex: "070d0001000200",
            expected: .publishAcknowledgement(
                PublishAcknowledgement(topicID: 0x0001, messageID: 0x0002, returnCode: .accepted))),
        ValidVector(
            id: "V063",
            name: "PUBACK congestion",
            hex: "070d0001000201",
            expected: .publishAcknowledgement(
                PublishAcknowledgement(topicID: 0x0001, messageID: 0x0002, returnCode: .congestion))),
        ValidVector(
            id: "V064",
            name: "PUBACK invalid topic id",
            hex: "070d0063000402",
            expected: .publishAcknowledgement(
                PublishAcknowledgement(topicID: 0x0063, messageID: 0x0004, returnCode: .invalidTopicID))),
        ValidVector(
            id: "V065",
            name: "PUBACK not supported, for a QoS 0 PUBLISH",
            hex: "070d0001000003",
            expected: .publishAcknowledgement(
                PublishAcknowledgement(topicID: 0x0001, messageID: 0x0000, returnCode: .notSupported))),
        ValidVector(
            id: "V066",
            name: "PUBACK for a short topic name",
            hex: "070d6162000500",
            expected: .publishAcknowledgement(
                PublishAcknowledgement(topicID: 0x6162, messageID: 0x0005, returnCode: .accepted))),
        ValidVector(
            id: "V067",
            name: "PUBREC",
            hex: "040f0003",
            expected: .publishReceived(0x0003)),
        ValidVector(
            id: "V068",
            name: "PUBREL",
            hex: "04100003",
            expected: .publishRelease(0x0003)),
        ValidVector(
            id: "V069",
            name: "PUBCOMP",
            hex: "040e0003",
            expected: .publishComplete(0x0003)),
        ValidVector(
            id: "V070",
            name: "SUBSCRIBE wildcard, QoS 1",
            hex: "0812200003742f23",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x20), messageID: 0x0003, topic: 5..<8)),
            parts: ["742f23"],
            flags: Flags(duplicate: false, qos: .atLeastOnce, topicIDType: .normal)),
        ValidVector(
            id: "V071",
            name: "SUBSCRIBE single-level wildcard, QoS 2",
            hex: "0a12400004612f2b2f63",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x40), messageID: 0x0004, topic: 5..<10)),
            parts: ["612f2b2f63"],
            flags: Flags(duplicate: false, qos: .exactlyOnce, topicIDType: .normal)),
        ValidVector(
            id: "V072",
            name: "SUBSCRIBE plain name, QoS 0",
            hex: "0812000005742f61",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x00), messageID: 0x0005, topic: 5..<8)),
            parts: ["742f61"],
            flags: Flags(duplicate: false, qos: .atMostOnce, topicIDType: .normal)),
        ValidVector(
            id: "V073",
            name: "SUBSCRIBE pre-defined id",
            hex: "07120100060005",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x01), messageID: 0x0006, topic: 5..<7)),
            parts: ["0005"],
            flags: Flags(duplicate: false, qos: .atMostOnce, topicIDType: .predefined)),
        ValidVector(
            id: "V074",
            name: "SUBSCRIBE short topic name, QoS 1",
            hex: "07122200076162",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x22), messageID: 0x0007, topic: 5..<7)),
            parts: ["6162"],
            flags: Flags(duplicate: false, qos: .atLeastOnce, topicIDType: .shortName)),
        ValidVector(
            id: "V075",
            name: "SUBSCRIBE DUP",
            hex: "0812a00003742f23",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0xA0), messageID: 0x0003, topic: 5..<8)),
            parts: ["742f23"],
            flags: Flags(duplicate: true, qos: .atLeastOnce, topicIDType: .normal)),
        ValidVector(
            id: "V076",
            name: "SUBSCRIBE one-octet topic name",
            hex: "061200000878",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x00), messageID: 0x0008, topic: 5..<6)),
            parts: ["78"],
            flags: Flags(duplicate: false, qos: .atMostOnce, topicIDType: .normal)),
        ValidVector(
            id: "V079",
            name: "SUBACK accepted QoS 1",
            hex: "0813200010000500",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0x20), topicID: 0x0010, messageID: 0x0005, returnCode: .accepted)),
            flags: Flags(qos: .atLeastOnce)),
        ValidVector(
            id: "V080",
            name: "SUBACK accepted for a wildcard",
            hex: "0813200000000300",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0x20), topicID: 0x0000, messageID: 0x0003, returnCode: .accepted)),
            flags: Flags(qos: .atLeastOnce)),
        ValidVector(
            id: "V081",
            name: "SUBACK accepted QoS 2",
            hex: "0813400011000400",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0x40), topicID: 0x0011, messageID: 0x0004, returnCode: .accepted)),
            flags: Flags(qos: .exactlyOnce)),
        ValidVector(
            id: "V082",
            name: "SUBACK congestion",
            hex: "0813000000000501",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0x00), topicID: 0x0000, messageID: 0x0005, returnCode: .congestion)),
            flags: Flags(qos: .atMostOnce)),
        ValidVector(
            id: "V083",
            name: "SUBACK invalid topic id",
            hex: "0813000005000602",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0x00), topicID: 0x0005, messageID: 0x0006, returnCode: .invalidTopicID)),
            flags: Flags(qos: .atMostOnce)),
        ValidVector(
            id: "V084",
            name: "SUBACK not supported",
            hex: "0813000000000503",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0x00), topicID: 0x0000, messageID: 0x0005, returnCode: .notSupported)),
            flags: Flags(qos: .atMostOnce)),
        ValidVector(
            id: "V085",
            name: "UNSUBSCRIBE topic name",
            hex: "081400000b742f23",
            expected: .unsubscribe(Unsubscribe(flags: Flags(rawValue: 0x00), messageID: 0x000B, topic: 5..<8)),
            parts: ["742f23"],
            flags: Flags(topicIDType: .normal)),
        ValidVector(
            id: "V086",
            name: "UNSUBSCRIBE pre-defined id",
            hex: "071401000c0005",
            expected: .unsubscribe(Unsubscribe(flags: Flags(rawValue: 0x01), messageID: 0x000C, topic: 5..<7)),
            parts: ["0005"],
            flags: Flags(topicIDType: .predefined)),
        ValidVector(
            id: "V087",
            name: "UNSUBSCRIBE short topic name",
            hex: "071402000d6162",
            expected: .unsubscribe(Unsubscribe(flags: Flags(rawValue: 0x02), messageID: 0x000D, topic: 5..<7)),
            parts: ["6162"],
            flags: Flags(topicIDType: .shortName)),
        ValidVector(
            id: "V088",
            name: "UNSUBACK",
            hex: "0415000b",
            expected: .unsubscribeAcknowledgement(0x000B)),
        ValidVector(
            id: "V089",
            name: "PINGREQ",
            hex: "0216",
            expected: .pingRequest(clientID: 2..<2),
            parts: [""]),
        ValidVector(
            id: "V090",
            name: "PINGREQ with ClientId (waking client)",
            hex: "04166331",
            expected: .pingRequest(clientID: 2..<4),
            parts: ["6331"]),
        ValidVector(
            id: "V091",
            name: "PINGREQ with the long length form",
            hex: "010006166331",
            expected: .pingRequest(clientID: 4..<6),
            parts: ["6331"],
            canonicalHex: "04166331"),
        ValidVector(
            id: "V092",
            name: "PINGRESP",
            hex: "0217",
            expected: .pingResponse),
        ValidVector(
            id: "V093",
            name: "DISCONNECT",
            hex: "0218",
            expected: .disconnect(duration: nil)),
        ValidVector(
            id: "V094",
            name: "DISCONNECT going to sleep for 60 s",
            hex: "0418003c",
            expected: .disconnect(duration: 60)),
        ValidVector(
            id: "V095",
            name: "DISCONNECT going to sleep for 65535 s",
            hex: "0418ffff",
            expected: .disconnect(duration: 65535)),
        ValidVector(
            id: "V096",
            name: "DISCONNECT with Duration 0",
            hex: "04180000",
            expected: .disconnect(duration: 0)),
        ValidVector(
            id: "V097",
            name: "WILLTOPICUPD QoS 1 retained",
            hex: "061a30772f32",
            expected: .willTopicUpdate(WillTopic(flags: Flags(rawValue: 0x30), topic: 3..<6)),
            parts: ["772f32"],
            flags: Flags(qos: .atLeastOnce, retain: true)),
        ValidVector(
            id: "V100",
            name: "WILLTOPICRESP not supported",
            hex: "031b03",
            expected: .willTopicResponse(.notSupported)),
        ValidVector(
            id: "V101",
            name: "WILLMSGUPD",
            hex: "051c627965",
            expected: .willMessageUpdate(2..<5),
            parts: ["627965"]),
        ValidVector(
            id: "V103",
            name: "WILLMSGRESP accepted",
            hex: "031d00",
            expected: .willMessageResponse(.accepted)),
        ValidVector(
            id: "V104",
            name: "Encapsulated PINGREQ, 2-octet node id",
            hex: "05fe0012340216",
            expected: .encapsulated(Encapsulated(radius: 0, nodeID: 3..<5, inner: 5..<7)),
            parts: ["1234", "0216"]),
        ValidVector(
            id: "V107",
            name: "Encapsulated GWINFO, radius 1",
            hex: "05fe011234030201",
            expected: .encapsulated(Encapsulated(radius: 1, nodeID: 3..<5, inner: 5..<8)),
            parts: ["1234", "030201"]),
        ValidVector(
            id: "V109",
            name: "Encapsulated, 8-octet node id",
            hex: "0bfe0000124b00010203040216",
            expected: .encapsulated(Encapsulated(radius: 0, nodeID: 3..<11, inner: 11..<13)),
            parts: ["00124b0001020304", "0216"]),
        ValidVector(
            id: "V110",
            name: "Encapsulated message whose inner message uses the long form",
            hex: "05fe00123401000416",
            expected: .encapsulated(Encapsulated(radius: 0, nodeID: 3..<5, inner: 5..<9)),
            parts: ["1234", "01000416"]),
        ValidVector(
            id: "V111",
            name: "Encapsulated, reserved Ctrl bits set",
            hex: "05fefd12340216",
            expected: .encapsulated(Encapsulated(radius: 1, nodeID: 3..<5, inner: 5..<7)),
            parts: ["1234", "0216"],
            canonicalHex: "05fe0112340216"),
    ]
}

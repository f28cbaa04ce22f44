// The invalid frames of the MQTT-SN 1.2 test vectors: those that decoding refuses and those that it leaves to its
// caller.

import MQTTSN

extension InvalidVector {
    static let specification: [InvalidVector] = [
        InvalidVector(
            id: "I002", name: "one octet",
            hex: "02",
            outcome: .refused(DecodeError(.messageTypeMissing))),
        InvalidVector(
            id: "I005", name: "trailing octet after PINGRESP",
            hex: "021700",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "I006", name: "long form, prefix only",
            hex: "01",
            outcome: .refused(DecodeError(.lengthCutOff))),
        InvalidVector(
            id: "I007", name: "long form, one length octet",
            hex: "0100",
            outcome: .refused(DecodeError(.lengthCutOff))),
        InvalidVector(
            id: "I008", name: "long form without MsgType",
            hex: "010004",
            outcome: .refused(DecodeError(.messageTypeMissing))),
        InvalidVector(
            id: "I009", name: "long form Length 3",
            hex: "01000316",
            outcome: .refused(DecodeError(.lengthBelowMinimum))),
        InvalidVector(
            id: "I010", name: "long form Length 0",
            hex: "01000016",
            outcome: .refused(DecodeError(.lengthBelowMinimum))),
        InvalidVector(
            id: "I011", name: "long form, datagram too short",
            hex: "0101050c000001000041",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "I013", name: "long form with swapped length octets",
            hex: "0105000101",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "I014", name: "Paho C library at 255 octets",
            hex: "0100ff0c0000010000" + repeated("41", 248),
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "I015", name: "reserved type 0x03",
            hex: "030300",
            outcome: .refused(DecodeError(.reservedMessageType))),
        InvalidVector(
            id: "I016", name: "reserved type 0x11",
            hex: "0211",
            outcome: .refused(DecodeError(.reservedMessageType))),
        InvalidVector(
            id: "I018", name: "reserved type 0x1E",
            hex: "021e",
            outcome: .refused(DecodeError(.reservedMessageType))),
        InvalidVector(
            id: "I019", name: "reserved type 0xFD",
            hex: "02fd",
            outcome: .refused(DecodeError(.reservedMessageType))),
        InvalidVector(
            id: "I021", name: "ADVERTISE too short",
            hex: "04000103",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I022", name: "ADVERTISE too long",
            hex: "060001038400",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I024", name: "SEARCHGW too long",
            hex: "04010000",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I025", name: "GWINFO without GwId",
            hex: "0202",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I031", name: "CONNECT 24-octet ClientId",
            hex: "1e040401003c6162636465666768696a6b6c6d6e6f707172737475767778",
            outcome: .decodes(
                .connect(Connect(flags: Flags(cleanSession: true), protocolID: 1, duration: 60, clientID: 6..<30)))),
        InvalidVector(
            id: "I032", name: "CONNECT ClientId not UTF-8",
            hex: "08040401003cfffe",
            outcome: .decodes(
                .connect(Connect(flags: Flags(cleanSession: true), protocolID: 1, duration: 60, clientID: 6..<8)))),
        InvalidVector(
            id: "I033", name: "CONNECT ClientId with NUL",
            hex: "09040401003c610062",
            outcome: .decodes(
                .connect(Connect(flags: Flags(cleanSession: true), protocolID: 1, duration: 60, clientID: 6..<9)))),
        InvalidVector(
            id: "I035", name: "CONNACK too long",
            hex: "04050000",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I036", name: "CONNACK from a client",
            hex: "030500",
            outcome: .decodes(.connectAcknowledgement(.accepted))),
        InvalidVector(
            id: "I037", name: "WILLTOPICREQ with a body",
            hex: "030600",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I038", name: "WILLTOPIC with Flags but no topic",
            hex: "030700",
            outcome: .refused(DecodeError(.willTopicWithoutTopic))),
        InvalidVector(
            id: "I039", name: "WILLTOPIC QoS 3",
            hex: "060760772f74",
            outcome: .decodes(.willTopic(WillTopic(flags: Flags(qos: .minusOne), topic: 3..<6)))),
        InvalidVector(
            id: "I040", name: "WILLTOPIC with a wildcard",
            hex: "060700612f23",
            outcome: .decodes(.willTopic(WillTopic(flags: Flags(), topic: 3..<6)))),
        InvalidVector(
            id: "I041", name: "WILLMSG when none was requested",
            hex: "0509627965",
            outcome: .decodes(.willMessage(2..<5))),
        InvalidVector(
            id: "I043", name: "REGISTER without topic name",
            hex: "060a00000001",
            outcome: .refused(DecodeError(.registerWithoutTopicName, messageID: 1))),
        InvalidVector(
            id: "I044", name: "REGISTER with a wildcard",
            hex: "090a00000001742f23",
            outcome: .decodes(.register(Register(topicID: 0, messageID: 1, topicName: 6..<9)))),
        InvalidVector(
            id: "I046", name: "REGISTER from client with a TopicId",
            hex: "090a00630001742f61",
            outcome: .decodes(.register(Register(topicID: 99, messageID: 1, topicName: 6..<9)))),
        InvalidVector(
            id: "I047", name: "REGACK without ReturnCode",
            hex: "060b00010001",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I049", name: "PUBLISH TopicIdType 3",
            hex: "090c23000100026869",
            outcome: .decodes(
                .publish(
                    Publish(
                        flags: Flags(qos: .atLeastOnce, topicIDType: .reserved), topicID: 1, messageID: 2, data: 7..<9))
            )),
        InvalidVector(
            id: "I051", name: "PUBLISH TopicId 0xFFFF",
            hex: "090c20ffff00026869",
            outcome: .decodes(
                .publish(Publish(flags: Flags(qos: .atLeastOnce), topicID: 0xFFFF, messageID: 2, data: 7..<9)))),
        InvalidVector(
            id: "I052", name: "PUBLISH unknown pre-defined id",
            hex: "090c217fff00026869",
            outcome: .decodes(
                .publish(
                    Publish(
                        flags: Flags(qos: .atLeastOnce, topicIDType: .predefined), topicID: 0x7FFF, messageID: 2,
                        data: 7..<9)))),
        InvalidVector(
            id: "I053", name: "PUBLISH QoS 1 with MsgId 0",
            hex: "090c20000100006869",
            outcome: .decodes(.publish(Publish(flags: Flags(qos: .atLeastOnce), topicID: 1, messageID: 0, data: 7..<9)))
        ),
        InvalidVector(
            id: "I054", name: "PUBLISH QoS -1 with a normal topic id",
            hex: "090c60000100006869",
            outcome: .decodes(.publish(Publish(flags: Flags(qos: .minusOne), topicID: 1, messageID: 0, data: 7..<9)))),
        InvalidVector(
            id: "I055", name: "PUBLISH short topic with a wildcard",
            hex: "090c22612300026869",
            outcome: .decodes(
                .publish(
                    Publish(
                        flags: Flags(qos: .atLeastOnce, topicIDType: .shortName), topicID: 0x6123, messageID: 2,
                        data: 7..<9)))),
        InvalidVector(
            id: "I057", name: "PUBACK without ReturnCode",
            hex: "060d00010002",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I058", name: "PUBACK reserved ReturnCode",
            hex: "070d0001000204",
            outcome: .decodes(
                .publishAcknowledgement(
                    PublishAcknowledgement(topicID: 1, messageID: 2, returnCode: ReturnCode(rawValue: 4))))),
        InvalidVector(
            id: "I060", name: "PUBREL too long",
            hex: "0510000300",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I061", name: "SUBSCRIBE without topic",
            hex: "0512000001",
            outcome: .refused(DecodeError(.subscribeWithoutTopic, messageID: 1))),
        InvalidVector(
            id: "I062", name: "SUBSCRIBE pre-defined id of one octet",
            hex: "061201000605",
            outcome: .refused(DecodeError(.subscribeWithWrongTopicIDSize, messageID: 6))),
        InvalidVector(
            id: "I063", name: "SUBSCRIBE pre-defined id of three octets",
            hex: "0812010006000500",
            outcome: .refused(DecodeError(.subscribeWithWrongTopicIDSize, messageID: 6))),
        InvalidVector(
            id: "I064", name: "SUBSCRIBE short name of three octets",
            hex: "0812020006616263",
            outcome: .refused(DecodeError(.subscribeWithWrongTopicIDSize, messageID: 6))),
        InvalidVector(
            id: "I065", name: "SUBSCRIBE TopicIdType 3",
            hex: "0812030006742f61",
            outcome: .decodes(.subscribe(Subscribe(flags: Flags(topicIDType: .reserved), messageID: 6, topic: 5..<8)))),
        InvalidVector(
            id: "I066", name: "SUBSCRIBE QoS 3",
            hex: "0812600006742f61",
            outcome: .decodes(.subscribe(Subscribe(flags: Flags(qos: .minusOne), messageID: 6, topic: 5..<8)))),
        InvalidVector(
            id: "I068", name: "SUBSCRIBE with MsgId 0",
            hex: "0812000000742f61",
            outcome: .decodes(.subscribe(Subscribe(flags: Flags(), messageID: 0, topic: 5..<8)))),
        InvalidVector(
            id: "I069", name: "SUBSCRIBE reserved pre-defined id",
            hex: "0712010006ffff",
            outcome: .decodes(.subscribe(Subscribe(flags: Flags(topicIDType: .predefined), messageID: 6, topic: 5..<7)))
        ),
        InvalidVector(
            id: "I070", name: "SUBACK too short",
            hex: "07132000100005",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I071", name: "SUBACK from a client",
            hex: "0813200010000500",
            outcome: .decodes(
                .subscribeAcknowledgement(
                    SubscribeAcknowledgement(
                        flags: Flags(qos: .atLeastOnce), topicID: 16, messageID: 5, returnCode: .accepted)))),
        InvalidVector(
            id: "I073", name: "UNSUBACK too short",
            hex: "031500",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I074", name: "PINGRESP with a body",
            hex: "031700",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I077", name: "DISCONNECT with three octets after the type",
            hex: "0518003c00",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I078", name: "DISCONNECT with Duration from a gateway",
            hex: "0418003c",
            outcome: .decodes(.disconnect(duration: 60))),
        InvalidVector(
            id: "I079", name: "WILLTOPICUPD Flags only",
            hex: "031a30",
            outcome: .refused(DecodeError(.willTopicUpdateWithoutTopic))),
        InvalidVector(
            id: "I080", name: "WILLTOPICUPD QoS 3",
            hex: "061a60772f74",
            outcome: .decodes(.willTopicUpdate(WillTopic(flags: Flags(qos: .minusOne), topic: 3..<6)))),
        InvalidVector(
            id: "I081", name: "WILLTOPICRESP without ReturnCode",
            hex: "021b",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "I085", name: "encapsulation, inner message cut off",
            hex: "05fe001234080404",
            outcome: .refused(DecodeError(.innerMessageFraming))),
        InvalidVector(
            id: "I086", name: "encapsulation, octets after the inner message",
            hex: "05fe001234021600",
            outcome: .refused(DecodeError(.innerMessageFraming))),
        InvalidVector(
            id: "I088", name: "encapsulation inside encapsulation",
            hex: "05fe00123405fe0012350216",
            outcome: .refused(DecodeError(.nestedEncapsulation))),
        InvalidVector(
            id: "I090", name: "encapsulation header without room for MsgType",
            hex: "01fe0012340216",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "I091", name: "MQTT 3.1.1 CONNECT on the MQTT-SN port",
            hex: "100e00044d5154540402003c00026331",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I092", name: "MQTT-SN v2.0 CONNECT",
            hex: "0a0101000102003c0000",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "I093", name: "MQTT-SN v2.0 PUBLISH",
            hex: "0903000001742f6121",
            outcome: .refused(DecodeError(.reservedMessageType))),
    ]
}

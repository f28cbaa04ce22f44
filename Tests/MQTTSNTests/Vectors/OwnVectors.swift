// Frames of our own where the specification's vectors leave a form or a boundary out.

import MQTTSN

extension ValidVector {
    static let own: [ValidVector] = [
        ValidVector(
            id: "P01", name: "CONNECT without ClientId, which its reader refuses", hex: "06040401003c",
            expected: .connect(
                Connect(flags: Flags(cleanSession: true), protocolID: 1, duration: 60, clientID: 6..<6)),
            parts: [""], flags: Flags(cleanSession: true)),
        ValidVector(
            id: "P02", name: "CONNECT of another protocol version, which its reader refuses", hex: "07040002000078",
            expected: .connect(Connect(flags: Flags(), protocolID: 2, duration: 0, clientID: 6..<7)),
            parts: ["78"], flags: Flags()),
        ValidVector(
            id: "P03", name: "CONNACK with a reserved ReturnCode", hex: "0305ff",
            expected: .connectAcknowledgement(ReturnCode(rawValue: 0xFF))),
        ValidVector(id: "P04", name: "WILLTOPICREQ", hex: "0206", expected: .willTopicRequest),
        ValidVector(
            id: "P05", name: "WILLMSGREQ with the long length form", hex: "01000408", expected: .willMessageRequest,
            canonicalHex: "0208"),
        ValidVector(
            id: "P06", name: "WILLTOPIC empty with the long length form", hex: "01000407",
            expected: .willTopic(WillTopic(flags: Flags(), topic: 4..<4)), parts: [""], canonicalHex: "0207"),
        ValidVector(
            id: "P07", name: "WILLTOPIC with every unused flag bit set", hex: "04078f77",
            expected: .willTopic(WillTopic(flags: Flags(rawValue: 0x8F), topic: 3..<4)),
            parts: ["77"], flags: Flags(), canonicalHex: "04070077"),
        ValidVector(id: "P08", name: "WILLMSG empty", hex: "0209", expected: .willMessage(2..<2), parts: [""]),
        ValidVector(
            id: "P09", name: "REGISTER of 258 octets, the smallest that needs the long form",
            hex: "0101020a00010002" + repeated("78", 250),
            expected: .register(Register(topicID: 1, messageID: 2, topicName: 8..<258)), parts: [repeated("78", 250)]),
        ValidVector(
            id: "P10", name: "PUBLISH without data", hex: "070c00abcd0000",
            expected: .publish(Publish(flags: Flags(), topicID: 0xABCD, messageID: 0, data: 7..<7)),
            parts: [""], flags: Flags()),
        ValidVector(
            id: "P11", name: "PUBLISH of 256 octets, a size that arises only in the long form",
            hex: "0101000c0000010000" + repeated("41", 247),
            expected: .publish(Publish(flags: Flags(), topicID: 1, messageID: 0, data: 9..<256)),
            parts: [repeated("41", 247)], flags: Flags(), canonicalHex: "fe0c0000010000" + repeated("41", 247)),
        ValidVector(
            id: "P12", name: "PUBLISH of 257 octets, a size that arises only in the long form",
            hex: "0101010c0000010000" + repeated("41", 248),
            expected: .publish(Publish(flags: Flags(), topicID: 1, messageID: 0, data: 9..<257)),
            parts: [repeated("41", 248)], flags: Flags(), canonicalHex: "ff0c0000010000" + repeated("41", 248)),
        ValidVector(
            id: "P13", name: "PUBLISH of 65535 octets", hex: "01ffff0c0000010000" + repeated("41", 65526),
            expected: .publish(Publish(flags: Flags(), topicID: 1, messageID: 0, data: 9..<65535)),
            parts: [repeated("41", 65526)], flags: Flags()),
        ValidVector(
            id: "P14", name: "SUBSCRIBE with unused flag bits set", hex: "06121c000878",
            expected: .subscribe(Subscribe(flags: Flags(rawValue: 0x1C), messageID: 8, topic: 5..<6)),
            parts: ["78"], flags: Flags(), canonicalHex: "061200000878"),
        ValidVector(
            id: "P15", name: "SUBSCRIBE to a two-octet name, which type normal keeps apart from a short name",
            hex: "07120000086162",
            expected: .subscribe(Subscribe(flags: Flags(), messageID: 8, topic: 5..<7)),
            parts: ["6162"], flags: Flags()),
        ValidVector(
            id: "P16", name: "SUBACK with every unused flag bit set", hex: "0813ff0010000500",
            expected: .subscribeAcknowledgement(
                SubscribeAcknowledgement(
                    flags: Flags(rawValue: 0xFF), topicID: 16, messageID: 5, returnCode: .accepted)),
            flags: Flags(qos: .minusOne), canonicalHex: "0813600010000500"),
        ValidVector(
            id: "P17", name: "UNSUBSCRIBE with every unused flag bit set", hex: "0714fd000c0005",
            expected: .unsubscribe(Unsubscribe(flags: Flags(rawValue: 0xFD), messageID: 12, topic: 5..<7)),
            parts: ["0005"], flags: Flags(topicIDType: .predefined), canonicalHex: "071401000c0005"),
        ValidVector(
            id: "P18", name: "DISCONNECT with the long length form", hex: "01000418",
            expected: .disconnect(duration: nil),
            canonicalHex: "0218"),
        ValidVector(
            id: "P19", name: "WILLTOPICUPD empty", hex: "021a",
            expected: .willTopicUpdate(WillTopic(flags: Flags(), topic: 2..<2)), parts: [""]),
        ValidVector(
            id: "P20", name: "WILLTOPICRESP accepted", hex: "031b00", expected: .willTopicResponse(.accepted)),
        ValidVector(
            id: "P21", name: "WILLMSGUPD empty", hex: "021c", expected: .willMessageUpdate(2..<2), parts: [""]),
        ValidVector(
            id: "P22", name: "WILLMSGRESP congestion", hex: "031d01", expected: .willMessageResponse(.congestion)),
        ValidVector(
            id: "P23", name: "Encapsulated, one-octet node id", hex: "04fe03070217",
            expected: .encapsulated(Encapsulated(radius: 3, nodeID: 3..<4, inner: 4..<6)), parts: ["07", "0217"]),
        ValidVector(
            id: "P24", name: "Encapsulated, the longest node id", hex: "fffe00" + repeated("5a", 252) + "0216",
            expected: .encapsulated(Encapsulated(radius: 0, nodeID: 3..<255, inner: 255..<257)),
            parts: [repeated("5a", 252), "0216"]),
        ValidVector(
            id: "P25", name: "Encapsulated message of a reserved type, which its own decoding refuses",
            hex: "04fe00070203",
            expected: .encapsulated(Encapsulated(radius: 0, nodeID: 3..<4, inner: 4..<6)), parts: ["07", "0203"]),
        ValidVector(
            id: "P26", name: "Encapsulated message of 1400 octets",
            hex: "04fe00070105780c0000010000" + repeated("41", 1391),
            expected: .encapsulated(Encapsulated(radius: 0, nodeID: 3..<4, inner: 4..<1404)),
            parts: ["07", "0105780c0000010000" + repeated("41", 1391)]),
    ]
}

extension InvalidVector {
    static let own: [InvalidVector] = [
        InvalidVector(id: "N01", name: "nothing", hex: "", outcome: .refused(DecodeError(.emptyDatagram))),
        InvalidVector(
            id: "N02", name: "Length 0", hex: "0016", outcome: .refused(DecodeError(.lengthBelowMinimum))),
        InvalidVector(
            id: "N03", name: "long form Length 2, below its own header", hex: "01000216",
            outcome: .refused(DecodeError(.lengthBelowMinimum))),
        InvalidVector(
            id: "N04", name: "two messages in one datagram", hex: "02160216",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "N05", name: "reserved type with a wrong Length: framing comes first", hex: "0303",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "N06", name: "reserved type 0xFF", hex: "02ff", outcome: .refused(DecodeError(.reservedMessageType))),
        InvalidVector(
            id: "N07", name: "reserved type in the long form", hex: "01000419",
            outcome: .refused(DecodeError(.reservedMessageType))),
        InvalidVector(
            id: "N08", name: "SEARCHGW without Radius", hex: "0201", outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N09", name: "CONNECT with half a Duration", hex: "0504040100",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N10", name: "WILLTOPIC Flags only in the long form", hex: "0100050700",
            outcome: .refused(DecodeError(.willTopicWithoutTopic))),
        InvalidVector(
            id: "N11", name: "WILLMSGREQ with a body", hex: "030800",
            outcome: .refused(DecodeError(.bodyTooLong))
        ),
        InvalidVector(
            id: "N12", name: "REGISTER without MsgId", hex: "040a0000", outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N13", name: "REGACK too long", hex: "080b001000010000",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "N14", name: "PUBLISH with half a MsgId", hex: "060c00000100",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N15", name: "PUBACK too long", hex: "080d000100020000",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "N16", name: "PUBREC with half a MsgId", hex: "030f00",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N17", name: "SUBSCRIBE with half a MsgId", hex: "04120000",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N18", name: "SUBSCRIBE of the reserved TopicIdType without topic", hex: "0512030102",
            outcome: .refused(DecodeError(.subscribeWithoutTopic, messageID: 0x0102))),
        InvalidVector(
            id: "N19", name: "SUBACK too long", hex: "091320001000050000",
            outcome: .refused(DecodeError(.bodyTooLong))),
        InvalidVector(
            id: "N20", name: "UNSUBSCRIBE without topic", hex: "0514000102",
            outcome: .refused(DecodeError(.unsubscribeWithoutTopic, messageID: 0x0102))),
        InvalidVector(
            id: "N21", name: "UNSUBSCRIBE pre-defined id of one octet", hex: "061401010205",
            outcome: .refused(DecodeError(.unsubscribeWithWrongTopicIDSize, messageID: 0x0102))),
        InvalidVector(
            id: "N22", name: "UNSUBSCRIBE short name of three octets", hex: "0814020102616263",
            outcome: .refused(DecodeError(.unsubscribeWithWrongTopicIDSize, messageID: 0x0102))),
        InvalidVector(
            id: "N23", name: "UNSUBSCRIBE without MsgId", hex: "031400", outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N24", name: "DISCONNECT with half a Duration", hex: "031800",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N25", name: "WILLMSGRESP without ReturnCode", hex: "021d",
            outcome: .refused(DecodeError(.bodyTooShort))),
        InvalidVector(
            id: "N26", name: "encapsulation without Ctrl", hex: "02fe", outcome: .refused(DecodeError(.nodeIDMissing))),
        InvalidVector(
            id: "N27", name: "encapsulation without node id", hex: "03fe000216",
            outcome: .refused(DecodeError(.nodeIDMissing))),
        InvalidVector(
            id: "N28", name: "encapsulation, node id cut off", hex: "05fe0012",
            outcome: .refused(DecodeError(.lengthMismatch))),
        InvalidVector(
            id: "N29", name: "encapsulation without inner message", hex: "05fe001234",
            outcome: .refused(DecodeError(.innerMessageMissing))),
        InvalidVector(
            id: "N30", name: "encapsulation, inner Length 0", hex: "05fe0012340016",
            outcome: .refused(DecodeError(.innerMessageFraming))),
        InvalidVector(
            id: "N31", name: "encapsulation, inner message of one octet", hex: "05fe00123402",
            outcome: .refused(DecodeError(.innerMessageFraming))),
        InvalidVector(
            id: "N32", name: "encapsulation, inner long-form Length cut off", hex: "05fe0012340100",
            outcome: .refused(DecodeError(.innerMessageFraming))),
        InvalidVector(
            id: "N33", name: "encapsulation with a long Length up to its node id", hex: "010007fe0012340216",
            outcome: .refused(DecodeError(.encapsulationWithLongLength))),
        InvalidVector(
            id: "N34", name: "encapsulation with a long Length inside an encapsulation",
            hex: "04fe0007010006fe00120216",
            outcome: .refused(DecodeError(.nestedEncapsulation))),
    ]
}

import Describe
import JSON
import Testing

/// What is told of single datagrams, word for word.
@Suite struct DatagramWordsTests {
    private func octets(_ hex: String) throws -> [UInt8] { try HexadecimalInput.octets(hex).get() }

    @Test(
        "A message is told on one line",
        arguments: [
            ("0500010384", "ADVERTISE gateway 1, the next in 900 s"),
            ("030100", "SEARCHGW radius 0 (the whole network)"),
            ("030201", "GWINFO gateway 1"),
            ("09040401 003c 616263", "CONNECT \"abc\", clean session, Duration 60 s"),
            ("09040c02003c616263", "CONNECT \"abc\", clean session, Will, Duration 60 s, ProtocolId 2"),
            ("030503", "CONNACK rejected: not supported"),
            ("0206", "WILLTOPICREQ"),
            ("0207", "WILLTOPIC empty: no Will"),
            ("060730772f74", "WILLTOPIC \"w/t\", QoS 1, retained"),
            ("0509627965", "WILLMSG 3 octets"),
            ("090a00000001612f62", "REGISTER topic id 0, MsgId 1, \"a/b\""),
            ("070b00010001 00", "REGACK topic id 1, MsgId 1, accepted"),
            ("0c0ca000030029 68656c6c6f", "PUBLISH QoS 1, topic id 3, MsgId 41, DUP, 5 octets"),
            ("090c62616200006869", "PUBLISH QoS -1, short topic \"ab\", 2 octets"),
            ("070d6162002902", "PUBACK topic id 24930 or short topic \"ab\", MsgId 41, rejected: invalid topic id"),
            ("0812200006612f2b", "SUBSCRIBE QoS 1, \"a/+\", MsgId 6"),
            ("07122100060005", "SUBSCRIBE QoS 1, pre-defined topic id 5, MsgId 6"),
            ("0813200010000500", "SUBACK granted QoS 1, topic id 16, MsgId 5, accepted"),
            ("0516616263", "PINGREQ \"abc\""),
            ("04180384", "DISCONNECT to sleep for 900 s"),
            ("05fe0112340216", "ENCAPSULATED node 0x1234, radius 1: PINGREQ"),
        ])
    func line(hex: String, words: String) throws {
        let bytes = try octets(hex)
        #expect(DatagramWords.line(of: bytes.span.bytes) == words)
    }

    @Test("A message is told field by field, with what its values mean")
    func fields() throws {
        let bytes = try octets("19040401000a6d7174742d736e2d746f6f6c732d3237393236")
        #expect(
            DatagramWords.description(of: bytes.span.bytes).lines(bytes) == [
                "CONNECT            25 octets",
                "  00  19          Length           25",
                "  01  04          MsgType          CONNECT",
                "  02  04          Flags            clean session; no Will",
                "  03  01          ProtocolId       1",
                "  04  000a        Duration         10 s (lost after 15 s: + 50 %)",
                "  06  6d71…3236   ClientId         \"mqtt-sn-tools-27926\"  19 octets",
            ])
    }

    @Test("An encapsulation is told with the message in it, whose offsets are the datagram's")
    func encapsulation() throws {
        let bad = try octets("05fe01123404000103")
        let fault = DatagramWords.description(of: bad.span.bytes).fault
        #expect(fault?.subject == "malformed ADVERTISE" && fault?.offset == bad.count)
        let good = try octets("05fe0112340216")
        #expect(
            DatagramWords.description(of: good.span.bytes).lines(good) == [
                "ENCAPSULATED       5 octets",
                "  00  05          Length           5",
                "  01  fe          MsgType          ENCAPSULATED",
                "  02  01          Ctrl             radius 1",
                "  03  1234        WirelessNodeId   0x1234  2 octets",
                "PINGREQ            2 octets",
                "  05  02          Length           2",
                "  06  16          MsgType          PINGREQ",
            ])
    }

    @Test("What is no message is told with its first octets and a mark where it is wrong")
    func mark() throws {
        let bytes = try octets("3026016c6f6c")
        #expect(
            DatagramWords.description(of: bytes.span.bytes).lines(bytes) == [
                "not MQTT-SN: Length says 48 octets, the datagram has 6",
                "  30 26 01 6c 6f 6c",
                "  ^^ offset 0",
                "  ? 0x30 is also the first octet of an MQTT PUBLISH: is this plain MQTT sent by UDP?",
            ])
    }

    @Test(
        "What is wrong is told with its numbers and its place",
        arguments: [
            ("", "not MQTT-SN: it is empty", 0),
            ("02", "not MQTT-SN: it ends before MsgType", 1),
            ("01000316", "not MQTT-SN: Length says 3 octets, and its header alone takes 4", 1),
            ("02fd", "not MQTT-SN: MQTT-SN 1.2 has no MsgType 0xFD", 1),
            ("04000103", "malformed ADVERTISE: it ends inside Duration", 4),
            ("060b00010001", "malformed REGACK: ReturnCode is missing", 6),
            ("060001038400", "malformed ADVERTISE: it is 1 octet too long", 5),
            (
                "0812010006000500",
                "malformed SUBSCRIBE: a pre-defined id or short name takes two octets, this one has 3", 5
            ),
        ])
    func faults(hex: String, words: String, offset: Int) throws {
        let bytes = (try? octets(hex)) ?? []
        let description = DatagramWords.description(of: bytes.span.bytes)
        let fault = try #require(description.fault)
        #expect("\(fault.subject): \(fault.reason)" == words)
        #expect(fault.offset == offset)
    }

    @Test(
        "What comes to the port by mistake is recognised",
        arguments: [
            ("100e00044d5154540402003c00026331", "an MQTT CONNECT"),
            ("100f00044d515454 0502003c00026331", "an MQTT 5 CONNECT"),
            ("300700 03612f626869", "an MQTT PUBLISH"),
            ("474554202f20485454502f312e310d0a", "this is HTTP"),
            ("16030100a5010000a1", "a TLS record"),
            ("16feff000000000000000000", "a DTLS record"),
            ("0a0101000102003c0000", "a CONNECT of MQTT-SN 2.0"),
            ("0903000001742f6121", "PUBLISH in MQTT-SN 2.0"),
            ("7e00078b05fffe007400fe", "an XBee API frame of type 0x8B"),
            ("c0021600c0", "a frame of SLIP"),
            ("02170216", "a second message, PINGREQ"),
            ("0105000101", "the two octets of Length are swapped"),
            ("3032313630323136", "hexadecimal digits as text"),
            ("68656c6c6f20776f726c64", "this is text: \"hello world\""),
            ("0216ffff", "Length must count itself"),
        ])
    func guesses(hex: String, words: String) throws {
        let bytes = try octets(hex)
        let guesses = DatagramWords.description(of: bytes.span.bytes).guesses
        #expect(guesses.contains { $0.contains(words) }, "\(guesses)")
    }

    @Test("Of something long and wrong only the beginning is shown")
    func bounded() {
        let bytes = [UInt8](repeating: 0x99, count: 60_000)
        let description = DatagramWords.description(of: bytes.span.bytes)
        #expect(description.line.count < 400)
        #expect(description.lines(bytes).contains("  … 59936 octets more"))
    }

    @Test("Names that others chose are shown and not obeyed")
    func foreignNames() {
        let name = Array("a\"\u{1B}[31m\n\u{202E}\\é".utf8) + [0xFF, 0xC3]
        let bytes = [UInt8(6 + name.count), 0x04, 0x04, 0x01, 0, 60] + name
        let words = "CONNECT \"a\\\"\\u{1b}[31m\\u{a}\\u{202e}\\\\é\\xff\\xc3\", clean session, Duration 60 s"
        #expect(DatagramWords.line(of: bytes.span.bytes) == words)
    }

    @Test("A payload is told only where that is wanted")
    func payload() throws {
        let bytes = try octets("0c0c2000030029 68656c6c6f")
        #expect(!DatagramWords.line(of: bytes.span.bytes).contains("hello"))
        #expect(DatagramWords.line(of: bytes.span.bytes, payload: PayloadWords.text).hasSuffix("\"hello\"  5 octets"))
    }

    @Test("Random and damaged octets are told without a trap")
    func random() {
        var state: UInt64 = 7
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        for round in 0..<20_000 {
            let count = Int(next()) % 40
            var bytes = (0..<count).map { _ in next() }
            // Most of what is random has a wrong Length, so many get a right one and a type that exists.
            if round % 2 == 0, count > 2 { (bytes[0], bytes[1]) = (UInt8(count), next() % 0x1E) }
            let description = DatagramWords.description(of: bytes.span.bytes)
            _ = description.lines(bytes)
            _ = description.json(bytes, protocol: "mqtt-sn").text
            _ = PacketWords.line(of: bytes.span.bytes)
            _ = PacketWords.descriptions(of: bytes.span.bytes).map { $0.description.lines($0.bytes) }
            _ = CaptureFile.read([0xA1, 0xB2, 0xC3, 0xD4] + bytes)
            _ = CaptureFile.read([0x0A, 0x0D, 0x0D, 0x0A] + bytes)
        }
    }
}

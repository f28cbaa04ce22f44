import HTTP
import Testing

@testable import WebSocket

/// What is asked of a server of WebSocket, and which answers make one for MQTT.
@Suite struct WebSocketUpgradeTests {
    /// Its key is the one of RFC 6455 §1.3, "the sample nonce".
    private static let upgrade = WebSocketUpgrade(
        authority: "broker.example:8080", path: "/mqtt", chance: (0x7468_6520_7361_6D70, 0x6C65_206E_6F6E_6365))

    /// FIPS 180-4's examples, and lengths around a block.
    @Test(arguments: [
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"), ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 55), "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
        (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        (String(repeating: "a", count: 1_000), "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
    ])
    func theHashIsSHA1(text: String, digest: String) {
        let digits = SHA1.hash(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digits == digest)
    }

    @Test("RFC 6455 §4.1, MQTT-6.0.0-3 The request") func request() {
        let expected = """
            GET /mqtt HTTP/1.1\r
            Host: broker.example:8080\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Protocol: mqtt\r
            \r

            """
        #expect(String(decoding: Self.upgrade.request, as: UTF8.self) == expected)
    }

    struct Answer: Sendable {
        var upgrade: String? = "websocket"
        var connection: String? = "Upgrade"
        var accept: String? = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        var named: String? = "mqtt"
        var extra: String?
        var fault: WebSocketUpgrade.Fault?
    }

    static let answers = [
        Answer(), Answer(upgrade: "WebSocket", connection: "keep-alive, upgrade"),
        Answer(upgrade: nil, fault: .noUpgrade), Answer(upgrade: "h2c", fault: .noUpgrade),
        Answer(connection: "close", fault: .noUpgrade), Answer(connection: nil, fault: .noUpgrade),
        Answer(accept: nil, fault: .wrongAccept), Answer(accept: "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", fault: .wrongAccept),
        Answer(accept: "", fault: .wrongAccept), Answer(named: nil, fault: .noSubprotocol),
        Answer(named: "", fault: .noSubprotocol),
        Answer(named: "mqttv3.1", fault: .otherSubprotocol(Array("mqttv3.1".utf8))),
        Answer(named: "MQTT", fault: .otherSubprotocol(Array("MQTT".utf8))),
        Answer(named: "mqtt, chat", fault: .otherSubprotocol(Array("mqtt".utf8))),
        Answer(extra: "permessage-deflate; x=1", fault: .unknownExtension(Array("permessage-deflate; x=1".utf8))),
    ]

    @Test("RFC 6455 §4.1, MQTT-6.0.0-4 An answer is taken only as it must be", arguments: answers)
    func answer(_ answer: Answer) {
        let fields = [
            ("upgrade", answer.upgrade), ("connection", answer.connection), ("sec-websocket-accept", answer.accept),
            ("sec-websocket-protocol", answer.named), ("sec-websocket-extensions", answer.extra),
        ].compactMap { name, value in value.map { HTTPAnswer.Field(name: name, value: Array($0.utf8)) } }
        #expect(Self.upgrade.fault(in: HTTPAnswer(status: 101, reason: [], fields: fields)) == answer.fault)
    }

    @Test func aSecondAcceptIsWrong() {
        let accept = HTTPAnswer.Field(name: "sec-websocket-accept", value: Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8))
        let fields = [
            HTTPAnswer.Field(name: "upgrade", value: Array("websocket".utf8)),
            .init(name: "connection", value: Array("upgrade".utf8)), accept, accept,
        ]
        #expect(Self.upgrade.fault(in: HTTPAnswer(status: 101, reason: [], fields: fields)) == .wrongAccept)
    }
}

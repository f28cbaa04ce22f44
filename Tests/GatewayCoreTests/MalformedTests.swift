import GatewayCore
import MQTT
import MQTTSN
import Testing

/// Datagrams that hold no message of MQTT-SN 1.2 (GW-03 to GW-05, GW-83): counted, and without an effect on anybody.
@Suite struct MalformedTests {
    /// What decoding refuses, and what is well-formed and has no place at a gateway's client port.
    static let invalid: [String] = [
        "02", "021700", "01", "0100", "010004", "01000316", "01000016", "0101050c000001000041", "0105000101",
        "030300", "0211", "021e", "02fd", "04000103", "060001038400", "04010000", "0202", "04050000", "030600",
        "030700", "060a00000001", "060b00010001", "060d00010002", "0510000300", "0512000001", "061201000605",
        "0812010006000500", "0812020006616263", "07132000100005", "031500", "031700", "0518003c00", "031a30", "021b",
        "05fe001234080404", "05fe001234021600", "05fe00123405fe0012350216", "01fe0012340216",
        "100e00044d5154540402003c00026331", "0a0101000102003c0000", "0903000001742f6121", "", "0016", "01000216",
        "02160216", "0303", "02ff", "01000419", "0201", "0504040100", "0100050700", "030800", "040a0000",
        "080b001000010000", "060c00000100", "080d000100020000", "030f00", "04120000", "0512030102",
        "091320001000050000", "0514000102", "061401010205", "0814020102616263", "031400", "031800", "021d", "02fe",
        "03fe000216", "05fe0012", "05fe001234", "05fe0012340016", "05fe00123402", "05fe0012340100",
        "010007fe0012340216", "04fe0007010006fe00120216", "00", "0704010100", "0604040100", "03040401", "0205",
        "060b00000001", "080b0000000100ff", "030e00", "050f000100", "03100001", "0412000001", "0413",
        "0913000001000200ff", "04140000", "0315", "0515000100", "0318", "051800010000", "031a20", "041b0000",
        "041d0000", "05fe0012340216", "03fe00", "06fe00123405fe0012340216", "0100fe0012340216", "050017", "ffffffff",
    ]

    /// What is well-formed and not for the gateway.
    static let misplaced = ["030201", "05020a0b0c"]

    @Test("GW-03 GW-04 GW-05 GW-83 A malformed datagram of a stranger is counted and not answered", arguments: invalid)
    func stranger(hex: String) {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        stranger.sends(octets: octets(hex))
        stranger.receivesNothing()
        #expect(dialogue.observations.count <= 2)
        #expect(dialogue.sessionCount == 0)
        #expect(!stranger.isKnown)
    }

    @Test(
        "GW-90 GW-05 AMB-31 A malformed datagram from a client's address leaves its session as it is",
        arguments: invalid)
    func client(hex: String) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.registers("a/b", as: 1)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 5))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publish(1, "y", id: 6, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "y", qos: .exactlyOnce, id: 6))
        client.sends(octets: octets(hex))
        // Where a MsgId was readable the request is refused; nothing else is said.
        let answersOfOtherKind = dialogue.readMessages(to: client.address).filter { !$0.isRefusal }
        #expect(answersOfOtherKind == [])
        upstream.receivesNothing()
        upstream.sends(.publishReceived(6))
        client.receives(.publishReceived(6))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(5))
        client.registers("c/d", as: 2)
        #expect(dialogue.sessionCount == 1)
    }

    @Test("GW-90 A message that has no place at the gateway is counted", arguments: misplaced)
    func notForTheGateway(hex: String) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(octets: octets(hex))
        dialogue.observes(.unexpectedMessage)
        let stranger = dialogue.client("")
        stranger.sends(octets: octets(hex))
        #expect(!stranger.isKnown)
    }

    @Test("GW-05 REGISTER without a name and WILLTOPICUPD with Flags only are refused, not passed over in silence")
    func answered() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(octets: octets("060a00000007"))
        client.receives(.registerAcknowledgement(0, 7, .notSupported))
        client.sends(octets: octets("031a20"))
        client.receives(.willTopicResponse(.notSupported))
    }

    @Test("GW-03 AMB-31 Two messages in one datagram are none")
    func twoMessages() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(octets: SNMessage.pingRequest().bytes + SNMessage.pingRequest().bytes)
        client.receivesNothing()
        dialogue.observes(.malformedDatagram)
    }

    @Test("GW-90 A datagram that the host had to cut is counted, and its sender not kept")
    func truncated() {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        dialogue.happens(.datagramTruncated(from: dialogue.peer(of: stranger)), at: #_sourceLocation)
        dialogue.observes(.truncatedDatagram)
        #expect(!stranger.isKnown)
        let client = dialogue.client("c1")
        client.connects()
        dialogue.happens(.datagramTruncated(from: dialogue.peer(of: client)), at: #_sourceLocation)
        #expect(client.isKnown)
    }

    @Test("GW-90 The longest datagrams pass through")
    func longest() {
        let dialogue = Dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 65_507 })
        let client = dialogue.client("c1")
        let upstream = client.connects()
        let payload = String(repeating: "x", count: 65_507 - 9)
        client.sends(.publish(.short("ab"), payload))
        upstream.receives(.publish("ab", payload))
        upstream.sends(.publish("ab", payload))
        client.receives(.publish(.short("ab"), payload))
        upstream.sends(.publish("ab", payload + "x"))
        client.receivesNothing()
    }

    /// The octets that `hex` writes in lower case.
    private func octets(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.map { $0 < UInt8(ascii: "a") ? $0 - UInt8(ascii: "0") : $0 - UInt8(ascii: "a") + 10 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension SNMessage {
    /// Whether this answers a request by saying that it is not understood.
    fileprivate var isRefusal: Bool {
        switch self {
        case .connectAcknowledgement(let code), .registerAcknowledgement(_, _, let code),
            .subscribeAcknowledgement(_, _, _, let code), .willTopicResponse(let code):
            code == .notSupported
        case .connect, .willTopicRequest, .willTopic, .willMessageRequest, .willMessage, .register, .publish,
            .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete, .subscribe, .unsubscribe,
            .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect, .willTopicUpdate,
            .willMessageUpdate, .willMessageResponse, .searchGateway, .advertise, .gatewayInfo, .encapsulated, .other:
            false
        }
    }
}

import GatewayCore
import MQTT
import Testing

/// The Will Delay Interval of MQTT 5.0 (§3.1.3.2.2): the Will of a session that goes on is not published meanwhile.
@Suite struct WillDelayTests {
    private static let will = TestWill(topic: "w", payload: "gone")

    /// The octets of the CONNECT of a client with a Will.
    private func connect(clean: Bool, delay: UInt32, _ version: BrokerProtocol = .v5_0) -> [UInt8] {
        let dialogue = Dialogue(
            .dialogue {
                $0.upstream.version = version
                $0.upstream.willDelaySeconds = delay
            })
        let client = dialogue.client("c1")
        client.sends(.connect("c1", clean: clean, will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("w"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let upstream = client.asksBroker(clean: clean, will: Self.will)
        return dialogue.lastWritten[upstream.id] ?? []
    }

    @Test(
        "§3.1.3.2.2 It stands with the Will of a lasting session, and nowhere else",
        arguments: [(false, 60, 60), (true, 60, nil), (false, 0, nil)] as [(Bool, UInt32, UInt32?)])
    func asked(clean: Bool, delay: UInt32, said: UInt32?) throws {
        let bytes = connect(clean: clean, delay: delay)
        let packet = try Packet5.decode(bytes.span.bytes)
        #expect(Packet5.number(.willDelayInterval, in: packet.added.willProperties, of: bytes.span.bytes) == said)
        #expect(Packet5.number(.willDelayInterval, in: packet.added.properties, of: bytes.span.bytes) == nil)
    }

    @Test("3.1.1 has none") func former() {
        #expect(connect(clean: false, delay: 60, .v3_1_1) == connect(clean: false, delay: 0, .v3_1_1))
    }
}

// Proves that a client that breaks the protocol loses its connection and nobody else does (MQTT 3.1.1 §4.8).

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerMalformedInputTests {
    let broker = BrokerDriver()

    @Test(
        "[MQTT-4.8.0-1]: malformed or forbidden input closes that connection only",
        arguments: [
            // Reserved packet types and flags (§2.2.1, §2.2.2).
            [0x00, 0x00], [0xF0, 0x00], [0xC1, 0x00], [0x80, 0x00],
            // A Remaining Length of five octets (§2.2.3) and one above the configured maximum.
            [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x30, 0xFF, 0xFF, 0xFF, 0x7F],
            // PUBLISH: QoS 3, no room for the topic, wildcards, U+0000, packet identifier 0 (§3.3).
            [0x36, 0x05, 0x00, 0x01, 0x74, 0x00, 0x01], [0x30, 0x02, 0x00, 0x05], [0x30, 0x03, 0x00, 0x01, 0x23],
            [0x30, 0x03, 0x00, 0x01, 0x00], [0x30, 0x02, 0x00, 0x00], [0x32, 0x05, 0x00, 0x01, 0x74, 0x00, 0x00],
            // SUBSCRIBE: no filter, misplaced wildcard, QoS 3 (§3.8.3).
            [0x82, 0x02, 0x00, 0x01], [0x82, 0x07, 0x00, 0x01, 0x00, 0x02, 0x61, 0x23, 0x00],
            [0x82, 0x06, 0x00, 0x01, 0x00, 0x01, 0x61, 0x03],
            // UNSUBSCRIBE: no filter (§3.10.3).
            [0xA2, 0x02, 0x00, 0x01],
            // Packets that only a server sends.
            [0x20, 0x02, 0x00, 0x00], [0x90, 0x03, 0x00, 0x01, 0x00], [0xB0, 0x02, 0x00, 0x01], [0xD0, 0x00],
        ] as [[UInt8]])
    func closesThatConnectionOnly(bytes: [UInt8]) {
        let bystander = broker.connects("bystander")
        let client = broker.connects("a")
        client.sends(.bytes(bytes), .publish("t", "x", retain: true))
        broker.sends(.close, to: client)
        #expect(broker.broker.retainedMessageCount == 0)
        #expect(broker.broker.counters.protocolViolations == 1)
        bystander.sends(.pingRequest)
        broker.sends(.pingResponse, to: bystander)
    }

    @Test(
        "[MQTT-3.1.4-1]: a malformed CONNECT is closed without CONNACK",
        arguments: [
            // A protocol name other than "MQTT" (§3.1.2.1), the reserved flag (§3.1.2.3), a Will without topic.
            [0x10, 0x0D, 0, 4, 0x4D, 0x51, 0x54, 0x53, 4, 2, 0, 0, 0, 1, 0x61],
            [0x10, 0x0D, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 3, 0, 0, 0, 1, 0x61],
            [0x10, 0x0D, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 6, 0, 0, 0, 1, 0x61],
        ] as [[UInt8]])
    func closesOnMalformedConnect(bytes: [UInt8]) {
        let client = broker.accepts()
        client.sends(.bytes(bytes))
        broker.sends(.close, to: client)
        #expect(broker.broker.sessionCount == 0)
    }

    @Test("A packet above the configured size closes, one of that size does not") func packetSizeIsBounded() {
        broker.configure { $0.maximumPacketByteCount = 20 }
        let client = broker.connects("a")
        client.sends(.publish("t", String(repeating: "x", count: 15)), .pingRequest)
        broker.sends(.pingResponse, to: client)
        client.sends(.publish("t", String(repeating: "x", count: 16)))
        broker.sends(.close, to: client)
    }

    @Test("Events of connections that are unknown or over are ignored") func ignoresUnknownConnections() {
        let stranger = TestConnection(id: BrokerConnectionID(99), driver: broker)
        stranger.sends(.connect("a"))
        stranger.vanishes()
        broker.sendsNothing(to: stranger)
        #expect(broker.broker.connectionCount == 0)
    }

    @Test("No sequence of octets does more than close its connection") func survivesNoise() {
        let bystander = broker.connects("bystander", clean: false)
        var state: UInt32 = 1
        for _ in 0..<2_000 {
            let client = broker.connects("noise")
            var bytes: [UInt8] = []
            for _ in 0..<24 {
                state = state &* 1_664_525 &+ 1_013_904_223
                bytes.append(UInt8(truncatingIfNeeded: state >> 24))
            }
            client.sends(.bytes(bytes))
            client.vanishes()
            #expect(!broker.read(client).contains(.wrong))
        }
        bystander.sends(.pingRequest)
        broker.sends(.pingResponse, to: bystander)
        #expect(broker.broker.connectionCount == 1)
        #expect(broker.broker.counters.protocolViolations > 1_000)
    }
}

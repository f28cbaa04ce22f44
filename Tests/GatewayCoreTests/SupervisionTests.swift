import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Keep alive (MQTT-SN 1.2 §6.11): towards the client, and on its own clock towards the broker.
@Suite struct SupervisionTests {
    @Test("GW-60 PINGREQ is answered by PINGRESP, with and without the client's own ClientId", arguments: ["", "c1"])
    func ping(clientID: String) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.pingRequest(clientID))
        client.receives(.pingResponse)
        client.sends(.pingRequest(clientID))
        client.receives(.pingResponse)
    }

    @Test("AMB-11 PINGREQ with another's ClientId is not the client's")
    func foreignPing() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        dialogue.client("c2").connects()
        client.sends(.pingRequest("c2"))
        client.receives(.disconnect())
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test(
        "GW-62 AMB-09 A silent client is lost after its keep-alive and the tolerance: half up to a minute, a tenth above",
        arguments: [(1, 1_500), (10, 15_000), (60, 90_000), (61, 67_100), (600, 660_000), (65_535, 72_088_500)])
    func tolerance(keepAlive: UInt16, milliseconds: Int) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: TestWill(topic: "w", payload: "gone"), keepAlive: keepAlive)
        let isQuiet = milliseconds < Int(Dialogue.upstreamKeepAlive) * 1000
        if !isQuiet { return longTolerance(dialogue, client, upstream, milliseconds) }
        dialogue.passes(.milliseconds(milliseconds - 1))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        // Without DISCONNECT: the broker publishes the Will.
        upstream.receives(.close)
        client.receivesNothing()
        #expect(dialogue.sessionCount == 0)
        #expect(!client.isKnown)
    }

    /// The greatest keep-alive outlasts the longest of MQTT's, so the broker's PINGREQs come in between.
    private func longTolerance(
        _ dialogue: Dialogue, _ client: TestClient, _ upstream: TestUpstream, _ milliseconds: Int
    ) {
        dialogue.ignoresAdvertisements = true
        dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
        upstream.receives(.pingRequest)
        dialogue.shared?.receives(.pingRequest)
        upstream.sends(.pingResponse)
        dialogue.shared?.sends(.pingResponse)
        dialogue.passes(.milliseconds(milliseconds - Int(Dialogue.upstreamKeepAlive) * 1000 - 1))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.close)
    }

    @Test("GW-62 AMB-09 The tolerance is configurable")
    func configuredTolerance() {
        let configuration = GatewayConfiguration.dialogue {
            $0.supervision.shortTolerancePercent = 0
            $0.supervision.longTolerancePercent = 100
        }
        let dialogue = Dialogue(configuration)
        let short = dialogue.client("c1").connects(keepAlive: 60)
        let long = dialogue.client("c2").connects(keepAlive: 61)
        dialogue.passes(.seconds(60))
        short.receives(.close)
        dialogue.passes(.seconds(61))
        long.receivesNothing()
        dialogue.passes(.seconds(1))
        long.receives(.close)
    }

    @Test("GW-62 AMB-09 Keep alive 0 switches supervision off")
    func unsupervised() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects(keepAlive: 0)
        dialogue.ignoresAdvertisements = true
        dialogue.passes(.seconds(60_000))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test(
        "GW-61 Every message restarts supervision",
        arguments: [
            SNMessage.pingResponse, .publishAcknowledgement(1, 1), .publishReceived(1), .publishComplete(1),
            .registerAcknowledgement(1, 1), .publish(.id(9), "", qos: .minusOne),
            .willTopic("x"), .willMessage("x"),
        ])
    func signsOfLife(message: SNMessage) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(keepAlive: 10)
        dialogue.passes(.seconds(14))
        client.sends(message)
        dialogue.passes(.milliseconds(14_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.close)
    }

    @Test("GW-61 GW-90 A malformed datagram is no sign of life, and does no harm")
    func malformedIsNoLife() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(keepAlive: 10)
        dialogue.passes(.seconds(14))
        client.sends(octets: [0x02])
        dialogue.passes(.seconds(1))
        upstream.receives(.close)
    }

    @Test("GW-66 After it was lost a client must connect anew")
    func lostThenConnect() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false, keepAlive: 10)
        client.registers("a", as: 1)
        dialogue.passes(.seconds(15))
        upstream.receives(.close)
        client.sends(.publish(1, "x"))
        client.receives(.disconnect())
        let second = client.connects(clean: false, keepAlive: 10, present: true)
        client.sends(.publish(1, "x"))
        second.receives(.publish("a", "x"))
    }

    // MARK: Towards the broker

    @Test("GW-77 Each broker connection is kept alive by the gateway, whatever the client does")
    func upstreamPing() {
        let dialogue = Dialogue(.dialogue { $0.upstream.keepAliveSeconds = 60 }, isBrokerReachable: false)
        dialogue.passes(.seconds(1))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1", keepAlive: 60))
        shared.sends(.connectAcknowledgement())
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(59_999))
            shared.receivesNothing()
            dialogue.passes(.milliseconds(1))
            shared.receives(.pingRequest)
            shared.sends(.pingResponse)
        }
        // A broker that does not answer is gone.
        dialogue.passes(.seconds(60))
        shared.receives(.pingRequest)
        dialogue.passes(.milliseconds(14_999))
        shared.receivesNothing()
        dialogue.passes(.milliseconds(1))
        shared.receives(.disconnect, .close)
        _ = dialogue.opensStream()
    }
}

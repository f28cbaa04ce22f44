import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The sleep cycle as far as the core has it (MQTT-SN 1.2 §6.14).
@Suite struct SleepOverviewTests {
    /// A client that sleeps for 100 s and has subscribed to "a/b".
    private func sleeper(_ dialogue: Dialogue) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(keepAlive: 10)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        client.sends(.disconnect(100))
        client.receives(.disconnect())
        return (client, upstream)
    }

    @Test(
        "GW-67 GW-68 GW-69 GW-77 DISCONNECT with Duration is answered without; then the gateway is silent and buffers")
    func fallsAsleep() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        upstream.receivesNothing()
        upstream.sends(
            .publish("a/b", "1"), .publish("a/b", "2", qos: .atLeastOnce, id: 2),
            .publish("x/y", "3", qos: .exactlyOnce, id: 3))
        dialogue.passes(.milliseconds(109_999))
        client.receivesNothing()
    }

    @Test("GW-70 An asleep client is lost, with its Will, after Duration and tolerance")
    func lost() {
        let dialogue = Dialogue()
        let (_, upstream) = sleeper(dialogue)
        dialogue.passes(.milliseconds(109_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.close)
        dialogue.observes(.clientLost, of: "c1")
    }

    @Test("GW-74 AMB-11 Nothing buffered: PINGRESP at once, and the timer runs anew", arguments: ["", "c1"])
    func nothingBuffered(clientID: String) {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        dialogue.passes(.seconds(100))
        client.sends(.pingRequest(clientID))
        client.receives(.pingResponse)
        dialogue.passes(.milliseconds(109_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.close)
    }

    @Test("GW-71 GW-72 GW-73 AMB-12 Awake, everything is delivered in order and in full, then PINGRESP")
    func wakesUp() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        upstream.sends(
            .publish("a/b", "1"), .publish("a/b", "2", qos: .atLeastOnce, id: 2),
            .publish("x/y", "3", qos: .exactlyOnce, id: 3), .publish("a/b", "4"))
        client.sends(.pingRequest("c1"))
        client.receives(.publish(1, "1"), .publish(1, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2))
        client.receives(.register(2, 1, "x/y"))
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "3", id: 3, qos: .exactlyOnce))
        client.sends(.publishReceived(3))
        upstream.receives(.publishReceived(3))
        client.receivesNothing()
        upstream.sends(.publishRelease(3))
        client.receives(.publishRelease(3))
        client.sends(.publishComplete(3))
        upstream.receives(.publishComplete(3))
        client.receives(.publish(1, "4"), .pingResponse)
        upstream.sends(.publish("a/b", "5"))
        client.receivesNothing()
    }

    @Test("GW-78 A client that falls silent while awake is asleep again, and its message is kept")
    func silentWhileAwake() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.sends(.pingRequest("c1"))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        dialogue.passes(.seconds(10))
        client.receivesNothing()
        dialogue.passes(.seconds(100))
        client.sends(.pingRequest("c1"))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.pingResponse)
    }

    @Test("GW-73 AMB-12 An awake client does not wait for ever for a broker that does not release its message")
    func brokerDoesNotRelease() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.sends(.pingRequest("c1"))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        dialogue.passes(.seconds(10))
        client.receives(.pingResponse)
        upstream.sends(.publishRelease(1))
        client.receivesNothing()
        client.sends(.pingRequest("c1"))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1))
        client.receives(.pingResponse)
    }

    @Test("GW-75 A new Duration replaces the old one; a plain DISCONNECT ends the connection")
    func newDuration() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        client.sends(.disconnect(10))
        client.receives(.disconnect())
        dialogue.passes(.milliseconds(14_999))
        client.sends(.disconnect())
        client.receives(.disconnect())
        upstream.receives(.disconnect, .close)
    }

    @Test("GW-75 CONNECT makes an asleep client active")
    func connects() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        client.sends(.connect("c1", keepAlive: 10))
        upstream.receives(.disconnect, .close)
        _ = client.connectsUpstream()
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-76 PINGREQ with a ClientId that is not asleep here is answered by DISCONNECT")
    func unknownPing() {
        let dialogue = Dialogue()
        let stranger = dialogue.client("c9")
        stranger.sends(.pingRequest("c9"))
        stranger.receives(.disconnect())
    }
}

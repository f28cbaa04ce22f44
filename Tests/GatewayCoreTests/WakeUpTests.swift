import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The way from PINGREQ to PINGRESP of a sleeping client (MQTT-SN 1.2 §6.14).
@Suite struct WakeUpTests {
    // MARK: Delivery

    @Test("GW-74 Nothing buffered: PINGRESP at once")
    func nothing() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        client.wakesUp()
        client.receives(.pingResponse)
        upstream.sends(.publish("a/b", "x"))
        client.receivesNothing()
    }

    @Test("GW-71 GW-72 GW-73 AMB-12 All three levels and a REGISTER go out in order, PINGRESP after the last answer")
    func wholeCycle() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("a/b", "1", qos: .atLeastOnce, id: 11), .publish("a/b", "2"),
            .publish("new", "3", qos: .exactlyOnce, id: 12), .publish("a/b", "4"))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(11))
        client.receives(.publish(1, "2"), .register(2, 1, "new"))
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "3", id: 12, qos: .exactlyOnce))
        client.sends(.publishReceived(12))
        upstream.receives(.publishReceived(12))
        client.receivesNothing()
        upstream.sends(.publishRelease(12))
        client.receives(.publishRelease(12))
        client.sends(.publishComplete(12))
        upstream.receives(.publishComplete(12))
        client.receives(.publish(1, "4"), .pingResponse)
        // Asleep again.
        upstream.sends(.publish("a/b", "5"))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "5"), .pingResponse)
    }

    @Test("GW-72 What arrives during a wake-up is delivered in it")
    func arrivesMeanwhile() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2), .publish("a/b", "3"))
        client.receivesNothing()
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 2))
        upstream.receives(.publishAcknowledgement(2))
        client.receives(.publish(1, "3"), .pingResponse)
    }

    @Test("AMB-11 A PINGREQ without ClientId from a sleeper's address wakes it too")
    func withoutClientID() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "x"))
        client.sends(.pingRequest())
        client.receives(.publish(1, "x"), .pingResponse)
    }

    @Test("AMB-11 A PINGREQ with ClientId from an active client is a plain one")
    func active() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.wakesUpInVain()
        client.registers("a/b", as: 1)
        upstream.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
    }

    // MARK: What was not taken

    @Test(
        "GW-78 AMB-12 A message that is not acknowledged stays; at the next wake-up it comes with DUP and the same id")
    func notTaken() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2"))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        dialogue.passes(.seconds(200))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "2"), .pingResponse)
    }

    @Test("GW-72 GW-78 A QoS 2 exchange goes on at the next wake-up where the last one left it")
    func continued() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        client.fallsAsleep()
        upstream.sends(.publishRelease(1))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publishRelease(1))
        client.fallsAsleep()
        client.wakesUp()
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1))
        client.receives(.pingResponse)
    }

    @Test("GW-73 A broker that does not release a QoS 2 message does not keep the client awake for ever")
    func brokerRelease() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        dialogue.passes(.milliseconds(9_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.pingResponse)
        upstream.sends(.publishRelease(1))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publishRelease(1))
    }

    @Test("GW-78 GW-70 A client that breaks off a wake-up sleeps on: its Duration begins again")
    func brokenOff() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 10)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        dialogue.passes(.milliseconds(10_000 + 14_999))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        client.fallsAsleep(10)
        dialogue.passes(.seconds(15))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    // MARK: PINGREQ again

    @Test("GW-79 GW-78 A PINGREQ of an awake client repeats at once what is open, under the same MsgId")
    func repeatedPing() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("new", "1", qos: .exactlyOnce, id: 5))
        client.wakesUp()
        client.receives(.register(2, 1, "new"))
        client.wakesUp()
        client.receives(.register(2, 1, "new"))
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "1", id: 5, qos: .exactlyOnce))
        client.wakesUp()
        client.receives(.publish(2, "1", id: 5, qos: .exactlyOnce, duplicate: true))
        client.sends(.publishReceived(5))
        upstream.receives(.publishReceived(5))
        client.wakesUp()
        client.receivesNothing()
        upstream.sends(.publishRelease(5))
        client.receives(.publishRelease(5))
        client.wakesUp()
        client.receives(.publishRelease(5))
        client.sends(.publishComplete(5))
        upstream.receives(.publishComplete(5))
        client.receives(.pingResponse)
    }

    @Test("GW-78 A client that repeats its PINGREQ is there: Tretry and Nretry begin again")
    func repeatedPingIsPatient() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        for _ in 0..<8 {
            dialogue.passes(.seconds(9))
            client.receivesNothing()
            client.wakesUp()
            client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.pingResponse)
    }

    // MARK: What the client asks for itself

    @Test("AMB-13 GW-69 PUBLISH of a sleeper is handled, it stays asleep and its time begins again")
    func publishes() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 100)
        upstream.sends(.publish("a/b", "waits"))
        dialogue.passes(.seconds(100))
        client.sends(.publish(1, "0"))
        upstream.receives(.publish("a/b", "0"))
        client.sends(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
        client.sends(.publish(1, "2", id: 2, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "2", qos: .exactlyOnce, id: 2))
        upstream.sends(.publishReceived(2))
        client.receives(.publishReceived(2))
        client.sends(.publishRelease(2))
        upstream.receives(.publishRelease(2))
        upstream.sends(.publishComplete(2))
        client.receives(.publishComplete(2))
        dialogue.passes(.milliseconds(109_999))
        client.wakesUp()
        client.receives(.publish(1, "waits"), .pingResponse)
    }

    @Test("AMB-13 REGISTER, SUBSCRIBE and UNSUBSCRIBE of a sleeper are handled and it stays asleep")
    func asks() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        client.registers("c/d", as: 2)
        client.subscribes("e/f", as: 3, id: 7, on: upstream)
        upstream.sends(.publish("e/f", "retained", retain: true))
        client.receivesNothing()
        client.sends(.unsubscribe("e/f", id: 8))
        upstream.receives(.unsubscribe("e/f", id: 8))
        upstream.sends(.unsubscribeAcknowledgement(8))
        client.receives(.unsubscribeAcknowledgement(8))
        client.wakesUp()
        client.receives(.publish(3, "retained", retain: true), .pingResponse)
    }

    // MARK: CONNECT

    @Test(
        "GW-75 AMB-02 CONNECT ends the sleep without a new broker connection and delivers the buffer",
        arguments: [true, false])
    func connectsFromSleep(whileAwake: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2"))
        if whileAwake {
            client.wakesUp()
            client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        }
        client.sends(.connect("c1", clean: false))
        // The client may have lost its ids with its memory (GW-39).
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
        upstream.receivesNothing()
        dialogue.observes(.clientResumed, of: "c1")
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: whileAwake))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "2"))
        upstream.sends(.publish("a/b", "3"))
        client.receives(.publish(1, "3"))
    }

    @Test(
        "GW-75 AMB-02 CONNECT with CleanSession or a Will is a whole set-up", arguments: [(true, false), (false, true)])
    func connectsAnew(clean: Bool, will: Bool) {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.sends(.connect("c1", clean: clean, will: will))
        if will {
            client.receives(.willTopicRequest)
            first.receivesNothing()
            client.sends(.willTopic(""))
        }
        first.receives(.disconnect, .close)
        let second = client.asksBroker(clean: clean)
        second.sends(.connectAcknowledgement(present: !clean))
        guard !clean else { return client.receives(.connectAcknowledgement()) }
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
    }

    @Test("AMB-01 GW-79 A repeated CONNECT of a resumed client gets its CONNACK again")
    func connectRepeated() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        for _ in 0..<2 {
            client.sends(.connect("c1", clean: false, keepAlive: 60))
            client.receives(.connectAcknowledgement())
        }
        upstream.receivesNothing()
    }
}

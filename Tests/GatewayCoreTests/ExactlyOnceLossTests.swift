import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// QoS 2 from the client when the broker connection ends in between (GW-42, GW-86, AMB-23, AMB-24).
@Suite struct ExactlyOnceLossTests {
    @Test(
        "GW-42 AMB-23 A persistent session's packet identifiers outlive the broker connection",
        arguments: [true, false])
    func releaseOverNext(isLoss: Bool) {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("A", on: first)
        let second: TestUpstream
        if isLoss {
            first.closes()
            second = client.isRestored(present: true)
        } else {
            client.leaves(first)
            second = client.connects(clean: false, present: true)
        }
        second.receivesNothing()
        client.releases(on: second)
    }

    @Test("GW-42 AMB-23 A PUBLISH repeated over a new connection is the same to the broker")
    func publishRepeated() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        first.closes()
        let second = client.isRestored(present: true)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
        second.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: second)
    }

    @Test("GW-41 AMB-23 So is one of QoS 1 under a number of the gateway's")
    func mappedPublishRepeated() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.sends(.subscribe("s", id: 1))
        first.receives(.subscribe("s", id: 1))
        client.sends(.publish(1, "A", id: 1, qos: .atLeastOnce))
        first.receives(.publish("a", "A", qos: .atLeastOnce, id: 0x8000))
        first.closes()
        let second = client.isRestored(present: true)
        client.sends(.publish(1, "A", id: 1, qos: .atLeastOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .atLeastOnce, id: 0x8000, duplicate: true))
        second.sends(.publishAcknowledgement(0x8000))
        client.receives(.publishAcknowledgement(1, 1))
    }

    @Test("GW-42 AMB-23 A new message after a new connection waits until the broker has ended the unfinished one")
    func newMessageAfterLoss() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        first.closes()
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 1, .congestion))
        let second = client.isRestored(present: true)
        second.receives(.publishRelease(1))
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        second.receivesNothing()
        client.receivesNothing()
        second.sends(.publishComplete(1))
        client.receivesNothing()
        client.publishesExactlyOnce("B", on: second)
    }

    @Test("GW-42 A PUBREL that was lost with the connection is said again over the next one")
    func releaseRepeated() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("A", on: first)
        client.sends(.publishRelease(1))
        first.receives(.publishRelease(1))
        first.closes()
        let second = client.isRestored(present: true)
        second.receives(.publishRelease(1))
        client.sends(.publishRelease(1))
        second.receivesNothing()
        second.sends(.publishComplete(1))
        client.receives(.publishComplete(1))
    }

    @Test(
        "GW-42 GW-86 A broker that has forgotten a message after PUBREC: the client is dismissed, and gets no PUBCOMP",
        arguments: [true, false])
    func forgotten(isReleased: Bool) {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("A", on: first)
        if isReleased {
            client.sends(.publishRelease(1))
            first.receives(.publishRelease(1))
        }
        first.closes()
        let second = client.isRestored(present: false)
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        second.receives(.disconnect, .close)
        client.connects(clean: false, present: true).receivesNothing()
    }

    @Test("GW-42 GW-86 So is a client that comes back to a broker that has forgotten")
    func forgottenMeanwhile() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("A", on: first)
        client.leaves(first)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: false))
        client.receives(.connectAcknowledgement(), .disconnect())
        second.receives(.disconnect, .close)
        client.connects(clean: false, present: true)
    }
}

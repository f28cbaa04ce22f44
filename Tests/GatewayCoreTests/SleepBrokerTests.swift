import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The broker goes and comes while a client sleeps, and sleepers who wake up elsewhere (GW-86, AMB-11, AMB-30).
@Suite struct SleepBrokerTests {
    /// The gateway asks for a stream within the pause before an attempt; the broker answers its CONNECT with CONNACK.
    private func restores(_ dialogue: Dialogue, clean: Bool, present: Bool) -> TestUpstream {
        dialogue.passes(.seconds(1))
        let upstream = dialogue.opensStream()
        upstream.opens()
        upstream.receives(.connect("c1", clean: clean))
        upstream.sends(.connectAcknowledgement(present: present))
        return upstream
    }

    // MARK: Broker lost

    @Test("GW-86 AMB-30 The connection is restored silently; a broker with a session is told nothing")
    func restored() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2", qos: .exactlyOnce, id: 2))
        first.closes()
        dialogue.observes(.upstreamLost, of: "c1")
        client.receivesNothing()
        let second = restores(dialogue, clean: false, present: true)
        dialogue.observes(.upstreamRestored, of: "c1")
        second.receivesNothing()
        // What the broker repeats waits here already.
        second.sends(
            .publish("a/b", "1", qos: .atLeastOnce, id: 1, duplicate: true),
            .publish("a/b", "2", qos: .exactlyOnce, id: 2, duplicate: true))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        second.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce))
        client.sends(.publishReceived(2))
        second.receives(.publishReceived(2))
        second.sends(.publishRelease(2))
        client.receives(.publishRelease(2))
        client.sends(.publishComplete(2))
        second.receives(.publishComplete(2))
        client.receives(.pingResponse)
    }

    @Test(
        "GW-86 A broker without the session gets the subscriptions again and no old acknowledgement",
        arguments: [true, false])
    func resubscribed(clean: Bool) {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: clean)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2", qos: .exactlyOnce, id: 2))
        first.closes()
        let second = restores(dialogue, clean: clean, present: false)
        second.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        second.sends(.subscribeAcknowledgement(0x8000, 2))
        client.receivesNothing()
        second.sends(.publish("a/b", "3", qos: .atLeastOnce, id: 1))
        client.wakesUp()
        // The broker counts anew; what it has forgotten comes under the gateway's own numbers (AMB-23).
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.publish(1, "2", id: 0x4002, qos: .exactlyOnce))
        client.sends(.publishReceived(0x4002))
        client.receives(.publishRelease(0x4002))
        client.sends(.publishComplete(0x4002))
        second.receivesNothing()
        client.receives(.publish(1, "3", id: 3, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 3))
        second.receives(.publishAcknowledgement(1))
        client.receives(.pingResponse)
    }

    @Test("GW-86 A sleeper is delivered what waits though the broker is away; QoS 2 goes on when it is back")
    func deliveredWithoutBroker() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1), .publish("a/b", "2"))
        first.closes()
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        client.receivesNothing()
        let second = restores(dialogue, clean: false, present: true)
        // The broker never saw the PUBREC.
        second.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1, duplicate: true))
        second.receives(.publishReceived(1))
        second.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        second.receives(.publishComplete(1))
        client.receives(.publish(1, "2"), .pingResponse)
    }

    @Test("GW-86 A connection that cannot be restored in time: the next PINGREQ gets DISCONNECT")
    func notRestored() {
        let dialogue = Dialogue(.dialogue { $0.sleep.restoreTimeout = .milliseconds(400) })
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.closes()
        dialogue.passes(.milliseconds(399))
        dialogue.doesNotObserve(.clientDismissed)
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientDismissed, of: "c1")
        client.receivesNothing()
        client.wakesUp()
        client.receives(.disconnect())
    }

    @Test("GW-86 A sleeper may wait longer for the broker than an active client")
    func ownTimeout() {
        let dialogue = Dialogue(
            .dialogue {
                $0.sleep.restoreTimeout = .seconds(100)
                $0.upstream.restoreTimeout = .milliseconds(10)
            })
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.closes()
        let second = restores(dialogue, clean: false, present: true)
        second.sends(.publish("a/b", "x"))
        client.wakesUp()
        client.receives(.publish(1, "x"), .pingResponse)
    }

    @Test("AMB-02 CONNECT while the broker connection is being restored is a whole set-up")
    func connectsWhileRestoring() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        first.closes()
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        dialogue.passes(.seconds(5))
    }

    // MARK: Address change

    @Test("AMB-11 GW-89 A sleeper wakes up at a new address; the old one hears nothing more")
    func moves() {
        let dialogue = Dialogue()
        let (old, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        let new = dialogue.client("c1")
        new.wakesUp()
        dialogue.observes(.clientMoved, of: "c1")
        new.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        old.receivesNothing()
        #expect(!old.isKnown)
        new.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        new.receives(.pingResponse)
        old.sends(.publish(1, "x"))
        old.receives(.disconnect())
        upstream.receivesNothing()
    }

    @Test("AMB-11 An awake client that moves is told again what is open")
    func movesAwake() {
        let dialogue = Dialogue()
        let (old, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        old.wakesUp()
        old.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        let new = dialogue.client("c1")
        new.wakesUp()
        new.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.seconds(10))
        new.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        old.receivesNothing()
    }

    @Test("AMB-11 Where the owner does not allow it, a sleeper does not move")
    func mayNotMove() {
        let dialogue = Dialogue(.dialogue { $0.sleep.allowsAddressChange = false })
        let (old, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1"))
        let new = dialogue.client("c1")
        new.wakesUp()
        new.receives(.disconnect())
        dialogue.doesNotObserve(.clientMoved)
        old.wakesUp()
        old.receives(.publish(1, "1"), .pingResponse)
    }

    @Test("AMB-11 GW-90 An active client is never moved by a PINGREQ from elsewhere")
    func activeStays() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        let thief = dialogue.client("c1")
        thief.wakesUp()
        thief.receives(.disconnect())
        dialogue.doesNotObserve(.clientMoved)
        upstream.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
        thief.receivesNothing()
    }

    @Test(
        "AMB-11 GW-90 A name that only begins like a sleeper's is another one", arguments: ["c", "c11", "C1", "nobody"])
    func otherNames(name: String) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1"))
        let other = dialogue.client(name)
        other.wakesUp()
        other.receives(.disconnect())
        // From the sleeper's own address, too.
        client.sends(.pingRequest(name))
        client.receives(.disconnect())
        client.wakesUp()
        client.receives(.publish(1, "1"), .pingResponse)
    }

    @Test("AMB-02 AMB-11 CONNECT from a new address ends the sleep there")
    func connectsElsewhere() {
        let dialogue = Dialogue()
        let (old, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("xy", "1"))
        let new = dialogue.client("c1")
        new.sends(.connect("c1", clean: false))
        new.receives(.connectAcknowledgement(), .publish(.short("xy"), "1"))
        upstream.receivesNothing()
        old.receivesNothing()
        #expect(!old.isKnown)
    }
}

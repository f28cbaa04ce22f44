import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A set-up beside the session that its client has already: begun anew, doubled by the network, or never answered
/// (MQTT-SN 1.2 §6.2, §6.3, AMB-01).
@Suite struct SetUpTests {
    private let old = TestWill(topic: "old", payload: "gone")
    private let new = TestWill(topic: "new", payload: "lost", qos: .atLeastOnce)

    /// The client answers both prompts.
    private func tells(_ will: TestWill, _ client: TestClient, at location: SourceLocation = #_sourceLocation) {
        client.sends(.willTopic(will.topic, qos: QualityOfService(will.qos), retain: will.retain), at: location)
        client.receives(.willMessageRequest, at: location)
        client.sends(.willMessage(will.payload), at: location)
    }

    // MARK: Begun anew

    @Test("GW-17 AMB-01 A node that reboots after its CONNACK is asked for its Will again", arguments: [0, 39])
    func rebootedAfterConnack(seconds: Int) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        dialogue.passes(.seconds(seconds))
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        first.receivesNothing()
        tells(new, client)
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream(will: new)
    }

    @Test("GW-17 AMB-01 A node that reboots after WILLMSGREQ is asked for its Will topic")
    func rebootedBeforeMessage() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("old"))
        client.receives(.willMessageRequest)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        tells(new, client)
        _ = client.connectsUpstream(will: new)
    }

    @Test("GW-17 AMB-01 A node that reboots while the broker is asked is asked for its Will topic, and takes it back")
    func rebootedBeforeConnack() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        tells(old, client)
        let first = client.asksBroker(will: old)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        first.receives(.disconnect, .close)
        tells(new, client)
        _ = client.connectsUpstream(will: new)
    }

    @Test("GW-79 AMB-01 The same Will told to a session that has not begun to speak is its CONNACK again")
    func sameAgain() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        tells(old, client)
        client.receives(.connectAcknowledgement())
        first.receivesNothing()
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    // MARK: Doubled by the network, or not answered

    @Test("GW-90 AMB-01 While a doubled CONNECT asks for a Will, the session before goes on", arguments: [true, false])
    func doubled(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: isClean, prompted: old, keepAlive: 1)
        client.subscribes("a/b", as: 1, on: upstream)
        client.sends(.connect("c1", clean: isClean, will: true, keepAlive: 1))
        client.receives(.willTopicRequest)
        client.sends(.publish(1, "up", id: 7, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "up", qos: .atLeastOnce, id: 7))
        upstream.sends(.publishAcknowledgement(7))
        client.receives(.publishAcknowledgement(1, 7))
        upstream.sends(.publish("a/b", "down", qos: .atLeastOnce, id: 1))
        client.receivesNothing()
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.willTopicRequest)
            client.sends(.pingRequest())
            client.receives(.pingResponse)
        }
        dialogue.passes(.milliseconds(9_000))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        dialogue.passes(.milliseconds(1_000))
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        client.receives(.publish(1, "down", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.sends(.publish(1, "later"))
        upstream.receives(.publish("a/b", "later"))
        // The Will is the one before.
        dialogue.passes(.milliseconds(1_500))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-90 AMB-01 Copies of a Will dialogue do not complete a set-up beside which its client goes on")
    func copiesOfAWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.registers("a", as: 1)
        tells(old, client)
        client.receives(.willTopicRequest)
        first.receivesNothing()
        // Who means it goes through it once more, whatever it says besides.
        client.registers("b", as: 2)
        tells(new, client)
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream(will: new)
    }

    @Test("GW-62 GW-90 A client that is being asked for its Will is not lost by the keep-alive of the session before")
    func notLostMeanwhile() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old, keepAlive: 5)
        client.sends(.connect("c1", will: true, keepAlive: 5))
        client.receives(.willTopicRequest)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.willTopicRequest)
        }
        dialogue.passes(.milliseconds(9_999))
        tells(new, client)
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream(will: new)
    }

    @Test("GW-62 GW-78 A node that answers nothing any more is lost when its set-up is abandoned, with its Will")
    func silentForGood() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old, keepAlive: 5)
        client.sends(.connect("c1", will: true, keepAlive: 5))
        client.receives(.willTopicRequest)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.willTopicRequest)
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        dialogue.observes(.clientLost, of: "c1")
        first.receives(.close)
    }

    @Test("GW-90 AMB-01 A delivery that is open when a new set-up begins waits until that is over")
    func deliveryMeanwhile() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: old)
        client.subscribes("a/b", as: 1, on: first)
        first.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.seconds(5))
        client.sends(.connect("c1", clean: false, will: true))
        client.receives(.willTopicRequest)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.willTopicRequest)
        }
        tells(new, client)
        first.receives(.disconnect, .close)
        let second = client.asksBroker(clean: false, will: new)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
    }

    @Test("GW-22 GW-23 A Will that MQTT does not allow refuses the new set-up and leaves the session before alone")
    func refusedWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: old)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("#"))
        client.receives(.connectAcknowledgement(.notSupported))
        upstream.receivesNothing()
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-64 GW-67 A DISCONNECT ends the set-up with the session, or the set-up alone", arguments: [true, false])
    func disconnectMeanwhile(sleeps: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: old)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.disconnect(sleeps ? 300 : nil))
        client.receives(.disconnect())
        if !sleeps { upstream.receives(.disconnect, .close) }
        dialogue.passes(.seconds(60))
        client.receivesNothing()
        if sleeps { client.wakesUpInVain() }
    }

    @Test("GW-25 A session that was accepted before survives CleanSession=1 that the broker does not accept")
    func refusedClean() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: old)
        client.registers("a/b", as: 1)
        client.leaves(first)
        client.sends(.connect("c1", clean: true))
        dialogue.opensStream().closes(.failed)
        client.receives(.connectAcknowledgement(.congestion))
        let second = client.connects(clean: false, present: true, will: old)
        client.sends(.publish(1, "x"))
        second.receives(.publish("a/b", "x"))
    }

    // MARK: Sleepers

    /// A client of a clean session with a Will, asleep, for which a message waits.
    private func sleeper(_ dialogue: Dialogue) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: true, prompted: old)
        client.subscribes("a/b", as: 1, on: upstream)
        client.fallsAsleep()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
        return (client, upstream)
    }

    /// The sleeper's CONNECT asks that its session be kept: the gateway is back at a broker that keeps it.
    private func wakesByConnect(
        _ client: TestClient, _ upstream: TestUpstream, keepAlive: UInt16 = 0,
        at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        client.sends(.connect("c1", clean: false, keepAlive: keepAlive), at: location)
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"), at: location)
        upstream.receives(.disconnect, .close, at: location)
        let second = client.asksBroker(clean: false, will: old, at: location)
        second.sends(.connectAcknowledgement(present: false), at: location)
        second.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce), at: location)
        client.receivesNothing(at: location)
        second.sends(.subscribeAcknowledgement(0x8000, 1), at: location)
        return second
    }

    @Test("GW-25 AMB-02 A sleeper whose session lives keeps it, though it was begun with CleanSession=1")
    func wakesByConnect() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        let second = wakesByConnect(client, upstream, keepAlive: 1)
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        // The broker that sent it has forgotten it with the clean session.
        client.sends(.publishAcknowledgement(1, 1))
        second.receivesNothing()
        client.sends(.publish(1, "up"))
        second.receives(.publish("a/b", "up"))
        dialogue.passes(.milliseconds(1_500))
        dialogue.observes(.clientLost)
        second.receives(.close)
        // From now on the broker keeps the session, too.
        client.connects(clean: false, keepAlive: 1, present: true, will: old).receivesNothing()
    }

    @Test("GW-25 AMB-02 What a sleeper was not given before the broker keeps its session waits for it")
    func leavesWithWaiting() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        let second = wakesByConnect(client, upstream)
        client.leaves(second)
        client.sends(.connect("c1", clean: false))
        let third = client.asksBroker(clean: false, will: old)
        third.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement(), .register(1, 2, "a/b"))
        client.sends(.registerAcknowledgement(1, 2))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
    }

    @Test("GW-25 AMB-02 A gateway that does not get back to the broker at once tries for the session that is kept")
    func restoredAsKept() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
        upstream.receives(.disconnect, .close)
        client.asksBroker(clean: false, will: old).closes()
        dialogue.passes(.seconds(1))
        let third = client.asksBroker(clean: false, will: old)
        third.sends(.connectAcknowledgement(present: false))
        third.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce))
    }

    @Test("GW-42 AMB-02 A clean session is not left before its broker has ended the client's QoS 2 messages")
    func endsExactlyOnceFirst() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: true, prompted: old)
        client.subscribes("a", as: 1, on: upstream)
        client.publishesExactlyOnce("1", id: 7, on: upstream)
        client.fallsAsleep()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement())
        upstream.receivesNothing()
        client.sends(.publishRelease(7))
        upstream.receives(.publishRelease(7))
        upstream.sends(.publishComplete(7))
        client.receives(.publishComplete(7))
        upstream.receives(.disconnect, .close)
        let second = client.asksBroker(clean: false, will: old)
        second.sends(.connectAcknowledgement(present: false))
        second.receives(.subscribe("a", id: 0x8000, qos: .atLeastOnce))
    }

    @Test("GW-25 AMB-02 What the broker sends until it has closed the clean session still reaches the client")
    func sentMeanwhile() {
        let dialogue = Dialogue()
        dialogue.holdsEnds = true
        let (client, upstream) = sleeper(dialogue)
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
        upstream.receives(.disconnect)
        upstream.sends(.publish("a/b", "y", qos: .atLeastOnce, id: 2))
        upstream.closes()
        let second = client.asksBroker(clean: false, will: old)
        second.sends(.connectAcknowledgement(present: false))
        second.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.publish(1, "y", id: 2, qos: .atLeastOnce))
    }

    @Test("GW-25 AMB-02 A sleeper with a new Will keeps the rest of its session")
    func wakesWithNewWill() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        client.sends(.connect("c1", clean: false, will: true))
        client.receives(.willTopicRequest)
        upstream.receivesNothing()
        tells(new, client)
        upstream.receives(.disconnect, .close)
        let second = client.asksBroker(clean: false, will: new)
        second.sends(.connectAcknowledgement(present: false))
        second.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce))
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
    }

    @Test("GW-69 GW-75 A sleeper that does not go on with its new set-up sleeps on")
    func sleepsOn() {
        let dialogue = Dialogue()
        let (client, upstream) = sleeper(dialogue)
        client.sends(.connect("c1", clean: true, will: true))
        client.receives(.willTopicRequest)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.willTopicRequest)
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientSetUpAbandoned)
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.pingResponse)
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Clients that are asleep: how they get there, what supervises them and how it ends (MQTT-SN 1.2 §6.14).
@Suite struct SleepTests {
    // MARK: Falling asleep

    @Test(
        "GW-67 GW-68 DISCONNECT with Duration is answered by two octets and the broker hears nothing",
        arguments: [1, 60, 65_535] as [UInt16])
    func fallsAsleep(seconds: UInt16) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.disconnect(seconds))
        client.receives(.disconnect(nil))
        upstream.receivesNothing()
        dialogue.doesNotObserve(.clientDisconnected)
        client.wakesUpInVain()
    }

    @Test("AMB-10 A Duration of 0 is none: the client has left")
    func noDuration() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.disconnect(0))
        client.receives(.disconnect())
        upstream.receives(.disconnect, .close)
        dialogue.observes(.clientDisconnected, of: "c1")
        client.wakesUp()
        client.receives(.disconnect())
    }

    @Test("GW-67 Before the CONNACK there is nobody to fall asleep")
    func notConnected() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.disconnect(60))
        client.receives(.disconnect())
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-79 A repeated DISCONNECT with Duration gets the same answer")
    func repeated() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.fallsAsleep(60)
        client.fallsAsleep(60)
        upstream.sends(.publish("a/b", "x"))
        client.receivesNothing()
    }

    // MARK: Nothing is sent

    @Test("GW-69 Whatever the broker sends, a sleeping client hears nothing of it")
    func silence() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        upstream.sends(.publish("a/b", "open", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "open", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        client.fallsAsleep()
        upstream.sends(
            .publishRelease(1), .publish("a/b", "0"), .publish("a/b", "1", qos: .atLeastOnce, id: 2),
            .publish("a/b", "2", qos: .exactlyOnce, id: 3), .publish("unknown", "0"), .publishRelease(99),
            .publish("a/b", "2", qos: .exactlyOnce, id: 3, duplicate: true), .pingResponse)
        client.receivesNothing()
        upstream.receivesNothing()
        dialogue.passes(.seconds(300))
        client.receivesNothing()
    }

    @Test("GW-69 What was open towards a client that falls asleep is not repeated")
    func noRetransmission() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        client.fallsAsleep()
        dialogue.passes(.seconds(300))
        client.receivesNothing()
    }

    @Test("GW-69 What the broker answers to a client that has meanwhile fallen asleep is for the client to ask again")
    func unansweredRequests() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        client.sends(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.sends(.publish(1, "2", id: 2, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "2", qos: .exactlyOnce, id: 2))
        client.sends(.publish(1, "3", id: 3, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "3", qos: .exactlyOnce, id: 3))
        upstream.sends(.publishReceived(3))
        client.receives(.publishReceived(3))
        client.sends(.publishRelease(3))
        upstream.receives(.publishRelease(3))
        client.sends(.subscribe("c/d", id: 4))
        upstream.receives(.subscribe("c/d", id: 4))
        client.sends(.unsubscribe("e/f", id: 5))
        upstream.receives(.unsubscribe("e/f", id: 5))
        client.sends(.subscribe("g/h", id: 6))
        upstream.receives(.subscribe("g/h", id: 6))
        client.fallsAsleep()
        upstream.sends(
            .publishAcknowledgement(1), .publishReceived(2), .publishComplete(3), .subscribeAcknowledgement(4, 0),
            .unsubscribeAcknowledgement(5), .subscribeAcknowledgement(6, 0x80))
        client.receivesNothing()
        client.wakesUpInVain()
        client.sends(.publish(1, "2", id: 2, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(2))
        client.sends(.publishRelease(3))
        upstream.receivesNothing()
        client.receives(.publishComplete(3))
        // The id of a SUBACK that was never sent is not known.
        upstream.sends(.publish("c/d", "x"))
        client.wakesUp()
        client.receives(.register(2, 1, "c/d"))
        // Asked again, it tells the client the id: what has waited for the REGACK waits no longer.
        client.sends(.subscribe("c/d", id: 4))
        client.receives(.subscribeAcknowledgement(2, 4), .publish(2, "x"), .pingResponse)
        client.sends(.registerAcknowledgement(2, 1))
        client.receivesNothing()
    }

    @Test("GW-69 AMB-13 A sleeper that asks again before the broker has answered is there to be answered")
    func askedAgain() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        client.sends(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.sends(.subscribe("c/d", id: 4))
        upstream.receives(.subscribe("c/d", id: 4))
        client.fallsAsleep()
        client.sends(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true), .subscribe("c/d", id: 4))
        upstream.receivesNothing()
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
        upstream.sends(.subscribeAcknowledgement(4, 0))
        client.receives(.subscribeAcknowledgement(2, 4))
    }

    @Test("AMB-13 GW-71 Who speaks and is long past its Duration without PINGREQ takes itself for connected")
    func takesItselfForConnected() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 100)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 5))
        for id in [UInt16(7), 8] {
            dialogue.passes(.seconds(50))
            client.sends(.publish(1, "y", id: id, qos: .atLeastOnce))
            upstream.receives(.publish("a/b", "y", qos: .atLeastOnce, id: id))
            upstream.sends(.publishAcknowledgement(id))
            client.receives(.publishAcknowledgement(1, id))
        }
        // Its Duration and the tolerance are over.
        dialogue.passes(.seconds(50))
        client.sends(.publish(1, "y"))
        dialogue.observes(.clientWokeUp, of: "c1")
        upstream.receives(.publish("a/b", "y"))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(5))
        client.receives(.pingResponse)
        // From here its time counts anew, and where nothing waits nothing is said.
        upstream.sends(.publish("a/b", "z"))
        dialogue.passes(.seconds(100))
        client.sends(.publish(1, "y"))
        upstream.receives(.publish("a/b", "y"))
        client.receivesNothing()
    }

    // MARK: Supervision

    @Test(
        "GW-70 AMB-09 A silent sleeper is lost after its Duration and the tolerance, and its Will is published",
        arguments: [(10, 15_000), (60, 90_000), (61, 67_100), (1000, 1_100_000)] as [(UInt16, Int)])
    func lost(seconds: UInt16, milliseconds: Int) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: TestWill(topic: "w", payload: "gone"), keepAlive: 5)
        client.fallsAsleep(seconds)
        dialogue.passes(.milliseconds(milliseconds - 1))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        client.receivesNothing()
        client.wakesUp()
        client.receives(.disconnect())
    }

    @Test("GW-70 GW-73 Each wake-up starts the time anew, with the last Duration")
    func timerRestarted() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 100)
        for _ in 0..<3 {
            dialogue.passes(.seconds(109))
            client.wakesUpInVain()
        }
        dialogue.passes(.seconds(110))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-75 A new Duration replaces the old one, asleep and awake", arguments: [true, false])
    func newDuration(whileAwake: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 1_000)
        if whileAwake {
            upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
            client.wakesUp()
            client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        }
        client.fallsAsleep(10)
        dialogue.passes(.milliseconds(14_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-70 The keep-alive of the CONNECT holds again when the client is active again")
    func keepAliveAgain() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false, keepAlive: 1_000, seconds: 1_000)
        client.sends(.connect("c1", clean: false, keepAlive: 10))
        client.receives(.connectAcknowledgement())
        dialogue.passes(.milliseconds(14_999))
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    // MARK: Leaving

    @Test("GW-75 A plain DISCONNECT ends the connection, asleep and awake", arguments: [true, false])
    func leaves(whileAwake: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
        if whileAwake {
            client.wakesUp()
            client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        }
        client.leaves(upstream)
        dialogue.passes(.seconds(1_000))
        client.receivesNothing()
        // What waited is the session's, at the broker.
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement())
        second.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1, duplicate: true))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        let messageID: MessageID = whileAwake ? 2 : 1
        client.receives(.publish(1, "x", id: messageID, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, messageID))
        second.receives(.publishAcknowledgement(1))
    }

    @Test("GW-76 A PINGREQ of somebody unknown, gone or lost is answered by DISCONNECT")
    func unknown() {
        let dialogue = Dialogue()
        let stranger = dialogue.client("nobody")
        stranger.wakesUp()
        stranger.receives(.disconnect())
        let gone = dialogue.client("gone")
        gone.leaves(gone.connects(clean: false))
        gone.wakesUp()
        gone.receives(.disconnect())
        let lost = dialogue.client("lost")
        let upstream = lost.connects(clean: false)
        lost.fallsAsleep(10)
        dialogue.passes(.seconds(15))
        upstream.receives(.close)
        lost.wakesUp()
        lost.receives(.disconnect())
    }

    // MARK: The broker meanwhile

    @Test("GW-77 The gateway keeps the sleeper's broker connection alive by its own PINGREQs")
    func brokerKeptAlive() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 65_535)
        for _ in 0..<3 {
            dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
            upstream.receives(.pingRequest)
            dialogue.shared?.receives(.pingRequest)
            upstream.sends(.pingResponse)
            dialogue.shared?.sends(.pingResponse)
            client.wakesUpInVain()
        }
    }
}

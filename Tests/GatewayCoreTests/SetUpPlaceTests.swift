import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Where a session is while its client is asked for a Will elsewhere (MQTT-SN 1.2 §6.2, §6.3, AMB-01).
@Suite struct SetUpPlaceTests {
    private let old = TestWill(topic: "old", payload: "gone")
    private let new = TestWill(topic: "new", payload: "lost", qos: .atLeastOnce)

    /// The client answers both prompts.
    private func tells(_ will: TestWill, _ client: TestClient, at location: SourceLocation = #_sourceLocation) {
        client.sends(.willTopic(will.topic, qos: QualityOfService(will.qos), retain: will.retain), at: location)
        client.receives(.willMessageRequest, at: location)
        client.sends(.willMessage(will.payload), at: location)
    }

    @Test("AMB-01 GW-89 A CONNECT with a Will from where the client was before leaves its session where it is")
    func askedElsewhere() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: old)
        client.subscribes("a/b", as: 1, on: upstream)
        let elsewhere = dialogue.client("c1", link: 1)
        elsewhere.sends(.connect("c1", will: true))
        elsewhere.receives(.willTopicRequest)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            elsewhere.receives(.willTopicRequest)
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        #expect(!elsewhere.isKnown)
        upstream.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
        elsewhere.receivesNothing()
    }

    @Test("AMB-01 AMB-11 A client that says its Will elsewhere is there, and where it was is nobody")
    func movesWithItsWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: old)
        let moved = dialogue.client("c1", link: 1)
        moved.sends(.connect("c1", will: true))
        moved.receives(.willTopicRequest)
        dialogue.doesNotObserve(.clientMoved)
        tells(new, moved)
        dialogue.observes(.clientMoved, of: "c1")
        upstream.receives(.disconnect, .close)
        let second = moved.asksBroker(will: new)
        second.sends(.connectAcknowledgement(present: false))
        moved.receives(.connectAcknowledgement())
        #expect(!client.isKnown)
        client.receivesNothing()
    }

    @Test("AMB-11 Who goes on in its session from where it is asked for its Will has moved there")
    func goesOnElsewhere() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: old)
        let moved = dialogue.client("c1", link: 1)
        moved.sends(.connect("c1", will: true))
        moved.receives(.willTopicRequest)
        moved.sends(.pingRequest())
        dialogue.observes(.clientMoved, of: "c1")
        moved.receives(.pingResponse)
        #expect(!client.isKnown)
        upstream.receivesNothing()
    }

    @Test("AMB-11 Who moves on once more is asked for its Will where it is, and nobody speaks to where it was")
    func goesOnTwice() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        _ = client.connects(prompted: old)
        client.fallsAsleep()
        let second = dialogue.client("c1", link: 1)
        second.sends(.connect("c1", will: true))
        second.receives(.willTopicRequest)
        second.sends(.pingRequest("c1"))
        let third = dialogue.client("c1", link: 1)
        third.sends(.pingRequest("c1"))
        #expect(!second.isKnown)
        dialogue.passes(.seconds(10))
        second.receivesNothing()
        third.receives(.willTopicRequest)
    }

    @Test("AMB-01 Somebody else at that place ends the asking, and the session stays where it is")
    func somebodyElseThere() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: old)
        let elsewhere = dialogue.client("c1", link: 1)
        elsewhere.sends(.connect("c1", will: true))
        elsewhere.receives(.willTopicRequest)
        elsewhere.sends(.connect("c2", will: true))
        elsewhere.receives(.willTopicRequest)
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        upstream.receivesNothing()
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }
}

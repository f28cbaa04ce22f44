import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The life of a normal topic id: given once, kept with the session, told again when the client may have lost it.
@Suite struct TopicIDTests {
    // MARK: Kept with the session

    @Test(
        "GW-39 AMB-04 Ids outlive a client that was lost in its sleep; they are told again before the gateway uses them"
    )
    func outlivesLoss() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: false, seconds: 10)
        dialogue.passes(.seconds(15))
        first.receives(.close)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement())
        client.sends(.publish(1, "own"))
        second.receives(.publish("a/b", "own"))
        second.sends(.publish("a/b", "x"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "x"))
    }

    @Test("GW-39 AMB-02 A client that ends its sleep by CONNECT may use its old ids; the gateway tells them again")
    func outlivesSleep() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement())
        client.sends(.publish(1, "own"))
        upstream.receives(.publish("a/b", "own"))
        client.registers("a/b", as: 1)
        upstream.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
    }

    @Test("GW-34 A sleeper that wakes up by PINGREQ still has its ids: they are not told again")
    func keptAsleep() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        for _ in 0..<3 {
            upstream.sends(.publish("a/b", "x"))
            client.wakesUp()
            client.receives(.publish(1, "x"), .pingResponse)
        }
    }

    @Test("GW-37 AMB-04 A name that the client refused stays refused over its sleep and its return")
    func refusedStays() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("w/x", "1"), .publish("w/x", "2", qos: .atLeastOnce, id: 5), .publish("a/b", "3"))
        client.wakesUp()
        client.receives(.register(2, 1, "w/x"))
        client.sends(.registerAcknowledgement(2, 1, .notSupported))
        upstream.receives(.publishAcknowledgement(5))
        client.receives(.publish(1, "3"), .pingResponse)
        upstream.sends(.publish("w/x", "4", qos: .atLeastOnce, id: 6))
        upstream.receives(.publishAcknowledgement(6))
        client.wakesUpInVain()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement())
        upstream.sends(.publish("w/x", "5"))
        dialogue.observes(.messageDroppedNotRegistered, of: "c1")
        client.receivesNothing()
    }

    // MARK: Never reused

    @Test("AMB-27 No id is given twice in a session, whatever became of its name")
    func neverReused() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("a", as: 1, qos: .atMostOnce, on: upstream)
        client.sends(.unsubscribe("a", id: 2))
        upstream.receives(.unsubscribe("a", id: 2))
        upstream.sends(.unsubscribeAcknowledgement(2))
        client.receives(.unsubscribeAcknowledgement(2))
        client.registers("b", as: 2)
        upstream.sends(.publish("w/x", "1"))
        client.receives(.register(3, 1, "w/x"))
        client.sends(.registerAcknowledgement(3, 1, .notSupported))
        client.registers("c", as: 4)
        client.registers("a", as: 1)
        client.registers("w/x", as: 3)
    }

    @Test("AMB-27 GW-87 Without a free id SUBSCRIBE to a new name is congestion, and to a known one or a filter is not")
    func exhausted() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 1 })
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        client.sends(.subscribe("c/d", id: 2))
        client.receives(.subscribeAcknowledgement(0, 2, .congestion))
        upstream.receivesNothing()
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        client.subscribes("a/b", as: 1, id: 3, on: upstream)
        client.subscribes("#", as: 0, id: 4, on: upstream)
        client.sends(.subscribe(.short("sh"), id: 5))
        upstream.receives(.subscribe("sh", id: 5))
    }

    // MARK: Which kind of id

    @Test("AMB-05 A two-octet name subscribed to by name gets a normal id, and is published under that")
    func twoOctetsByName() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("xy", as: 1, qos: .atMostOnce, on: upstream)
        upstream.sends(.publish("xy", "1"))
        client.receives(.publish(1, "1"))
    }

    @Test("AMB-05 AMB-07 A short name has TopicId 0 in its SUBACK and is published as a short name")
    func shortName() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.subscribe(.short("xy"), id: 1, qos: .atLeastOnce))
        upstream.receives(.subscribe("xy", id: 1, qos: .atLeastOnce))
        upstream.sends(.subscribeAcknowledgement(1, 1))
        client.receives(.subscribeAcknowledgement(0, 1, qos: .atLeastOnce))
        upstream.sends(.publish("xy", "1", qos: .atLeastOnce, id: 9))
        client.receives(.publish(.short("xy"), "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0, 1))
        upstream.receives(.publishAcknowledgement(9))
    }

    @Test("AMB-07 GW-52 A filter has TopicId 0; each name under it is registered once, by its own id")
    func wildcard() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("w/+", as: 0, qos: .atMostOnce, on: upstream)
        for (topicID, name) in [(1, "w/1"), (2, "w/2"), (3, "w/3")] as [(TopicID, String)] {
            upstream.sends(.publish(name, "x"))
            client.receives(.register(topicID, topicID, name))
            client.sends(.registerAcknowledgement(topicID, topicID))
            client.receives(.publish(.id(topicID), "x"))
        }
        upstream.sendsTogether(.publish("w/2", "y"), .publish("w/1", "y"))
        client.receives(.publish(2, "y"), .publish(1, "y"))
    }

    // MARK: Denied by the client

    @Test("GW-57 A short name that the client denies is dropped: it cannot be registered better")
    func shortNameDenied() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        upstream.sends(.publish("xy", "1", qos: .exactlyOnce, id: 9))
        client.receives(.publish(.short("xy"), "1", id: 9, qos: .exactlyOnce))
        client.sends(.publishAcknowledgement(0x7879, 9, .invalidTopicID))
        upstream.receives(.publishReceived(9))
        client.receivesNothing()
    }

    @Test("GW-57 Renewals are counted for each message: the next one may be renewed as often")
    func renewalsPerMessage() {
        let dialogue = Dialogue(.dialogue { $0.links[0].retryCount = 1 })
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        for id in 1...3 as ClosedRange<MessageID> {
            upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: id))
            client.receives(.publish(1, "x", id: id, qos: .exactlyOnce))
            client.sends(.publishAcknowledgement(1, id, .invalidTopicID))
            client.receives(.register(1, id, "a/b"))
            client.sends(.registerAcknowledgement(1, id))
            client.receives(.publish(1, "x", id: id, qos: .exactlyOnce, duplicate: true))
            client.sends(.publishReceived(id))
            upstream.receives(.publishReceived(id))
            upstream.sends(.publishRelease(id))
            client.receives(.publishRelease(id))
            client.sends(.publishComplete(id))
            upstream.receives(.publishComplete(id))
        }
    }

    @Test("GW-57 GW-72 During a wake-up a denied id is told again and the message repeated before PINGRESP")
    func renewedAwake() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 7))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1, .invalidTopicID))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
        client.receives(.pingResponse)
    }
}

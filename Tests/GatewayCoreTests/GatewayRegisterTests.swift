import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Registration by the gateway, before a PUBLISH on a name that the client has no id for (MQTT-SN 1.2 §6.5, §6.10).
@Suite struct GatewayRegisterTests {
    /// A client that has subscribed to everything under "a/".
    private func subscriber(_ dialogue: Dialogue, _ filter: String = "a/#") -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes(filter, as: 0, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    @Test("GW-34 GW-52 The first message on a name is preceded by REGISTER, the next is not")
    func registerFirst() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1"))
        upstream.sends(.publish("a/b", "2"))
        client.receives(.publish(1, "2"))
    }

    @Test("GW-35 GW-36 GW-38 What comes behind an open REGISTER is held and leaves in order")
    func heldInOrder() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        client.registers("a/known", as: 1)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(2, 1, "a/b"))
        upstream.sends(
            .publish("a/b", "2"), .publish("a/c", "3"), .publish("a/known", "4"),
            .publish("a/b", "5", qos: .atLeastOnce, id: 77), .publish("a/known", "6"))
        client.receivesNothing()
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "1"), .publish(2, "2"), .register(3, 2, "a/c"))
        client.sends(.registerAcknowledgement(3, 2))
        client.receives(.publish(3, "3"), .publish(1, "4"), .publish(2, "5", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        upstream.receives(.publishAcknowledgement(77))
        client.receives(.publish(1, "6"))
    }

    @Test("GW-36 A REGACK with another MsgId releases nothing")
    func wrongMessageID() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 2))
        client.receivesNothing()
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receivesNothing()
    }

    @Test(
        "GW-37 A rejected name is dropped now and later, and the wildcard stays",
        arguments: [ReturnCode.congestion, .invalidTopicID, .notSupported, ReturnCode(rawValue: 0x80)])
    func rejected(code: ReturnCode) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        upstream.sends(
            .publish("a/b", "2", qos: .atLeastOnce, id: 5), .publish("a/c", "3"))
        client.sends(.registerAcknowledgement(1, 1, code))
        upstream.receives(.publishAcknowledgement(5))
        client.receives(.register(2, 2, "a/c"))
        client.sends(.registerAcknowledgement(2, 2))
        client.receives(.publish(2, "3"))
        upstream.sends(.publish("a/b", "4"))
        dialogue.observes(exactly: .messageDroppedNotRegistered(.atMostOnce, octets: 1), of: "c1")
        upstream.sends(.publish("a/b", "5", qos: .atLeastOnce, id: 6))
        upstream.receives(.publishAcknowledgement(6))
    }

    @Test("GW-37 A dropped QoS 2 message is brought to its end with the broker, and the client hears nothing of it")
    func rejectedExactlyOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 5))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1, .notSupported))
        upstream.receives(.publishReceived(5))
        upstream.sends(.publishRelease(5))
        upstream.receives(.publishComplete(5))
        client.receivesNothing()
        // Rejected from now on: the same again, without asking.
        upstream.sends(.publish("a/b", "2", qos: .exactlyOnce, id: 6))
        upstream.receives(.publishReceived(6))
        upstream.sends(.publishRelease(6))
        upstream.receives(.publishComplete(6))
    }

    @Test("GW-37 Rejecting a name that was subscribed to by name ends that subscription")
    func rejectedSubscription() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, on: first)
        client.leaves(first)
        let second = client.connects(clean: false, present: true)
        second.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1, .notSupported))
        second.receives(.unsubscribe("a/b", id: 0x8000))
        second.sends(.unsubscribeAcknowledgement(0x8000))
        client.receivesNothing()
    }

    @Test(
        "GW-37 A client that subscribes to the rejected name, or registers it, gets it again", arguments: [true, false])
    func wantedAgain(subscribes: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1, .notSupported))
        if subscribes {
            client.subscribes("a/b", as: 1, on: upstream)
        } else {
            client.registers("a/b", as: 1)
        }
        upstream.sends(.publish("a/b", "2"))
        client.receives(.publish(1, "2"))
    }

    @Test("GW-78 REGISTER is repeated under its MsgId Nretry times, then the client is lost")
    func retransmission() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(9_999))
            client.receivesNothing()
            dialogue.passes(.milliseconds(1))
            client.receives(.register(1, 1, "a/b"))
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-78 An answered REGISTER is not repeated")
    func noRetransmissionAfterAnswer() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1"))
        dialogue.passes(.seconds(100))
    }

    @Test("GW-59 A name that does not fit the link is dropped silently and acknowledged to the broker")
    func nameTooLong() {
        let dialogue = Dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 20 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/3456789012345", "1", qos: .atLeastOnce, id: 5))
        upstream.receives(.publishAcknowledgement(5))
        dialogue.observes(exactly: .messageDroppedTooLong(.atLeastOnce, octets: 1), of: "c1")
        // It took no id and no place in the queue.
        upstream.sends(.publish("a/345678901234", "1"))
        client.receives(.register(1, 1, "a/345678901234"))
        upstream.sends(.publish("a/3456789012345", "2"))
        dialogue.observes(exactly: .messageDroppedTooLong(.atMostOnce, octets: 1), of: "c1")
    }

    @Test("GW-87 AMB-14 At the limit of topics QoS 1 on a new name waits for a place, and known names go on")
    func topicLimit() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 1 })
        let (client, upstream) = subscriber(dialogue)
        client.registers("a/b", as: 1)
        upstream.sends(.publish("a/a", "0"))
        client.receives(.register(2, 1, "a/a"))
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "0"))
        upstream.sends(.publish("a/c", "1", qos: .atLeastOnce, id: 5))
        upstream.receivesNothing()
        dialogue.doesNotObserve(.messageDroppedNotRegistered)
        upstream.sends(.publish("a/b", "2"))
        client.receives(.publish(1, "2"))
        dialogue.passes(.seconds(40))
        client.receives(.register(3, 2, "a/c"))
        client.sends(.registerAcknowledgement(3, 2))
        client.receives(.publish(3, "1", id: 1, qos: .atLeastOnce))
    }
}

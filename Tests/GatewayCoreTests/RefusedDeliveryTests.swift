import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Clients that say 0x03 to a PUBLISH and mean something else (AMB-18, GW-57).
@Suite struct RefusedDeliveryTests {
    private let dialogue = Dialogue()

    /// A client that has subscribed to "a/b" and knows it as 1.
    private func active(qos: QualityOfService = .atLeastOnce) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("a/b", as: 1, qos: qos, on: upstream)
        return (client, upstream)
    }

    private let first = SNMessage.publish(1, "x", id: 1, qos: .atLeastOnce)
    private let repetition = SNMessage.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true)
    private let refusal = SNMessage.publishAcknowledgement(1, 1, .notSupported)

    // MARK: A topic id that was forgotten

    @Test("AMB-18 0x03 with topic id 0 means that the id is forgotten: REGISTER, and the message again")
    func forgottenID() {
        let (client, upstream) = active()
        client.fallsAsleep()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.wakesUp()
        client.receives(first)
        client.sends(.publishAcknowledgement(0, 1, .notSupported))
        dialogue.observes(.refusalReadAsDenial, of: "c1")
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(repetition)
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
        client.receives(.pingResponse)
    }

    @Test("AMB-18 GW-58 Who says it again means it: the message is given up")
    func twice() {
        let (client, upstream) = active()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(first)
        client.sends(.publishAcknowledgement(0, 1, .notSupported))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(repetition)
        client.sends(.publishAcknowledgement(0, 1, .notSupported))
        // It went out with DUP, so it may be that which is not understood.
        client.receives(first)
        client.sends(.publishAcknowledgement(0, 1, .notSupported))
        upstream.receives(.publishAcknowledgement(7))
        dialogue.observes(.messageDroppedNotRegistered, of: "c1")
    }

    @Test("GW-58 0x03 with the topic id of the message means the message")
    func meantSo() {
        let (client, upstream) = active()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(first)
        client.sends(refusal)
        upstream.receives(.publishAcknowledgement(7))
        client.receivesNothing()
    }

    @Test("GW-58 A pre-defined id cannot be told again, so 0x03 with topic id 0 means the message")
    func predefined() {
        let dialogue = Dialogue(
            .dialogue { $0.predefinedTopics = PredefinedTopics([.init(topicID: 1, topicName: Array("p".utf8))]) })
        let client = dialogue.client("c1")
        let upstream = client.connects()
        upstream.sends(.publish("p", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(.predefined(1), "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0, 1, .notSupported))
        upstream.receives(.publishAcknowledgement(7))
    }

    @Test("GW-57 A denial that comes when the wake-up is over counts: the id is told before the message comes again")
    func lateDenial() {
        let (client, upstream) = active()
        client.fallsAsleep()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.wakesUp()
        client.receives(first)
        dialogue.passes(.seconds(40))
        client.receives(repetition, repetition, repetition)
        client.sends(.publishAcknowledgement(1, 1, .invalidTopicID))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.register(1, 1, "a/b"))
    }

    // MARK: DUP that is not understood

    @Test("AMB-18 0x03 to a repetition at QoS 1: it is sent again without DUP")
    func refusedRepetition() {
        let (client, upstream) = active()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(first)
        dialogue.passes(.seconds(10))
        client.receives(repetition)
        client.sends(refusal)
        dialogue.observes(.refusalOfRepetition, of: "c1")
        client.receives(first)
        // A copy of it that is lost is not repeated with DUP either.
        dialogue.passes(.seconds(10))
        client.receives(first)
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
    }

    @Test("AMB-18 Refusals of other copies with DUP say nothing of the one without")
    func lateRefusals() {
        let (client, upstream) = active()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(first)
        dialogue.passes(.seconds(20))
        client.receives(repetition, repetition)
        client.sends(refusal)
        client.receives(first)
        client.sends(refusal)
        client.receivesNothing()
        upstream.receivesNothing()
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
    }

    @Test("AMB-18 GW-58 Who refuses the message without DUP too means it; the next message begins anew")
    func refusedAgain() {
        let (client, upstream) = active()
        for token in [7, 8] as [MessageID] {
            let id = token - 6
            upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: token))
            client.receives(.publish(1, "x", id: id, qos: .atLeastOnce))
            dialogue.passes(.seconds(10))
            client.receives(.publish(1, "x", id: id, qos: .atLeastOnce, duplicate: true))
            client.sends(.publishAcknowledgement(1, id, .notSupported))
            client.receives(.publish(1, "x", id: id, qos: .atLeastOnce))
            client.sends(.publishAcknowledgement(1, id, .notSupported))
            upstream.receives(.publishAcknowledgement(token))
        }
    }

    @Test("GW-58 At QoS 2 a message without DUP would be another one: it is given up")
    func exactlyOnce() {
        let (client, upstream) = active(qos: .exactlyOnce)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 7, .notSupported))
        upstream.receives(.publishReceived(7))
    }

    @Test("AMB-23 GW-54 Who has got what was given up is released: it would take the next message for the same")
    func gotAllTheSame() {
        let (client, upstream) = active(qos: .exactlyOnce)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
        client.sends(.publishAcknowledgement(1, 7, .notSupported))
        upstream.receives(.publishReceived(7))
        // The copy that it has not refused.
        client.sends(.publishReceived(7))
        client.receives(.publishRelease(7))
        client.sends(.publishComplete(7))
        // Of a number under which nothing was given up there is nothing to say.
        client.sends(.publishReceived(8))
        client.receivesNothing()
        // That PUBREL may have been lost, whenever the next message comes.
        dialogue.passes(.seconds(40))
        upstream.sends(.publish("a/b", "y", qos: .exactlyOnce, id: 7))
        client.receives(.publish(1, "y", id: 0x4001, qos: .exactlyOnce))
    }

    @Test("AMB-23 §4.4 Nor has it, under that number, what the broker repeats and this gateway has never sent")
    func repeatedUnderThatNumber() {
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        first.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
        client.sends(.publishAcknowledgement(1, 7, .notSupported))
        first.receives(.publishReceived(7))
        first.sends(.publishRelease(7))
        first.receives(.publishComplete(7))
        dialogue.passes(.seconds(40))
        first.closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        second.sends(.publish("a/b", "y", qos: .exactlyOnce, id: 7, duplicate: true))
        client.receives(.publish(1, "y", id: 0x4001, qos: .exactlyOnce, duplicate: true))
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What the gateway repeats towards its clients, how often, and what it does then (GW-78, GW-88, AMB-22).
@Suite struct RetransmissionTests {
    /// A client that has subscribed to "a/b" and knows it as 1.
    private func active(_ dialogue: Dialogue, link: UInt16 = 0) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1", link: link)
        let upstream = client.connects()
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    /// `message` comes again after each Tretry, Nretry times, and not once in between.
    private func repeats(
        _ message: SNMessage, to client: TestClient, _ dialogue: Dialogue,
        at location: SourceLocation = #_sourceLocation
    ) {
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(9_999), at: location)
            client.receivesNothing(at: location)
            dialogue.passes(.milliseconds(1), at: location)
            client.receives(message, at: location)
        }
        dialogue.passes(.milliseconds(9_999), at: location)
        client.receivesNothing(at: location)
    }

    // MARK: Each message

    @Test("GW-78 WILLTOPICREQ and WILLMSGREQ are repeated; then the set-up is abandoned", arguments: [true, false])
    func willPrompts(topic: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        if !topic {
            dialogue.passes(.seconds(10))
            client.receives(.willTopicRequest)
            client.sends(.willTopic("w"))
            client.receives(.willMessageRequest)
        }
        repeats(topic ? .willTopicRequest : .willMessageRequest, to: client, dialogue)
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        client.receivesNothing()
        #expect(dialogue.sessionCount == 0)
        client.sends(.willTopic("w"))
        client.receives(.disconnect())
    }

    @Test(
        "GW-78 PUBLISH is repeated with DUP and its MsgId; then an active client is lost",
        arguments: [DeliveryQoS.atLeastOnce, .exactlyOnce])
    func publish(qos: DeliveryQoS) {
        let dialogue = Dialogue()
        let (client, upstream) = active(dialogue)
        upstream.sends(.publish("a/b", "x", qos: qos, id: 7, retain: true))
        let id: MessageID = qos == .atLeastOnce ? 1 : 7
        client.receives(.publish(1, "x", id: id, qos: QualityOfService(qos), retain: true))
        repeats(
            .publish(1, "x", id: id, qos: QualityOfService(qos), retain: true, duplicate: true), to: client, dialogue)
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        client.receivesNothing()
    }

    @Test("GW-78 PUBREL is repeated; then an active client is lost")
    func release() {
        let dialogue = Dialogue()
        let (client, upstream) = active(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
        client.sends(.publishReceived(7))
        upstream.receives(.publishReceived(7))
        // Nothing is asked of the client while the broker takes its time.
        dialogue.passes(.seconds(100))
        client.receivesNothing()
        upstream.sends(.publishRelease(7))
        client.receives(.publishRelease(7))
        repeats(.publishRelease(7), to: client, dialogue)
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-78 A PUBREC that comes again while PUBREL is open is answered by PUBREL")
    func receivedAgain() {
        let dialogue = Dialogue()
        let (client, upstream) = active(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
        client.sends(.publishReceived(7))
        upstream.receives(.publishReceived(7))
        client.sends(.publishReceived(7))
        upstream.receivesNothing()
        upstream.sends(.publishRelease(7))
        client.receives(.publishRelease(7))
        client.sends(.publishReceived(7))
        client.receives(.publishRelease(7))
        client.sends(.publishComplete(7))
        upstream.receives(.publishComplete(7))
    }

    @Test("GW-78 A message that was given up goes to the same session when the client is back, with DUP")
    func keptForTheSession() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a/b", as: 1)
        first.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        repeats(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true), to: client, dialogue)
        dialogue.passes(.milliseconds(1))
        first.receives(.close)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement())
        second.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7, duplicate: true))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "x", id: 2, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 2))
        second.receives(.publishAcknowledgement(7))
        client.receivesNothing()
    }

    @Test("GW-78 GW-88 What the client says of something else does not end the waiting")
    func otherAnswers() {
        let dialogue = Dialogue()
        let (client, upstream) = active(dialogue)
        upstream.sendsTogether(
            .publish("a/b", "1", qos: .atLeastOnce, id: 7), .publish("a/b", "2", qos: .atLeastOnce, id: 8))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(
            .publishAcknowledgement(1, 8), .publishReceived(7), .publishComplete(7), .registerAcknowledgement(1, 7),
            .publishAcknowledgement(1, 6, .notSupported), .pingResponse)
        upstream.receivesNothing()
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
    }

    @Test("GW-57 GW-78 An open PUBLISH whose id the client then denies is not repeated before a REGISTER")
    func denied() {
        let dialogue = Dialogue()
        let (client, upstream) = active(dialogue)
        upstream.sendsTogether(.publish("a/b", "0"), .publish("a/b", "1", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "0"), .publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 0, .invalidTopicID))
        dialogue.passes(.seconds(10))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
    }

    // MARK: The link's numbers

    @Test("GW-78 Tretry and Nretry are the link's own")
    func perLink() {
        var radio = LinkConfiguration()
        radio.retryInterval = .milliseconds(2_500)
        radio.retryCount = 1
        let dialogue = Dialogue(.dialogue { $0.links = [LinkConfiguration(), radio] })
        let (client, upstream) = active(dialogue, link: 1)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(2_499))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.milliseconds(2_499))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        dialogue.broadcasts()
    }

    @Test("GW-78 Nretry 0: nothing is repeated")
    func noRepetition() {
        let dialogue = Dialogue(.dialogue { $0.links[0].retryCount = 0 })
        let (client, upstream) = active(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(9_999))
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        client.receivesNothing()
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing

/// A Will that changes inside a connection, told to the broker by connecting anew (MQTT-SN 1.2 §6.4, AMB-16).
@Suite struct WillUpdateTests {
    private let old = TestWill(topic: "old", payload: "gone", qos: .exactlyOnce)

    /// The gateway leaves the broker politely and asks for another connection with `will`.
    private func reconnects(
        _ client: TestClient, from upstream: TestUpstream, clean: Bool = true, will: TestWill?,
        at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        client.receivesNothing(at: location)
        upstream.receives(.disconnect, .close, at: location)
        return client.asksBroker(clean: clean, will: will, at: location)
    }

    // MARK: Each on its own, together, deleted

    @Test(
        "GW-26 AMB-16 A new topic keeps the message, and is answered when the broker has it", arguments: [true, false])
    func topic(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean, prompted: old)
        client.sends(.willTopicUpdate("new", qos: .atLeastOnce, retain: true))
        let will = TestWill(topic: "new", payload: "gone", qos: .atLeastOnce, retain: true)
        let second = reconnects(client, from: first, clean: isClean, will: will)
        client.receivesNothing()
        second.sends(.connectAcknowledgement(present: !isClean))
        client.receives(.willTopicResponse(.accepted))
        dialogue.doesNotObserve(.upstreamLost)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-26 AMB-16 A new message keeps topic, QoS and Retain", arguments: ["", "later"])
    func message(content: String) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willMessageUpdate(content))
        let second = reconnects(client, from: first, will: TestWill(topic: "old", payload: content, qos: .exactlyOnce))
        second.sends(.connectAcknowledgement())
        client.receives(.willMessageResponse(.accepted))
    }

    @Test("GW-26 AMB-16 Topic and message together take one reconnection and get their own answers")
    func together() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect, .close)
        let second = dialogue.opensStream()
        client.sends(.willMessageUpdate("later"))
        second.opens()
        second.receives(.connect("c1", will: TestWill(topic: "new", payload: "later")))
        client.receivesNothing()
        second.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted), .willMessageResponse(.accepted))
    }

    @Test(
        "GW-26 AMB-16 An update that comes after the CONNECT takes a further reconnection, and both are answered after it"
    )
    func whileConnecting() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willTopicUpdate("new"))
        let second = reconnects(client, from: first, will: TestWill(topic: "new", payload: "gone"))
        client.sends(.willMessageUpdate("later"))
        second.sends(.connectAcknowledgement())
        let third = reconnects(client, from: second, will: TestWill(topic: "new", payload: "later"))
        third.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted), .willMessageResponse(.accepted))
    }

    @Test("GW-26 AMB-16 An update that takes itself back while the broker is told ends with what holds now")
    func thereAndBack() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willMessageUpdate("later"))
        let second = reconnects(client, from: first, will: TestWill(topic: "old", payload: "later", qos: .exactlyOnce))
        client.sends(.willMessageUpdate("gone"))
        second.sends(.connectAcknowledgement())
        let third = reconnects(client, from: second, will: old)
        third.sends(.connectAcknowledgement())
        client.receives(.willMessageResponse(.accepted))
    }

    @Test("GW-26 AMB-16 Two updates in a row are two reconnections")
    func inARow() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        var upstream = client.connects(prompted: old)
        for content in ["1", "2"] {
            client.sends(.willMessageUpdate(content))
            let will = TestWill(topic: "old", payload: content, qos: .exactlyOnce)
            upstream = reconnects(client, from: upstream, will: will)
            upstream.sends(.connectAcknowledgement())
            client.receives(.willMessageResponse(.accepted))
        }
        client.leaves(upstream)
    }

    @Test("GW-27 AMB-16 The empty form deletes topic and message")
    func deletion() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willTopicUpdate(""))
        let second = reconnects(client, from: first, will: nil)
        second.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted))
        // Nothing of the old message comes back with a new topic.
        client.sends(.willTopicUpdate("new"))
        let third = reconnects(client, from: second, will: TestWill(topic: "new", payload: ""))
        third.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted))
    }

    @Test("GW-26 AMB-16 A client that had no Will gets one, whichever part comes first", arguments: [true, false])
    func firstWill(isTopicFirst: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        if isTopicFirst {
            client.sends(.willTopicUpdate("t"))
            let second = reconnects(client, from: first, will: TestWill(topic: "t", payload: ""))
            second.sends(.connectAcknowledgement())
            client.receives(.willTopicResponse(.accepted))
            return
        }
        client.sends(.willMessageUpdate("m"))
        client.receives(.willMessageResponse(.accepted))
        client.sends(.willTopicUpdate("t"))
        let second = reconnects(client, from: first, will: TestWill(topic: "t", payload: "m"))
        second.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted))
    }

    @Test(
        "GW-26 AMB-16 A message alone, while the broker is told that there is no Will, is answered and changes nothing")
    func messageAfterDeletion() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willTopicUpdate(""))
        let second = reconnects(client, from: first, will: nil)
        client.sends(.willMessageUpdate("m"))
        second.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted), .willMessageResponse(.accepted))
        second.receivesNothing()
    }

    // MARK: Repetition

    @Test(
        "GW-79 GW-26 An update repeated while the broker is told is answered once, repeated later at once",
        arguments: [SNMessage.willTopicUpdate("new"), .willTopicUpdate("")])
    func repeated(update: SNMessage) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(update)
        let will = update == .willTopicUpdate("") ? nil : TestWill(topic: "new", payload: "gone")
        let second = reconnects(client, from: first, will: will)
        client.sends(update)
        client.receivesNothing()
        second.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted))
        client.sends(update)
        client.receives(.willTopicResponse(.accepted))
        second.receivesNothing()
    }

    // MARK: What else the client has to do with the broker

    @Test("AMB-16 A clean session is subscribed again, a kept one is not asked twice", arguments: [true, false])
    func subscriptions(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean, prompted: old)
        client.subscribes("a/b", as: 1, on: first)
        client.sends(.willMessageUpdate("later"))
        let will = TestWill(topic: "old", payload: "later", qos: .exactlyOnce)
        let second = reconnects(client, from: first, clean: isClean, will: will)
        second.sends(.connectAcknowledgement(present: !isClean))
        if isClean { second.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce)) } else { second.receives() }
        client.receives(.willMessageResponse(.accepted))
        second.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
    }

    @Test("AMB-16 GW-79 What the client has open is carried out when it repeats it", arguments: [true, false])
    func openExchanges(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean, prompted: old)
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce))
        first.receives(.publish("a", "x", qos: .atLeastOnce, id: 5))
        client.sends(.subscribe("b", id: 6))
        first.receives(.subscribe("b", id: 6))
        client.sends(.willMessageUpdate("later"))
        let will = TestWill(topic: "old", payload: "later", qos: .exactlyOnce)
        let second = reconnects(client, from: first, clean: isClean, will: will)
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce, duplicate: true))
        client.receivesNothing()  // it is still on its way, and comes again
        second.sends(.connectAcknowledgement(present: !isClean))
        client.receives(.willMessageResponse(.accepted))
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce, duplicate: true))
        second.receives(.publish("a", "x", qos: .atLeastOnce, id: 5, duplicate: true))
        second.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(1, 5))
        client.sends(.subscribe("b", id: 6))
        second.receives(.subscribe("b", id: 6))
        second.sends(.subscribeAcknowledgement(6, 0))
        client.receives(.subscribeAcknowledgement(2, 6))
    }

    @Test("AMB-16 GW-28 While a clean session's QoS 2 message is with the broker only, the update is congestion")
    func exchangeAtStake() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 5, qos: .exactlyOnce))
        first.receives(.publish("a", "x", qos: .exactlyOnce, id: 5))
        first.sends(.publishReceived(5))
        client.receives(.publishReceived(5))
        client.sends(.willTopicUpdate("new"))
        client.receives(.willTopicResponse(.congestion))
        client.sends(.willMessageUpdate("later"))
        client.receives(.willMessageResponse(.congestion))
        client.sends(.publishRelease(5))
        first.receives(.publishRelease(5))
        first.sends(.publishComplete(5))
        client.receives(.publishComplete(5))
        client.sends(.willTopicUpdate("new"))
        _ = reconnects(client, from: first, will: TestWill(topic: "new", payload: "gone"))
    }
}

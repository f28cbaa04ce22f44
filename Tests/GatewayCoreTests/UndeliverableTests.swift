import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Clients that are there and do not take what they are sent, and names that get no topic id: the client lives, what
/// can be delivered is, and QoS 1 and 2 stay with the broker (GW-78, GW-87, AMB-14, AMB-22).
@Suite struct UndeliverableTests {
    /// A client that knows "known" as 1 and has subscribed to everything.
    private func subscriber(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean, prompted: TestWill(topic: "w", payload: "gone"))
        client.registers("known", as: 1)
        client.subscribes("#", as: 0, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    /// The client pings for Tretry × (Nretry + 1) and hears `message` again Nretry times.
    private func ignores(
        _ message: SNMessage, _ client: TestClient, at location: SourceLocation = #_sourceLocation
    ) {
        for _ in 0..<3 {
            pings(client, at: location)
            client.dialogue.passes(.seconds(5), at: location)
            client.receives(message, at: location)
        }
        pings(client, at: location)
        client.dialogue.passes(.seconds(5), at: location)
    }

    private func pings(_ client: TestClient, at location: SourceLocation = #_sourceLocation) {
        client.dialogue.passes(.seconds(5), at: location)
        client.sends(.pingRequest(), at: location)
        client.receives(.pingResponse, at: location)
    }

    // MARK: REGISTER

    @Test("GW-62 GW-78 A client that pings and does not answer REGISTER is not lost, and its Will not published")
    func registerIgnored() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("new", "1"))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        dialogue.observes(exactly: .messageDroppedNotRegistered(.atMostOnce, octets: 1), of: "c1")
        dialogue.observes(.clientMissesMessages, of: "c1")
        dialogue.doesNotObserve(.clientLost)
        upstream.receivesNothing()
        // It is not asked for every message, and told of once.
        upstream.sends(.publish("new", "2"))
        client.receivesNothing()
        dialogue.observes(exactly: .messageDroppedNotRegistered(.atMostOnce, octets: 1), of: "c1")
        dialogue.doesNotObserve(.clientMissesMessages)
        upstream.sends(.publish("known", "3"))
        client.receives(.publish(1, "3"))
    }

    @Test("GW-36 AMB-14 A REGACK that comes when the gateway has ceased to wait for it brings what waits for its topic")
    func registerAnsweredLate() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        // It rejects the id, or accepts one that it was not asked about: neither is an answer any more.
        client.sends(.registerAcknowledgement(2, 1, .congestion))
        client.sends(.registerAcknowledgement(3, 1))
        client.receivesNothing()
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        upstream.receives(.publishAcknowledgement(1))
    }

    @Test("GW-78 AMB-22 A client that has said nothing since the first REGISTER is lost, and its Will published")
    func silent() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        pings(client)
        upstream.sends(.publish("new", "1"))
        client.receives(.register(2, 1, "new"))
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.register(2, 1, "new"))
        }
        dialogue.passes(.milliseconds(9_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        // Without DISCONNECT, so that the broker publishes the Will.
        upstream.receives(.close)
    }

    @Test("GW-78 AMB-22 A client is lost over a REGISTER once: when it is back, its keep-alive is what counts")
    func silentAgain() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue, clean: false)
        func hearsRegister(from messageID: MessageID, _ upstream: TestUpstream) {
            upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
            client.receives(.register(2, messageID, "new"))
            for _ in 0..<3 {
                dialogue.passes(.seconds(10))
                client.receives(.register(2, messageID, "new"))
            }
            dialogue.passes(.seconds(10))
        }
        hearsRegister(from: 1, upstream)
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        let second = client.connects(clean: false, present: true, will: TestWill(topic: "w", payload: "gone"))
        hearsRegister(from: 2, second)
        dialogue.doesNotObserve(.clientLost)
        second.receivesNothing()
        // One that answers is like any other again.
        second.sends(.publish("other", "2", qos: .atLeastOnce, id: 2))
        client.receives(.register(3, 3, "other"))
        client.sends(.registerAcknowledgement(3, 3))
        client.receives(.register(2, 4, "new"))
        dialogue.passes(.seconds(40))
        dialogue.observes(.clientLost, of: "c1")
    }

    @Test("GW-78 AMB-22 That is remembered of a client whose session is over, too")
    func silentInNewSessions() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        for isFirst in [true, false] {
            let upstream = client.connects()
            client.subscribes("#", as: 0, on: upstream)
            upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
            #expect(dialogue.readMessages(to: client.address).count == 1)
            dialogue.passes(.seconds(40))
            #expect(dialogue.readMessages(to: client.address).count == 3)
            if isFirst {
                dialogue.observes(.clientLost, of: "c1")
                upstream.receives(.close)
                #expect(dialogue.sessionCount == 0)
            } else {
                dialogue.doesNotObserve(.clientLost)
                upstream.receivesNothing()
            }
        }
    }

    @Test("GW-78 AMB-22 One word since then, whenever it was, is enough to stay", arguments: [1, 39_999])
    func oneWord(milliseconds: Int) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receives(.register(2, 1, "new"))
        dialogue.passes(.milliseconds(milliseconds))
        _ = dialogue.readMessages(to: client.address)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        dialogue.passes(.milliseconds(40_000 - milliseconds))
        #expect(dialogue.readMessages(to: client.address).count == (milliseconds < 10_000 ? 3 : 0))
        dialogue.doesNotObserve(.clientLost)
        upstream.receivesNothing()
    }

    @Test("GW-35 QoS 0 on a known topic does not wait behind a REGISTER that is not answered in time")
    func passesBy() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sendsTogether(
            .publish("new", "1", qos: .atLeastOnce, id: 1), .publish("known", "2"), .publish("new", "3"),
            .publish("known", "4"))
        client.receives(.register(2, 1, "new"))
        dialogue.passes(.seconds(10))
        client.receives(.register(2, 1, "new"), .publish(1, "2"), .publish(1, "4"))
        upstream.sends(.publish("known", "5"))
        client.receives(.publish(1, "5"))
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(2, "3"))
    }

    @Test(
        "GW-87 AMB-14 What the client does not take stays unacknowledged and holds up nothing",
        arguments: [DeliveryQoS.atLeastOnce, .exactlyOnce])
    func staysAtBroker(qos: DeliveryQoS) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sendsTogether(.publish("new", "1", qos: qos, id: 1), .publish("known", "2", qos: .atLeastOnce, id: 2))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2))
        upstream.sends(.publish("new", "3", qos: qos, id: 3), .publish("known", "4", qos: .atLeastOnce, id: 4))
        client.receives(.publish(1, "4", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 2))
        upstream.receives(.publishAcknowledgement(4))
        dialogue.doesNotObserve(.clientMissesMessages)
        // The client learns the name, and gets what waits.
        client.sends(.register(0, 9, "new"))
        let quality = QualityOfService(qos)
        let first: MessageID = qos == .atLeastOnce ? 3 : 1
        client.receives(.registerAcknowledgement(2, 9), .publish(2, "1", id: first, qos: quality))
    }

    @Test("GW-87 Beyond the limit the oldest is acknowledged, counted and warned of once", arguments: [0, 2])
    func limit(limit: Int) {
        let dialogue = Dialogue(.dialogue { $0.limits.undeliverablePerClient = limit })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("new", "0"))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        for id in 1...4 as ClosedRange<PacketID> {
            upstream.sends(.publish("new", "\(id)", qos: id == 2 ? .exactlyOnce : .atLeastOnce, id: id))
            guard Int(id) > limit else {
                upstream.receivesNothing()
                continue
            }
            let oldest = id - PacketID(limit)
            upstream.receives(oldest == 2 ? .publishReceived(2) : .publishAcknowledgement(oldest))
            let qos = oldest == 2 ? QualityOfService.exactlyOnce : .atLeastOnce
            dialogue.observes(exactly: .messageUndeliverable(qos, octets: 1), of: "c1")
            dialogue.doesNotObserve(.clientMissesMessages)
        }
        upstream.sends(.publishRelease(2))
        upstream.receives(.publishComplete(2))
        client.receivesNothing()
    }

    @Test("GW-87 MQTT 3.1.1 §4.6 What is tried again goes before later messages of its topic, in a REGISTER too")
    func orderInTopic() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 2 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        // The message that the next REGISTER is for makes room before the client has answered.
        upstream.sends(.publish("other", "0"))
        client.receives(.register(3, 2, "other"))
        upstream.sends(
            .publish("new", "2", qos: .atLeastOnce, id: 2), .publish("known", "3", qos: .atLeastOnce, id: 3))
        upstream.receives(.pause)
        dialogue.observes(.messageDroppedQueueFull, of: "c1")
        client.sends(.register(0, 9, "new"))
        client.receives(.registerAcknowledgement(2, 9))
        client.sends(.registerAcknowledgement(3, 2))
        client.receives(.publish(2, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        client.receives(.publish(2, "2", id: 2, qos: .atLeastOnce))
    }

    @Test("GW-39 GW-75 A client that connects anew is asked again, and gets what it did not take")
    func connectsAnew() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue, clean: false)
        first.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        client.receivesNothing()
        client.fallsAsleep()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement(), .register(2, 2, "new"))
        client.sends(.registerAcknowledgement(2, 2))
        client.receives(.publish(2, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        first.receives(.publishAcknowledgement(1))
    }

    // MARK: PUBLISH and PUBREL

    @Test("GW-78 GW-62 A PUBLISH that a living client does not answer lets the next one pass, and comes again after it")
    func publishIgnored() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        client.registers("other", as: 2)
        upstream.sendsTogether(
            .publish("known", "1", qos: .exactlyOnce, id: 1), .publish("other", "2", qos: .atLeastOnce, id: 2))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        ignores(.publish(1, "1", id: 1, qos: .exactlyOnce, duplicate: true), client)
        dialogue.doesNotObserve(.clientLost)
        client.receives(.publish(2, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        upstream.receives(.publishAcknowledgement(2))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce, duplicate: true))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
    }

    @Test("GW-78 GW-62 One of the same topic goes first once more, as MQTT keeps order there, and then lets it pass")
    func publishIgnoredInTopic() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sendsTogether(
            .publish("known", "1", qos: .exactlyOnce, id: 1), .publish("known", "2", qos: .atLeastOnce, id: 2))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        let repetition = SNMessage.publish(1, "1", id: 1, qos: .exactlyOnce, duplicate: true)
        ignores(repetition, client)
        client.receives(repetition)
        ignores(repetition, client)
        dialogue.doesNotObserve(.clientLost)
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2))
        // It has held up others twice, and is tried again after ten times Tretry × (Nretry + 1).
        client.receivesNothing()
        dialogue.passes(.milliseconds(399_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(repetition)
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
    }

    @Test("GW-57 AMB-22 Who denies the topic id of a message that was set aside is told it before the next attempt")
    func deniedLate() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("known", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        ignores(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true), client)
        client.sends(.publishAcknowledgement(1, 1, .invalidTopicID))
        upstream.sends(.publish("known", "2", qos: .atLeastOnce, id: 2))
        client.receives(.register(1, 1, "known"))
    }

    @Test("GW-78 GW-62 A PUBREL that a living client does not answer lets the next message pass")
    func releaseIgnored() {
        let dialogue = Dialogue(.dialogue { $0.limits.undeliverablePerClient = 0 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("known", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        upstream.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        ignores(.publishRelease(1), client)
        // The client has the message, and the broker need not wait for more.
        upstream.receives(.publishComplete(1))
        upstream.sends(.publish("known", "2"))
        client.receives(.publish(1, "2"))
    }

    @Test("GW-78 GW-72 A sleeper's unanswered REGISTER holds up its wake-ups only so often")
    func sleeper() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 1_000)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2"))
        for wakeUp in 1...4 as ClosedRange<MessageID> {
            client.wakesUp()
            client.receives(.register(2, wakeUp, "new"))
            for _ in 0..<3 {
                dialogue.passes(.seconds(10))
                client.receives(.register(2, wakeUp, "new"))
            }
            dialogue.passes(.seconds(10))
            client.receivesNothing()
        }
        client.wakesUp()
        client.receives(.publish(1, "2"), .pingResponse)
        upstream.receivesNothing()
    }

    // MARK: No topic id

    /// The one place that deliveries always have is taken: its id was used just now.
    private func usesReserve(_ client: TestClient, _ upstream: TestUpstream) {
        upstream.sends(.publish("reserve", "0"))
        client.receives(.register(2, 1, "reserve"))
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(2, "0"))
    }

    @Test("GW-87 AMB-14 Without a topic id QoS 1 and 2 stay with the broker, QoS 0 is dropped and told of once")
    func noTopicID() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 1 })
        let (client, upstream) = subscriber(dialogue)
        usesReserve(client, upstream)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1), .publish("other", "2", qos: .exactlyOnce, id: 2))
        upstream.receivesNothing()
        dialogue.doesNotObserve(.messageDroppedNotRegistered)
        upstream.sends(.publish("new", "3"))
        dialogue.observes(exactly: .messageDroppedNotRegistered(.atMostOnce, octets: 1), of: "c1")
        dialogue.observes(.clientMissesMessages, of: "c1")
        upstream.sends(.publish("known", "4", qos: .atLeastOnce, id: 4))
        client.receives(.publish(1, "4", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(4))
        dialogue.passes(.seconds(40))
        client.receives(.register(3, 2, "new"))
        client.sends(.registerAcknowledgement(3, 2))
        client.receives(.publish(3, "1", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(3, 2))
        upstream.receives(.publishAcknowledgement(1))
        client.receivesNothing()
        dialogue.passes(.seconds(40))
        client.receives(.register(4, 3, "other"))
    }

    @Test("GW-87 AMB-14 An honest client loses nothing of QoS 1 when strangers fill the topic names")
    func namesFilled() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicNamesByteCount = 1_400 })
        let (client, upstream) = subscriber(dialogue)
        usesReserve(client, upstream)
        let stranger = dialogue.client("stranger")
        let strangersUpstream = stranger.connects()
        stranger.registers(String(repeating: "x", count: 24), as: 1)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receivesNothing()
        upstream.receivesNothing()
        stranger.leaves(strangersUpstream)
        dialogue.passes(.seconds(40))
        client.receives(.register(3, 2, "new"))
        client.sends(.registerAcknowledgement(3, 2))
        client.receives(.publish(3, "1", id: 1, qos: .atLeastOnce))
    }

    // MARK: The broker again

    @Test("GW-72 What is set aside is known when the broker sends it again", arguments: [true, false])
    func sentAgain(isPresent: Bool) {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 1 })
        let (client, first) = subscriber(dialogue, clean: false)
        usesReserve(client, first)
        first.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        first.closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false, will: TestWill(topic: "w", payload: "gone"))
        second.sends(.connectAcknowledgement(present: isPresent))
        if isPresent {
            second.sends(.publish("new", "1", qos: .atLeastOnce, id: 1, duplicate: true))
        } else {
            second.receives(.subscribe("#", id: 0x8000, qos: .exactlyOnce))
            second.sends(.subscribeAcknowledgement(0x8000, 2))
        }
        client.receivesNothing()
        second.receivesNothing()
    }

    /// A client for which message 1 was given up as message 2 came behind it, of a topic that it does not know.
    private func givesUpFirst() -> (TestClient, TestUpstream) {
        let dialogue = Dialogue(.dialogue { $0.limits.undeliverablePerClient = 1 })
        let (client, upstream) = subscriber(dialogue, clean: false)
        upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receives(.register(2, 1, "new"))
        ignores(.register(2, 1, "new"), client)
        upstream.sends(.publish("new", "2", qos: .atLeastOnce, id: 2))
        upstream.receives(.publishAcknowledgement(1))
        dialogue.observes(exactly: .messageUndeliverable(.atLeastOnce, octets: 1), of: "c1")
        return (client, upstream)
    }

    /// Over another connection, of a broker that has the session.
    private func comesBack(_ client: TestClient, _ upstream: TestUpstream) -> TestUpstream {
        upstream.closes()
        client.dialogue.passes(.seconds(5))
        let next = client.asksBroker(clean: false, will: TestWill(topic: "w", payload: "gone"))
        next.sends(.connectAcknowledgement(present: true))
        return next
    }

    /// The client learns the topic by a request of its own, and takes message 2.
    private func takesSecond(_ client: TestClient, _ upstream: TestUpstream) {
        client.sends(.register(0, 9, "new"))
        client.receives(.registerAcknowledgement(2, 9), .publish(2, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        upstream.receives(.publishAcknowledgement(2))
    }

    @Test("GW-87 MQTT 3.1.1 §4.6 What was given up is not delivered behind later ones, should the broker send it again")
    func givenUpAgain() {
        let (client, first) = givesUpFirst()
        var upstream = first
        for _ in 0..<2 {
            upstream = comesBack(client, upstream)
            upstream.sends(.publish("new", "1", qos: .atLeastOnce, id: 1, duplicate: true))
            upstream.receives(.publishAcknowledgement(1))
            upstream.sends(.publish("new", "2", qos: .atLeastOnce, id: 2, duplicate: true))
            upstream.receivesNothing()
        }
        takesSecond(client, upstream)
        // The broker has heard it, and uses the identifier for what it had sent before the connection was lost.
        upstream.sends(.publish("new", "3", qos: .atLeastOnce, id: 1, duplicate: true))
        client.receives(.publish(2, "3", id: 2, qos: .atLeastOnce, duplicate: true))
    }

    @Test("GW-87 MQTT 3.1.1 §4.6 A message equal to one given up is delivered, once later ones have come again")
    func equalToGivenUp() {
        let (client, first) = givesUpFirst()
        let second = comesBack(client, first)
        second.sends(.publish("new", "2", qos: .atLeastOnce, id: 2, duplicate: true))
        takesSecond(client, second)
        // Sent under that identifier before the connection was lost, and not read.
        second.sends(.publish("new", "1", qos: .atLeastOnce, id: 1, duplicate: true))
        client.receives(.publish(2, "1", id: 2, qos: .atLeastOnce, duplicate: true))
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// DISCONNECT, and what senders without a connection get (MQTT-SN 1.2 §6.12).
@Suite struct DisconnectTests {
    // MARK: Clients that leave

    @Test(
        "GW-64 AMB-10 DISCONNECT without Duration, or with 0, is answered and ends the connection", arguments: [nil, 0])
    func disconnect(duration: UInt16?) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.disconnect(duration))
        client.receives(.disconnect())
        upstream.receives(.disconnect, .close)
        dialogue.observes(.clientDisconnected, of: "c1")
        #expect(dialogue.sessionCount == 0)
    }

    @Test(
        "GW-64 DISCONNECT during set-up ends it",
        arguments: [(nil, true), (nil, false), (60, true)] as [(UInt16?, Bool)])
    func duringSetUp(duration: UInt16?, hasWill: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: hasWill))
        let upstream = hasWill ? nil : client.asksBroker()
        if hasWill { client.receives(.willTopicRequest) }
        client.sends(.disconnect(duration))
        client.receives(.disconnect())
        upstream?.receives(.disconnect, .close)
        #expect(dialogue.sessionCount == 0)
        client.sends(.disconnect())
        client.receives(.disconnect())
        dialogue.passes(.seconds(100))
    }

    /// A client that says that it sleeps while the broker is asked.
    private func asleepInSetUp() -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        client.sends(.disconnect(60))
        client.receives(.disconnect())
        return (dialogue, client, upstream)
    }

    @Test("GW-67 Who falls asleep while the broker is asked, by a doubled CONNECT, is asleep when it has answered")
    func asleepDuringSetUp() {
        let (dialogue, client, upstream) = asleepInSetUp()
        upstream.sends(.connectAcknowledgement())
        client.receivesNothing()
        client.sends(.pingRequest("c1"))
        client.receives(.pingResponse)
        dialogue.passes(.seconds(60))
    }

    @Test("GW-79 Who repeats its CONNECT after a late DISCONNECT is awake")
    func awakeAfterAll() {
        let (_, client, upstream) = asleepInSetUp()
        client.sends(.connect("c1"))
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }

    @Test("GW-66 After DISCONNECT a client must connect anew")
    func messageAfterDisconnect() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        client.sends(.pingRequest())
        client.receives(.disconnect())
    }

    @Test("GW-79 GW-64 A repeated DISCONNECT is answered again, and not for ever")
    func repeatedDisconnect() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects())
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.sends(.disconnect())
            client.receives(.disconnect())
        }
        client.sends(.disconnect())
        client.receivesNothing()
        #expect(client.isKnown)
        dialogue.passes(.seconds(10))
        #expect(!client.isKnown)
    }

    @Test("GW-79 GW-65 A stranger that was answered, connects and leaves gets a repeated DISCONNECT answered too")
    func strangerThenClient() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.pingRequest())
        client.receives(.disconnect())
        client.leaves(client.connects())
        client.sends(.disconnect())
        client.receives(.disconnect())
    }

    @Test("GW-79 The second leave of a client is answered as often as the first")
    func leavesTwice() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        for _ in 0..<2 {
            client.leaves(client.connects())
            for _ in 0..<3 {
                client.sends(.disconnect())
                client.receives(.disconnect())
            }
            client.sends(.disconnect())
            client.receivesNothing()
            dialogue.passes(.seconds(30))
        }
        #expect(client.isKnown)
        dialogue.passes(.seconds(10))
        #expect(!client.isKnown)
    }

    // MARK: Strangers

    @Test(
        "GW-65 AMB-25 What needs a connection is answered by DISCONNECT when a stranger sends it",
        arguments: [
            SNMessage.publish(1, "x"), .publish(.short("ab"), "x", id: 1, qos: .atLeastOnce), .register(0, 1, "a"),
            .subscribe("a", id: 1), .unsubscribe("a", id: 1), .pingRequest(), .pingRequest("c1"), .pingResponse,
            .publishAcknowledgement(1, 1), .publishReceived(1), .publishRelease(1), .publishComplete(1),
            .registerAcknowledgement(1, 1), .willTopic("a"), .willMessage("a"), .willTopicUpdate("a"),
            .willMessageUpdate("a"),
        ])
    func stranger(message: SNMessage) {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        stranger.sends(message)
        stranger.receives(.disconnect())
        dialogue.observes(.strangerAnswered)
        #expect(dialogue.sessionCount == 0)
        dialogue.passes(.seconds(40))
        #expect(!stranger.isKnown)
    }

    @Test("GW-65 A stranger's DISCONNECT is answered once, so that two gateways do not answer each other for ever")
    func noPingPong() {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        stranger.sends(.disconnect())
        stranger.receives(.disconnect())
        for _ in 0..<100 { stranger.sends(.disconnect()) }
        stranger.receivesNothing()
        dialogue.passes(.milliseconds(39_999))
        stranger.sends(.disconnect())
        stranger.receivesNothing()
        dialogue.passes(.milliseconds(1))
        #expect(!stranger.isKnown)
        stranger.sends(.disconnect(5))
        stranger.receives(.disconnect())
    }

    @Test("GW-65 A stranger that was sent DISCONNECT and answers it gets nothing more")
    func answerToDisconnect() {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        stranger.sends(.publish(1, "x"))
        stranger.receives(.disconnect())
        stranger.sends(.disconnect())
        stranger.receivesNothing()
    }

    @Test("GW-65 GW-87 Strangers together are answered so often per second, and no more")
    func rate() {
        let dialogue = Dialogue(.dialogue { $0.limits.strangerRepliesPerSecond = 3 })
        for _ in 0..<3 {
            let stranger = dialogue.client("")
            stranger.sends(.pingRequest())
            stranger.receives(.disconnect())
        }
        let late = dialogue.client("")
        late.sends(.pingRequest(), .disconnect())
        late.receivesNothing()
        dialogue.passes(.milliseconds(334))
        late.sends(.pingRequest())
        late.receives(.disconnect())
        late.sends(.pingRequest())
        late.receivesNothing()
    }

    @Test("GW-65 GW-87 Only so many departed senders are kept in mind")
    func departuresLimit() {
        let dialogue = Dialogue(.dialogue { $0.limits.recentDepartures = 2 })
        let strangers = (0..<3).map { _ in dialogue.client("") }
        for stranger in strangers {
            stranger.sends(.pingRequest())
            stranger.receives(.disconnect())
        }
        #expect(strangers.map(\.isKnown) == [false, true, true])
    }

    @Test(
        "GW-06 GW-65 What only a gateway sends is ignored, from clients and strangers",
        arguments: [
            SNMessage.connectAcknowledgement(), .willTopicRequest, .willMessageRequest,
            .subscribeAcknowledgement(1, 1), .unsubscribeAcknowledgement(1), .willTopicResponse(.accepted),
            .willMessageResponse(.accepted),
        ])
    func gatewayMessages(message: SNMessage) {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        stranger.sends(message)
        stranger.receivesNothing()
        dialogue.observes(.unexpectedMessage)
        #expect(!stranger.isKnown)
        let client = dialogue.client("c1")
        client.connects()
        client.sends(message)
        client.receivesNothing()
        dialogue.observes(.unexpectedMessage, of: "c1")
    }
}

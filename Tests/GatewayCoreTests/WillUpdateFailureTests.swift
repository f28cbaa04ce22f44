import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Will updates that cannot be carried out, or not at once, and what remains of the Will (MQTT-SN 1.2 §6.4).
@Suite struct WillUpdateFailureTests {
    private let old = TestWill(topic: "old", payload: "gone")
    private let new = TestWill(topic: "new", payload: "gone")

    /// A client whose Will update has closed its first connection and asked for the next.
    private func updating(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let first = client.connects(clean: clean, prompted: old)
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect, .close)
        return (client, client.asksBroker(clean: clean, will: new))
    }

    // MARK: Refusal

    @Test(
        "GW-28 A Will topic that MQTT does not allow is refused and the Will stays",
        arguments: [
            SNMessage.willTopicUpdate("new", qos: .minusOne).bytes, SNMessage.willTopicUpdate("a/+").bytes,
            SNMessage.willTopicUpdate("#").bytes, SNMessage.willTopicUpdate("a\0").bytes,
            SNMessage.willTopicUpdate("12345").bytes, [0x05, 0x1A, 0x00, 0x61, 0xC0], [0x03, 0x1A, 0x00],
        ])
    func refusedTopic(octets: [UInt8]) {
        let dialogue = Dialogue(.dialogue { $0.limits.topicNameByteCount = 4 })
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: old)
        client.sends(octets: octets)
        client.receives(.willTopicResponse(.notSupported))
        first.receivesNothing()
        client.leaves(first)
        client.connects(clean: false, present: true, will: old)
    }

    @Test("GW-28 GW-87 A Will message beyond the limit is refused and the Will stays")
    func refusedMessage() {
        let dialogue = Dialogue(.dialogue { $0.limits.willMessageByteCount = 4 })
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: old)
        client.sends(.willMessageUpdate("12345"))
        client.receives(.willMessageResponse(.notSupported))
        first.receivesNothing()
        client.leaves(first)
        client.connects(clean: false, present: true, will: old)
    }

    @Test("GW-28 A Will that the broker refuses is not supported, and the client must connect anew")
    func refusedByBroker() {
        let dialogue = Dialogue()
        let (client, second) = updating(dialogue)
        second.sends(.connectAcknowledgement(.notAuthorized))
        client.receives(.willTopicResponse(.notSupported), .disconnect())
        second.receives(.close)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-28 GW-25 After an update that failed the Will is the one before it", arguments: [true, false])
    func takenBack(isRefused: Bool) {
        let dialogue = Dialogue(.dialogue { $0.upstream.connectTimeout = .seconds(100) })
        let (client, second) = updating(dialogue, clean: false)
        if isRefused {
            second.sends(.connectAcknowledgement(.notAuthorized))
            client.receives(.willTopicResponse(.notSupported), .disconnect())
            second.receives(.close)
        } else {
            dialogue.passes(.seconds(30))
            client.receives(.willTopicResponse(.congestion), .disconnect())
            second.receives(.disconnect, .close)
        }
        client.connects(clean: false, present: true, will: old)
    }

    // MARK: The broker is away

    @Test(
        "GW-26 GW-86 An update while the connection is lost is answered when the broker is back",
        arguments: [true, false])
    func brokerAway(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean, prompted: old)
        first.closes()
        client.sends(.willTopicUpdate("new"))
        client.receivesNothing()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: isClean, will: new)
        second.sends(.connectAcknowledgement(present: !isClean))
        client.receives(.willTopicResponse(.accepted))
    }

    @Test("GW-26 GW-86 A reconnection that fails is tried again")
    func reconnectionFails() {
        let dialogue = Dialogue()
        let (client, second) = updating(dialogue)
        second.closes()
        client.receivesNothing()
        dialogue.passes(.seconds(1))
        let third = client.asksBroker(will: new)
        third.sends(.connectAcknowledgement(.serverUnavailable))
        third.receives(.close)
        client.receivesNothing()
        dialogue.passes(.seconds(2))
        client.asksBroker(will: new).sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted))
    }

    @Test("GW-28 GW-86 A broker that cannot be reached in time: the update is congestion, and the client is told")
    func restoreTimeout() {
        let dialogue = Dialogue(.dialogue { $0.upstream.connectTimeout = .seconds(100) })
        let client = dialogue.client("c1")
        let first = client.connects(prompted: old)
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect, .close)
        let second = dialogue.opensStream()
        dialogue.passes(.milliseconds(29_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.willTopicResponse(.congestion), .disconnect())
        second.receives(.close)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-86 The time for a second reconnection counts from its own beginning")
    func secondRestoreTimeout() {
        let dialogue = Dialogue(.dialogue { $0.upstream.connectTimeout = .seconds(100) })
        let (client, second) = updating(dialogue)
        client.sends(.willMessageUpdate("later"))
        dialogue.passes(.seconds(20))
        second.sends(.connectAcknowledgement())
        second.receives(.disconnect, .close)
        let third = client.asksBroker(will: TestWill(topic: "new", payload: "later"))
        dialogue.passes(.milliseconds(29_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.willTopicResponse(.congestion), .willMessageResponse(.congestion), .disconnect())
        third.receives(.disconnect, .close)
    }

    // MARK: The client goes on

    @Test("GW-64 A client that leaves while the broker is told leaves, and nothing comes after it")
    func leaves() {
        let dialogue = Dialogue()
        let (client, second) = updating(dialogue)
        client.sends(.disconnect())
        client.receives(.disconnect())
        second.receives(.disconnect, .close)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-69 GW-26 A client that falls asleep while the broker is told is not sent the answer")
    func fallsAsleep() {
        let dialogue = Dialogue()
        let (client, second) = updating(dialogue, clean: false)
        client.sends(.disconnect(600))
        client.receives(.disconnect())
        client.sends(.willMessageUpdate("later"))
        second.sends(.connectAcknowledgement(present: true))
        second.receives(.disconnect, .close)
        let third = client.asksBroker(clean: false, will: TestWill(topic: "new", payload: "later"))
        third.sends(.connectAcknowledgement(present: true))
        // This one it asked for while asleep (AMB-13).
        client.receives(.willMessageResponse(.accepted))
        client.sends(.willTopicUpdate("new"))
        client.receives(.willTopicResponse(.accepted))
    }

    @Test("GW-26 GW-69 A copy that comes after its client fell asleep is answered when the broker has the Will")
    func copyWhileAsleep() {
        let dialogue = Dialogue()
        let (client, second) = updating(dialogue, clean: false)
        client.fallsAsleep()
        client.sends(.willTopicUpdate("new"))
        client.receivesNothing()
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.willTopicResponse(.accepted))
    }

    @Test("GW-28 GW-69 A Will that the broker refuses is taken back, though its client has fallen asleep")
    func takenBackWhileAsleep() {
        let dialogue = Dialogue()
        let (client, second) = updating(dialogue, clean: false)
        client.fallsAsleep()
        second.sends(.connectAcknowledgement(.notAuthorized))
        second.receives(.close)
        client.connects(clean: false, present: true, will: old)
    }

    @Test("GW-26 GW-69 The new Will reaches the broker, whether or not its client still waits for the answer")
    func asleepBeforeConnect() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: old)
        client.sends(.willTopicUpdate("other"))
        first.receives(.disconnect, .close)
        let second = client.asksBroker(clean: false, will: TestWill(topic: "other", payload: "gone"))
        client.sends(.willTopicUpdate("new"))
        client.sends(.disconnect(600))
        client.receives(.disconnect())
        second.sends(.connectAcknowledgement(present: true))
        second.receives(.disconnect, .close)
        client.asksBroker(clean: false, will: new).sends(.connectAcknowledgement(present: true))
        client.receivesNothing()
    }

    @Test("GW-25 AMB-16 A changed Will is the one that CleanSession=0 keeps", arguments: ["new", ""])
    func kept(topic: String) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: old)
        client.sends(.willTopicUpdate(topic))
        first.receives(.disconnect, .close)
        let will = topic.isEmpty ? nil : new
        let second = client.asksBroker(clean: false, will: will)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.willTopicResponse(.accepted))
        client.leaves(second)
        client.leaves(client.connects(clean: false, present: true, will: will))
        client.connects(clean: false, present: true, will: will)
    }

    @Test("GW-26 A Will update needs a connection: a stranger is told that it has none")
    func stranger() {
        let dialogue = Dialogue()
        let stranger = dialogue.client("")
        stranger.sends(.willTopicUpdate("new"))
        stranger.receives(.disconnect())
        stranger.sends(.willMessageUpdate("new"))
        stranger.receives(.disconnect())
    }

    @Test("GW-26 During set-up a Will update is out of place and changes nothing")
    func duringSetUp() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopicUpdate("new"), .willMessageUpdate("later"))
        dialogue.observes(.unexpectedMessage)
        client.sends(.willTopic(""))
        _ = client.connectsUpstream(will: nil)
    }
}

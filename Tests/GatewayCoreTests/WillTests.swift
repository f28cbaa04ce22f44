import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The Will dialogue of connection set-up (MQTT-SN 1.2 §6.3).
@Suite struct WillTests {
    private let will = TestWill(topic: "dead/c1", payload: "gone", qos: .atLeastOnce, retain: true)

    @Test("GW-17 GW-18 GW-20 The Will is asked for in two steps and reaches the broker with CONNECT")
    func prompting() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("dead/c1", qos: .atLeastOnce, retain: true))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        client.receivesNothing()
        let upstream = client.asksBroker(will: will)
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }

    @Test("GW-19 An empty WILLTOPIC connects without a Will and without WILLMSGREQ")
    func emptyTopic() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic(""))
        _ = client.connectsUpstream()
    }

    @Test("GW-20 AMB-29 A Will message may be empty")
    func emptyMessage() {
        let dialogue = Dialogue()
        dialogue.client("c1").connects(prompted: TestWill(topic: "t", payload: ""))
    }

    @Test(
        "GW-23 A Will that MQTT does not allow refuses the connection",
        arguments: [
            SNMessage.willTopic("dead/c1", qos: .minusOne).bytes,
            SNMessage.willTopic("dead/+").bytes,
            SNMessage.willTopic("#").bytes,
            SNMessage.willTopic("a\0").bytes,
            [0x05, 0x07, 0x00, 0x61, 0xC0],
        ])
    func unacceptableTopic(octets: [UInt8]) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(octets: octets)
        client.receives(.connectAcknowledgement(.notSupported))
        #expect(dialogue.sessionCount == 0)
        #expect(!client.isKnown)
    }

    @Test("GW-87 A Will beyond its limits refuses the connection")
    func tooLong() {
        let configuration = GatewayConfiguration.dialogue {
            $0.limits.willMessageByteCount = 4
            $0.limits.topicNameByteCount = 3
        }
        let dialogue = Dialogue(configuration)
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("abcd"))
        client.receives(.connectAcknowledgement(.notSupported))
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("abc"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("12345"))
        client.receives(.connectAcknowledgement(.notSupported))
        #expect(dialogue.sessionCount == 0)
    }

    // MARK: Repetition

    @Test("GW-79 AMB-01 Each step that the client repeats gets the same prompt again")
    func repeatedSteps() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("dead/c1", qos: .atLeastOnce, retain: true))
        client.receives(.willMessageRequest)
        client.sends(.willTopic("dead/c1", qos: .atLeastOnce, retain: true))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let upstream = client.asksBroker(will: will)
        client.sends(.willMessage("gone"))
        client.receivesNothing()
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }

    @Test("GW-79 WILLMSG or an empty WILLTOPIC repeated because the CONNACK was lost gets the CONNACK again")
    func repeatedLastStep() {
        let dialogue = Dialogue()
        let first = dialogue.client("c1")
        first.connects(prompted: will)
        first.sends(.willMessage("gone"))
        first.receives(.connectAcknowledgement())
        let second = dialogue.client("c2")
        second.sends(.connect("c2", will: true))
        second.receives(.willTopicRequest)
        second.sends(.willTopic(""))
        _ = second.connectsUpstream()
        second.sends(.willTopic(""))
        second.receives(.connectAcknowledgement())
        second.sends(.pingRequest())
        second.receives(.pingResponse)
        second.sends(.willTopic(""))
        second.receivesNothing()
    }

    @Test("GW-78 AMB-22 WILLTOPICREQ is repeated Nretry times, then set-up is abandoned")
    func promptRepeated() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(9_999))
            client.receivesNothing()
            dialogue.passes(.milliseconds(1))
            client.receives(.willTopicRequest)
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        #expect(dialogue.sessionCount == 0)
        #expect(!client.isKnown)
    }

    @Test("GW-78 AMB-22 WILLMSGREQ is repeated Nretry times, then set-up is abandoned")
    func secondPromptRepeated() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        dialogue.passes(.seconds(10))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("dead/c1"))
        client.receives(.willMessageRequest)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.willMessageRequest)
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientSetUpAbandoned, of: "c1")
        #expect(dialogue.sessionCount == 0)
    }

    // MARK: Out of place

    @Test("GW-90 A Will that nobody asked for changes nothing")
    func unasked() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.willTopic("dead/c1"), .willMessage("gone"))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-16 GW-66 What needs a connection is ignored while the Will is asked for")
    func tooEarly() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.register(0, 1, "a"), .pingRequest(), .willMessage("gone"), .subscribe("a", id: 2))
        client.receivesNothing()
        client.sends(.willTopic(""))
        _ = client.connectsUpstream()
    }

    // MARK: The Will in the session

    @Test("GW-25 CleanSession=0, Will=0 keeps the stored Will and presents it again")
    func keptWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: will)
        client.leaves(first)
        let second = client.connects(clean: false, present: true, will: will)
        client.leaves(second)
        dialogue.client("c1").connects(clean: false, present: true, will: will)
    }

    @Test("GW-25 CleanSession=0, Will=1 replaces the stored Will")
    func replacedWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false, prompted: will))
        let other = TestWill(topic: "other", payload: "words", qos: .exactlyOnce)
        client.leaves(client.connects(clean: false, prompted: other))
        client.connects(clean: false, present: true, will: other)
    }

    @Test("GW-19 GW-25 An empty WILLTOPIC deletes the stored Will")
    func deletedWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false, prompted: will))
        client.sends(.connect("c1", clean: false, will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic(""))
        client.leaves(client.connectsUpstream(clean: false))
        client.connects(clean: false)
    }

    @Test("GW-24 CleanSession=1 deletes the stored Will")
    func cleanDeletesWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false, prompted: will))
        client.leaves(client.connects(clean: true))
        client.connects(clean: false)
    }

    @Test("GW-25 AMB-03 The Will of a clean session does not outlive it, even without a DISCONNECT")
    func cleanWillEnds() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: true, prompted: will)
        client.sends(.connect("c1", clean: false))
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream(clean: false, will: nil)
    }

    @Test("GW-64 A plain DISCONNECT takes the Will back: the broker gets DISCONNECT too")
    func disconnectWithWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: will)
        client.sends(.disconnect())
        client.receives(.disconnect())
        upstream.receives(.disconnect, .close)
    }

    @Test("GW-19 The broker has the Will with the CONNECT: who begins anew before the CONNACK takes it back")
    func beginsAnewWhileConnecting() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = prompted(client)
        client.sends(.connect("c1", keepAlive: 5))
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream()
    }

    @Test("GW-19 GW-86 A gateway that stops takes a Will back that the broker has not acknowledged")
    func shutsDownWhileConnecting() {
        let dialogue = Dialogue()
        let first = prompted(dialogue.client("c1"))
        dialogue.shutsDown()
        first.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
    }

    @Test("GW-21 A broker that refuses a Will is not told DISCONNECT: the connection is none")
    func refusedWithWill() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = prompted(client)
        first.sends(.connectAcknowledgement(.notAuthorized))
        first.receives(.close)
        client.receives(.connectAcknowledgement(.notSupported))
    }

    /// The client's CONNECT with a Will has gone to the broker.
    private func prompted(_ client: TestClient) -> TestUpstream {
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("w"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("x"))
        return client.asksBroker(will: TestWill(topic: "w", payload: "x"))
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The end of a client's broker connection, which its next one waits for: a DISCONNECT that is overtaken does not take
/// the Will back (MQTT 3.1.1 §3.1.2.5, §3.1.4, AMB-16).
@Suite struct ClosingConnectionTests {
    private let will = TestWill(topic: "will", payload: "gone")
    private let new = TestWill(topic: "new", payload: "gone")

    /// A client with a Will whose broker connections end only when the test says so.
    private func client(clean: Bool = true, _ change: (inout GatewayConfiguration) -> Void = { _ in })
        -> (Dialogue, TestClient, TestUpstream)
    {
        let dialogue = Dialogue(.dialogue(change))
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean, prompted: will)
        dialogue.holdsEnds = true
        return (dialogue, client, upstream)
    }

    // MARK: A new connection of the client

    @Test("GW-64 AMB-16 Who leaves and connects at once is asked for at the broker when it has left there")
    func leavesAndConnects() {
        let (_, client, first) = client()
        client.leaves(first)
        client.sends(.connect("c1"))
        client.receivesNothing()
        first.ends()
        _ = client.connectsUpstream()
    }

    @Test("GW-64 AMB-01 A CONNECT again waits for the end of the connection before", arguments: [true, false])
    func connectsAgain(isClean: Bool) {
        let (_, client, first) = client(clean: isClean)
        client.sends(.connect("c1", clean: isClean, keepAlive: 7))
        first.receives(.disconnect, .close)
        client.sends(.connect("c1", clean: isClean, keepAlive: 8))
        client.receivesNothing()
        first.ends()
        _ = client.connectsUpstream(clean: isClean, present: !isClean, will: isClean ? nil : will)
    }

    @Test("AMB-16 An end that is never told is awaited for a bounded time")
    func neverEnds() {
        let (dialogue, client, first) = client()
        client.leaves(first)
        dialogue.passes(.seconds(4))
        client.sends(.connect("c1"))
        dialogue.passes(.milliseconds(5_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        _ = client.connectsUpstream()
        first.ends()
    }

    @Test("GW-90 AMB-16 The end of one client's connection is nothing to another's")
    func ofAnother() {
        let (dialogue, client, first) = client()
        let other = dialogue.client("c2")
        client.leaves(first)
        let upstream = other.connects()
        other.leaves(upstream)
        client.sends(.connect("c1"))
        upstream.ends()
        first.ends()
        _ = client.connectsUpstream()
    }

    @Test("GW-64 Who leaves while it waits for the end leaves nothing behind")
    func leavesWhileWaiting() {
        let (dialogue, client, first) = client()
        client.leaves(first)
        client.sends(.connect("c1"))
        client.sends(.disconnect())
        client.receives(.disconnect())
        first.ends()
        #expect(dialogue.sessionCount == 0)
        dialogue.passes(.seconds(60))
    }

    @Test("GW-90 A broker that breaks the protocol is told DISCONNECT: no client has failed")
    func malformedPacket() {
        let (dialogue, client, first) = client()
        first.sends(octets: [0xF0, 0x00])
        first.receives(.disconnect, .close)
        dialogue.passes(.seconds(9))
        first.ends()
        client.asksBroker(will: will).sends(.connectAcknowledgement())
    }

    // MARK: Will updates

    @Test("AMB-16 What the broker has sent before a Will update made it close reaches the client", arguments: 0..<3)
    func readsOn(qos: UInt8) {
        let (_, client, first) = client()
        let level = DeliveryQoS(rawValue: qos) ?? .atMostOnce
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect)
        first.sends(.publish("a/b", "x", qos: level, id: qos == 0 ? 0 : 9))
        client.receives(.publish(1, "x", id: qos == 0 ? 0 : 9, qos: QualityOfService(level)))
        if level == .atLeastOnce { client.sends(.publishAcknowledgement(1, 9)) }
        first.closes()
        let second = client.asksBroker(will: new)
        second.sends(.connectAcknowledgement())
        second.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        client.receives(.willTopicResponse(.accepted))
    }

    @Test("AMB-16 An answer that the broker had sent before reaches the client too")
    func answers() {
        let (_, client, first) = client()
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce))
        first.receives(.publish("a", "x", qos: .atLeastOnce, id: 5))
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect)
        first.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(1, 5))
        first.closes()
        _ = client.asksBroker(will: new)
    }

    @Test("AMB-16 A broker that does not close after DISCONNECT is closed, and its end awaited")
    func brokerDoesNotClose() {
        let (dialogue, client, first) = client()
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect)
        dialogue.passes(.milliseconds(999))
        dialogue.passes(.milliseconds(1))
        first.receives(.close)
        client.sends(.willMessageUpdate("later"))
        first.ends()
        let second = client.asksBroker(will: TestWill(topic: "new", payload: "later"))
        second.sends(.connectAcknowledgement())
        client.receives(.willTopicResponse(.accepted), .willMessageResponse(.accepted))
    }

    @Test("AMB-16 GW-64 Who leaves while its Will is being changed leaves the broker once")
    func leavesMeanwhile() {
        let (_, client, first) = client()
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect)
        client.sends(.disconnect())
        client.receives(.disconnect())
        first.receives(.close)
    }

    @Test(
        "AMB-16 GW-28 While a clean session's messages cannot be read, the update is congestion",
        arguments: [true, false])
    func notRead(isClean: Bool) {
        let (_, client, first) = client(clean: isClean) { $0.limits.queuedMessagesPerClient = 1 }
        client.subscribes("a/b", as: 1, on: first)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        first.receives(.pause)
        client.sends(.willTopicUpdate("new"))
        guard !isClean else { return client.receives(.willTopicResponse(.congestion)) }
        first.receives(.disconnect, .close)
        first.ends()
        _ = client.asksBroker(clean: false, will: new)
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A session that is to be kept over a broker's session that is still a clean one, as its sleeper has woken up by
/// CONNECT (AMB-02): whatever ends the broker's connection, the client's QoS 2 messages end there first (GW-42).
@Suite struct BorrowedSessionTests {
    private let will = TestWill(topic: "w", payload: "gone")

    /// A client whose session is kept, at a broker that would forget message 7.
    private func client(_ dialogue: Dialogue, isTold: Bool) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: true, prompted: will)
        client.registers("a", as: 1)
        client.sends(.publish(1, "1", id: 7, qos: .exactlyOnce))
        upstream.receives(.publish("a", "1", qos: .exactlyOnce, id: 7))
        if isTold {
            upstream.sends(.publishReceived(7))
            client.receives(.publishReceived(7))
        }
        client.fallsAsleep()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement())
        return (client, upstream)
    }

    /// The broker ends the message, told by nobody but the gateway.
    private func ends(_ upstream: TestUpstream, isTold: Bool, at location: SourceLocation = #_sourceLocation) {
        if !isTold {
            upstream.sends(.publishReceived(7), at: location)
            upstream.receives(.publishRelease(7), at: location)
        }
        upstream.sends(.publishComplete(7), at: location)
        upstream.receives(.disconnect, .close, at: location)
    }

    /// The client comes back for the message, and finds it finished.
    private func findsItFinished(_ client: TestClient, _ upstream: TestUpstream) {
        client.sends(.publish(1, "1", id: 7, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(7))
        client.sends(.publishRelease(7))
        client.receives(.publishComplete(7))
        upstream.receivesNothing()
    }

    @Test("GW-42 GW-64 Who leaves in the middle of an exchange finds it finished", arguments: [true, false])
    func leaves(isTold: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: isTold)
        client.sends(.disconnect())
        client.receives(.disconnect())
        dialogue.observes(.clientDisconnected, of: "c1")
        if isTold { upstream.receives(.publishRelease(7)) }
        // It has left, and is not woken up.
        client.sends(.pingRequest("c1"))
        client.receivesNothing()
        ends(upstream, isTold: isTold)
        client.receivesNothing()
        findsItFinished(client, client.connects(clean: false, will: will))
    }

    @Test("GW-64 GW-86 A broker that does not end the exchange is left in the end, without the Will")
    func leavesInTheEnd() {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: false)
        client.sends(.disconnect())
        client.receives(.disconnect())
        dialogue.passes(.milliseconds(39_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.disconnect, .close)
        dialogue.doesNotObserve(.clientLost)
    }

    @Test("GW-64 GW-75 Who comes back before the exchange has ended goes on with it")
    func comesBackBefore() {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: false)
        client.sends(.disconnect())
        client.receives(.disconnect())
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement())
        client.sends(.publish(1, "1", id: 7, qos: .exactlyOnce, duplicate: true))
        upstream.receivesNothing()
        upstream.sends(.publishReceived(7))
        client.receives(.publishReceived(7))
        client.sends(.publishRelease(7))
        upstream.receives(.publishRelease(7))
    }

    @Test("GW-64 GW-17 Who comes back with a Will before the exchange has ended is set up when it has")
    func comesBackWithWill() {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: false)
        client.sends(.disconnect())
        client.receives(.disconnect())
        client.sends(.connect("c1", clean: false, will: true))
        client.receives(.willTopicRequest)
        // The end of the exchange does not end the set-up.
        upstream.sends(.publishReceived(7))
        client.sends(.willTopic("new"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("lost"))
        upstream.receives(.publishRelease(7))
        upstream.sends(.publishComplete(7))
        upstream.receives(.disconnect, .close)
        let second = client.asksBroker(clean: false, will: TestWill(topic: "new", payload: "lost"))
        second.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }

    @Test("GW-64 GW-86 What a client says after its goodbye puts off nothing, and is not woken up for")
    func saysMoreAfterGoodbye() {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: false)
        client.sends(.disconnect())
        client.receives(.disconnect())
        dialogue.passes(.seconds(39))
        client.sends(.pingRequest("c1"))
        client.receivesNothing()
        dialogue.passes(.seconds(1))
        upstream.receives(.disconnect, .close)
    }

    @Test(
        "GW-42 GW-25 A set-up that goes on with the session waits for the end of the exchange",
        arguments: [true, false])
    func connects(isTold: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: isTold)
        let new = TestWill(topic: "new", payload: "lost")
        client.sends(.connect("c1", clean: false, will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("new"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("lost"))
        client.receivesNothing()
        if isTold { upstream.receives(.publishRelease(7)) }
        ends(upstream, isTold: isTold)
        let second = client.asksBroker(clean: false, will: new)
        second.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        client.registers("a", as: 1)
        findsItFinished(client, second)
    }

    @Test("GW-16 GW-25 It does not wait for a broker that does not end the exchange")
    func connectsInTheEnd() {
        let dialogue = Dialogue()
        let (client, upstream) = client(dialogue, isTold: false)
        client.sends(.connect("c1", clean: false, will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic(""))
        dialogue.passes(.milliseconds(39_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.disconnect, .close)
        _ = client.asksBroker(clean: false)
    }
}

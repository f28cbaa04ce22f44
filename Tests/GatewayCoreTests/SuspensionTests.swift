import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The end of a gateway whose sessions another life goes on with.
@Suite struct SuspensionTests {
    @Test("GW-86 GW-69 The broker is left in good order, without a Will, and no client hears of it")
    func nobodyIsTold() {
        let dialogue = Dialogue()
        let clean = dialogue.client("c1")
        let persistent = dialogue.client("c2")
        let sleeper = dialogue.client("c3")
        let upstreams = [
            clean.connects(prompted: TestWill(topic: "w", payload: "gone")), persistent.connects(clean: false),
            sleeper.connects(),
        ]
        sleeper.fallsAsleep()
        dialogue.suspends()
        for upstream in upstreams { upstream.receives(.disconnect, .close) }
        dialogue.shared?.receives(.disconnect, .close)
        for client in [clean, persistent, sleeper] {
            client.receivesNothing()
            #expect(dialogue.record(of: client) != nil)
        }
        dialogue.doesNotObserve(.clientDisconnected)
        dialogue.doesNotObserve(.clientDismissed)
    }

    @Test("GW-34 GW-39 Another life goes on with whoever was there, and no CONNECT is needed")
    func goesOn() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, on: first)
        dialogue.suspends()
        first.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
        #expect(dialogue.restarts(knowingAddresses: true, age: .zero) == [])
        let second = client.isRestored(present: true)
        second.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
    }

    @Test("AMB-30 AMB-24 Whose QoS 2 message would be lost with the broker's session is told, and is gone")
    func messageWouldBeLost() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("x", on: upstream)
        dialogue.suspends()
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        upstream.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
        #expect(dialogue.record(of: client) == nil)
    }

    @Test("AMB-24 The same message of a session that the broker keeps is gone on with")
    func messageIsKept() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("x", on: first)
        dialogue.suspends()
        first.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
        dialogue.restarts(knowingAddresses: true, age: .zero)
        client.releases(on: client.isRestored(present: true))
    }

    @Test("GW-21 Afterwards nothing changes anything: nobody is answered, nothing is opened, nothing is forgotten")
    func nothingAfterwards() throws {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false, keepAlive: 10)
        client.subscribes("a/b", as: 1, on: upstream)
        dialogue.suspends()
        upstream.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
        let record = try #require(dialogue.record(of: client))
        upstream.sends(.publish("a/b", "late", qos: .atLeastOnce, id: 5))
        client.sends(.pingRequest())
        client.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.disconnect())
        dialogue.client("c2").sends(.connect("c2"))
        dialogue.shutsDown()
        dialogue.suspends()
        #expect(dialogue.record(of: client) == record)
        dialogue.passes(.seconds(100_000))
        #expect(dialogue.nextDeadline == nil)
        #expect(dialogue.sessionCount == 1)
    }
}

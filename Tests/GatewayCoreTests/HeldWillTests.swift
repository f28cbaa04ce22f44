import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Wills that the gateway keeps to itself and publishes in the broker's place (`will.update = "gateway"`, AMB-16).
@Suite struct HeldWillTests {
    private let will = TestWill(topic: "w", payload: "gone", qos: .atLeastOnce, retain: true)

    private func dialogue() -> Dialogue { Dialogue(.dialogue { $0.willUpdate = .gateway }) }

    /// Connects with a Will of which the broker hears nothing.
    private func connects(
        _ client: TestClient, clean: Bool = true, keepAlive: UInt16 = 60, will: TestWill
    ) -> TestUpstream {
        client.sends(.connect(client.clientID, clean: clean, will: true, keepAlive: keepAlive))
        client.receives(.willTopicRequest)
        client.sends(.willTopic(will.topic, qos: QualityOfService(will.qos), retain: will.retain))
        client.receives(.willMessageRequest)
        client.sends(.willMessage(will.payload))
        return client.connectsUpstream(clean: clean, will: nil)
    }

    @Test("GW-62 AMB-16 The Will of a lost client is published before its connection is closed")
    func lost() {
        let dialogue = dialogue()
        let upstream = connects(dialogue.client("c1"), will: will)
        dialogue.passes(.seconds(90))
        dialogue.observes(.willPublished, of: "c1")
        upstream.receives(.publish("w", "gone", qos: .atLeastOnce, id: 0x8000, retain: true), .close)
    }

    @Test("GW-62 AMB-16 A Will of QoS 2 is published at QoS 1, as nobody would bring QoS 2 to its end")
    func exactlyOnce() {
        let dialogue = dialogue()
        let upstream = connects(dialogue.client("c1"), will: TestWill(topic: "w", payload: "gone", qos: .exactlyOnce))
        dialogue.passes(.seconds(90))
        upstream.receives(.publish("w", "gone", qos: .atLeastOnce, id: 0x8000), .close)
    }

    @Test("GW-64 AMB-16 A client that leaves, or connects anew, takes its Will with it", arguments: [true, false])
    func left(leaves: Bool) {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = connects(client, will: will)
        if leaves {
            client.leaves(upstream)
        } else {
            client.sends(.connect("c1"))
            upstream.receives(.disconnect, .close)
            _ = client.connectsUpstream()
        }
        dialogue.passes(.seconds(200))
    }

    @Test("GW-26 GW-27 AMB-16 An update is answered at once and the broker hears nothing of it")
    func updated() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = connects(client, will: will)
        client.sends(.willTopicUpdate("new", qos: .atMostOnce))
        client.receives(.willTopicResponse(.accepted))
        client.sends(.willMessageUpdate("later"))
        client.receives(.willMessageResponse(.accepted))
        upstream.receivesNothing()
        dialogue.passes(.seconds(90))
        upstream.receives(.publish("new", "later"), .close)
    }

    @Test("GW-27 AMB-16 A deleted Will is not published")
    func deleted() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = connects(client, will: will)
        client.sends(.willTopicUpdate(""))
        client.receives(.willTopicResponse(.accepted))
        dialogue.passes(.seconds(90))
        dialogue.doesNotObserve(.willPublished)
        dialogue.doesNotObserve(.willNotPublished)
        upstream.receives(.close)
    }

    @Test("AMB-16 A QoS 2 exchange does not stand in the way of an update that costs no connection")
    func openExchange() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = connects(client, will: will)
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 5, qos: .exactlyOnce))
        upstream.receives(.publish("a", "x", qos: .exactlyOnce, id: 5))
        upstream.sends(.publishReceived(5))
        client.receives(.publishReceived(5))
        client.sends(.willMessageUpdate("later"))
        client.receives(.willMessageResponse(.accepted))
    }

    @Test("GW-70 AMB-16 The Will of a client lost in its sleep is published")
    func asleep() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = connects(client, will: will)
        client.sends(.disconnect(100))
        client.receives(.disconnect())
        dialogue.passes(.milliseconds(109_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        upstream.receives(.publish("w", "gone", qos: .atLeastOnce, id: 0x8000, retain: true), .close)
    }

    @Test("GW-25 AMB-16 The Will is kept with CleanSession=0 and published on a later loss", arguments: [true, false])
    func kept(isUpdated: Bool) {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let first = connects(client, clean: false, will: will)
        if isUpdated {
            client.sends(.willMessageUpdate("later"))
            client.receives(.willMessageResponse(.accepted))
        }
        client.leaves(first)
        let second = client.connects(clean: false, keepAlive: 60, present: true, will: nil)
        dialogue.passes(.seconds(90))
        let payload = isUpdated ? "later" : "gone"
        second.receives(.publish("w", payload, qos: .atLeastOnce, id: 0x8000, retain: true), .close)
    }

    @Test("AMB-16 A client whose address another one takes is lost, and its Will published")
    func displaced() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = connects(client, will: will)
        client.sends(.connect("c2"))
        upstream.receives(.publish("w", "gone", qos: .atLeastOnce, id: 0x8000, retain: true), .close)
        _ = dialogue.opensStream()
    }

    @Test("AMB-16 A Will that the broker cannot be told is counted")
    func brokerAway() {
        let dialogue = Dialogue(
            .dialogue {
                $0.willUpdate = .gateway
                $0.upstream.reconnectMinimum = .seconds(500)
                $0.upstream.reconnectMaximum = .seconds(500)
                $0.upstream.restoreTimeout = .seconds(500)
            })
        let upstream = connects(dialogue.client("c1"), will: will)
        upstream.closes()
        dialogue.passes(.seconds(90))
        dialogue.observes(.willNotPublished, of: "c1")
    }
}

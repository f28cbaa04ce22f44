import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What the gateway repeats towards a client that does not answer, and what a client's repetition gets (GW-78, GW-79).
@Suite struct DeliverRetransmissionTests {
    private func subscriber(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    @Test(
        "GW-78 PUBLISH is repeated with DUP under its MsgId Nretry times, then the client is lost",
        arguments: [DeliveryQoS.atLeastOnce, .exactlyOnce])
    func publish(qos: DeliveryQoS) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: qos, id: 9))
        let id: MessageID = qos == .atLeastOnce ? 1 : 9
        client.receives(.publish(1, "x", id: id, qos: QualityOfService(qos)))
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(9_999))
            client.receivesNothing()
            dialogue.passes(.milliseconds(1))
            client.receives(.publish(1, "x", id: id, qos: QualityOfService(qos), duplicate: true))
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        #expect(!client.isKnown)
    }

    @Test("GW-78 AMB-22 PUBREL is repeated Nretry times, then the client is lost")
    func release() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 9))
        client.receives(.publish(1, "x", id: 9, qos: .exactlyOnce))
        client.sends(.publishReceived(9))
        upstream.receives(.publishReceived(9))
        upstream.sends(.publishRelease(9))
        client.receives(.publishRelease(9))
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.publishRelease(9))
        }
        dialogue.passes(.seconds(10))
        upstream.receives(.close)
    }

    @Test("GW-78 Nothing is repeated to a client while the broker is to speak")
    func awaitingBroker() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 9))
        client.receives(.publish(1, "x", id: 9, qos: .exactlyOnce))
        client.sends(.publishReceived(9))
        upstream.receives(.publishReceived(9))
        dialogue.passes(.seconds(1_000))
        client.receivesNothing()
        upstream.sends(.publishRelease(9))
        client.receives(.publishRelease(9))
    }

    @Test("GW-78 The numbers of the client's link decide")
    func linkNumbers() {
        let configuration = GatewayConfiguration.dialogue {
            var radio = LinkConfiguration()
            radio.retryInterval = .seconds(2)
            radio.retryCount = 1
            $0.links.append(radio)
        }
        let dialogue = Dialogue(configuration)
        let client = dialogue.client("c1", link: 1)
        let upstream = client.connects()
        upstream.sends(.publish("ab", "x", qos: .atLeastOnce, id: 9))
        client.receives(.publish(.short("ab"), "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.seconds(2))
        client.receives(.publish(.short("ab"), "x", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.seconds(2))
        upstream.receives(.close)
    }

    @Test("GW-79 A repeated PUBREC gets PUBREL again, and nothing before the broker's PUBREL")
    func repeatedReceived() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 9))
        client.receives(.publish(1, "x", id: 9, qos: .exactlyOnce))
        client.sends(.publishReceived(9))
        upstream.receives(.publishReceived(9))
        client.sends(.publishReceived(9))
        client.receivesNothing()
        upstream.receivesNothing()
        upstream.sends(.publishRelease(9))
        client.receives(.publishRelease(9))
        client.sends(.publishReceived(9))
        client.receives(.publishRelease(9))
    }

    @Test("GW-79 A repeated PUBACK is not passed on")
    func repeatedAcknowledgement() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(9))
        client.sends(.publishAcknowledgement(1, 9))
        upstream.receivesNothing()
    }

    @Test("GW-72 A message that a lost client did not acknowledge is delivered when it returns, once")
    func afterReconnect() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue, clean: false)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        dialogue.passes(.seconds(10))
        upstream.receives(.close)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement())
        second.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 9, duplicate: true))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "x", id: 2, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 2))
        second.receives(.publishAcknowledgement(9))
        client.receivesNothing()
    }

    @Test("GW-72 QoS 2 goes on after a reconnect where it stood: PUBREC had come")
    func exactlyOnceAfterReconnect() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue, clean: false)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 9))
        client.receives(.publish(1, "x", id: 9, qos: .exactlyOnce))
        client.sends(.publishReceived(9))
        upstream.receives(.publishReceived(9))
        client.leaves(upstream)
        let second = client.connects(clean: false, present: true)
        // The PUBREC had not reached the broker.
        second.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 9, duplicate: true))
        second.receives(.publishReceived(9))
        second.sends(.publishRelease(9))
        client.receives(.publishRelease(9))
        client.sends(.publishComplete(9))
        second.receives(.publishComplete(9))
    }

    @Test("GW-72 AMB-23 PUBREL for a message that an earlier run of the gateway delivered is passed on")
    func releaseOfEarlierRun() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publishRelease(9))
        client.receives(.publishRelease(9))
        upstream.sends(.publishRelease(9))
        client.receivesNothing()
        client.sends(.publishComplete(9))
        upstream.receives(.publishComplete(9))
    }

    @Test("AMB-23 GW-79 A late second PUBACK does not acknowledge the next message under the broker's identifier")
    func lateAcknowledgement() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        for id in 1...9 as ClosedRange<MessageID> {
            upstream.sends(.publish("a/b", "\(id)", qos: .atLeastOnce, id: 1))
            client.receives(.publish(1, "\(id)", id: id, qos: .atLeastOnce))
            client.sends(.publishAcknowledgement(1, id - 1))
            upstream.receivesNothing()
            client.sends(.publishAcknowledgement(1, id))
            upstream.receives(.publishAcknowledgement(1))
        }
    }

    @Test("AMB-23 GW-79 Nor does a late second PUBREC or PUBCOMP, for as long as it may be on its way")
    func lateExactlyOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        for id in [1] + Array(0x4001...0x4008) as [MessageID] {
            upstream.sends(.publish("a/b", "\(id)", qos: .exactlyOnce, id: 1))
            client.receives(.publish(1, "\(id)", id: id, qos: .exactlyOnce))
            // Whether the client has them anew cannot be seen: each is released.
            let ended = id == 1 ? [] : id == 0x4001 ? [1] : [id - 1, 1]
            for number in ended {
                client.sends(.publishReceived(number))
                client.receives(.publishRelease(number))
            }
            upstream.receivesNothing()
            client.sends(.publishReceived(id))
            upstream.receives(.publishReceived(1))
            upstream.sends(.publishRelease(1))
            client.receives(.publishRelease(id))
            if id > 1 { client.sends(.publishComplete(id - 1), .publishComplete(1)) }
            upstream.receivesNothing()
            client.sends(.publishComplete(id))
            upstream.receives(.publishComplete(1))
        }
        dialogue.passes(.seconds(40))
        upstream.sends(.publish("a/b", "later", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "later", id: 1, qos: .exactlyOnce))
    }
}

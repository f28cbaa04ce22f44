import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What a client that comes back finds: numbers that it cannot mistake, and nothing lost without a word (AMB-15,
/// AMB-23).
@Suite struct AbsenceTests {
    // MARK: Message ids

    @Test("AMB-23 GW-42 The client may still hold the very first message when the broker has forgotten its session")
    func firstMessageUnanswered() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .exactlyOnce))
        client.leaves(first)
        let second = client.connects(clean: false, present: false)
        second.sends(.publish("ab", "2", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 0x8001, qos: .exactlyOnce))
    }

    @Test("AMB-23 GW-42 A broker that forgets twice before it sends anything does not bring the old numbers back")
    func forgottenTwice() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .exactlyOnce))
        client.leaves(first)
        client.leaves(client.connects(clean: false, present: false))
        let third = client.connects(clean: false, present: false)
        third.sends(.publish("ab", "2", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 0x8001, qos: .exactlyOnce))
    }

    @Test("AMB-23 A new clean session begins with the broker's own numbers")
    func newCleanSession() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        first.sends(.publish("ab", "1", qos: .atLeastOnce, id: 9))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0x6162, 1))
        first.receives(.publishAcknowledgement(9))
        client.sends(.connect("c1"))
        first.receives(.disconnect, .close)
        let second = client.connectsUpstream()
        second.sends(.publish("ab", "2", qos: .atLeastOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 2, qos: .atLeastOnce))
    }

    // MARK: Messages that are lost

    @Test("GW-87 AMB-15 QoS 0 that waits for a sleeper is counted when the sleeper is lost", arguments: [true, false])
    func sleeperLost(isClean: Bool) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: isClean, seconds: 100)
        for _ in 1...3 { upstream.sends(.publish("a/b", "x")) }
        upstream.sends(.publish("a/b", "y", qos: .atLeastOnce, id: 1))
        dialogue.passes(.seconds(110))
        dialogue.observes(.clientLost, of: "c1")
        // A clean session ends at the broker too, which keeps nothing for it.
        let missed = MissedMessages(atMostOnce: 3, atLeastOnce: isClean ? 1 : 0)
        dialogue.observes(exactly: .absentClientsMessagesDropped(missed), of: "c1")
        upstream.receives(.close)
        client.receivesNothing()
    }

    @Test("GW-87 A client that leaves nothing behind has lost nothing")
    func nothingLost() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        upstream.sends(.publish("ab", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        client.leaves(upstream)
        dialogue.doesNotObserve(.absentClientsMessagesDropped)
        client.connects(clean: false, present: true)
        dialogue.doesNotObserve(.absentClientsMessagesDropped)
    }

    @Test(
        "GW-87 AMB-15 AMB-30 What was left to a broker that has then forgotten it is counted when that shows",
        arguments: [true, false])
    func leftToBroker(isForgotten: Bool) {
        let dialogue = Dialogue(.dialogue { $0.sleep.restoreTimeout = .milliseconds(400) })
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.sends(
            .publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2", qos: .exactlyOnce, id: 2))
        first.closes()
        dialogue.passes(.milliseconds(400))
        dialogue.observes(.clientDismissed, of: "c1")
        dialogue.doesNotObserve(.absentClientsMessagesDropped)
        for isFirst in [true, false] {
            client.sends(.connect("c1", clean: false))
            let next = client.asksBroker(clean: false)
            next.sends(.connectAcknowledgement(present: !isForgotten || !isFirst))
            client.receives(.connectAcknowledgement())
            if isForgotten, isFirst {
                let missed = MissedMessages(atLeastOnce: 1, exactlyOnce: 1)
                dialogue.observes(exactly: .absentClientsMessagesDropped(missed), of: "c1")
                next.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
                next.sends(.subscribeAcknowledgement(0x8000, 2))
            } else {
                dialogue.doesNotObserve(.absentClientsMessagesDropped)
            }
            client.leaves(next)
        }
    }

    // MARK: Sleepers and the PUBREL

    @Test("GW-73 AMB-15 A sleeper whose PUBREL cannot be read finishes its wake-ups, until it has waited long enough")
    func awakeForRelease() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(2) })
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        let payload = String(repeating: "x", count: 1_390)
        for id in 4...68 as ClosedRange<PacketID> {
            upstream.sends(.publish("a/b", payload, qos: .atLeastOnce, id: id))
        }
        upstream.receives(.pause)
        for pause in [5, 15] {
            dialogue.passes(.seconds(10))
            client.receives(.pingResponse)
            dialogue.passes(.seconds(pause))
            client.wakesUp()
        }
        dialogue.passes(.milliseconds(9_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        upstream.receives(.disconnect, .close)
    }
}

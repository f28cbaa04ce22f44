import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A broker's session that an earlier life of the gateway began: of a number that was left there nothing is known, and
/// the broker would take a new QoS 2 message for the old one, and acknowledge it without having it (GW-42, AMB-23).
@Suite struct InheritanceTests {
    /// The gateway has forgotten the client, and the broker has not.
    private func survivor(present: Bool = true) -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue, clean: false, present: present)
        return (dialogue, client, upstream)
    }

    @Test("GW-42 AMB-23 A number that an earlier life may have left at the broker is released before its first use")
    func released() {
        let (dialogue, client, upstream) = survivor()
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        upstream.receives(.publishRelease(1))
        // Its repetition changes nothing.
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receivesNothing()
        upstream.sends(.publishComplete(1))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        client.receivesNothing()
        dialogue.doesNotObserve(.unexpectedPacket)
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: upstream)
        // From now on the number is the gateway's own affair.
        client.publishesExactlyOnce("B", on: upstream)
        client.releases(on: upstream)
        client.sends(.publish(1, "C", id: 2, qos: .exactlyOnce, retain: true))
        upstream.receives(.publishRelease(2))
        upstream.sends(.publishComplete(2))
        upstream.receives(.publish("a", "C", qos: .exactlyOnce, id: 2, retain: true))
    }

    @Test("GW-42 AMB-23 A connection that ends before the number is free takes the message along, which comes again")
    func cutBeforeFree() {
        let (dialogue, client, first) = survivor()
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publishRelease(1))
        first.closes()
        let second = client.isRestored(present: true)
        // Whether the broker has heard the PUBREL nobody knows.
        second.receives(.publishRelease(1))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receivesNothing()
        second.sends(.publishComplete(1))
        second.receivesNothing()
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
        dialogue.passes(.seconds(1))
    }

    @Test("GW-87 AMB-23 Where nothing more can be kept the message comes again when its number is free")
    func noRoomToKeep() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCount = Limits.queued(0) - 1 })
        let (client, upstream) = TestClient.publisher(dialogue, clean: false, present: true)
        client.sends(.publish(1, "AB", id: 1, qos: .exactlyOnce))
        upstream.receives(.publishRelease(1))
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        upstream.sends(.publishComplete(1))
        upstream.receivesNothing()
        client.sends(.publish(1, "AB", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "AB", qos: .exactlyOnce, id: 1, duplicate: true))
    }

    @Test("GW-42 AMB-23 A first repetition long after the CONNECT is of a message that the broker cannot have")
    func lateRepetition() {
        let (dialogue, client, upstream) = survivor()
        dialogue.passes(.seconds(200))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publishRelease(1))
        upstream.sends(.publishComplete(1))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
    }

    @Test("GW-42 AMB-23 The number of a repetition is not released: the broker may have that very message")
    func repetition() {
        let (_, client, upstream) = survivor()
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: upstream)
        client.publishesExactlyOnce("B", on: upstream)
    }

    @Test("GW-42 AMB-23 Who releases what this life has not heard of may use its id for a new message")
    func releasedOfAnEarlierLife() {
        let (dialogue, client, upstream) = survivor()
        client.releases(on: upstream)
        // What comes now may be a copy of that message, whatever it was. Acknowledged as such, another would be lost.
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        dialogue.passes(LinkConfiguration().retryInterval)
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receivesNothing()
        upstream.receivesNothing()
        dialogue.passes(LinkConfiguration().retryInterval * 2)
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 1, duplicate: true))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: upstream)
    }

    @Test("GW-42 AMB-23 At QoS 1 nothing is released: an equal number means nothing to the broker")
    func atLeastOnce() {
        let (_, client, upstream) = survivor()
        client.sends(.publish(1, "A", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a", "A", qos: .atLeastOnce, id: 1))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        upstream.receives(.publishRelease(1))
        upstream.sends(.publishComplete(1))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 1))
    }

    @Test(
        "GW-42 AMB-23 Who has begun something under an id in this life means that, or something later, by a repetition",
        arguments: [QualityOfService.atLeastOnce, .exactlyOnce])
    func begunInThisLife(qos: QualityOfService) {
        let (dialogue, client, upstream) = survivor()
        if qos == .atLeastOnce {
            client.sends(.publish(1, "A", id: 1, qos: qos))
            upstream.receives(.publish("a", "A", qos: .atLeastOnce, id: 1))
            upstream.sends(.publishAcknowledgement(1))
            client.receives(.publishAcknowledgement(1, 1))
        } else {
            // The stream is full, so that the first copy gets no further.
            upstream.blocks(queuedByteCount: 1_000_000)
            client.sends(.publish(1, "B", id: 1, qos: qos))
            client.receives(.publishAcknowledgement(1, 1, .congestion))
            upstream.drains()
            dialogue.passes(.seconds(41))
        }
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publishRelease(1))
        upstream.sends(.publishComplete(1))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 1))
    }

    @Test("GW-42 A broker without a session has nothing to release")
    func nothingInherited() {
        let (_, client, upstream) = survivor(present: false)
        client.publishesExactlyOnce("A", on: upstream)
    }

    @Test("GW-42 AMB-23 What is inherited outlives the connection, and ends with the broker's session")
    func lost() {
        let (dialogue, client, first) = survivor()
        first.closes()
        let second = client.isRestored(present: true)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        second.receives(.publishRelease(1))
        second.sends(.publishComplete(1))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        second.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: second)
        dialogue.passes(.seconds(60))
        second.closes()
        let third = client.isRestored(present: false)
        client.publishesExactlyOnce("B", id: 2, on: third)
    }

    @Test("GW-42 AMB-23 A session of the gateway's own is not inherited when its client comes back")
    func comesBack() {
        let (_, client, first) = survivor(present: false)
        client.leaves(first)
        let second = client.connects(clean: false, present: true)
        client.publishesExactlyOnce("A", on: second)
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Message ids towards the client, and packet identifiers of a broker whose session may be another one: no answer
/// counts for another message than it was given to (AMB-23, GW-79, GW-86).
@Suite struct DeliveryNumberTests {
    private func subscriber(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    /// The broker's connection ends, and so does the next one before its CONNACK; then the broker has a session.
    private func restoresInDoubt(_ client: TestClient, _ upstream: TestUpstream) -> TestUpstream {
        upstream.closes()
        client.dialogue.passes(.seconds(1))
        client.asksBroker(clean: false).closes()
        client.dialogue.passes(.seconds(2))
        let third = client.asksBroker(clean: false)
        third.sends(.connectAcknowledgement(present: true))
        return third
    }

    // MARK: QoS 1

    @Test("AMB-23 GW-79 However many a broker has in flight, a late second PUBACK acknowledges no other message")
    func lateAcknowledgement() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        for id in 1...12 as ClosedRange<PacketID> {
            upstream.sends(.publish("a/b", "\(id)", qos: .atLeastOnce, id: id))
            client.receives(.publish(1, "\(id)", id: id, qos: .atLeastOnce))
            client.sends(.publishAcknowledgement(1, id))
            upstream.receives(.publishAcknowledgement(id))
        }
        // The lowest free identifier, once more.
        upstream.sends(.publish("a/b", "again", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "again", id: 13, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receivesNothing()
        client.sends(.publishAcknowledgement(1, 13))
        upstream.receives(.publishAcknowledgement(1))
    }

    @Test("AMB-23 GW-79 So at QoS 2: a late second PUBREC or PUBCOMP belongs to the message that ended")
    func lateReceived() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        for id in 1...12 as ClosedRange<PacketID> { delivers(id, as: id, client, upstream) }
        upstream.sends(.publish("a/b", "again", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "again", id: 0x4001, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        client.receives(.publishRelease(1))
        upstream.receivesNothing()
        client.sends(.publishReceived(0x4001))
        upstream.receives(.publishReceived(1))
    }

    @Test("AMB-23 GW-79 The next session of a client does not use the numbers of the last one at once")
    func nextSession() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        first.receives(.publishAcknowledgement(1))
        client.leaves(first)
        let second = client.connects()
        second.sends(.publish("ab", "2", qos: .atLeastOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 40_504, qos: .atLeastOnce))
    }

    @Test("AMB-23 GW-24 At QoS 2 none that ended just now, though nothing else is left of the last session")
    func forgottenSession() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue)
        for id in 1...2 as ClosedRange<PacketID> { delivers(id, as: id, client, first) }
        client.leaves(first)
        #expect(dialogue.sessionCount == 0)
        let second = client.connects()
        second.sends(.publish("ab", "3", qos: .exactlyOnce, id: 2))
        client.receives(.publish(.short("ab"), "3", id: 0xDE38, qos: .exactlyOnce))
        // Of the session before.
        client.sends(.publishReceived(2))
        client.receives(.publishRelease(2))
        second.receivesNothing()
        client.leaves(second)
        dialogue.passes(.seconds(40))
        let third = client.connects()
        third.sends(.publish("ab", "4", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "4", id: 1, qos: .exactlyOnce))
    }

    @Test("AMB-23 Nor one under which the client may have a message of a session whose end it may not know")
    func heldOver() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue)
        first.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.leaves(first)
        dialogue.passes(.seconds(40))
        let second = client.connects()
        second.sends(.publish("ab", "2", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 0xDE38, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        client.receives(.publishRelease(1))
    }

    private func delivers(
        _ packetID: PacketID, as messageID: MessageID, _ client: TestClient, _ upstream: TestUpstream
    ) {
        upstream.sends(.publish("a/b", "\(packetID)", qos: .exactlyOnce, id: packetID))
        client.receives(.publish(1, "\(packetID)", id: messageID, qos: .exactlyOnce))
        client.sends(.publishReceived(messageID))
        upstream.receives(.publishReceived(packetID))
        upstream.sends(.publishRelease(packetID))
        client.receives(.publishRelease(messageID))
        client.sends(.publishComplete(messageID))
        upstream.receives(.publishComplete(packetID))
    }

    // MARK: QoS 2 over the end of a session

    @Test("AMB-23 What ended just now in an earlier session has its number for as long as the network knows of it")
    func earlierSession() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue)
        delivers(1, as: 1, client, first)
        client.sends(.connect("c1", clean: false))
        first.receives(.disconnect, .close)
        let second = client.connectsUpstream(clean: false)
        second.sends(.publish("ab", "2", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 0x4001, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        client.receives(.publishRelease(1))
        second.receivesNothing()
        client.sends(.publishReceived(0x4001))
        second.receives(.publishReceived(1))
    }

    @Test("AMB-23 A late copy of what has ended is released, as the client takes the next one for it until then")
    func lateCopyIsReleased() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        upstream.sends(.publish("ab", "x", qos: .exactlyOnce, id: 5))
        client.receives(.publish(.short("ab"), "x", id: 5, qos: .exactlyOnce))
        client.sends(.publishReceived(5))
        upstream.receives(.publishReceived(5))
        upstream.sends(.publishRelease(5))
        client.receives(.publishRelease(5))
        client.sends(.publishComplete(5))
        upstream.receives(.publishComplete(5))
        // The PUBLISH came again behind the PUBREL.
        client.sends(.publishReceived(5))
        client.receives(.publishRelease(5))
        client.sends(.publishComplete(5))
        client.receivesNothing()
        upstream.receivesNothing()
        // What nothing is known of may be an earlier life's, and the broker's to repeat.
        client.sends(.publishReceived(6))
        client.receivesNothing()
    }

    @Test("AMB-23 GW-69 A PUBREC that comes behind the DISCONNECT of a client that falls asleep still counts")
    func receivedAsleep() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "x", id: 1, qos: .exactlyOnce))
        client.fallsAsleep()
        client.sends(.publishReceived(1))
        client.receivesNothing()
        upstream.receives(.publishReceived(1))
        upstream.sends(.publishRelease(1))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1))
        client.receives(.pingResponse)
    }

    // MARK: A broker that may have forgotten

    @Test("GW-86 AMB-23 What the client has is not released on suspicion: a broker that has the session says so")
    func notReleasedOnSuspicion() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue, clean: false)
        first.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        first.receives(.publishReceived(1))
        let third = restoresInDoubt(client, first)
        third.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        client.receivesNothing()
        // The PUBREC had not come to the broker.
        third.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1, duplicate: true))
        third.receives(.publishReceived(1))
        client.receivesNothing()
        third.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        third.receives(.publishComplete(1))
    }

    @Test("GW-86 A broker that names it no more in Tretry × (Nretry + 1) has forgotten it")
    func forgottenAfterAll() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue, clean: false)
        first.sendsTogether(
            .publish("a/b", "1", qos: .exactlyOnce, id: 1), .publish("a/b", "2", qos: .atLeastOnce, id: 2))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        first.receives(.publishReceived(1))
        let third = restoresInDoubt(client, first)
        third.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        third.sends(.subscribeAcknowledgement(0x8000, 2))
        dialogue.passes(.milliseconds(39_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
        // To this broker, identifier 2 may be another message.
        client.sends(.publishAcknowledgement(1, 1))
        third.receivesNothing()
    }

    @Test("GW-86 AMB-14 An identifier of a session that may be over is not acknowledged in the next one")
    func doubtfulIdentifier() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue, clean: false)
        first.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        let third = restoresInDoubt(client, first)
        third.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        client.sends(.publishAcknowledgement(1, 1))
        third.receivesNothing()
        third.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 2))
        third.receives(.publishAcknowledgement(1))
    }

    @Test("GW-86 AMB-14 Once the broker has named it again it is acknowledged", arguments: [true, false])
    func namedAgain(isExactlyOnce: Bool) {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue, clean: false)
        let qos: DeliveryQoS = isExactlyOnce ? .exactlyOnce : .atLeastOnce
        first.sends(.publish("a/b", "1", qos: qos, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: QualityOfService(qos)))
        let third = restoresInDoubt(client, first)
        third.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        third.sends(.publish("a/b", "1", qos: qos, id: 1, duplicate: true))
        client.receivesNothing()
        client.sends(isExactlyOnce ? .publishReceived(1) : .publishAcknowledgement(1, 1))
        third.receives(isExactlyOnce ? .publishReceived(1) : .publishAcknowledgement(1))
    }

    @Test("GW-86 AMB-14 Nor is a PUBREC or PUBCOMP said for one, or a dropped message's PUBREL taken for one")
    func doubtfulExactlyOnce() {
        let dialogue = Dialogue()
        let (client, first) = subscriber(dialogue, clean: false)
        first.sendsTogether(
            .publish("a/b", "1", qos: .exactlyOnce, id: 1), .publish("a/b", "2", qos: .exactlyOnce, id: 2))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        first.receives(.publishReceived(1))
        first.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        let third = restoresInDoubt(client, first)
        third.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        client.sends(.publishComplete(1))
        client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce))
        client.sends(.publishReceived(2))
        third.receivesNothing()
        // The broker has the session after all: PUBREL for the one, PUBLISH for the other.
        third.sends(.publishRelease(1))
        third.sends(.publish("a/b", "2", qos: .exactlyOnce, id: 2, duplicate: true))
        third.receives(.publishReceived(2))
        third.sends(.publishRelease(2))
        client.receives(.publishRelease(2))
        client.sends(.publishComplete(2))
        third.receives(.publishComplete(2))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        third.receives(.publishComplete(1))
    }
}

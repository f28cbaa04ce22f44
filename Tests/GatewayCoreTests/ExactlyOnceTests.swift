import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// QoS 2 from the client when datagrams come late and clients leave exchanges behind (GW-42, GW-50, AMB-24).
@Suite struct ExactlyOnceTests {
    /// The client's message got as far as the PUBREC, and had to make room for a SUBSCRIBE when it was left behind.
    private func gaveWay() -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        dialogue.passes(.seconds(400))
        client.sends(.subscribe("s", id: 2))
        client.receives(.subscribeAcknowledgement(0, 2, .congestion))
        upstream.receives(.publishRelease(1))
        return (dialogue, client, upstream)
    }

    // MARK: Late copies

    @Test("GW-50 A late copy of a message that has come to its end is answered and not forwarded")
    func lateCopy() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        client.releases(on: upstream)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        client.sends(.publishRelease(1))
        client.receives(.publishComplete(1))
        upstream.receivesNothing()
        client.publishesExactlyOnce("B", on: upstream)
        client.releases(on: upstream)
    }

    @Test(
        "GW-50 GW-42 What only looks like a late copy is forwarded: another message, or much later",
        arguments: [("B", 0), ("A", 40)])
    func noLateCopy(payload: String, seconds: Int) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        client.releases(on: upstream)
        dialogue.passes(.seconds(seconds))
        client.sends(.publish(1, payload, id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", payload, qos: .exactlyOnce, id: 1, duplicate: true))
    }

    @Test(
        "GW-50 AMB-24 A copy without DUP, doubled or overtaken on its way, is known for one Tretry", arguments: [0, 9])
    func doubledCopy(seconds: Int) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        client.releases(on: upstream)
        dialogue.passes(.seconds(seconds))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishReceived(1))
        upstream.receivesNothing()
    }

    @Test("GW-50 AMB-24 A repetition that overtook its original does not make the original something new")
    func overtakenOriginal() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: upstream)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishReceived(1))
        upstream.receivesNothing()
    }

    @Test(
        "GW-41 AMB-24 Another message under the id of one that the broker has not answered is not acknowledged for it")
    func anotherMessageUnderAnOpenID() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.sends(.publish(1, "A", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a", "A", qos: .atLeastOnce, id: 1))
        client.sends(.publish(1, "B", id: 1, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 1, .congestion))
        upstream.sends(.publishAcknowledgement(1))
        client.receivesNothing()
        client.sends(.publish(1, "B", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a", "B", qos: .atLeastOnce, id: 1))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
    }

    @Test("GW-50 AMB-24 The copies of a refused QoS 2 message do not put off the end of its refusal")
    func refusalEnds() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        client.releases(on: upstream)
        dialogue.passes(.seconds(13))
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        // What is said later could reach the client when its message has been taken after all.
        for _ in 1...2 {
            dialogue.passes(.seconds(13))
            client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
            client.receivesNothing()
        }
        dialogue.passes(.seconds(1))
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 2, duplicate: true))
    }

    @Test("GW-44 AMB-24 A copy of a message whose topic id was denied is none of a new one when the id is known again")
    func copyOfADenied() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue)
        let id = client.octetsOfTopicID(1)
        client.leaves(first)
        let second = client.connects()
        // The id of the session before, which the next one gives the name again.
        client.sends(octets: [0x08, 0x0C, 0x40] + id + [0x00, 0x05, 0x41])
        client.receives(.publishAcknowledgement(TopicID(id[0]) << 8 | TopicID(id[1]), 5, .invalidTopicID))
        client.registers("a", as: 1)
        client.sends(.publish(1, "A", id: 5, qos: .exactlyOnce))
        client.receivesNothing()
        second.receivesNothing()
        // Who repeats it means it.
        client.sends(.publish(1, "A", id: 5, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 5, duplicate: true))
    }

    @Test("GW-87 AMB-24 Many visits shorter than patience do not keep what was left behind in the way of new messages")
    func shortVisits() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        var (client, upstream) = TestClient.publisher(dialogue, clean: false)
        func visits() {
            client.leaves(upstream)
            dialogue.passes(.seconds(30))
            upstream = client.connects(clean: false, present: true)
        }
        func isRefused(id: MessageID) {
            client.sends(.publish(1, "C", id: id, qos: .atLeastOnce))
            client.receives(.publishAcknowledgement(1, id, .congestion))
        }
        for id in [MessageID(1), 101, 201] {
            client.publishesExactlyOnce("A", id: id, on: upstream)
            for visit in 1...17 {
                upstream.receivesNothing()
                visits()
                isRefused(id: id + MessageID(visit))
            }
            upstream.receives(.publishRelease(id))
            upstream.sends(.publishComplete(id))
        }
    }

    @Test("GW-50 A repetition is not taken for a late copy of an equal message before it")
    func equalMessages() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("A", on: upstream)
        client.releases(on: upstream)
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        upstream.closes()
        let second = client.isRestored(present: true)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
    }

    // MARK: Left behind

    @Test("GW-42 AMB-23 AMB-24 A new message under the id of one that was left behind goes up when that has ended")
    func newMessageUnderOldID() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        dialogue.passes(.milliseconds(39_999))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishReceived(1))
        dialogue.passes(.seconds(40))
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        upstream.receives(.publishRelease(1))
        // The broker still has the number for the old message: under another one a gateway that starts anew would not
        // know the new message again, and a refusal would let it come twice.
        client.receivesNothing()
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receivesNothing()
        client.receivesNothing()
        upstream.sends(.publishComplete(1))
        client.receivesNothing()
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 1, duplicate: true))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.releases(on: upstream)
    }

    /// What the broker has under the number 1 before the message comes.
    enum Occupant: CaseIterable { case subscription, unsubscription, message }

    @Test(
        "GW-42 AMB-23 A message whose number is taken is neither sent under another nor refused, until that is free",
        arguments: Occupant.allCases)
    func numberTaken(_ occupant: Occupant) {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        let number: MessageID
        switch occupant {
        case .subscription:
            number = 1
            client.sends(.subscribe("s", id: 1))
            upstream.receives(.subscribe("s", id: 1))
        case .unsubscription:
            number = 1
            client.sends(.unsubscribe("s", id: 1))
            upstream.receives(.unsubscribe("s", id: 1))
        case .message:
            // At QoS 1 another number does, and that one is taken then.
            number = 0x8000
            client.sends(.subscribe("s", id: 1))
            upstream.receives(.subscribe("s", id: 1))
            client.sends(.publish(1, "B", id: 1, qos: .atLeastOnce))
            upstream.receives(.publish("a", "B", qos: .atLeastOnce, id: number))
        }
        client.sends(.publish(1, "A", id: number, qos: .exactlyOnce))
        upstream.receivesNothing()
        client.receivesNothing()
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        switch occupant {
        case .subscription:
            upstream.sends(.subscribeAcknowledgement(1, 0))
            client.receives(.subscribeAcknowledgement(2, 1))
        case .unsubscription:
            upstream.sends(.unsubscribeAcknowledgement(1))
            client.receives(.unsubscribeAcknowledgement(1))
        case .message:
            upstream.sends(.publishAcknowledgement(number))
            client.receives(.publishAcknowledgement(1, 1))
        }
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "A", id: number, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: number, duplicate: true))
        upstream.sends(.publishReceived(number))
        client.receives(.publishReceived(number))
        client.releases(id: number, on: upstream)
    }

    @Test("GW-45 AMB-24 A message for which there is no room is refused, whoever has its number")
    func numberTakenAndNoRoom() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = TestClient.publisher(dialogue)
        client.sends(.subscribe("s", id: 1))
        upstream.receives(.subscribe("s", id: 1))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 1, .congestion))
    }

    @Test("GW-50 AMB-24 However late, a repetition of a message that waits for its PUBREL gets PUBREC")
    func lateRepetition() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        dialogue.passes(.seconds(4_000))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        client.releases(on: upstream)
    }

    @Test("GW-88 AMB-24 Exchanges that were left behind give way when there is no room")
    func leftBehindGiveWay() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 2 })
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", id: 1, on: upstream)
        client.publishesExactlyOnce("B", id: 2, on: upstream)
        client.sends(.publish(1, "C", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .congestion))
        upstream.receivesNothing()
        dialogue.passes(.seconds(399))
        client.sends(.publish(1, "C", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .congestion))
        upstream.receivesNothing()
        dialogue.passes(.seconds(1))
        client.sends(.publish(1, "C", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .congestion))
        upstream.receives(.publishRelease(1))
        upstream.sends(.publishComplete(1))
        client.sends(.publish(1, "C", id: 3, qos: .atLeastOnce))
        upstream.receives(.publish("a", "C", qos: .atLeastOnce, id: 3))
    }

    @Test("GW-50 AMB-24 A repetition that finds no room is not refused: the broker may have its message")
    func repetitionWithoutRoom() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        client.receivesNothing()
        client.releases(on: upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 2, duplicate: true))
    }

    @Test("GW-45 AMB-24 A copy of a refused message is refused, as the client may have begun anew")
    func copyOfWhatWasRefused() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = TestClient.publisher(dialogue)
        client.publishesExactlyOnce("A", on: upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        client.releases(on: upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        upstream.receivesNothing()
        client.publishesExactlyOnce("B", id: 3, on: upstream)
        client.releases(id: 3, on: upstream)
        // What is not a copy is a new message, also under that id.
        client.publishesExactlyOnce("C", id: 2, on: upstream)
    }

    @Test("GW-50 AMB-24 Who comes back to an exchange that gave way has its message delivered once")
    func backToWhatGaveWay() {
        let (_, client, upstream) = gaveWay()
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        client.sends(.publishRelease(1))
        client.receivesNothing()
        upstream.sends(.publishComplete(1))
        client.receives(.publishComplete(1))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        client.sends(.publishRelease(1))
        client.receives(.publishComplete(1))
        upstream.receivesNothing()
    }

    @Test("GW-50 AMB-24 However late it comes back")
    func lateBackToWhatGaveWay() {
        let (dialogue, client, upstream) = gaveWay()
        upstream.sends(.publishComplete(1))
        dialogue.passes(.seconds(4_000))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        client.sends(.publishRelease(1))
        client.receives(.publishComplete(1))
        upstream.receivesNothing()
    }

    @Test("GW-42 AMB-24 Once the client knows that the exchange which gave way has ended, its id is free again")
    func gaveWayAndEnded() {
        let (dialogue, client, upstream) = gaveWay()
        upstream.sends(.publishComplete(1))
        client.sends(.publishRelease(1))
        client.receives(.publishComplete(1))
        dialogue.passes(.seconds(40))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
    }

    @Test("GW-42 AMB-24 An exchange that was interrupted gives way only when the client had time to go on with it")
    func interruptedGivesWayInTime() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        client.leaves(first)
        dialogue.passes(.seconds(100))
        let second = client.connects(clean: false, present: true)
        client.sends(.subscribe("s", id: 2))
        client.receives(.subscribeAcknowledgement(0, 2, .congestion))
        second.receivesNothing()
        dialogue.passes(.seconds(399))
        client.sends(.subscribe("s", id: 4))
        client.receives(.subscribeAcknowledgement(0, 4, .congestion))
        second.receivesNothing()
        dialogue.passes(.seconds(1))
        client.sends(.subscribe("s", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        second.receives(.publishRelease(1))
    }
}

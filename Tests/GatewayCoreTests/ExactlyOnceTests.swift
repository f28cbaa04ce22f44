import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// QoS 2 from the client when datagrams come late, clients leave exchanges behind, and broker connections end (GW-42,
/// GW-50, AMB-24).
@Suite struct ExactlyOnceTests {
    /// A client that has registered "a" as 1.
    private func publisher(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean)
        client.registers("a", as: 1)
        return (client, upstream)
    }

    /// The message has got as far as the PUBREC to the client.
    private func publishes(
        _ payload: String, id: MessageID = 1, _ client: TestClient, _ upstream: TestUpstream, packetID: PacketID = 1,
        at location: SourceLocation = #_sourceLocation
    ) {
        client.sends(.publish(1, payload, id: id, qos: .exactlyOnce), at: location)
        upstream.receives(.publish("a", payload, qos: .exactlyOnce, id: packetID), at: location)
        upstream.sends(.publishReceived(packetID), at: location)
        client.receives(.publishReceived(id), at: location)
    }

    private func releases(
        id: MessageID = 1, _ client: TestClient, _ upstream: TestUpstream, packetID: PacketID = 1,
        at location: SourceLocation = #_sourceLocation
    ) {
        client.sends(.publishRelease(id), at: location)
        upstream.receives(.publishRelease(packetID), at: location)
        upstream.sends(.publishComplete(packetID), at: location)
        client.receives(.publishComplete(id), at: location)
    }

    /// A SUBSCRIBE is open under message id 1, so that a PUBLISH under it gets a packet identifier of the gateway's.
    private func occupiesFirstID(_ client: TestClient, _ upstream: TestUpstream) {
        client.sends(.subscribe("s", id: 1))
        upstream.receives(.subscribe("s", id: 1))
    }

    /// The client's message got as far as the PUBREC, and had to make room for a SUBSCRIBE when it was left behind.
    private func gaveWay() -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        dialogue.passes(.seconds(40))
        client.sends(.subscribe("s", id: 2))
        client.receives(.subscribeAcknowledgement(0, 2, .congestion))
        upstream.receives(.publishRelease(1))
        return (dialogue, client, upstream)
    }

    private func restores(_ client: TestClient, present: Bool) -> TestUpstream {
        client.dialogue.passes(.seconds(1))
        let upstream = client.asksBroker(clean: false)
        upstream.sends(.connectAcknowledgement(present: present))
        return upstream
    }

    // MARK: Late copies

    @Test("GW-50 A late copy of a message that has come to its end is answered and not forwarded")
    func lateCopy() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        releases(client, upstream)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        client.sends(.publishRelease(1))
        client.receives(.publishComplete(1))
        upstream.receivesNothing()
        publishes("B", client, upstream)
        releases(client, upstream)
    }

    @Test(
        "GW-50 GW-42 What only looks like a late copy is forwarded: another message, or much later",
        arguments: [("B", 0), ("A", 40)])
    func noLateCopy(payload: String, seconds: Int) {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        releases(client, upstream)
        dialogue.passes(.seconds(seconds))
        client.sends(.publish(1, payload, id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", payload, qos: .exactlyOnce, id: 1, duplicate: true))
    }

    @Test(
        "GW-50 AMB-24 A copy without DUP, doubled or overtaken on its way, is known for one Tretry", arguments: [0, 9])
    func doubledCopy(seconds: Int) {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        releases(client, upstream)
        dialogue.passes(.seconds(seconds))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishReceived(1))
        upstream.receivesNothing()
    }

    @Test("GW-50 AMB-24 A repetition that overtook its original does not make the original something new")
    func overtakenOriginal() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        releases(client, upstream)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishReceived(1))
        upstream.receivesNothing()
    }

    @Test(
        "GW-41 AMB-24 Another message under the id of one that the broker has not answered is not acknowledged for it")
    func anotherMessageUnderAnOpenID() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
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
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        releases(client, upstream)
        for _ in 1...3 {
            dialogue.passes(.seconds(13))
            client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
            client.receives(.publishAcknowledgement(1, 2, .congestion))
        }
        dialogue.passes(.seconds(1))
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 2, duplicate: true))
    }

    @Test("GW-87 AMB-24 Visits shorter than patience do not keep what was left behind in the way of new messages")
    func shortVisits() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        var (client, upstream) = publisher(dialogue, clean: false)
        func visits() {
            client.leaves(upstream)
            dialogue.passes(.seconds(30))
            upstream = client.connects(clean: false, present: true)
        }
        func isRefused(id: MessageID) {
            client.sends(.publish(1, "C", id: id, qos: .atLeastOnce))
            client.receives(.publishAcknowledgement(1, id, .congestion))
        }
        for id in [MessageID(1), 11, 21] {
            publishes("A", id: id, client, upstream, packetID: id)
            visits()
            isRefused(id: id + 1)
            visits()
            isRefused(id: id + 2)
            upstream.receives(.publishRelease(id))
            upstream.sends(.publishComplete(id))
        }
    }

    @Test("GW-50 A repetition is not taken for a late copy of an equal message before it")
    func equalMessages() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue, clean: false)
        publishes("A", client, upstream)
        releases(client, upstream)
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        upstream.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        upstream.closes()
        let second = restores(client, present: true)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 1, duplicate: true))
    }

    // MARK: Left behind

    @Test("GW-42 AMB-24 A new message under the id of one that was left behind is no repetition")
    func newMessageUnderOldID() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        dialogue.passes(.milliseconds(39_999))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        client.receives(.publishReceived(1))
        dialogue.passes(.seconds(40))
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        upstream.receives(.publishRelease(1), .publish("a", "B", qos: .exactlyOnce, id: 0x8000))
        upstream.sends(.publishComplete(1))
        client.receivesNothing()
        upstream.sends(.publishReceived(0x8000))
        client.receives(.publishReceived(1))
        releases(client, upstream, packetID: 0x8000)
    }

    @Test("GW-50 AMB-24 However late, a repetition of a message that waits for its PUBREL gets PUBREC")
    func lateRepetition() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        dialogue.passes(.seconds(4_000))
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(1))
        releases(client, upstream)
    }

    @Test("GW-88 AMB-24 Exchanges that were left behind give way when there is no room")
    func leftBehindGiveWay() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 2 })
        let (client, upstream) = publisher(dialogue)
        publishes("A", id: 1, client, upstream)
        publishes("B", id: 2, client, upstream, packetID: 2)
        client.sends(.publish(1, "C", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .congestion))
        upstream.receivesNothing()
        dialogue.passes(.seconds(40))
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
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        client.receivesNothing()
        releases(client, upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .exactlyOnce, id: 2, duplicate: true))
    }

    @Test("GW-45 AMB-24 A copy of a refused message is refused, as the client may have begun anew")
    func copyOfWhatWasRefused() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 1 })
        let (client, upstream) = publisher(dialogue)
        publishes("A", client, upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        releases(client, upstream)
        client.sends(.publish(1, "B", id: 2, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        upstream.receivesNothing()
        publishes("B", id: 3, client, upstream, packetID: 3)
        releases(id: 3, client, upstream, packetID: 3)
        // What is not a copy is a new message, also under that id.
        publishes("C", id: 2, client, upstream, packetID: 2)
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
        let (client, first) = publisher(dialogue, clean: false)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        client.leaves(first)
        dialogue.passes(.seconds(100))
        let second = client.connects(clean: false, present: true)
        client.sends(.subscribe("s", id: 2))
        client.receives(.subscribeAcknowledgement(0, 2, .congestion))
        second.receivesNothing()
        dialogue.passes(.seconds(40))
        client.sends(.subscribe("s", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        second.receives(.publishRelease(1))
    }

    // MARK: The broker connection ends

    @Test(
        "GW-42 AMB-23 A persistent session's packet identifiers outlive the broker connection",
        arguments: [true, false])
    func mappedRelease(isLoss: Bool) {
        let dialogue = Dialogue()
        let (client, first) = publisher(dialogue, clean: false)
        occupiesFirstID(client, first)
        publishes("A", client, first, packetID: 0x8000)
        let second: TestUpstream
        if isLoss {
            first.closes()
            second = restores(client, present: true)
        } else {
            client.leaves(first)
            second = client.connects(clean: false, present: true)
        }
        second.receivesNothing()
        releases(client, second, packetID: 0x8000)
    }

    @Test("GW-42 AMB-23 A PUBLISH repeated over a new connection is the same to the broker")
    func mappedPublish() {
        let dialogue = Dialogue()
        let (client, first) = publisher(dialogue, clean: false)
        occupiesFirstID(client, first)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publish("a", "A", qos: .exactlyOnce, id: 0x8000))
        first.closes()
        let second = restores(client, present: true)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a", "A", qos: .exactlyOnce, id: 0x8000, duplicate: true))
        second.sends(.publishReceived(0x8000))
        client.receives(.publishReceived(1))
        releases(client, second, packetID: 0x8000)
    }

    @Test("GW-42 AMB-23 A new message after a new connection does not get the identifier of an unfinished one")
    func newMessageAfterLoss() {
        let dialogue = Dialogue()
        let (client, first) = publisher(dialogue, clean: false)
        client.sends(.publish(1, "A", id: 1, qos: .exactlyOnce))
        first.receives(.publish("a", "A", qos: .exactlyOnce, id: 1))
        first.closes()
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 1, .congestion))
        let second = restores(client, present: true)
        second.receives(.publishRelease(1))
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "B", id: 1, qos: .exactlyOnce))
        second.receives(.publish("a", "B", qos: .exactlyOnce, id: 0x8000))
        second.sends(.publishComplete(1))
        client.receivesNothing()
    }

    @Test("GW-42 A PUBREL that was lost with the connection is said again over the next one")
    func releaseRepeated() {
        let dialogue = Dialogue()
        let (client, first) = publisher(dialogue, clean: false)
        publishes("A", client, first)
        client.sends(.publishRelease(1))
        first.receives(.publishRelease(1))
        first.closes()
        let second = restores(client, present: true)
        second.receives(.publishRelease(1))
        client.sends(.publishRelease(1))
        second.receivesNothing()
        second.sends(.publishComplete(1))
        client.receives(.publishComplete(1))
    }

    @Test(
        "GW-42 GW-86 A broker that has forgotten a message after PUBREC: the client is dismissed, and gets no PUBCOMP",
        arguments: [true, false])
    func forgotten(isReleased: Bool) {
        let dialogue = Dialogue()
        let (client, first) = publisher(dialogue, clean: false)
        publishes("A", client, first)
        if isReleased {
            client.sends(.publishRelease(1))
            first.receives(.publishRelease(1))
        }
        first.closes()
        let second = restores(client, present: false)
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        second.receives(.disconnect, .close)
        client.connects(clean: false, present: true).receivesNothing()
    }

    @Test("GW-42 GW-86 So is a client that comes back to a broker that has forgotten")
    func forgottenMeanwhile() {
        let dialogue = Dialogue()
        let (client, first) = publisher(dialogue, clean: false)
        publishes("A", client, first)
        client.leaves(first)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: false))
        client.receives(.connectAcknowledgement(), .disconnect())
        second.receives(.disconnect, .close)
        client.connects(clean: false, present: true)
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A broker connection that ends under a connected client, and its restoration (GW-86, AMB-30).
@Suite struct BrokerLossTests {
    /// The pause before the first new attempt is over within a second.
    private func restores(
        _ client: TestClient, clean: Bool = true, will: TestWill? = nil, present: Bool
    ) -> TestUpstream {
        client.dialogue.passes(.seconds(1))
        let upstream = client.asksBroker(clean: clean, will: will)
        upstream.sends(.connectAcknowledgement(present: present))
        return upstream
    }

    // MARK: Restoration

    @Test("GW-86 AMB-30 A lost connection is restored without the client noticing")
    func silentRestoration() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let will = TestWill(topic: "w", payload: "gone")
        let first = client.connects(clean: false, prompted: will)
        client.subscribes("a/b", as: 1, on: first)
        first.closes()
        dialogue.observes(.upstreamLost, of: "c1")
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        let second = restores(client, clean: false, will: will, present: true)
        dialogue.observes(.upstreamRestored, of: "c1")
        second.receivesNothing()
        client.receivesNothing()
        second.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
        dialogue.passes(.seconds(60))
    }

    /// Seed 715: the Will of a client that is there was published.
    @Test("GW-64 GW-77 A broker that does not answer is left with DISCONNECT: no client has failed")
    func silentBroker() {
        let dialogue = Dialogue()
        dialogue.ignoresAdvertisements = true
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: TestWill(topic: "w", payload: "gone"))
        dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
        first.receives(.pingRequest)
        dialogue.shared?.receives(.pingRequest)
        dialogue.shared?.sends(.pingResponse)
        dialogue.passes(.seconds(15))
        first.receives(.disconnect, .close)
        dialogue.observes(.upstreamLost, of: "c1")
    }

    /// Seed 294: with a refusal the client would begin anew under another message id, and the message come twice.
    @Test("GW-50 GW-86 A QoS 2 PUBLISH that the lost broker may know is not refused when it comes again")
    func repeatedExactlyOnceWithoutBroker() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a/b", as: 1)
        client.sends(.publish(1, "x", id: 7, qos: .exactlyOnce))
        first.receives(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        first.closes()
        client.sends(.publish(1, "x", id: 7, qos: .exactlyOnce, duplicate: true))
        client.receivesNothing()
        let second = restores(client, clean: false, present: true)
        client.sends(.publish(1, "x", id: 7, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("a/b", "x", qos: .exactlyOnce, id: 7, duplicate: true))
        second.sends(.publishReceived(7))
        client.receives(.publishReceived(7))
    }

    /// Seed 4433: the second PUBACK for the first message would have answered the second one.
    @Test("GW-86 AMB-23 A broker that counts anew does not let two messages in a row have the same message id")
    func brokerCountsAnew() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .atLeastOnce))
        first.closes()
        let second = restores(client, clean: false, present: false)
        second.sends(.publish("ab", "2", qos: .atLeastOnce, id: 1))
        client.sends(.publishAcknowledgement(0, 1))
        client.receives(.publish(.short("ab"), "2", id: 2, qos: .atLeastOnce))
        second.receivesNothing()
        client.sends(.publishAcknowledgement(0, 1))
        second.receivesNothing()
        client.sends(.publishAcknowledgement(0, 2))
        second.receives(.publishAcknowledgement(1))
    }

    @Test("GW-45 While the connection is lost PUBLISH of QoS 1 and 2 and SUBSCRIBE are congestion")
    func requestsWhileLost() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        client.registers("a", as: 1)
        first.closes()
        client.sends(.publish(1, "x", id: 2, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 2, .congestion))
        dialogue.observes(exactly: .messageDroppedUpstreamDown(.exactlyOnce, octets: 2))
        client.sends(.subscribe("a", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        client.sends(.unsubscribe("a", id: 4), .publishRelease(5))
        client.receivesNothing()
        client.registers("b", as: 2)
    }

    // MARK: QoS 0 while the connection is lost

    @Test("GW-86 What comes at QoS 0 meanwhile goes up when the connection is back, in order and before the rest")
    func atMostOnceWaits() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a", as: 1)
        first.closes()
        client.sends(.publish(1, "1"), .publish(.short("ab"), "2", retain: true), .publish(1, "3"))
        client.receivesNothing()
        dialogue.doesNotObserve(.messageForwarded)
        dialogue.passes(.seconds(1))
        // An attempt that fails costs none of them.
        client.asksBroker(clean: false).closes()
        dialogue.passes(.seconds(2))
        let third = client.asksBroker(clean: false)
        third.sends(.connectAcknowledgement(present: true))
        third.receives(.publish("a", "1"), .publish("ab", "2", retain: true), .publish("a", "3"))
        client.sends(.publish(1, "4"))
        third.receives(.publish("a", "4"))
    }

    @Test("GW-86 Where there is no room the oldest or the newest goes, counted", arguments: QueuePolicy.allCases)
    func atMostOnceRoom(policy: QueuePolicy) {
        let dialogue = Dialogue(
            .dialogue {
                $0.queuePolicy = policy
                // Each takes 200 octets and those of its topic and payload.
                $0.limits.queuedByteCountPerUpstream = 2 * 205
            })
        let client = dialogue.client("c1")
        let first = client.connects()
        first.closes()
        for payload in ["1", "2", "3"] { client.sends(.publish(.short("ab"), payload)) }
        switch policy {
        case .dropOldest: client.receivesNothing()
        case .dropNewest: client.receives(.publishAcknowledgement(0x6162, 0, .congestion))
        }
        dialogue.observes(exactly: .messageDroppedUpstreamDown(.atMostOnce, octets: policy == .dropOldest ? 1 : 3))
        // One that is longer than all the room costs no other.
        client.sends(.publish(.short("ab"), String(repeating: "x", count: 300)))
        client.receives(.publishAcknowledgement(0x6162, 0, .congestion))
        let second = restores(client, present: false)
        switch policy {
        case .dropOldest: second.receives(.publish("ab", "2"), .publish("ab", "3"))
        case .dropNewest: second.receives(.publish("ab", "1"), .publish("ab", "2"))
        }
    }

    @Test("GW-86 What waits is dropped and counted where nothing comes back", arguments: [true, false])
    func atMostOnceEnds(leaves: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        first.closes()
        client.sends(.publish(.short("ab"), "1"))
        if leaves {
            client.sends(.disconnect())
        } else {
            dialogue.passes(.seconds(30))
        }
        client.receives(.disconnect())
        dialogue.observes(exactly: .messageDroppedUpstreamDown(.atMostOnce, octets: 1), of: "c1")
    }

    // MARK: Exchanges across a loss

    @Test("GW-41 A QoS 1 PUBLISH whose PUBACK was lost with the connection is forwarded again when repeated")
    func publishAcrossLoss() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .atLeastOnce))
        first.receives(.publish("ab", "x", qos: .atLeastOnce, id: 5))
        first.closes()
        client.receivesNothing()
        let second = restores(client, present: false)
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .atLeastOnce, duplicate: true))
        second.receives(.publish("ab", "x", qos: .atLeastOnce, id: 5, duplicate: true))
        second.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(0x6162, 5))
    }

    @Test("GW-42 A persistent session's QoS 2 exchange goes on after the loss where it stood")
    func exactlyOnceAcrossLoss() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .exactlyOnce))
        first.receives(.publish("ab", "x", qos: .exactlyOnce, id: 5))
        first.sends(.publishReceived(5))
        client.receives(.publishReceived(5))
        first.closes()
        let second = restores(client, clean: false, present: true)
        client.sends(.publishRelease(5))
        second.receives(.publishRelease(5))
        second.sends(.publishComplete(5))
        client.receives(.publishComplete(5))
    }

    @Test(
        "GW-42 GW-86 A clean session's QoS 2 exchange cannot go on: the client is dismissed", arguments: [true, false])
    func cleanExactlyOnce(isReleased: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: true)
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .exactlyOnce))
        first.receives(.publish("ab", "x", qos: .exactlyOnce, id: 5))
        first.sends(.publishReceived(5))
        client.receives(.publishReceived(5))
        if isReleased {
            client.sends(.publishRelease(5))
            first.receives(.publishRelease(5))
        }
        first.closes()
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        #expect(dialogue.sessionCount == 0)
    }

    /// Seed 620: the broker may have had it, and knows nothing of it in the new session.
    @Test("GW-42 GW-86 A clean session's QoS 2 PUBLISH that the broker has not answered cannot go on either")
    func cleanExactlyOnceUnanswered() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: true)
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .exactlyOnce))
        first.receives(.publish("ab", "x", qos: .exactlyOnce, id: 5))
        first.closes()
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
    }

    /// Seed 4835: the broker's PUBREL never came, and everything behind the message waited for it.
    @Test("GW-86 GW-42 Where the answer that the broker forgot was lost, a received message is released without it")
    func releaseAfterLostAnswer() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        first.receives(.publishReceived(1))
        first.closes()
        dialogue.passes(.seconds(1))
        client.asksBroker(clean: false).closes()
        dialogue.passes(.seconds(1))
        restores(client, clean: false, present: true).receivesNothing()
        // A broker that has the message would send it, or its PUBREL, again.
        dialogue.passes(.milliseconds(39_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publishRelease(1))
    }

    /// Seed 1724: the new message was taken for the one that waits, and lost.
    @Test("GW-86 Another message under a waiting one's packet identifier is another message", arguments: [true, false])
    func anotherMessageUnderTheSameID(isRepeated: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .atLeastOnce))
        first.closes()
        let second = restores(client, clean: false, present: true)
        second.sends(.publish("ab", "2", qos: .atLeastOnce, id: 1, duplicate: isRepeated))
        client.sends(.publishAcknowledgement(0x6162, 1))
        client.receives(.publish(.short("ab"), "2", id: 2, qos: .atLeastOnce, duplicate: isRepeated))
        second.receivesNothing()
        client.sends(.publishAcknowledgement(0x6162, 2))
        second.receives(.publishAcknowledgement(1))
    }

    @Test("GW-56 A message that a forgetful broker sent is brought to its end with the client, and not acknowledged")
    func brokerForgotMessage() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 5))
        client.receives(.publish(.short("ab"), "1", id: 5, qos: .exactlyOnce))
        client.sends(.publishReceived(5))
        first.receives(.publishReceived(5))
        first.sends(.publish("ab", "2", qos: .atLeastOnce, id: 6))
        first.closes()
        let second = restores(client, clean: false, present: false)
        client.receives(.publishRelease(5))
        client.sends(.publishComplete(5))
        client.receives(.publish(.short("ab"), "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0x6162, 1))
        second.receivesNothing()
    }

    @Test("GW-56 What the client has answered while the connection was lost is told the broker when it says it again")
    func acknowledgedWhileLost() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 5))
        client.receives(.publish(.short("ab"), "1", id: 5, qos: .exactlyOnce))
        first.closes()
        client.sends(.publishReceived(5))
        let second = restores(client, clean: false, present: true)
        // At QoS 2 the message is recognised.
        second.sends(.publish("ab", "1", qos: .exactlyOnce, id: 5, duplicate: true))
        second.receives(.publishReceived(5))
        client.receivesNothing()
        second.sends(.publishRelease(5))
        client.receives(.publishRelease(5))
        second.closes()
        client.sends(.publishComplete(5))
        dialogue.passes(.seconds(1))
        let third = restores(client, clean: false, present: true)
        third.receivesNothing()
        third.sends(.publishRelease(5))
        third.receives(.publishComplete(5))
        client.receivesNothing()
    }

    // MARK: What a broker may not do

    @Test(
        "GW-90 A broker that breaks the protocol loses that connection, and no other",
        arguments: [
            [0x00, 0x00], [0xF0, 0x00], [0x30, 0x01, 0x00], [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x36, 0x00],
            [0x40, 0x02, 0x00, 0x00], [0x30, 0x04, 0x00, 0x02, 0x61, 0x23], BrokerPacket.pingRequest.bytes,
            BrokerPacket.disconnect.bytes, BrokerPacket.unsubscribe("a", id: 1).bytes,
        ])
    func brokenProtocol(octets: [UInt8]) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let other = dialogue.client("c2")
        let first = client.connects()
        let otherUpstream = other.connects()
        first.sends(octets: octets)
        first.receives(.disconnect, .close)
        let second = restores(client, present: false)
        second.sends(.publish("ab", "x"))
        client.receives(.publish(.short("ab"), "x"))
        otherUpstream.sends(.publish("ab", "y"))
        other.receives(.publish(.short("ab"), "y"))
    }

    @Test("GW-87 A packet longer than the limit ends that connection before it is all there")
    func packetTooLong() {
        let dialogue = Dialogue(.dialogue { $0.limits.packetByteCount = 100 })
        let client = dialogue.client("c1")
        let first = client.connects()
        first.sends(.publish("ab", String(repeating: "x", count: 94)))
        client.receives(.publish(.short("ab"), String(repeating: "x", count: 94)))
        first.sends(octets: [0x30, 99])
        first.receives(.disconnect, .close)
        dialogue.observes(.malformedPacket)
    }

    @Test("GW-90 A broker that speaks before CONNACK is not taken for one that accepted")
    func tooEarly() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.sends(.publish("ab", "x"))
        upstream.receives(.disconnect, .close)
        client.receives(.connectAcknowledgement(.congestion))
    }

    @Test("GW-84 The shared connection comes back by itself, and clients are not concerned")
    func sharedLost() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        dialogue.shared?.closes()
        dialogue.passes(.seconds(1))
        let second = dialogue.opensStream()
        second.opens()
        second.receives(.connect("swiftlet-1"))
        second.sends(.connectAcknowledgement(.notAuthorized))
        second.receives(.close)
        dialogue.passes(.seconds(2))
        let third = dialogue.opensStream()
        third.opens()
        third.receives(.connect("swiftlet-1"))
        third.sends(.connectAcknowledgement())
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }
}

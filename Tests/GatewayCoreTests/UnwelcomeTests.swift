import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A broker that closes on a message: it is tried once more, alone, and then refused in the broker's place, so that a
/// client which says it again and again does not lose its connection as often (AMB-35).
@Suite struct UnwelcomeTests {
    private struct Pair {
        let dialogue: Dialogue
        let client: TestClient
        var upstream: TestUpstream

        /// The client, which knows "a" as 1, has been connected for a while.
        init(_ configuration: GatewayConfiguration = .dialogue()) {
            dialogue = Dialogue(configuration)
            (client, upstream) = TestClient.publisher(dialogue, clean: false)
            dialogue.passes(.seconds(60))
        }

        /// The broker closes, and the gateway comes back to stay.
        mutating func closes(_ end: StreamEnd = .closedByBroker, at location: SourceLocation = #_sourceLocation) {
            upstream.closes(end, at: location)
            upstream = client.isRestored(present: true, at: location)
            dialogue.passes(.seconds(60), at: location)
        }

        func says(
            _ payload: String, id: MessageID = 1, again: Bool = false, at location: SourceLocation = #_sourceLocation
        ) {
            client.sends(.publish(1, payload, id: id, qos: .atLeastOnce, duplicate: again), at: location)
        }

        func goesUp(
            _ payload: String, id: MessageID = 1, again: Bool = false, at location: SourceLocation = #_sourceLocation
        ) {
            upstream.receives(
                .publish("a", payload, qos: .atLeastOnce, id: id, duplicate: again), at: location)
        }

        func isRejected(id: MessageID = 1, at location: SourceLocation = #_sourceLocation) {
            client.receives(.publishAcknowledgement(1, id, .notSupported), at: location)
            upstream.receivesNothing(at: location)
        }

        /// The broker closes twice on the message.
        mutating func closesTwice(at location: SourceLocation = #_sourceLocation) {
            says("bad", at: location)
            goesUp("bad", at: location)
            closes(at: location)
            says("bad", again: true, at: location)
            goesUp("bad", again: true, at: location)
            closes(at: location)
        }
    }

    // MARK: QoS 1

    @Test("GW-90 AMB-35 A message on which the broker has closed twice is refused with 0x03, for an hour")
    func rejected() {
        var pair = Pair()
        pair.closesTwice()
        pair.says("bad", again: true)
        pair.isRejected()
        pair.dialogue.observes(.requestRefusedNotSupported, of: "c1")
        // So is the same under another id; another message is not.
        pair.says("bad", id: 2)
        pair.isRejected(id: 2)
        pair.says("good", id: 3)
        pair.goesUp("good", id: 3)
        pair.upstream.sends(.publishAcknowledgement(3))
        pair.client.receives(.publishAcknowledgement(1, 3))
        pair.dialogue.ignoresAdvertisements = true
        // A minute and a second have passed since the broker closed.
        pair.dialogue.passes(.milliseconds(3_538_999))
        pair.says("bad", id: 4)
        pair.isRejected(id: 4)
        pair.dialogue.passes(.milliseconds(1))
        pair.says("bad", id: 5)
        pair.goesUp("bad", id: 5)
    }

    @Test("GW-90 AMB-35 A stream that fails counts like one that the broker closes")
    func failed() {
        var pair = Pair()
        for again in [false, true] {
            pair.says("bad", again: again)
            pair.goesUp("bad", again: again)
            pair.closes(.failed)
        }
        pair.says("bad", again: true)
        pair.isRejected()
    }

    @Test("AMB-35 Only what was on its way is suspect")
    func onlyWhatWasUnanswered() {
        var pair = Pair()
        for _ in 1...3 {
            pair.says("good")
            pair.goesUp("good")
            pair.upstream.sends(.publishAcknowledgement(1))
            pair.client.receives(.publishAcknowledgement(1, 1))
            pair.closes()
        }
        pair.says("good")
        pair.goesUp("good")
    }

    @Test("AMB-35 A suspect is tried alone: others wait for it, and it for others")
    func alone() {
        var pair = Pair()
        pair.says("bad")
        pair.goesUp("bad")
        pair.closes()
        pair.says("good", id: 2)
        pair.goesUp("good", id: 2)
        pair.says("bad", again: true)
        pair.upstream.receivesNothing()
        pair.client.receivesNothing()
        pair.upstream.sends(.publishAcknowledgement(2))
        pair.client.receives(.publishAcknowledgement(1, 2))
        pair.says("bad", again: true)
        pair.goesUp("bad", again: true)
        pair.says("good", id: 3)
        pair.upstream.receivesNothing()
        pair.client.receivesNothing()
        // The broker takes it: it is a message like any other again.
        pair.upstream.sends(.publishAcknowledgement(1))
        pair.client.receives(.publishAcknowledgement(1, 1))
        pair.says("bad", id: 4)
        pair.goesUp("bad", id: 4)
        pair.says("good", id: 3, again: true)
        pair.goesUp("good", id: 3, again: true)
    }

    @Test("AMB-35 Two suspects of one closing: only the one that the broker closes on again is refused")
    func twoSuspects() {
        var pair = Pair()
        pair.says("good", id: 1)
        pair.goesUp("good", id: 1)
        pair.says("bad", id: 2)
        pair.goesUp("bad", id: 2)
        pair.closes()
        pair.says("good", id: 1, again: true)
        pair.goesUp("good", id: 1, again: true)
        pair.upstream.sends(.publishAcknowledgement(1))
        pair.client.receives(.publishAcknowledgement(1, 1))
        pair.says("bad", id: 2, again: true)
        pair.goesUp("bad", id: 2, again: true)
        pair.closes()
        pair.says("good", id: 1)
        pair.goesUp("good", id: 1)
        pair.says("bad", id: 2, again: true)
        pair.isRejected(id: 2)
    }

    @Test("GW-87 AMB-35 No more is remembered than the limit: the oldest may be tried again", arguments: [0, 1])
    func limit(limit: Int) {
        var pair = Pair(.dialogue { $0.limits.unwelcomeMessages = limit })
        pair.closesTwice()
        pair.says("worse", id: 2)
        pair.goesUp("worse", id: 2)
        if limit > 0 {
            pair.says("bad", again: true)
            pair.isRejected()
        }
        pair.closes()
        pair.says("bad", again: true)
        pair.goesUp("bad", again: true)
    }

    // MARK: QoS 2

    @Test("AMB-35 The memory outlives the session, which ends with the connection where the broker forgets QoS 2")
    func exactlyOnce() {
        let dialogue = Dialogue()
        for _ in 1...2 {
            let (client, upstream) = TestClient.publisher(dialogue)
            client.sends(.publish(1, "bad", id: 1, qos: .exactlyOnce))
            upstream.receives(.publish("a", "bad", qos: .exactlyOnce, id: 1))
            upstream.closes()
            client.receives(.disconnect())
        }
        let (client, upstream) = TestClient.publisher(dialogue)
        client.sends(.publish(1, "bad", id: 1, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 1, .notSupported))
        upstream.receivesNothing()
        dialogue.client("c2").connects()
    }

    // MARK: QoS 0

    /// A QoS 2 message on which the broker has closed twice, so that it may have it, is refused; its number is freed.
    private func refusedExactlyOnce(_ configuration: GatewayConfiguration = .dialogue()) -> Pair {
        var pair = Pair(configuration)
        for again in [false, true] {
            pair.client.sends(.publish(1, "bad", id: 5, qos: .exactlyOnce, duplicate: again))
            pair.upstream.receives(.publish("a", "bad", qos: .exactlyOnce, id: 5, duplicate: again))
            pair.closes()
        }
        pair.client.sends(.publish(1, "bad", id: 5, qos: .exactlyOnce, duplicate: true))
        pair.client.receives(.publishAcknowledgement(1, 5, .notSupported))
        pair.upstream.receives(.publishRelease(5))
        return pair
    }

    /// The client, which has not heard of the refusal, repeats the message.
    private func repeatsExactlyOnce(_ pair: Pair, at location: SourceLocation = #_sourceLocation) {
        pair.client.sends(.publish(1, "bad", id: 5, qos: .exactlyOnce, duplicate: true), at: location)
        pair.client.receives(.publishAcknowledgement(1, 5, .notSupported), at: location)
        pair.upstream.receivesNothing(at: location)
    }

    @Test("AMB-24 AMB-35 Who has not heard of the refusal of a message that the broker may have hears it again")
    func refusalRepeated() {
        let pair = refusedExactlyOnce()
        repeatsExactlyOnce(pair)
        pair.upstream.sends(.publishComplete(5))
        repeatsExactlyOnce(pair)
        pair.dialogue.passes(.seconds(60))
        repeatsExactlyOnce(pair)
    }

    @Test("AMB-24 AMB-35 Another life of the gateway knows of the refusal", arguments: [true, false])
    func refusalOutlivesTheGateway(isReleased: Bool) {
        var pair = refusedExactlyOnce()
        if isReleased { pair.upstream.sends(.publishComplete(5)) }
        pair.dialogue.restarts(knowingAddresses: true)
        pair.upstream = pair.client.isRestored(present: true)
        if !isReleased {
            pair.upstream.receives(.publishRelease(5))
            pair.upstream.sends(.publishComplete(5))
        }
        repeatsExactlyOnce(pair)
        pair.dialogue.passes(.seconds(60))
        repeatsExactlyOnce(pair)
    }

    @Test("AMB-35 Refused for good is one message: another under its id goes up, and the same one said anew")
    func refusalOfOneMessage() {
        for payload in ["good", "bad"] {
            var pair = refusedExactlyOnce()
            pair.upstream.sends(.publishComplete(5))
            // The hour in which the message is not tried is over with the gateway.
            pair.dialogue.restarts(knowingAddresses: true)
            pair.upstream = pair.client.isRestored(present: true)
            pair.dialogue.passes(.seconds(60))
            pair.client.sends(.publish(1, payload, id: 5, qos: .exactlyOnce))
            pair.upstream.receives(.publish("a", payload, qos: .exactlyOnce, id: 5))
        }
    }

    @Test(
        "AMB-35 Who has heard of the refusal uses the message id for something else at once", arguments: [true, false])
    func idAfterRefusal(isReleased: Bool) {
        let pair = refusedExactlyOnce()
        if isReleased { pair.upstream.sends(.publishComplete(5)) }
        pair.client.sends(.publish(1, "good", id: 5, qos: .atLeastOnce))
        // Under another number, while that of the refused message is not free.
        let number: UInt16 = isReleased ? 5 : 0x8000
        pair.upstream.receives(.publish("a", "good", qos: .atLeastOnce, id: number))
        pair.upstream.sends(.publishAcknowledgement(number))
        pair.client.receives(.publishAcknowledgement(1, 5, .accepted))
    }

    @Test("GW-87 AMB-35 A session that remembers a refusal is not the first to make room for others")
    func refusalIsKept() {
        var configuration = GatewayConfiguration.dialogue()
        configuration.limits.clients = 2
        let pair = refusedExactlyOnce(configuration)
        pair.upstream.sends(.publishComplete(5))
        pair.client.leaves(pair.upstream)
        let other = pair.dialogue.client("other")
        let otherUpstream = other.connects(clean: false)
        other.leaves(otherUpstream)
        pair.dialogue.client("third").connects(clean: false)
        pair.dialogue.observes(.sessionEvicted, of: "other")
    }

    @Test("AMB-30 AMB-35 A broker that has forgotten its session costs no client a message that was refused")
    func refusalNeedsNoMemory() {
        var pair = refusedExactlyOnce()
        pair.upstream.closes()
        pair.upstream = pair.client.isRestored(present: false)
        pair.client.receivesNothing()
        repeatsExactlyOnce(pair)
    }

    /// The broker has closed behind a message of QoS 0.
    private func suspected() -> Pair {
        var pair = Pair()
        pair.client.sends(.publish(1, "bad"))
        pair.upstream.receives(.publish("a", "bad"))
        pair.closes()
        return pair
    }

    @Test("AMB-35 A suspect of QoS 0 is tried with a PINGREQ behind it, and the PINGRESP clears it")
    func tried() {
        let pair = suspected()
        pair.client.sends(.publish(1, "good"))
        pair.upstream.receives(.publish("a", "good"))
        pair.client.sends(.publish(1, "bad"))
        pair.upstream.receives(.publish("a", "bad"), .pingRequest)
        pair.upstream.sends(.pingResponse)
        pair.client.receivesNothing()
        pair.client.sends(.publish(1, "bad"))
        pair.upstream.receives(.publish("a", "bad"))
    }

    @Test("GW-90 AMB-35 A suspect of QoS 0 on which the broker closes again is refused with 0x03")
    func rejectedAtMostOnce() {
        var pair = suspected()
        pair.client.sends(.publish(1, "good"))
        pair.upstream.receives(.publish("a", "good"))
        pair.client.sends(.publish(1, "bad"))
        pair.upstream.receives(.publish("a", "bad"), .pingRequest)
        pair.closes()
        pair.client.sends(.publish(1, "bad"))
        pair.client.receives(.publishAcknowledgement(1, 0, .notSupported))
        pair.upstream.receivesNothing()
        // What has gone before what was tried is no suspect.
        pair.client.sends(.publish(1, "good"))
        pair.upstream.receives(.publish("a", "good"))
    }

    @Test("AMB-35 While a suspect of QoS 0 is tried nothing else of QoS 1 goes up, and no other suspect")
    func triedAlone() {
        var pair = Pair()
        for payload in ["bad", "worse"] {
            pair.client.sends(.publish(1, payload))
            pair.upstream.receives(.publish("a", payload))
        }
        pair.closes()
        pair.client.sends(.publish(1, "bad"))
        pair.upstream.receives(.publish("a", "bad"), .pingRequest)
        pair.client.sends(.publish(1, "worse"))
        pair.client.receives(.publishAcknowledgement(1, 0, .congestion))
        pair.says("good", id: 7)
        pair.client.receivesNothing()
        pair.upstream.receivesNothing()
        pair.upstream.sends(.pingResponse)
        pair.client.sends(.publish(1, "worse"))
        pair.upstream.receives(.publish("a", "worse"), .pingRequest)
        pair.upstream.sends(.pingResponse)
        pair.says("good", id: 7, again: true)
        pair.goesUp("good", id: 7, again: true)
    }
}

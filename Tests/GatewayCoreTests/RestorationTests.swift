import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// How a lost broker connection is restored: when it is tried again, how long, and what the broker is told (GW-86,
/// AMB-30).
@Suite struct RestorationTests {
    /// The pause before the first new attempt is over within a second.
    private func restores(
        _ client: TestClient, clean: Bool = true, will: TestWill? = nil, present: Bool
    ) -> TestUpstream {
        client.dialogue.passes(.seconds(1))
        let upstream = client.asksBroker(clean: clean, will: will)
        upstream.sends(.connectAcknowledgement(present: present))
        return upstream
    }

    @Test("GW-86 A broker without the session is told the subscriptions again", arguments: [true, false])
    func resubscription(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        client.subscribes("c/#", as: 0, id: 2, qos: .atMostOnce, on: first)
        first.closes()
        let second = restores(client, clean: isClean, present: false)
        second.receives(
            .subscribe("a/b", id: 0x8000, qos: .exactlyOnce), .subscribe("c/#", id: 0x8001, qos: .atMostOnce))
        second.sends(.subscribeAcknowledgement(0x8000, 2), .subscribeAcknowledgement(0x8001, 0))
        client.receivesNothing()
        second.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
    }

    @Test(
        "GW-86 AMB-30 A subscription that the broker no longer grants ends, and the client is told",
        arguments: [true, false])
    func resubscriptionRefused(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        client.subscribes("c", as: 2, id: 2, qos: .exactlyOnce, on: first)
        first.closes()
        let second = restores(client, clean: isClean, present: false)
        second.receives(
            .subscribe("a/b", id: 0x8000, qos: .exactlyOnce), .subscribe("c", id: 0x8001, qos: .exactlyOnce))
        second.sends(.subscribeAcknowledgement(0x8000, 0x80))
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        second.receives(.disconnect, .close)
        guard !isClean else { return }
        // The other one was not acknowledged, and is not forgotten with the connection.
        client.connects(clean: false, present: true).receives(.subscribe("c", id: 0x8002, qos: .exactlyOnce))
    }

    @Test("GW-86 AMB-30 Subscriptions that cannot be made again: the client is told")
    func resubscriptionNotSent() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerUpstream = 40 })
        let client = dialogue.client("c1")
        let first = client.connects()
        let filter = String(repeating: "x", count: 30)
        client.subscribes(filter, as: 1, qos: .exactlyOnce, on: first)
        first.closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker()
        second.blocks(queuedByteCount: 20)
        second.sends(.connectAcknowledgement(present: false))
        client.receives(.disconnect())
        second.receives(.disconnect, .close)
    }

    /// Seed 1007: the broker's new session has begun with the CONNECT whose answer was lost.
    @Test("GW-86 The subscriptions are told again where the answer that the broker forgot them was lost")
    func resubscriptionAfterLostAnswer() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, on: first)
        first.closes()
        dialogue.passes(.seconds(1))
        client.asksBroker(clean: false).closes()
        dialogue.passes(.seconds(1))
        let third = restores(client, clean: false, present: true)
        third.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce))
        dialogue.passes(.seconds(10))
        third.closes()
        // The SUBACK is missing: once more.
        let fourth = restores(client, clean: false, present: true)
        fourth.receives(.subscribe("a/b", id: 0x8001, qos: .atLeastOnce))
        fourth.sends(.subscribeAcknowledgement(0x8001, 1))
        dialogue.passes(.seconds(10))
        fourth.closes()
        let fifth = restores(client, clean: false, present: true)
        fifth.receivesNothing()
    }

    /// Lets time pass until a stream is asked for.
    private func pauses(_ dialogue: Dialogue) -> TimeSpan {
        let began = dialogue.now
        while dialogue.requestedStream == nil, let deadline = dialogue.nextDeadline {
            dialogue.passes(deadline.since(dialogue.now))
        }
        return dialogue.now.since(began)
    }

    /// The first is at most the minimum, and at least half of it; the others are no shorter.
    private func mostPauses(upTo maximum: TimeSpan, last: TimeSpan?, number: Int) -> ClosedRange<TimeSpan> {
        switch number {
        case 0: .milliseconds(500)...(.seconds(1))
        case 1: .seconds(1)...(.seconds(2))
        default: .seconds(1)...min(maximum, (last ?? .zero) * 3)
        }
    }

    @Test("GW-86 The pauses between attempts grow up to a bound, at random, and begin anew after a success")
    func backOff() {
        let configuration = GatewayConfiguration.dialogue {
            $0.upstream.restoreTimeout = .seconds(10_000)
            $0.upstream.reconnectMaximum = .seconds(8)
        }
        let dialogue = Dialogue(configuration)
        let client = dialogue.client("c1")
        var upstream = client.connects()
        var last: TimeSpan?
        for number in 0..<20 {
            upstream.closes(.refused)
            let pause = pauses(dialogue)
            #expect(mostPauses(upTo: .seconds(8), last: last, number: number).contains(pause))
            last = pause
            upstream = dialogue.opensStream()
        }
        upstream.opens()
        upstream.receives(.connect("c1"))
        upstream.sends(.connectAcknowledgement())
        dialogue.passes(.seconds(10))
        upstream.closes()
        dialogue.passes(.seconds(1))
        _ = dialogue.opensStream()
    }

    @Test("GW-86 A broker that accepts and closes at once fails: the pauses grow all the same")
    func acceptsAndCloses() {
        let dialogue = Dialogue(.dialogue { $0.upstream.restoreTimeout = .seconds(10_000) })
        let client = dialogue.client("c1")
        var upstream = client.connects()
        var longest = TimeSpan.zero
        for _ in 0..<20 {
            upstream.closes()
            longest = max(longest, pauses(dialogue))
            upstream = client.asksBroker()
            upstream.sends(.connectAcknowledgement())
            dialogue.passes(.milliseconds(10))
        }
        #expect(longest > .seconds(8))
    }

    @Test("GW-86 AMB-30 Connections that soon end do not prolong the time for restoration")
    func notRestoredForGood() {
        let dialogue = Dialogue(.dialogue { $0.upstream.restoreTimeout = .seconds(12) })
        let client = dialogue.client("c1")
        var upstream = client.connects()
        let began = dialogue.now
        for _ in 0..<3 {
            upstream.closes()
            _ = pauses(dialogue)
            upstream = client.asksBroker()
            upstream.sends(.connectAcknowledgement())
        }
        dialogue.passes((began + .seconds(11)).since(dialogue.now))
        upstream.closes()
        dialogue.passes(.milliseconds(999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
    }

    @Test("GW-86 After a connection that stayed, the time for restoration counts from the new loss")
    func lostAgainLater() {
        let dialogue = Dialogue(.dialogue { $0.upstream.restoreTimeout = .milliseconds(1_400) })
        let client = dialogue.client("c1")
        client.connects().closes()
        let second = restores(client, present: false)
        dialogue.passes(.seconds(10))
        second.closes()
        restores(client, present: false).receivesNothing()
        dialogue.passes(.seconds(100))
        client.receivesNothing()
    }

    @Test("GW-86 A connection that cannot be restored in time: the client is told", arguments: [true, false])
    func notRestored(isClean: Bool) {
        let dialogue = Dialogue(.dialogue { $0.upstream.restoreTimeout = .milliseconds(400) })
        let client = dialogue.client("c1")
        client.connects(clean: isClean).closes()
        dialogue.passes(.milliseconds(399))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        #expect(dialogue.sessionCount == (isClean ? 0 : 1))
        dialogue.passes(.seconds(100))
    }

    @Test("GW-86 Attempts that fail do not prolong the time for restoration")
    func notRestoredAfterAttempts() {
        let dialogue = Dialogue(.dialogue { $0.upstream.restoreTimeout = .seconds(5) })
        let client = dialogue.client("c1")
        client.connects().closes()
        dialogue.passes(.seconds(1))
        dialogue.opensStream().closes(.refused)
        dialogue.passes(.seconds(2))
        let upstream = client.asksBroker()
        dialogue.passes(.milliseconds(1_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.disconnect())
        upstream.receives(.disconnect, .close)
    }

    @Test("GW-86 AMB-30 An asleep client is told when it wakes")
    func notRestoredWhileAsleep() {
        let dialogue = Dialogue(.dialogue { $0.sleep.restoreTimeout = .milliseconds(400) })
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.sends(.disconnect(1_000))
        client.receives(.disconnect())
        upstream.closes()
        dialogue.passes(.milliseconds(400))
        dialogue.observes(.clientDismissed, of: "c1")
        client.receivesNothing()
        client.sends(.pingRequest("c1"))
        client.receives(.disconnect())
    }

    @Test(
        "GW-86 A broker that refuses the restored connection for good: the client is told",
        arguments: [ConnectReturnCode.notAuthorized, .identifierRejected])
    func restorationRefused(code: ConnectReturnCode) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects().closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker()
        second.sends(.connectAcknowledgement(code))
        second.receives(.close)
        client.receives(.disconnect())
    }

    @Test("GW-86 A broker that says it is not available is asked again")
    func restorationPostponed() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects().closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker()
        second.sends(.connectAcknowledgement(.serverUnavailable))
        second.receives(.close)
        client.receivesNothing()
        dialogue.passes(.seconds(2))
        _ = client.asksBroker()
    }

    @Test("GW-86 A client that leaves or connects anew ends the restoration", arguments: [true, false])
    func clientActsMeanwhile(leaves: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects().closes()
        if leaves {
            client.sends(.disconnect())
            client.receives(.disconnect())
        } else {
            client.sends(.connect("c1", keepAlive: 1_000))
            _ = client.connectsUpstream()
        }
        dialogue.passes(.seconds(100))
        client.receivesNothing()
    }

    @Test("GW-62 GW-86 A silent client is lost while its connection is being restored")
    func lostMeanwhile() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects(keepAlive: 1).closes()
        dialogue.passes(.seconds(1))
        let second = dialogue.opensStream()
        dialogue.passes(.milliseconds(500))
        dialogue.observes(.clientLost, of: "c1")
        second.receives(.close)
    }
}

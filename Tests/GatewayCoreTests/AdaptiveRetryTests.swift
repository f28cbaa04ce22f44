import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Tretry measured from a client's round trips (RFC 6298, with Karn's rule), where the link allows it (GW-78).
@Suite struct AdaptiveRetryTests {
    private func adaptive(
        interval: TimeSpan = .seconds(10), clean: Bool = true, adapts: Bool = true
    ) -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue(
            .dialogue {
                $0.links[0].adaptsRetryInterval = adapts
                $0.links[0].retryInterval = interval
            })
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean)
        client.registers("a/b", as: 1)
        return (dialogue, client, upstream)
    }

    /// One exchange that takes `roundTrip`, unrepeated.
    private func exchange(
        _ id: UInt16, _ roundTrip: TimeSpan, _ dialogue: Dialogue, _ client: TestClient, _ upstream: TestUpstream,
        at location: SourceLocation = #_sourceLocation
    ) {
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: id), at: location)
        client.receives(.publish(1, "x", id: id, qos: .atLeastOnce), at: location)
        dialogue.passes(roundTrip, at: location)
        client.sends(.publishAcknowledgement(1, id), at: location)
        upstream.receives(.publishAcknowledgement(id), at: location)
    }

    /// A message that nobody answers, the `number`th, is repeated after these spans, each counted from the last.
    private func repeats(
        after milliseconds: Int..., number: MessageID = 2, dialogue: Dialogue, _ client: TestClient,
        _ upstream: TestUpstream,
        at location: SourceLocation = #_sourceLocation
    ) {
        upstream.sends(.publish("a/b", "y", qos: .atLeastOnce, id: 0x99), at: location)
        client.receives(.publish(1, "y", id: number, qos: .atLeastOnce), at: location)
        var (elapsed, due) = (0, 0)
        for span in milliseconds {
            due += span
            dialogue.passes(.milliseconds(due - 1 - elapsed), at: location)
            client.receivesNothing(at: location)
            dialogue.passes(.milliseconds(2), at: location)
            client.receives(.publish(1, "y", id: number, qos: .atLeastOnce, duplicate: true), at: location)
            elapsed = due + 1
        }
    }

    @Test("GW-78 Before a measurement, and where it is off, Tretry is the configured one", arguments: [true, false])
    func configured(adapts: Bool) {
        let (dialogue, client, upstream) = adaptive(adapts: adapts)
        if !adapts { exchange(1, .milliseconds(100), dialogue, client, upstream) }
        repeats(after: 10_000, number: adapts ? 1 : 2, dialogue: dialogue, client, upstream)
    }

    @Test("GW-78 The first measurement counts three times, and each repetition waits twice as long as the last")
    func measured() {
        let (dialogue, client, upstream) = adaptive()
        exchange(1, .milliseconds(1_000), dialogue, client, upstream)
        // Smoothed 1 s + 4 × half of it.
        repeats(after: 3_000, 6_000, 10_000, dialogue: dialogue, client, upstream)
    }

    @Test("GW-78 Even measurements let Tretry shrink, to half a second and no further")
    func floor() {
        let (dialogue, client, upstream) = adaptive()
        for id in 1...30 as ClosedRange<UInt16> { exchange(id, .milliseconds(10), dialogue, client, upstream) }
        repeats(after: 500, 1_000, 2_000, number: 31, dialogue: dialogue, client, upstream)
    }

    @Test("GW-78 Tretry is never longer than configured, whatever is measured")
    func ceiling() {
        let (dialogue, client, upstream) = adaptive(interval: .seconds(2))
        exchange(1, .milliseconds(1_900), dialogue, client, upstream)
        repeats(after: 2_000, 2_000, dialogue: dialogue, client, upstream)
    }

    @Test("GW-78 A configured Tretry below the floor holds")
    func ceilingBelowFloor() {
        let (dialogue, client, upstream) = adaptive(interval: .milliseconds(200))
        exchange(1, .milliseconds(10), dialogue, client, upstream)
        repeats(after: 200, 200, dialogue: dialogue, client, upstream)
    }

    @Test("GW-78 The answer to a repeated message measures nothing (Karn's rule)")
    func karn() {
        let (dialogue, client, upstream) = adaptive()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.milliseconds(10))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        repeats(after: 10_000, dialogue: dialogue, client, upstream)
    }

    @Test("GW-78 Nor does the answer to what an awake client asked for again, or was told at an earlier wake-up")
    func karnAwake() {
        let (dialogue, client, upstream) = adaptive(clean: false)
        client.fallsAsleep()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1), .publish("a/b", "z", qos: .atLeastOnce, id: 2))
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(5))
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        client.fallsAsleep()
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "z", id: 2, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(9_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "z", id: 2, qos: .atLeastOnce, duplicate: true))
    }

    @Test("GW-79 AMB-22 Who repeats its CONNECT was deaf, and is asked again what it did not answer")
    func deafUntilNow() {
        let (dialogue, client, first) = adaptive(clean: false)
        client.subscribes("#", as: 0, qos: .atLeastOnce, on: first)
        exchange(1, .milliseconds(100), dialogue, client, first)
        client.leaves(first)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement())
        second.sends(.publish("new", "1", qos: .atLeastOnce, id: 1))
        client.receives(.register(2, 1, "new"))
        for milliseconds in [500, 1_000, 2_000] {
            dialogue.passes(.milliseconds(milliseconds))
            client.receives(.register(2, 1, "new"))
            client.sends(.connect("c1", clean: false))
            client.receives(.connectAcknowledgement())
        }
        dialogue.passes(.milliseconds(4_000))
        client.receivesNothing()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement(), .register(2, 2, "new"))
        client.sends(.registerAcknowledgement(2, 2))
        client.receives(.publish(2, "1", id: 2, qos: .atLeastOnce))
    }
}

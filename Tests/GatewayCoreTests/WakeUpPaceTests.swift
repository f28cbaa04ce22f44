import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// How much one wake-up brings, and how fast (AMB-12).
@Suite struct WakeUpPaceTests {
    // MARK: Messages per wake-up

    @Test("AMB-12 GW-73 A wake-up brings no more than its maximum; the rest comes with the next, in order")
    func maximum() {
        let dialogue = Dialogue(.dialogue { $0.sleep.messagesPerWakeUp = 2 })
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("a/b", "1"), .publish("a/b", "2", qos: .atLeastOnce, id: 2), .publish("a/b", "3"),
            .publish("a/b", "4"), .publish("a/b", "5"))
        client.wakesUp()
        client.receives(.publish(1, "1"), .publish(1, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2))
        client.receives(.pingResponse)
        client.wakesUp()
        client.receives(.publish(1, "3"), .publish(1, "4"), .pingResponse)
        client.wakesUp()
        client.receives(.publish(1, "5"), .pingResponse)
    }

    @Test("AMB-12 GW-72 The maximum does not cut a QoS 2 exchange short")
    func maximumExactlyOnce() {
        let dialogue = Dialogue(.dialogue { $0.sleep.messagesPerWakeUp = 1 })
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1), .publish("a/b", "2"))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        client.receivesNothing()
        upstream.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1))
        client.receives(.pingResponse)
        client.wakesUp()
        client.receives(.publish(1, "2"), .pingResponse)
    }

    @Test("AMB-12 GW-57 The maximum counts messages taken, not what it took to deliver them")
    func maximumCountsMessages() {
        let dialogue = Dialogue(.dialogue { $0.sleep.messagesPerWakeUp = 1 })
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("no", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2", qos: .atLeastOnce, id: 2),
            .publish("a/b", "3"))
        client.sends(.register(0, 1, "no"))
        client.receives(.registerAcknowledgement(2, 1))
        client.wakesUp()
        client.receives(.publish(2, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1, .notSupported))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 2, .invalidTopicID))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 2))
        upstream.receives(.publishAcknowledgement(2))
        client.receives(.pingResponse)
    }

    @Test("AMB-12 An active client is not bound by the maximum")
    func maximumForSleepersOnly() {
        let dialogue = Dialogue(.dialogue { $0.sleep.messagesPerWakeUp = 1 })
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("ab", "1"), .publish("cd", "2"))
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement(), .publish(.short("ab"), "1"), .publish(.short("cd"), "2"))
    }

    // MARK: Pacing

    @Test("AMB-12 Between two messages of a wake-up there is the configured pause, and none before PINGRESP")
    func pacing() {
        let dialogue = Dialogue(.dialogue { $0.sleep.pacing = .milliseconds(200) })
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("a/b", "1"), .publish("a/b", "2", qos: .atLeastOnce, id: 2), .publish("a/b", "3"))
        client.wakesUp()
        client.receives(.publish(1, "1"))
        dialogue.passes(.milliseconds(199))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(500))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2))
        client.receivesNothing()
        // Nothing is open that could be repeated.
        client.wakesUp()
        client.receivesNothing()
        dialogue.passes(.milliseconds(199))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "3"), .pingResponse)
    }

    @Test("AMB-12 What arrives in a pause waits for its end")
    func pacingAndArrivals() {
        let dialogue = Dialogue(.dialogue { $0.sleep.pacing = .milliseconds(200) })
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1"), .publish("a/b", "2"))
        client.wakesUp()
        client.receives(.publish(1, "1"))
        upstream.sends(.publish("a/b", "3"))
        client.receivesNothing()
        dialogue.passes(.milliseconds(200))
        client.receives(.publish(1, "2"))
        dialogue.passes(.milliseconds(200))
        client.receives(.publish(1, "3"), .pingResponse)
    }

    @Test("AMB-12 GW-75 Neither pacing nor a pause holds up a client that becomes active or falls asleep")
    func pacingEnds() {
        let dialogue = Dialogue(.dialogue { $0.sleep.pacing = .seconds(1) })
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.sends(.publish("ab", "1"), .publish("ab", "2"), .publish("ab", "3"))
        client.wakesUp()
        client.receives(.publish(.short("ab"), "1"))
        client.fallsAsleep()
        dialogue.passes(.seconds(10))
        client.receivesNothing()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement(), .publish(.short("ab"), "2"), .publish(.short("ab"), "3"))
    }

    @Test("AMB-12 GW-73 Where the link repeats nothing, a wake-up that waits for the broker still ends with PINGRESP")
    func releaseAwaitedWithoutRetries() {
        let dialogue = Dialogue(.dialogue { $0.links[0].retryCount = 0 })
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        dialogue.passes(.seconds(10))
        client.receives(.pingResponse)
    }
}

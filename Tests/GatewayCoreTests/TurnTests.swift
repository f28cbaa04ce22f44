import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What one event may cost the others: long queues are delivered, passed and given up in portions (GW-90).
@Suite struct TurnTests {
    /// A sleeper for whom so many messages wait, which came in one piece.
    private func sleeper(_ dialogue: Dialogue, _ count: Int, clean: Bool = true) -> (TestClient, TestUpstream) {
        let (client, upstream) = TestClient.asleep(dialogue, clean: clean)
        upstream.sends(octets: (1...count).flatMap { BrokerPacket.publish("a/b", "\($0)").bytes })
        return (client, upstream)
    }

    private func dialogue() -> Dialogue { Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 10_000 }) }

    @Test("GW-90 A wake-up with thousands of messages sends a few at a time, all in order, and then PINGRESP")
    func wakeUp() {
        let dialogue = dialogue()
        let (client, _) = sleeper(dialogue, 3_000)
        var payloads: [SNMessage] = []
        client.wakesUp()
        for _ in 0..<100 {
            let messages = dialogue.readMessages(to: client.address)
            #expect(messages.count <= 65)
            payloads += messages
            dialogue.passes(.milliseconds(1))
        }
        let expected = (1...3_000).map { SNMessage.publish(1, "\($0)") } + [.pingResponse]
        #expect(payloads.map(client.numbered) == expected)
    }

    @Test("GW-90 Others are heard between two portions")
    func othersBetween() {
        let dialogue = dialogue()
        let (client, upstream) = sleeper(dialogue, 200)
        let other = dialogue.client("other")
        other.connects()
        client.wakesUp()
        #expect(dialogue.readMessages(to: client.address).count == 64)
        other.sends(.pingRequest(""))
        other.receives(.pingResponse)
        // What comes meanwhile comes behind what waits.
        upstream.sends(.publish("a/b", "last"))
        client.receivesNothing()
        dialogue.passes(.milliseconds(3))
        let messages = dialogue.readMessages(to: client.address).map(client.numbered)
        #expect(messages.count == 138)
        #expect(messages.suffix(2) == [.publish(1, "last"), .pingResponse])
    }

    @Test("GW-90 AMB-15 A client that leaves with thousands of messages is forgotten in portions, told of once")
    func leaves() {
        let dialogue = dialogue()
        let (client, upstream) = sleeper(dialogue, 3_000, clean: false)
        client.leaves(upstream)
        dialogue.doesNotObserve(.absentClientsMessagesDropped)
        #expect(dialogue.census.queuedMessages == 3_000 - 1_024)
        dialogue.passes(.milliseconds(1))
        dialogue.doesNotObserve(.absentClientsMessagesDropped)
        #expect(dialogue.census.queuedMessages == 3_000 - 2_048)
        dialogue.passes(.milliseconds(1))
        dialogue.observes(exactly: .absentClientsMessagesDropped(MissedMessages(atMostOnce: 3_000)), of: "c1")
        #expect(dialogue.census.queuedMessages == 0)
    }

    @Test("GW-90 AMB-15 A client that is back before that is over gets what is left of QoS 0")
    func returns() {
        let dialogue = dialogue()
        let (client, upstream) = sleeper(dialogue, 1_030, clean: false)
        client.leaves(upstream)
        client.sends(.connect("c1", clean: false))
        let next = client.asksBroker(clean: false)
        next.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement(), .register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(
            .publish(1, "1"), .publish(1, "2"), .publish(1, "3"), .publish(1, "4"), .publish(1, "5"), .publish(1, "6"))
        dialogue.passes(.milliseconds(1))
        client.leaves(next)
        dialogue.observes(exactly: .absentClientsMessagesDropped(MissedMessages(atMostOnce: 1_024)), of: "c1")
    }

    @Test("GW-90 The queue of a session that is over goes in portions, and its client may begin another meanwhile")
    func ends() {
        let dialogue = dialogue()
        let (client, upstream) = sleeper(dialogue, 3_000)
        client.leaves(upstream)
        dialogue.doesNotObserve(.absentClientsMessagesDropped)
        #expect(dialogue.census.queuedMessages == 3_000 - 1_024)
        #expect(dialogue.sessionCount == 0)
        client.connects()
        dialogue.passes(.milliseconds(2))
        dialogue.observes(exactly: .absentClientsMessagesDropped(MissedMessages(atMostOnce: 3_000)), of: "c1")
        #expect(dialogue.census.queuedMessages == 0)
    }

    @Test("GW-90 GW-65 Thousands of senders whose time is over at the same moment are forgotten in several turns")
    func manyExpire() {
        var configuration = GatewayConfiguration.dialogue()
        configuration.limits.recentDepartures = 10_000
        configuration.limits.strangerRepliesPerSecond = 10_000
        var gateway = Gateway(configuration: configuration, seed: 1)
        var effects = Effects()
        var now = Instant(nanoseconds: 1_000_000_000_000)
        let disconnect: [UInt8] = [2, 0x18]
        for number in 1...6_000 as ClosedRange<UInt32> {
            let peer = PeerID(link: LinkID(0), number: number)
            gateway.handle(.datagramReceived(from: peer), disconnect.span.bytes, at: now, into: &effects)
        }
        now = now + .seconds(40)
        let nothing: [UInt8] = []
        var forgotten: [Int] = []
        for _ in 0..<3 {
            effects.removeAll()
            gateway.handle(.deadlineReached, nothing.span.bytes, at: now, into: &effects)
            forgotten.append(
                effects.list.count {
                    if case .forgetPeer = $0 { true } else { false }
                })
        }
        #expect(forgotten.reduce(0, +) == 6_000)
        #expect(forgotten.allSatisfy { $0 <= 4_096 })
        #expect(gateway.takeCensus().peers == 0)
    }

    @Test("GW-90 GW-78 What passes a message that is not answered passes in portions")
    func passes() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        upstream.sends(.publish("a/b", "slow", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "slow", id: 1, qos: .atLeastOnce))
        upstream.sends(octets: (1...200).flatMap { BrokerPacket.publish("a/b", "\($0)").bytes })
        client.receivesNothing()
        dialogue.passes(.seconds(10))
        let messages = dialogue.readMessages(to: client.address).map(client.numbered)
        #expect(messages.count == 1 + 64)
        #expect(messages.last == SNMessage.publish(1, "64"))
        upstream.sends(.publish("a/b", "201"))
        #expect(dialogue.readMessages(to: client.address).count == 64)
    }
}

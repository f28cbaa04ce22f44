import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The bounds of what waits for a sleeping client, and what gives way (AMB-14, AMB-15, GW-87).
@Suite struct SleepBufferTests {
    private func dialogue(_ change: (inout GatewayConfiguration) -> Void) -> Dialogue { Dialogue(.dialogue(change)) }

    // MARK: Dropping QoS 0

    @Test("GW-87 AMB-15 drop-oldest: the oldest QoS 0 message makes room, whatever comes, and is counted")
    func dropOldest() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 3 }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "22"), .publish("a/b", "3"))
        dialogue.doesNotObserve(.messageDroppedQueueFull)
        upstream.sends(.publish("a/b", "4"))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 2), of: "c1")
        upstream.sends(.publish("a/b", "5", qos: .atLeastOnce, id: 5))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 1), of: "c1")
        upstream.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "4"), .publish(1, "5", id: 2, qos: .atLeastOnce))
    }

    @Test("GW-87 AMB-15 drop-newest: the QoS 0 message that comes is not taken, and is counted")
    func dropNewest() {
        let dialogue = dialogue {
            $0.limits.queuedMessagesPerClient = 2
            $0.queuePolicy = .dropNewest
        }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1"), .publish("a/b", "2"), .publish("a/b", "333"))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 3), of: "c1")
        upstream.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "1"), .publish(1, "2"), .pingResponse)
    }

    @Test("GW-87 Octets of messages are bounded for each client", arguments: [QueuePolicy.dropOldest, .dropNewest])
    func bytesPerClient(policy: QueuePolicy) {
        let dialogue = dialogue {
            $0.limits.queuedByteCountPerClient = Limits.queued(5, 5)
            $0.queuePolicy = policy
        }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "12345"), .publish("a/b", "67890"))
        dialogue.doesNotObserve(.messageDroppedQueueFull)
        upstream.sends(.publish("a/b", "x"))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: policy == .dropOldest ? 5 : 1), of: "c1")
        client.wakesUp()
        switch policy {
        case .dropOldest: client.receives(.publish(1, "67890"), .publish(1, "x"), .pingResponse)
        case .dropNewest: client.receives(.publish(1, "12345"), .publish(1, "67890"), .pingResponse)
        }
    }

    @Test("GW-87 Octets of messages are bounded for all clients together, and each gives way for itself only")
    func bytesInTotal() {
        let dialogue = dialogue { $0.limits.queuedByteCount = Limits.queued(5, 5) }
        let (client, upstream) = TestClient.asleep(dialogue)
        let other = dialogue.client("c2")
        let otherUpstream = other.connects()
        other.registers("a/b", as: 1)
        other.fallsAsleep()
        upstream.sends(.publish("a/b", "12345"))
        otherUpstream.sends(.publish("a/b", "67890"), .publish("a/b", "x"))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 5), of: "c2")
        client.wakesUp()
        client.receives(.publish(1, "12345"), .pingResponse)
        other.wakesUp()
        other.receives(.publish(1, "x"), .pingResponse)
    }

    @Test("GW-87 AMB-15 A message that could have no room drives none out", arguments: [true, false])
    func noDropInVain(isTooLong: Bool) {
        let dialogue = dialogue {
            $0.limits.queuedByteCountPerClient = isTooLong ? Limits.queued(1, 1) : 10_000
            $0.limits.queuedByteCount = isTooLong ? 10_000 : Limits.queued(7, 1, 1)
        }
        let other = dialogue.client("c2")
        let otherUpstream = other.connects()
        other.fallsAsleep()
        if !isTooLong { otherUpstream.sends(.publish("a/b", "1234567")) }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("a/b", "1"), .publish("a/b", "2"),
            .publish("a/b", isTooLong ? String(repeating: "x", count: 210) : String(repeating: "x", count: 420)))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: isTooLong ? 210 : 420), of: "c1")
        client.wakesUp()
        client.receives(.publish(1, "1"), .publish(1, "2"), .pingResponse)
    }

    @Test("GW-36 AMB-15 A message that gives way while its topic is being registered leaves no trace")
    func dropsRegistered() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 1 }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("new", "1"))
        client.wakesUp()
        client.receives(.register(2, 1, "new"))
        upstream.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 1))
        upstream.receives(.pause)
        client.sends(.registerAcknowledgement(2, 1))
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2), .resume)
        client.receives(.pingResponse)
    }

    @Test("AMB-15 Drops are reported once per client and minute, with their number")
    func reported() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 1 }
        let (_, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1"), .publish("a/b", "2"))
        dialogue.observes(exactly: .queueDropsReported(count: 1), of: "c1")
        for _ in 0..<5 {
            upstream.sends(.publish("a/b", "3"))
            dialogue.observes(.messageDroppedQueueFull, of: "c1")
            dialogue.doesNotObserve(.queueDropsReported)
        }
        dialogue.passes(.milliseconds(59_999))
        upstream.sends(.publish("a/b", "3"))
        dialogue.doesNotObserve(.queueDropsReported)
        dialogue.passes(.milliseconds(1))
        upstream.sends(.publish("a/b", "3"))
        dialogue.observes(exactly: .queueDropsReported(count: 7), of: "c1")
    }

    @Test("AMB-15 QoS 0 never makes the gateway stop reading", arguments: [QueuePolicy.dropOldest, .dropNewest])
    func neverPaused(policy: QueuePolicy) {
        let dialogue = dialogue {
            $0.limits.queuedMessagesPerClient = 2
            $0.queuePolicy = policy
        }
        let (_, upstream) = TestClient.asleep(dialogue)
        for _ in 0..<10 { upstream.sends(.publish("a/b", "x")) }
        upstream.receivesNothing()
    }

    // MARK: Keeping QoS 1 and 2

    @Test("AMB-14 GW-69 QoS 1 and 2 stay unacknowledged at the broker until the sleeper has them")
    func acknowledgedLate() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(
            .publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2", qos: .exactlyOnce, id: 2))
        upstream.receivesNothing()
        dialogue.passes(.seconds(300))
        client.wakesUp()
        upstream.receivesNothing()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce))
    }

    @Test("AMB-14 GW-87 At the limit the broker is no longer read, and what was read already is not lost")
    func pausedAndResumed() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 2 }
        let (client, upstream) = TestClient.asleep(dialogue)
        let packets = (1...5).map { BrokerPacket.publish("a/b", "\($0)", qos: .atLeastOnce, id: $0).bytes }
        // The third is cut in two, and the rest of it still arrives after the pause.
        upstream.sends(octets: packets[0] + packets[1] + packets[2].prefix(4))
        upstream.receives(.pause)
        dialogue.observes(.upstreamPaused)
        upstream.sends(octets: packets[2].dropFirst(4) + packets[3])
        upstream.sends(octets: packets[4])
        upstream.receivesNothing()
        client.wakesUp()
        for id in 1...5 as ClosedRange<MessageID> {
            client.receives(.publish(1, "\(id)", id: id, qos: .atLeastOnce))
            client.sends(.publishAcknowledgement(1, id))
            upstream.receives(
                [.publishAcknowledgement(id)] + (id < 4 ? [.resume, .pause] : id == 4 ? [.resume] : []))
        }
        client.receives(.pingResponse)
    }

    @Test("AMB-14 A full queue does not keep the broker's PUBREL from it")
    func pausedExactlyOnce() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 2 }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sendsTogether(
            .publish("a/b", "1", qos: .exactlyOnce, id: 1), .publish("a/b", "2", qos: .exactlyOnce, id: 2))
        upstream.receives(.pause)
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1), .resume)
        upstream.sends(.publishRelease(1))
        upstream.receives(.pause)
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1), .resume)
        client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce))
    }

    @Test("AMB-13 AMB-14 A full queue does not keep the broker's answers from a sleeper that asks")
    func pausedAndAsking() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 1 }
        let (client, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        upstream.receives(.pause)
        client.sends(.publish(1, "own", id: 9, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "own", qos: .atLeastOnce, id: 9), .resume)
        upstream.sends(.publishAcknowledgement(9))
        client.receives(.publishAcknowledgement(1, 9))
        upstream.receives(.pause)
    }

    @Test("AMB-14 GW-87 A queue that runs empty is filled again though others hold all the room")
    func resumedWhenEmpty() {
        let dialogue = dialogue { $0.limits.queuedByteCount = Limits.queued(4) }
        let (_, upstream) = TestClient.asleep(dialogue)
        upstream.sends(.publish("a/b", "12345", qos: .atLeastOnce, id: 1))
        upstream.receives(.pause)
        let other = dialogue.client("c2")
        let otherUpstream = other.connects()
        other.registers("a/b", as: 1)
        other.fallsAsleep()
        otherUpstream.sendsTogether(
            .publish("a/b", "x", qos: .atLeastOnce, id: 1), .publish("a/b", "y", qos: .atLeastOnce, id: 2))
        otherUpstream.receives(.pause)
        other.wakesUp()
        other.receives(.publish(1, "x", id: 40_504, qos: .atLeastOnce))
        other.sends(.publishAcknowledgement(1, 40_504))
        otherUpstream.receives(.publishAcknowledgement(1), .resume, .pause)
        other.receives(.publish(1, "y", id: 40_505, qos: .atLeastOnce))
        other.sends(.publishAcknowledgement(1, 40_505))
        otherUpstream.receives(.publishAcknowledgement(2), .resume)
        other.receives(.pingResponse)
    }

    @Test("GW-77 AMB-14 A connection that is not read is kept alive and not taken for dead")
    func pausedAndKeptAlive() {
        let dialogue = dialogue {
            $0.limits.queuedMessagesPerClient = 1
        }
        let (client, upstream) = TestClient.asleep(dialogue, seconds: 65_535)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        upstream.receives(.pause)
        for _ in 0..<2 {
            dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
            upstream.receives(.pingRequest)
            dialogue.shared?.receives(.pingRequest)
            dialogue.shared?.sends(.pingResponse)
            client.sends(.publish(1, "here"))
            upstream.receives(.publish("a/b", "here"))
        }
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Queues that are full: the broker keeps what the gateway has no room for, and nothing that it was told of is lost.
@Suite struct BackPressureTests {
    private func subscriber(_ dialogue: Dialogue, _ clientID: String = "c1") -> (TestClient, TestUpstream) {
        let client = dialogue.client(clientID)
        let upstream = client.connects()
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    /// The client acknowledges `first...last`, each after it came, and the broker hears of it.
    private func acknowledges(
        _ ids: ClosedRange<MessageID>, _ client: TestClient, _ upstream: TestUpstream, resumesAt: MessageID? = nil
    ) {
        for id in ids {
            client.sends(.publishAcknowledgement(1, id))
            if id == resumesAt {
                upstream.receives(.publishAcknowledgement(id), .resume)
            } else {
                upstream.receives(.publishAcknowledgement(id))
            }
            guard id < ids.upperBound else { return }
            client.receives(.publish(1, "\(id + 1)", id: id + 1, qos: .atLeastOnce))
        }
    }

    @Test(
        "GW-87 AMB-14 AMB-15 A full queue pauses the stream; what comes nevertheless is kept, and all is delivered in order"
    )
    func pauseAndResume() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 2 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2))
        upstream.receives(.pause)
        dialogue.observes(.upstreamPaused)
        // Read before the pause took effect, cut in the middle of a packet.
        let late = (3...5).flatMap { BrokerPacket.publish("a/b", "\($0)", qos: .atLeastOnce, id: $0).bytes }
        upstream.sends(octets: Array(late.prefix(17)))
        upstream.sends(octets: Array(late.dropFirst(17)))
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce))
        // One place is free, and message 3 takes it.
        upstream.receives(.publishAcknowledgement(1), .resume, .pause)
        client.sends(.publishAcknowledgement(1, 2))
        client.receives(.publish(1, "3", id: 3, qos: .atLeastOnce))
        upstream.receives(.publishAcknowledgement(2), .resume, .pause)
        client.sends(.publishAcknowledgement(1, 3))
        client.receives(.publish(1, "4", id: 4, qos: .atLeastOnce))
        upstream.receives(.publishAcknowledgement(3), .resume, .pause)
        client.sends(.publishAcknowledgement(1, 4))
        client.receives(.publish(1, "5", id: 5, qos: .atLeastOnce))
        upstream.receives(.publishAcknowledgement(4), .resume)
        acknowledges(5...5, client, upstream)
    }

    @Test("GW-87 A packet with many messages is taken as far as there is room, and the rest later")
    func pauseInsidePortion() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 1 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sendsTogether(
            .publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "2", qos: .atLeastOnce, id: 2),
            .publish("a/b", "3", qos: .atLeastOnce, id: 3))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.receives(.pause)
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce))
        upstream.receives(.publishAcknowledgement(1), .resume, .pause)
        client.sends(.publishAcknowledgement(1, 2))
        client.receives(.publish(1, "3", id: 3, qos: .atLeastOnce))
        upstream.receives(.publishAcknowledgement(2), .resume, .pause)
        client.sends(.publishAcknowledgement(1, 3))
        upstream.receives(.publishAcknowledgement(3), .resume)
    }

    @Test("GW-87 The octets that wait for one client pause its stream")
    func byteLimit() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(10) })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1234567890", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1234567890", id: 1, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2))
        upstream.receives(.pause)
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce))
        upstream.receives(.publishAcknowledgement(1), .resume)
    }

    @Test("GW-87 AMB-15 QoS 0 that finds no room is dropped and counted, and takes none from the rest")
    func atMostOnceDropped() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(6, 4) })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "123456", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "123456", id: 1, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "12345"))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 5), of: "c1")
        upstream.sends(.publish("a/b", "1234"))
        dialogue.doesNotObserve(.messageDroppedQueueFull)
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1))
        client.receives(.publish(1, "1234"))
    }

    @Test("GW-87 GW-90 What waits for one client may fill the gateway, and the others still get their messages")
    func sharedLimit() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCount = Limits.queued(10) })
        let (asleep, asleepUpstream) = subscriber(dialogue, "asleep")
        let (client, upstream) = subscriber(dialogue)
        asleep.sends(.disconnect(100))
        asleep.receives(.disconnect())
        asleepUpstream.sends(.publish("a/b", "12345678901", qos: .atLeastOnce, id: 1))
        asleepUpstream.receives(.pause)
        for id in 1...3 as ClosedRange<PacketID> {
            upstream.sends(.publish("a/b", "\(id)", qos: .atLeastOnce, id: id))
            client.receives(.publish(1, "\(id)", id: 40_503 + id, qos: .atLeastOnce))
            upstream.receives(.pause)
            client.sends(.publishAcknowledgement(1, 40_503 + id))
            upstream.receives(.publishAcknowledgement(id), .resume)
        }
        asleep.sends(.pingRequest("asleep"))
        asleep.receives(.publish(1, "12345678901", id: 1, qos: .atLeastOnce))
        asleep.sends(.publishAcknowledgement(1, 1))
        asleep.receives(.pingResponse)
        asleepUpstream.receives(.publishAcknowledgement(1), .resume)
    }

    @Test("GW-87 PUBRELs of a broker that has lost its head fill the queue like messages, and pause the stream")
    func releasesPause() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 3 })
        let (client, upstream) = subscriber(dialogue)
        client.sends(.disconnect(1_000))
        client.receives(.disconnect())
        upstream.sends(.publishRelease(1), .publishRelease(2), .publishRelease(3))
        upstream.receives(.pause)
    }

    @Test("GW-77 A paused connection is kept alive, and no PINGRESP is awaited that cannot be read")
    func keptAliveWhilePaused() {
        let configuration = GatewayConfiguration.dialogue {
            $0.limits.queuedMessagesPerClient = 1
            $0.supervision.shortTolerancePercent = 50
        }
        let dialogue = Dialogue(configuration)
        let (client, upstream) = subscriber(dialogue)
        client.sends(.disconnect(65_535))
        client.receives(.disconnect())
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        upstream.receives(.pause)
        dialogue.ignoresAdvertisements = true
        dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
        upstream.receives(.pingRequest)
        dialogue.shared?.receives(.pingRequest)
        dialogue.shared?.sends(.pingResponse)
        dialogue.passes(.seconds(60))
        upstream.receivesNothing()
        client.sends(.pingRequest("c1"))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.pingResponse)
        upstream.receives(.publishAcknowledgement(1), .resume)
        upstream.sends(.pingResponse)
    }

    @Test("GW-87 A broker connection that ends while it is paused begins anew unpaused")
    func lostWhilePaused() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 1 })
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.registers("a/b", as: 1)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.receives(.pause)
        upstream.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2))
        upstream.closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        second.receives(.pause)
        // The broker repeats what it waits for; that is read now, and acknowledged then.
        client.sends(.publishAcknowledgement(1, 1))
        second.receives(.resume)
        second.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 1, duplicate: true))
        second.receives(.publishAcknowledgement(1))
        client.receivesNothing()
        second.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2, duplicate: true))
        client.receives(.publish(1, "2", id: 2, qos: .atLeastOnce, duplicate: true))
        second.receives(.pause)
        client.sends(.publishAcknowledgement(1, 2))
        second.receives(.publishAcknowledgement(2), .resume)
    }

    // MARK: What waits for the broker's answer

    @Test("GW-87 AMB-15 For a PUBREL that is awaited as much again is read, and the PUBREL found")
    func releaseBehindMessages() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(2) })
        let (client, upstream) = subscriber(dialogue)
        awaitsRelease(client, upstream)
        upstream.sends(.publish("a/b", "4", qos: .atLeastOnce, id: 4), .publishRelease(1))
        upstream.receives(.pause)
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1))
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
    }

    @Test("GW-87 AMB-15 A client whose PUBREL lies behind more than that is dismissed, not left hanging")
    func releaseTooFarBehind() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(2) })
        let (client, upstream) = subscriber(dialogue)
        awaitsRelease(client, upstream)
        fillsReserve(upstream, from: 4)
        upstream.receives(.pause)
        dialogue.passes(.milliseconds(39_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        upstream.receives(.disconnect, .close)
    }

    @Test("GW-87 AMB-15 Where the limit is small, as much is read as a broker may have in flight")
    func smallQueue() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedMessagesPerClient = 1 })
        let (client, upstream) = subscriber(dialogue)
        awaitsRelease(client, upstream)
        for id in 4...63 as ClosedRange<PacketID> { upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: id)) }
        upstream.receivesNothing()
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 64))
        upstream.receives(.pause)
    }

    @Test("GW-87 AMB-15 A broker that does not answer a request is not read without bound", arguments: [true, false])
    func answerAwaited(isAnsweredInTime: Bool) {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(2) })
        let (client, upstream) = subscriber(dialogue)
        client.fallsAsleep()
        client.sends(.publish(1, "mine", id: 9, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "mine", qos: .atLeastOnce, id: 9))
        for id in 1...4 as ClosedRange<PacketID> {
            upstream.sends(.publish("a/b", "\(id)", qos: .atLeastOnce, id: id))
            upstream.receivesNothing()
        }
        if isAnsweredInTime {
            upstream.sends(.publishAcknowledgement(9))
            client.receives(.publishAcknowledgement(1, 9))
        } else {
            fillsReserve(upstream, from: 5)
        }
        upstream.receives(.pause)
    }

    /// More octets than 64 messages of 1,400, which the link takes, count; the last one brings the pause.
    private func fillsReserve(_ upstream: TestUpstream, from first: PacketID) {
        let payload = String(repeating: "x", count: 1_380)
        for id in first..<first + 64 { upstream.sends(.publish("a/b", payload, qos: .atLeastOnce, id: id)) }
        upstream.receivesNothing()
        upstream.sends(.publish("a/b", payload, qos: .atLeastOnce, id: first + 64))
    }

    @Test("GW-87 AMB-15 Where the limit in octets is small, as much is read as a broker may have in flight")
    func smallByteCount() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerClient = Limits.queued(2) })
        let (client, upstream) = subscriber(dialogue)
        awaitsRelease(client, upstream)
        let payload = String(repeating: "x", count: 1_300)
        for id in 4...63 as ClosedRange<PacketID> {
            upstream.sends(.publish("a/b", payload, qos: .atLeastOnce, id: id))
        }
        upstream.receivesNothing()
        upstream.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        upstream.receives(.pause)
    }

    /// Message 1 is the client's, the broker's PUBREL is awaited, and two more use up half of what may be read.
    private func awaitsRelease(_ client: TestClient, _ upstream: TestUpstream) {
        upstream.sends(.publish("a/b", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        _ = client.dialogue.readPackets(on: upstream.id)
        client.sends(.publishReceived(1))
        #expect(client.dialogue.readPackets(on: upstream.id).first == .publishReceived(1))
        upstream.sends(.publish("a/b", "2", qos: .atLeastOnce, id: 2), .publish("a/b", "3", qos: .atLeastOnce, id: 3))
        upstream.receivesNothing()
    }

    // MARK: Clients that are away

    @Test("GW-87 AMB-15 What waits for an absent client waits at the broker, and leaves the room to the others")
    func absentClient() {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCount = Limits.queued(10) })
        let absent = dialogue.client("absent")
        let upstream = absent.connects(clean: false)
        absent.subscribes("a/b", as: 1, qos: .atLeastOnce, on: upstream)
        absent.fallsAsleep()
        upstream.sends(.publish("a/b", "0"), .publish("a/b", "12345678901", qos: .atLeastOnce, id: 1))
        upstream.receives(.pause)
        absent.sends(.disconnect())
        absent.receives(.disconnect())
        upstream.receives(.disconnect, .close)
        let (other, second) = subscriber(dialogue)
        other.fallsAsleep()
        second.sends(.publish("a/b", "x"))
        dialogue.doesNotObserve(.messageDroppedQueueFull)
        absent.sends(.connect("absent", clean: false))
        let third = absent.asksBroker(clean: false)
        third.sends(.connectAcknowledgement(present: true))
        absent.receives(.connectAcknowledgement())
        third.sends(.publish("a/b", "12345678901", qos: .atLeastOnce, id: 1, duplicate: true))
        third.receives(.pause)
        absent.receives(.register(1, 1, "a/b"))
        absent.sends(.registerAcknowledgement(1, 1))
        absent.receives(.publish(1, "12345678901", id: 1, qos: .atLeastOnce, duplicate: true))
    }

    @Test("GW-87 AMB-15 What a forgetful broker would not send again is kept for an absent client")
    func keptForAbsentClient() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.fallsAsleep()
        first.sends(.publish("ab", "1", qos: .atLeastOnce, id: 1))
        first.closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: false))
        client.leaves(second)
        client.sends(.connect("c1", clean: false))
        let third = client.asksBroker(clean: false)
        third.sends(.connectAcknowledgement(present: true))
        client.receives(.connectAcknowledgement(), .publish(.short("ab"), "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0x6162, 1))
        third.receivesNothing()
    }

    @Test("GW-87 AMB-15 Nothing that comes again stays behind and overtakes what came before it")
    func repeatedForAbsentClient() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.fallsAsleep()
        let messages: [BrokerPacket] = [
            .publish("ab", "1", qos: .atLeastOnce, id: 1, duplicate: true),
            .publish("ab", "2", qos: .exactlyOnce, id: 2, duplicate: true),
        ]
        for message in messages { first.sends(message) }
        client.leaves(first)
        let second = client.connects(clean: false, present: true)
        second.sends(octets: messages.flatMap(\.bytes))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .atLeastOnce, duplicate: true))
    }

    @Test("AMB-23 GW-42 A repeated QoS 2 message keeps its number when the broker then forgets it")
    func repeatedAndForgotten() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 6))
        client.receives(.publish(.short("ab"), "1", id: 6, qos: .exactlyOnce))
        client.leaves(first)
        let second = client.connects(clean: false, present: true)
        client.fallsAsleep()
        second.sends(.publish("ab", "1", qos: .exactlyOnce, id: 6, duplicate: true))
        second.closes()
        dialogue.passes(.seconds(1))
        client.asksBroker(clean: false).sends(.connectAcknowledgement(present: false))
        client.wakesUp()
        client.receives(.publish(.short("ab"), "1", id: 6, qos: .exactlyOnce, duplicate: true))
    }
}

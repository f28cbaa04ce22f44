// Proves what the broker remembers of a client that is away (MQTT 3.1.1 §3.1.2.4, §4.1, §4.4).

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerSessionTests {
    let broker = BrokerDriver()

    @Test("[MQTT-3.1.2-6]: a clean session ends with its connection") func cleanSessionEnds() {
        let client = broker.connects("a")
        client.sends(.subscribe(1, ("t", .atLeastOnce)))
        client.vanishes()
        #expect(broker.broker.sessionCount == 0)
        let publisher = broker.connects("p")
        publisher.sends(.publish("t", "x", qos: .atLeastOnce, id: 1))
        let again = broker.connects("a", present: false)
        broker.sendsNothing(to: again)
        publisher.sends(.publish("t", "y", qos: .atLeastOnce, id: 2))
        broker.sendsNothing(to: again)
    }

    @Test("[MQTT-3.2.2-2]: a stored session is resumed with its subscriptions") func persistentSessionResumes() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .atMostOnce)))
        client.sends(.disconnect)
        #expect(broker.broker.subscriptionCount(of: Array("a".utf8)) == 1)
        let again = broker.connects("a", clean: false, present: true)
        broker.connects("p").sends(.publish("t", "x"))
        broker.sends(.publish("t", "x"), to: again)
    }

    @Test("[MQTT-3.1.2-6]: a clean CONNECT discards the stored session") func cleanConnectDiscards() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .atLeastOnce)))
        client.sends(.disconnect)
        let publisher = broker.connects("p")
        publisher.sends(.publish("t", "x", qos: .atLeastOnce, id: 1))
        let clean = broker.connects("a", clean: true, present: false)
        publisher.sends(.publish("t", "y", qos: .atLeastOnce, id: 2))
        broker.sendsNothing(to: clean)
        clean.sends(.disconnect)
        _ = broker.connects("a", clean: false, present: false)
    }

    @Test("[MQTT-3.1.2-5]: QoS 1 and 2 wait for the client, QoS 0 does not") func queuesWhileAway() {
        broker.subscribesAndLeaves("a", "#")
        let publisher = broker.connects("p")
        publisher.sends(
            .publish("t", "0"), .publish("t", "1", qos: .atLeastOnce, id: 1),
            .publish("t", "2", qos: .exactlyOnce, id: 2))
        #expect(broker.broker.queuedMessageCount(of: Array("a".utf8)) == 2)
        #expect(broker.broker.counters.messagesDropped == 1)
        let again = broker.connects("a", clean: false, present: true)
        broker.sends(
            .publish("t", "1", qos: .atLeastOnce, id: 1), .publish("t", "2", qos: .exactlyOnce, id: 2), to: again)
    }

    @Test("The queue of a session is bounded; what finds no place is dropped and counted") func queueIsBounded() {
        broker.configure { $0.queuedMessagesPerSession = 2 }
        broker.subscribesAndLeaves("a", "t")
        let publisher = broker.connects("p")
        for id in 1...4 as ClosedRange<PacketID> {
            publisher.sends(.publish("t", "\(id)", qos: .atLeastOnce, id: id))
        }
        #expect(broker.broker.counters.messagesDropped == 2)
        let again = broker.connects("a", clean: false, present: true)
        broker.sends(
            .publish("t", "1", qos: .atLeastOnce, id: 1), .publish("t", "2", qos: .atLeastOnce, id: 2), to: again)
    }

    @Test("A session without a queue still gets what can be sent at once") func noQueueIsNoObstacle() {
        broker.configure {
            $0.queuedMessagesPerSession = 0
            $0.inFlightWindow = 1
        }
        let client = broker.connects("a")
        client.sends(.subscribe(1, ("t", .atLeastOnce)))
        let publisher = broker.connects("p")
        publisher.sends(.publish("t", "1", qos: .atLeastOnce, id: 1), .publish("t", "2", qos: .atLeastOnce, id: 2))
        broker.sends(.subscribeAcknowledgement(1, [1]), .publish("t", "1", qos: .atLeastOnce, id: 1), to: client)
        #expect(broker.broker.counters.messagesDropped == 1)
    }

    @Test("[MQTT-4.4.0-1], [MQTT-4.6.0-1]: unacknowledged PUBLISH packets are repeated with DUP in their order")
    func redeliversPublishes() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .exactlyOnce)))
        let publisher = broker.connects("p")
        publisher.sends(
            .publish("t", "1", qos: .exactlyOnce, id: 1), .publish("t", "2", qos: .atLeastOnce, id: 2),
            .publish("t", "3", qos: .atLeastOnce, id: 3))
        _ = broker.read(client)
        client.sends(.publishAcknowledgement(2))
        client.vanishes()
        publisher.sends(.publish("t", "4", qos: .atLeastOnce, id: 4))
        for _ in 1...2 {
            // The second time the first repetition itself was not acknowledged.
            let again = broker.connects("a", clean: false, present: true)
            let packets = broker.read(again)
            #expect(
                packets.prefix(2) == [
                    .publish("t", "1", qos: .exactlyOnce, id: 1, duplicate: true),
                    .publish("t", "3", qos: .atLeastOnce, id: 3, duplicate: true),
                ])
            #expect(packets.count == 3)
            again.vanishes()
        }
    }

    @Test("[MQTT-4.6.0-4]: PUBREL packets are repeated in the order of the PUBRECs") func redeliversReleases() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .exactlyOnce)))
        let publisher = broker.connects("p")
        for id in 1...3 as ClosedRange<PacketID> {
            publisher.sends(.publish("t", "\(id)", qos: .exactlyOnce, id: id))
        }
        client.sends(.publishReceived(2), .publishReceived(1))
        client.vanishes()
        let again = broker.connects("a", clean: false, present: true)
        broker.sends(
            .publishRelease(2), .publishRelease(1), .publish("t", "3", qos: .exactlyOnce, id: 3, duplicate: true),
            to: again)
        again.sends(.publishComplete(1), .publishComplete(2))
        again.sends(.disconnect)
        let third = broker.connects("a", clean: false, present: true)
        broker.sends(.publish("t", "3", qos: .exactlyOnce, id: 3, duplicate: true), to: third)
    }

    @Test("[MQTT-3.1.2-5]: a QoS 2 message that was received before the connection broke is not routed again")
    func remembersReceivedPacketIDs() {
        let subscriber = broker.connects("s")
        subscriber.sends(.subscribe(1, ("t", .atMostOnce)))
        let client = broker.connects("a", clean: false)
        client.sends(.publish("t", "x", qos: .exactlyOnce, id: 9))
        client.vanishes()
        let again = broker.connects("a", clean: false, present: true)
        again.sends(.publish("t", "x", qos: .exactlyOnce, id: 9, duplicate: true), .publishRelease(9))
        broker.sends(.publishReceived(9), .publishComplete(9), to: again)
        broker.sends(.subscribeAcknowledgement(1, [0]), .publish("t", "x"), to: subscriber)
    }

    @Test("[MQTT-3.1.4-2]: taking over resumes the session with what is under way") func takeoverResumes() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .atLeastOnce)))
        broker.connects("p").sends(.publish("t", "x", qos: .atLeastOnce, id: 5))
        let second = broker.connects("a", clean: false, present: true)
        broker.sends(.publish("t", "x", qos: .atLeastOnce, id: 1, duplicate: true), to: second)
        broker.sends(
            .subscribeAcknowledgement(1, [1]), .publish("t", "x", qos: .atLeastOnce, id: 1), .close, to: client)
    }
}

extension BrokerDriver {
    /// Leaves a persistent session with one QoS 2 subscription and no connection behind.
    func subscribesAndLeaves(_ clientID: String, _ filter: String) {
        let client = connects(clientID, clean: false)
        client.sends(.subscribe(1, (filter, .exactlyOnce)), .disconnect)
    }
}

// Proves that messages pass with the promised quality of service (MQTT 3.1.1 §3.3, §4.3, §4.6).

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerPublishTests {
    let broker = BrokerDriver()

    @Test("§4.3.1: QoS 0 is passed on and not acknowledged") func atMostOnce() {
        let (publisher, subscriber) = makePair(.exactlyOnce)
        publisher.sends(.publish("t", "x"))
        broker.sendsNothing(to: publisher)
        broker.sends(.publish("t", "x"), to: subscriber)
    }

    @Test("§4.3.2: QoS 1 is passed on and acknowledged with PUBACK") func atLeastOnce() {
        let (publisher, subscriber) = makePair(.exactlyOnce)
        publisher.sends(.publish("t", "x", qos: .atLeastOnce, id: 700))
        broker.sends(.publishAcknowledgement(700), to: publisher)
        broker.sends(.publish("t", "x", qos: .atLeastOnce, id: 1), to: subscriber)
        subscriber.sends(.publishAcknowledgement(1))
        broker.sendsNothing(to: subscriber)
    }

    @Test("§4.3.2: a repeated QoS 1 message is a new message to the subscriber") func atLeastOnceTwice() {
        let (publisher, subscriber) = makePair(.atLeastOnce)
        publisher.sends(.publish("t", "x", qos: .atLeastOnce, id: 7))
        publisher.sends(.publish("t", "x", qos: .atLeastOnce, id: 7, duplicate: true))
        broker.sends(.publishAcknowledgement(7), .publishAcknowledgement(7), to: publisher)
        // DUP is the broker's own, not copied from the publisher [MQTT-3.3.1-3].
        broker.sends(
            .publish("t", "x", qos: .atLeastOnce, id: 1), .publish("t", "x", qos: .atLeastOnce, id: 2), to: subscriber)
    }

    @Test(
        "[MQTT-2.3.1-2]: a broker may take the next packet identifier, or the lowest that is free",
        arguments: [false, true])
    func packetIdentifiers(takesLowest: Bool) {
        broker.configure { $0.takesLowestPacketID = takesLowest }
        let (publisher, subscriber) = makePair(.atLeastOnce)
        publisher.sends(.publish("t", "x", qos: .atLeastOnce, id: 1), .publish("t", "y", qos: .atLeastOnce, id: 2))
        subscriber.sends(.publishAcknowledgement(1))
        publisher.sends(.publish("t", "z", qos: .atLeastOnce, id: 3))
        broker.sends(
            .publish("t", "x", qos: .atLeastOnce, id: 1), .publish("t", "y", qos: .atLeastOnce, id: 2),
            .publish("t", "z", qos: .atLeastOnce, id: takesLowest ? 1 : 3), to: subscriber)
    }

    @Test("§3.1.2.5: a broker that does not like a topic name closes the connection it comes on") func closingTopic() {
        broker.configure { $0.closingTopicNames = [Array("bad".utf8)] }
        let (publisher, subscriber) = makePair(.exactlyOnce)
        publisher.sends(.publish("bad", "x", qos: .atLeastOnce, id: 1))
        broker.sends(.close, to: publisher)
        broker.sendsNothing(to: subscriber)
    }

    @Test("§4.3.3: QoS 2 is passed on exactly once, both ways") func exactlyOnce() {
        let (publisher, subscriber) = makePair(.exactlyOnce)
        publisher.sends(.publish("t", "x", qos: .exactlyOnce, id: 7))
        publisher.sends(.publish("t", "x", qos: .exactlyOnce, id: 7, duplicate: true))
        broker.sends(.publishReceived(7), .publishReceived(7), to: publisher)
        publisher.sends(.publishRelease(7), .publishRelease(7))
        broker.sends(.publishComplete(7), .publishComplete(7), to: publisher)
        broker.sends(.publish("t", "x", qos: .exactlyOnce, id: 1), to: subscriber)
        subscriber.sends(.publishReceived(1), .publishReceived(1))
        broker.sends(.publishRelease(1), .publishRelease(1), to: subscriber)
        subscriber.sends(.publishComplete(1))
        #expect(broker.broker.counters.messagesReceived == 1)
        // After PUBREL the packet identifier is free for another message.
        publisher.sends(.publish("t", "y", qos: .exactlyOnce, id: 7))
        broker.sends(.publish("t", "y", qos: .exactlyOnce, id: 2), to: subscriber)
    }

    @Test(
        "[MQTT-3.8.4-6]: the QoS is the lower of published and granted",
        arguments: [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce],
        [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce])
    func lowerQoS(published: DeliveryQoS, granted: DeliveryQoS) {
        let (publisher, subscriber) = makePair(granted)
        publisher.sends(.publish("t", "x", qos: published, id: 1))
        let qos = min(published, granted)
        broker.sends(.publish("t", "x", qos: qos, id: qos == .atMostOnce ? 0 : 1), to: subscriber)
    }

    @Test("§3.5.4: what only a QoS 2 message may get does nothing to a QoS 1 message, and the reverse")
    func wrongAcknowledgements() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .exactlyOnce)))
        broker.connects("p").sends(
            .publish("t", "1", qos: .atLeastOnce, id: 1), .publish("t", "2", qos: .exactlyOnce, id: 2))
        client.sends(
            .publishReceived(1), .publishComplete(1), .publishAcknowledgement(2), .publishAcknowledgement(99),
            .publishComplete(99))
        client.vanishes()
        let again = broker.connects("a", clean: false, present: true)
        broker.sends(
            .publish("t", "1", qos: .atLeastOnce, id: 1, duplicate: true),
            .publish("t", "2", qos: .exactlyOnce, id: 2, duplicate: true), to: again)
    }

    @Test("§4.6: no more than the window is under way, and the order stays") func windowAndOrder() {
        broker.configure { $0.inFlightWindow = 2 }
        let (publisher, subscriber) = makePair(.exactlyOnce)
        for id in 1...5 as ClosedRange<PacketID> {
            let qos = id % 2 == 0 ? DeliveryQoS.atLeastOnce : .exactlyOnce
            publisher.sends(.publish("t", "\(id)", qos: qos, id: id))
        }
        broker.sends(
            .publish("t", "1", qos: .exactlyOnce, id: 1), .publish("t", "2", qos: .atLeastOnce, id: 2), to: subscriber)
        subscriber.sends(.publishAcknowledgement(2))
        broker.sends(.publish("t", "3", qos: .exactlyOnce, id: 3), to: subscriber)
        // PUBREC keeps the place in the window, PUBCOMP frees it.
        subscriber.sends(.publishReceived(1))
        broker.sends(.publishRelease(1), to: subscriber)
        subscriber.sends(.publishComplete(1))
        broker.sends(.publish("t", "4", qos: .atLeastOnce, id: 4), to: subscriber)
        subscriber.sends(.publishAcknowledgement(4))
        broker.sends(.publish("t", "5", qos: .exactlyOnce, id: 5), to: subscriber)
        // QoS 0 needs no place in it.
        publisher.sends(.publish("t", "6"))
        broker.sends(.publish("t", "6"), to: subscriber)
    }

    @Test("The default window is 20") func defaultWindow() {
        let (publisher, subscriber) = makePair(.atLeastOnce)
        for id in 1...30 as ClosedRange<PacketID> { publisher.sends(.publish("t", "", qos: .atLeastOnce, id: id)) }
        #expect(broker.read(subscriber).count == 20)
        #expect(broker.broker.queuedMessageCount(of: Array("s".utf8)) == 10)
    }

    @Test("[MQTT-2.3.1-2]: packet identifiers come round without one that is in use and without 0")
    func packetIdentifiersComeRound() {
        let (publisher, subscriber) = makePair(.atLeastOnce)
        publisher.sends(.publish("t", "kept", qos: .atLeastOnce, id: 1))
        broker.sends(.publish("t", "kept", qos: .atLeastOnce, id: 1), to: subscriber)
        for id in 2...PacketID.max {
            publisher.sends(.publish("t", "", qos: .atLeastOnce, id: 1))
            subscriber.sends(.publishAcknowledgement(id))
        }
        _ = broker.read(subscriber)
        publisher.sends(.publish("t", "round", qos: .atLeastOnce, id: 1))
        broker.sends(.publish("t", "round", qos: .atLeastOnce, id: 2), to: subscriber)
    }

    @Test("§4.6: a long queue comes out in order") func longQueueKeepsOrder() {
        broker.subscribesAndLeaves("a", "t")
        let publisher = broker.connects("p")
        for id in 1...300 as ClosedRange<PacketID> {
            publisher.sends(.publish("t", "\(id)", qos: .atLeastOnce, id: id))
        }
        let client = broker.connects("a", clean: false, present: true)
        var received: [String] = []
        while case let packets = broker.read(client), !packets.isEmpty {
            for case .publish(_, let payload, _, let id, _, _) in packets {
                received.append(payload)
                client.sends(.publishAcknowledgement(id))
            }
        }
        #expect(received == (1...300).map(String.init))
    }

    /// A publisher, and a subscriber "s" to topic "t" whose SUBACK is read.
    private func makePair(_ qos: DeliveryQoS) -> (publisher: TestConnection, subscriber: TestConnection) {
        let subscriber = broker.connects("s")
        subscriber.sends(.subscribe(1, ("t", qos)))
        broker.sends(.subscribeAcknowledgement(1, [qos.rawValue]), to: subscriber)
        return (broker.connects("p"), subscriber)
    }
}

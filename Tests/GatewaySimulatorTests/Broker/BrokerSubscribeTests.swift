// Proves who gets a message (MQTT 3.1.1 §3.8 to §3.11, §4.7) and what retained messages do (§3.3.1.3).

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerSubscribeTests {
    let broker = BrokerDriver()

    @Test("[MQTT-3.8.4-5]: SUBACK has one code for each filter, in their order") func codePerFilter() {
        broker.configure { $0.refusedTopicFilters = [Array("secret/#".utf8)] }
        let client = broker.connects("a")
        client.sends(
            .subscribe(9, ("a", .exactlyOnce), ("secret/#", .atLeastOnce), ("b", .atMostOnce), ("c", .atLeastOnce)))
        broker.sends(.subscribeAcknowledgement(9, [2, 0x80, 0, 1]), to: client)
        broker.connects("p").sends(.publish("secret/x", "x"))
        broker.sendsNothing(to: client)
        #expect(broker.broker.subscriptionCount(of: Array("a".utf8)) == 3)
    }

    @Test("§3.8.4: the server may grant a lower QoS than was asked for") func grantsLowerQoS() {
        broker.configure { $0.maximumGrantedQoS = .atLeastOnce }
        let client = broker.connects("a")
        client.sends(.subscribe(9, ("t", .exactlyOnce)))
        broker.connects("p").sends(.publish("t", "x", qos: .exactlyOnce, id: 1))
        broker.sends(.subscribeAcknowledgement(9, [1]), .publish("t", "x", qos: .atLeastOnce, id: 1), to: client)
    }

    @Test(
        "§4.7: wildcards",
        arguments: [
            ("sport/#", "sport", true), ("sport/#", "sport/a/b", true), ("sport/+", "sport/a", true),
            ("sport/+", "sport/a/b", false), ("sport/+", "sport", false), ("+/+", "/finance", true),
            ("/+", "/finance", true), ("+", "/finance", false), ("#", "a/b", true), ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false), ("$SYS/#", "$SYS/x", true), ("a", "A", false), ("a", "a/", false),
        ])
    func wildcards(filter: String, topicName: String, isMatch: Bool) {
        let client = broker.connects("a")
        client.sends(.subscribe(1, (filter, .atMostOnce)))
        let publisher = broker.connects("p")
        publisher.sends(.publish(topicName, "x", retain: true))
        let live = isMatch ? [BrokerPacket.publish(topicName, "x")] : []
        #expect(broker.read(client) == [.subscribeAcknowledgement(1, [0])] + live)
        // The same for the retained message of the topic.
        let late = broker.connects("b")
        late.sends(.subscribe(1, (filter, .atMostOnce)))
        let retained = isMatch ? [BrokerPacket.publish(topicName, "x", retain: true)] : []
        #expect(broker.read(late) == [.subscribeAcknowledgement(1, [0])] + retained)
    }

    @Test("[MQTT-3.3.5-1]: overlapping subscriptions get one copy with their maximum QoS") func overlap() {
        let client = broker.connects("a")
        client.sends(.subscribe(1, ("a/#", .atMostOnce), ("a/+", .exactlyOnce), ("a/b", .atLeastOnce)))
        _ = broker.read(client)
        broker.connects("p").sends(.publish("a/b", "x", qos: .exactlyOnce, id: 1))
        broker.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 1), to: client)
    }

    @Test("[MQTT-3.8.4-3]: the same filter again replaces the subscription", arguments: ["t", "+"])
    func replaces(filter: String) {
        let client = broker.connects("a")
        client.sends(.subscribe(1, (filter, .exactlyOnce)), .subscribe(2, (filter, .atMostOnce)))
        _ = broker.read(client)
        broker.connects("p").sends(.publish("t", "x", qos: .exactlyOnce, id: 1))
        broker.sends(.publish("t", "x"), to: client)
        #expect(broker.broker.subscriptionCount(of: Array("a".utf8)) == 1)
    }

    @Test("[MQTT-3.10.4-1, -5]: UNSUBSCRIBE ends what is named exactly and is always answered") func unsubscribes() {
        let client = broker.connects("a")
        client.sends(.subscribe(1, ("a", .atMostOnce), ("b", .atMostOnce), ("+/c", .atMostOnce), ("#", .atMostOnce)))
        _ = broker.read(client)
        client.sends(.unsubscribe(2, "a", "#", "never"))
        broker.sends(.unsubscribeAcknowledgement(2), to: client)
        let publisher = broker.connects("p")
        publisher.sends(.publish("a", "1"), .publish("b", "2"), .publish("x/c", "3"), .publish("x/y", "4"))
        broker.sends(.publish("b", "2"), .publish("x/c", "3"), to: client)
    }

    @Test("§3.10.4: what was under way before UNSUBSCRIBE is still completed") func unsubscribeKeepsInFlight() {
        let client = broker.connects("a", clean: false)
        client.sends(.subscribe(1, ("t", .atLeastOnce)))
        broker.connects("p").sends(.publish("t", "x", qos: .atLeastOnce, id: 1))
        client.sends(.unsubscribe(2, "t"))
        client.vanishes()
        let again = broker.connects("a", clean: false, present: true)
        broker.sends(.publish("t", "x", qos: .atLeastOnce, id: 1, duplicate: true), to: again)
    }

    @Test("Clients are served in the order of their sessions, whatever the subscriptions") func servesInOrder() {
        var clients: [TestConnection] = []
        for number in 0..<20 {
            let client = broker.connects("c\(number)")
            client.sends(.subscribe(1, (number % 3 == 0 ? "t" : number % 3 == 1 ? "+" : "#", .atMostOnce)))
            clients.append(client)
        }
        clients[7].sends(.publish("t", "x"))
        #expect(broker.served == clients.map(\.id))
    }
}

@Suite struct BrokerRetainTests {
    let broker = BrokerDriver()

    @Test("[MQTT-3.3.1-8, -9]: RETAIN is 1 for a new subscription and 0 for an established one") func retainFlag() {
        let early = broker.connects("early")
        early.sends(.subscribe(1, ("t", .atLeastOnce)))
        broker.connects("p").sends(.publish("t", "x", qos: .exactlyOnce, id: 1, retain: true))
        broker.sends(
            .subscribeAcknowledgement(1, [1]), .publish("t", "x", qos: .atLeastOnce, id: 1, retain: false), to: early)
        let late = broker.connects("late")
        late.sends(.subscribe(1, ("t", .atLeastOnce)))
        broker.sends(
            .subscribeAcknowledgement(1, [1]), .publish("t", "x", qos: .atLeastOnce, id: 1, retain: true), to: late)
    }

    @Test("[MQTT-3.3.1-5]: only the last retained message of a topic is kept, of any QoS") func lastOneIsKept() {
        let publisher = broker.connects("p")
        publisher.sends(.publish("t", "1", qos: .exactlyOnce, id: 1, retain: true))
        publisher.sends(.publish("t", "2", retain: true), .publish("t", "3"))
        #expect(broker.broker.retainedMessageCount == 1)
        let client = broker.connects("a")
        client.sends(.subscribe(1, ("t", .exactlyOnce)))
        broker.sends(.subscribeAcknowledgement(1, [2]), .publish("t", "2", retain: true), to: client)
    }

    @Test("[MQTT-3.3.1-10, -11]: an empty payload is delivered, deletes and is not kept") func emptyPayloadDeletes() {
        let publisher = broker.connects("p")
        publisher.sends(
            .publish("a", "1", retain: true), .publish("b", "2", retain: true), .publish("c", "3", retain: true))
        let early = broker.connects("early")
        early.sends(.subscribe(1, ("a", .atMostOnce)))
        _ = broker.read(early)
        publisher.sends(.publish("a", "", retain: true), .publish("never", "", retain: true))
        broker.sends(.publish("a", ""), to: early)
        #expect(broker.broker.retainedMessageCount == 2)
        #expect(broker.broker.retainedPayload(of: Array("a".utf8)) == nil)
        #expect(broker.broker.retainedPayload(of: Array("c".utf8)) == Array("3".utf8))
        let late = broker.connects("late")
        late.sends(.subscribe(1, ("#", .atMostOnce)))
        broker.sends(
            .subscribeAcknowledgement(1, [0]), .publish("c", "3", retain: true), .publish("b", "2", retain: true),
            to: late)
        publisher.sends(.publish("b", "", retain: true), .publish("c", "", retain: true))
        #expect(broker.broker.retainedMessageCount == 0)
    }

    @Test("[MQTT-3.8.4-3]: the same subscription again gets the retained messages again") func repeatedSubscription() {
        broker.connects("p").sends(.publish("t", "x", retain: true))
        let client = broker.connects("a")
        for id in 1...2 as ClosedRange<PacketID> {
            client.sends(.subscribe(id, ("t", .atMostOnce)))
            broker.sends(.subscribeAcknowledgement(id, [0]), .publish("t", "x", retain: true), to: client)
        }
    }

    @Test("§3.3.1.3: retained messages stay when their publisher's clean session ends") func outliveTheirPublisher() {
        let publisher = broker.connects("p")
        publisher.sends(.publish("t", "x", retain: true), .disconnect)
        #expect(broker.broker.retainedPayload(of: Array("t".utf8)) == Array("x".utf8))
    }
}

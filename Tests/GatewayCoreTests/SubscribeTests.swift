import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// SUBSCRIBE and UNSUBSCRIBE (MQTT-SN 1.2 §6.9).
@Suite struct SubscribeTests {
    private func connected(
        _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue(.dialogue(change))
        let client = dialogue.client("c1")
        return (dialogue, client, client.connects())
    }

    private static let predefined = PredefinedTopics([
        .init(topicID: 7, topicName: Array("common/7".utf8)),
        .init(clientID: Array("c1".utf8), topicID: 8, topicName: Array("own/8".utf8)),
        .init(topicID: 8, topicName: Array("common/8".utf8)),
    ])

    // MARK: Kinds of topics

    @Test("GW-51 SUBACK for a name carries its id and the granted QoS, after the broker's SUBACK")
    func byName() {
        let (dialogue, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 3, qos: .exactlyOnce))
        upstream.receives(.subscribe("a/b", id: 3, qos: .exactlyOnce))
        client.receivesNothing()
        upstream.sends(.subscribeAcknowledgement(3, 1))
        client.receives(.subscribeAcknowledgement(1, 3, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "x"))
        client.receives(.publish(1, "x"))
        dialogue.doesNotObserve(.requestRefusedNotSupported)
    }

    @Test("GW-51 A name that is registered keeps its id in SUBACK")
    func registeredName() {
        let (_, client, upstream) = connected()
        client.registers("other", as: 1)
        client.registers("a/b", as: 2)
        client.subscribes("a/b", as: 2, on: upstream)
    }

    @Test("GW-52 AMB-07 A filter with wildcards gets no id", arguments: ["#", "a/#", "+/b", "a/+/c"])
    func wildcards(filter: String) {
        let (_, client, upstream) = connected()
        client.subscribes(filter, as: 0, on: upstream)
        client.registers("first", as: 1)
    }

    @Test("GW-52 A shared subscription gets no id: its messages come under other names")
    func sharedSubscription() {
        let (_, client, upstream) = connected()
        client.subscribes("$share/g/a/b", as: 0, on: upstream)
        upstream.sends(.publish("a/b", "x"))
        client.receives(.register(1, 1, "a/b"))
    }

    @Test("GW-53 AMB-06 A pre-defined id stands for the client's own name, or the common one, and is in the SUBACK")
    func predefinedID() {
        let (_, client, upstream) = connected { $0.predefinedTopics = Self.predefined }
        for (topicID, name) in [(7, "common/7"), (8, "own/8")] as [(TopicID, String)] {
            client.sends(.subscribe(.predefined(topicID), id: topicID, qos: .atLeastOnce))
            upstream.receives(.subscribe(name, id: topicID, qos: .atLeastOnce))
            upstream.sends(.subscribeAcknowledgement(topicID, 1))
            client.receives(.subscribeAcknowledgement(topicID, topicID, qos: .atLeastOnce))
            upstream.sends(.publish(name, "x"))
            client.receives(.publish(.predefined(topicID), "x"))
        }
    }

    @Test("GW-53 AMB-07 A short name is subscribed to as the name it is")
    func shortName() {
        let (_, client, upstream) = connected()
        client.sends(.subscribe(.short("ab"), id: 3, qos: .atLeastOnce))
        upstream.receives(.subscribe("ab", id: 3, qos: .atLeastOnce))
        upstream.sends(.subscribeAcknowledgement(3, 1))
        client.receives(.subscribeAcknowledgement(0, 3, qos: .atLeastOnce))
        upstream.sends(.publish("ab", "x"))
        client.receives(.publish(.short("ab"), "x"))
    }

    @Test("AMB-05 A name of two octets sent as a name gets a normal id, and that is used", arguments: ["ab", "a"])
    func shortAsName(name: String) {
        let (_, client, upstream) = connected()
        client.subscribes(name, as: 1, on: upstream)
        upstream.sends(.publish(name, "x"))
        client.receives(.publish(1, "x"))
    }

    // MARK: Refusals

    @Test("GW-54 The broker's refusal is not supported, with the MsgId of the SUBSCRIBE")
    func brokerRefuses() {
        let (dialogue, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 3))
        upstream.receives(.subscribe("a/b", id: 3))
        upstream.sends(.subscribeAcknowledgement(3, 0x80))
        client.receives(.subscribeAcknowledgement(0, 3, .notSupported))
        dialogue.observes(.requestRefusedNotSupported, of: "c1")
    }

    @Test(
        "GW-54 What cannot be subscribed to is refused with the MsgId of the SUBSCRIBE",
        arguments: [
            (SNMessage.subscribe("a/#/b", id: 3), ReturnCode.notSupported, 0),
            (.subscribe("a\0", id: 3), .notSupported, 0),
            (.subscribe("a+", id: 3), .notSupported, 0), (.subscribe("a", id: 3, qos: .minusOne), .notSupported, 0),
            (.subscribe(.short("a#"), id: 3), .notSupported, 0), (.subscribe(.reserved(5), id: 3), .notSupported, 0),
            (.subscribe(.predefined(9), id: 3), .invalidTopicID, 9), (.subscribe("", id: 3), .notSupported, 0),
        ] as [(SNMessage, ReturnCode, TopicID)])
    func unacceptable(message: SNMessage, code: ReturnCode, topicID: TopicID) {
        let (_, client, upstream) = connected { $0.predefinedTopics = Self.predefined }
        client.sends(message)
        client.receives(.subscribeAcknowledgement(topicID, 3, code))
        upstream.receivesNothing()
    }

    @Test("GW-54 SUBSCRIBE with MsgId 0 is refused: MQTT has no such identifier")
    func zeroMessageID() {
        let (_, client, _) = connected()
        client.sends(.subscribe("a", id: 0))
        client.receives(.subscribeAcknowledgement(0, 0, .notSupported))
    }

    @Test("GW-05 SUBSCRIBE to an id that has not two octets is answered and changes nothing")
    func wrongIDSize() {
        let (_, client, _) = connected()
        client.sends(octets: [0x06, 0x12, 0x01, 0x00, 0x09, 0x07])
        client.receives(.subscribeAcknowledgement(0, 9, .notSupported))
    }

    @Test(
        "GW-87 GW-54 At the limit of subscriptions a new filter is congestion, also while the broker has not answered")
    func limit() {
        let (_, client, upstream) = connected { $0.limits.subscriptionsPerClient = 2 }
        client.subscribes("a", as: 1, id: 1, on: upstream)
        client.sends(.subscribe("b", id: 2))
        upstream.receives(.subscribe("b", id: 2))
        client.sends(.subscribe("c", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        upstream.sends(.subscribeAcknowledgement(2, 0))
        client.receives(.subscribeAcknowledgement(2, 2))
        client.sends(.subscribe("c", id: 4))
        client.receives(.subscribeAcknowledgement(0, 4, .congestion))
        client.subscribes("a", as: 1, id: 5, qos: .exactlyOnce, on: upstream)
        client.sends(.unsubscribe("b", id: 6))
        upstream.receives(.unsubscribe("b", id: 6))
        upstream.sends(.unsubscribeAcknowledgement(6))
        client.receives(.unsubscribeAcknowledgement(6))
        client.subscribes("c", as: 3, id: 7, on: upstream)
    }

    @Test("GW-87 GW-54 At the limits of topics, exchanges and octets upstream SUBSCRIBE is congestion")
    func otherLimits() {
        let (_, client, upstream) = connected {
            $0.limits.topicsPerClient = 1
            $0.limits.exchangesPerClient = 1
            $0.limits.queuedByteCountPerUpstream = 100
        }
        client.registers("a", as: 1)
        client.sends(.subscribe("b", id: 1))
        client.receives(.subscribeAcknowledgement(0, 1, .congestion))
        upstream.blocks(queuedByteCount: 101)
        client.sends(.subscribe("a", id: 2))
        client.receives(.subscribeAcknowledgement(0, 2, .congestion))
        upstream.drains()
        client.sends(.subscribe("a", id: 3))
        upstream.receives(.subscribe("a", id: 3))
        client.sends(.subscribe("#", id: 4))
        client.receives(.subscribeAcknowledgement(0, 4, .congestion))
    }

    @Test("GW-87 A filter longer than the limit is not supported")
    func filterTooLong() {
        let (_, client, _) = connected { $0.limits.topicNameByteCount = 4 }
        client.sends(.subscribe("12345", id: 1))
        client.receives(.subscribeAcknowledgement(0, 1, .notSupported))
    }

    // MARK: Repetition

    @Test("GW-79 AMB-28 A repeated SUBSCRIBE is forwarded once while the broker has not answered")
    func repeatedWhileOpen() {
        let (_, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 3))
        upstream.receives(.subscribe("a/b", id: 3))
        client.sends(.subscribe("a/b", id: 3, duplicate: true), .subscribe("a/b", id: 3))
        upstream.receivesNothing()
        upstream.sends(.subscribeAcknowledgement(3, 0))
        client.receives(.subscribeAcknowledgement(1, 3))
    }

    @Test(
        "AMB-28 Another SUBSCRIBE under the MsgId of an open one is congestion",
        arguments: [(Topic.name("c"), QualityOfService.atMostOnce), ("a/b", .atLeastOnce)])
    func otherUnderOpenID(topic: Topic, qos: QualityOfService) {
        let (dialogue, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 3))
        upstream.receives(.subscribe("a/b", id: 3))
        client.sends(.subscribe(topic, id: 3, qos: qos))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        dialogue.observes(.requestRefusedCongestion)
        client.sends(.unsubscribe("a/b", id: 3))
        client.receivesNothing()
        dialogue.observes(.requestRefusedCongestion)
        upstream.sends(.subscribeAcknowledgement(3, 0))
        client.receives(.subscribeAcknowledgement(1, 3))
    }

    @Test("AMB-28 A SUBSCRIBE under the MsgId of an open UNSUBSCRIBE is congestion, another UNSUBSCRIBE is counted")
    func otherUnderOpenUnsubscribe() {
        let (dialogue, client, upstream) = connected()
        client.sends(.unsubscribe("a/b", id: 3))
        upstream.receives(.unsubscribe("a/b", id: 3))
        client.sends(.subscribe("a/b", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        client.sends(.unsubscribe("c", id: 3))
        dialogue.observes(.requestRefusedCongestion)
        upstream.sends(.unsubscribeAcknowledgement(3))
        client.receives(.unsubscribeAcknowledgement(3))
    }

    @Test("GW-79 SUBSCRIBE repeated because the SUBACK was lost gets it again, and the broker is not asked")
    func repeatedAfterSuback() {
        let (dialogue, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 3, qos: .exactlyOnce))
        upstream.receives(.subscribe("a/b", id: 3, qos: .exactlyOnce))
        upstream.sends(.subscribeAcknowledgement(3, 1))
        client.receives(.subscribeAcknowledgement(1, 3, qos: .atLeastOnce))
        dialogue.passes(.seconds(39))
        client.sends(.subscribe("a/b", id: 3, qos: .exactlyOnce))
        client.receives(.subscribeAcknowledgement(1, 3, qos: .atLeastOnce))
        upstream.receivesNothing()
        // Another MsgId, or much later: a SUBSCRIBE of its own, which brings the retained messages again.
        client.subscribes("a/b", as: 1, id: 4, on: upstream)
        dialogue.passes(.seconds(40))
        client.subscribes("a/b", as: 1, id: 4, on: upstream)
    }

    @Test("GW-79 A repeated UNSUBSCRIBE is answered again")
    func repeatedUnsubscribe() {
        let (_, client, upstream) = connected()
        client.subscribes("a/b", as: 1, on: upstream)
        client.sends(.unsubscribe("a/b", id: 5))
        upstream.receives(.unsubscribe("a/b", id: 5))
        client.sends(.unsubscribe("a/b", id: 5))
        upstream.receivesNothing()
        upstream.sends(.unsubscribeAcknowledgement(5))
        client.receives(.unsubscribeAcknowledgement(5))
        client.sends(.unsubscribe("a/b", id: 5))
        upstream.receives(.unsubscribe("a/b", id: 5))
        upstream.sends(.unsubscribeAcknowledgement(5))
        client.receives(.unsubscribeAcknowledgement(5))
    }

    // MARK: Unsubscribing

    @Test(
        "GW-55 UNSUBSCRIBE of every kind is forwarded as the filter it names, subscribed or not",
        arguments: [
            (Topic.name("a/b"), "a/b"), ("a/#", "a/#"), (.predefined(8), "own/8"), (.predefined(7), "common/7"),
            (.short("ab"), "ab"),
        ])
    func unsubscribe(topic: Topic, filter: String) {
        let (_, client, upstream) = connected { $0.predefinedTopics = Self.predefined }
        client.sends(.unsubscribe(topic, id: 5))
        upstream.receives(.unsubscribe(filter, id: 5))
        client.receivesNothing()
        upstream.sends(.unsubscribeAcknowledgement(5))
        client.receives(.unsubscribeAcknowledgement(5))
    }

    @Test(
        "GW-55 UNSUBSCRIBE from what cannot be subscribed to is answered at once",
        arguments: [Topic.name("a/#/b"), .predefined(9), .short("+a"), .reserved(1)])
    func unsubscribeFromNothing(topic: Topic) {
        let (_, client, upstream) = connected { $0.predefinedTopics = Self.predefined }
        client.sends(.unsubscribe(topic, id: 5))
        client.receives(.unsubscribeAcknowledgement(5))
        upstream.receivesNothing()
    }

    @Test("GW-25 A subscription that was taken back is not made again for a persistent session")
    func unsubscribedStaysSo() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, on: first)
        client.sends(.unsubscribe("a/b", id: 5))
        first.receives(.unsubscribe("a/b", id: 5))
        first.sends(.unsubscribeAcknowledgement(5))
        client.receives(.unsubscribeAcknowledgement(5))
        client.leaves(first)
        client.connects(clean: false).receivesNothing()
    }

    @Test("GW-55 GW-79 AMB-28 UNSUBSCRIBE with MsgId 0 is carried out and answered, as SUBSCRIBE with 0 is answered")
    func unsubscribeWithoutMessageID() {
        let (_, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 0))
        client.receives(.subscribeAcknowledgement(0, 0, .notSupported))
        client.subscribes("a/b", as: 1, on: upstream)
        client.sends(.unsubscribe("a/b", id: 0))
        upstream.receives(.unsubscribe("a/b", id: 0x8000))
        client.sends(.unsubscribe("a/b", id: 0))
        upstream.receivesNothing()
        upstream.sends(.unsubscribeAcknowledgement(0x8000))
        client.receives(.unsubscribeAcknowledgement(0))
        client.sends(.unsubscribe("a/#/b", id: 0))
        client.receives(.unsubscribeAcknowledgement(0))
    }

    @Test("GW-85 A SUBACK of the broker with two codes breaks the protocol: its connection ends, nothing is granted")
    func twoCodes() {
        let (dialogue, client, upstream) = connected()
        client.sends(.subscribe("a/b", id: 3))
        upstream.receives(.subscribe("a/b", id: 3))
        upstream.sends(octets: [0x90, 4, 0, 3, 0, 1])
        dialogue.observes(.unexpectedPacket)
        upstream.receives(.disconnect, .close)
        client.receivesNothing()
    }

    @Test("GW-55 UNSUBSCRIBE without room for it is not answered")
    func unanswered() {
        let (dialogue, client, upstream) = connected { $0.limits.exchangesPerClient = 1 }
        client.sends(.subscribe("a", id: 1))
        upstream.receives(.subscribe("a", id: 1))
        client.sends(.unsubscribe("b", id: 2))
        client.receivesNothing()
        dialogue.observes(.requestRefusedCongestion, of: "c1")
    }
}

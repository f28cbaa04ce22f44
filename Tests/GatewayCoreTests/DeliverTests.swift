import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// PUBLISH to the client, acknowledged end to end (MQTT-SN 1.2 §6.10).
@Suite struct DeliverTests {
    /// A client that has subscribed to "a/b" and knows it as 1.
    private func subscriber(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    // MARK: The three levels

    @Test("GW-56 QoS 0 goes out with the id from the SUBACK", arguments: ["", "x", String(repeating: "x", count: 300)])
    func atMostOnce(payload: String) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", payload))
        client.receives(.publish(1, payload))
        dialogue.observes(.messageDelivered, of: "c1")
    }

    @Test("GW-56 AMB-14 The broker's PUBACK waits for the client's")
    func atLeastOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 300))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        upstream.receivesNothing()
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(300))
        dialogue.passes(.seconds(60))
    }

    @Test("GW-56 QoS 2 goes step by step between broker and client")
    func exactlyOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 300))
        client.receives(.publish(1, "x", id: 300, qos: .exactlyOnce))
        upstream.receivesNothing()
        client.sends(.publishReceived(300))
        upstream.receives(.publishReceived(300))
        client.receivesNothing()
        upstream.sends(.publishRelease(300))
        client.receives(.publishRelease(300))
        upstream.receivesNothing()
        client.sends(.publishComplete(300))
        upstream.receives(.publishComplete(300))
        dialogue.passes(.seconds(60))
    }

    @Test("AMB-33 The broker's RETAIN is passed on, and its DUP: the client may have the message already")
    func flags() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", retain: true))
        client.receives(.publish(1, "x", retain: true))
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 1, retain: true, duplicate: true))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, retain: true, duplicate: true))
    }

    @Test("GW-88 One exchange at a time is open towards the client, and the order is the broker's")
    func oneAtATime() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sendsTogether(
            .publish("a/b", "1", qos: .exactlyOnce, id: 1), .publish("a/b", "2", qos: .atLeastOnce, id: 2),
            .publish("a/b", "3"), .publish("a/b", "4", qos: .atLeastOnce, id: 4))
        client.receives(.publish(1, "1", id: 1, qos: .exactlyOnce))
        client.sends(.publishReceived(1))
        upstream.receives(.publishReceived(1))
        client.receivesNothing()
        upstream.sends(.publishRelease(1))
        client.receives(.publishRelease(1))
        client.sends(.publishComplete(1))
        upstream.receives(.publishComplete(1))
        client.receives(.publish(1, "2", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2))
        client.receives(.publish(1, "3"), .publish(1, "4", id: 2, qos: .atLeastOnce))
    }

    // MARK: Topics

    @Test("GW-56 AMB-06 A pre-defined name goes out under its pre-defined id")
    func predefined() {
        let topics = PredefinedTopics([
            .init(topicID: 7, topicName: Array("common/7".utf8)), .init(topicID: 8, topicName: Array("common/8".utf8)),
            .init(clientID: Array("c1".utf8), topicID: 8, topicName: Array("own/8".utf8)),
        ])
        let dialogue = Dialogue(.dialogue { $0.predefinedTopics = topics })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("common/7", "x"))
        client.receives(.publish(.predefined(7), "x"))
        upstream.sends(.publish("own/8", "x", qos: .atLeastOnce, id: 3))
        client.receives(.publish(.predefined(8), "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(8, 1))
        upstream.receives(.publishAcknowledgement(3))
        // The client means something else by 8.
        upstream.sends(.publish("common/8", "x"))
        client.receives(.register(2, 1, "common/8"))
    }

    @Test("GW-56 AMB-05 A name of two octets goes out as a short name unless the client has an id for it")
    func shortName() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("ab", "x"))
        client.receives(.publish(.short("ab"), "x"))
        client.registers("ab", as: 2)
        upstream.sends(.publish("ab", "x"))
        client.receives(.publish(2, "x"))
        upstream.sends(.publish("a", "x"))
        client.receives(.register(3, 1, "a"))
    }

    // MARK: Refusals of the client

    @Test("GW-57 PUBACK 0x02 at QoS 1 and 2: the id is registered again and the message repeated")
    func renewed() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        for (qos, packetID, id) in [(DeliveryQoS.atLeastOnce, UInt16(9), UInt16(1)), (.exactlyOnce, 10, 10)] {
            upstream.sends(.publish("a/b", "x", qos: qos, id: packetID))
            client.receives(.publish(1, "x", id: id, qos: QualityOfService(qos)))
            client.sends(.publishAcknowledgement(1, id, .invalidTopicID))
            client.receives(.register(1, qos == .atLeastOnce ? 1 : 2, "a/b"))
            upstream.receivesNothing()
            client.sends(.registerAcknowledgement(1, qos == .atLeastOnce ? 1 : 2))
            client.receives(.publish(1, "x", id: id, qos: QualityOfService(qos), duplicate: true))
            guard qos == .atLeastOnce else { return }
            client.sends(.publishAcknowledgement(1, 1))
            upstream.receives(.publishAcknowledgement(9))
        }
    }

    @Test("GW-57 An id that the client never learns is given up after Nretry renewals")
    func renewalsBounded() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        for attempt in 1...3 as ClosedRange<MessageID> {
            client.sends(.publishAcknowledgement(1, 1, .invalidTopicID))
            client.receives(.register(1, attempt, "a/b"))
            client.sends(.registerAcknowledgement(1, attempt))
            client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        client.sends(.publishAcknowledgement(1, 1, .invalidTopicID))
        upstream.receives(.publishAcknowledgement(9))
        client.receivesNothing()
    }

    @Test("GW-57 AMB-18 PUBACK 0x02 to a QoS 0 message: the id is registered before it is used again")
    func renewedAtMostOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1"))
        client.receives(.publish(1, "1"))
        client.sends(.publishAcknowledgement(1, 0, .invalidTopicID))
        client.receivesNothing()
        upstream.sends(.publish("a/b", "2"))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "2"))
    }

    @Test("GW-57 AMB-18 PUBACK 0x02 to a QoS 0 message and to the QoS 1 message behind it: none is taken for delivered")
    func renewedTwice() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "0"))
        client.receives(.publish(1, "0"))
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 0, .invalidTopicID), .publishAcknowledgement(1, 1, .invalidTopicID))
        upstream.receivesNothing()
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
    }

    @Test("GW-57 PUBACK 0x02 to a pre-defined id drops the message")
    func predefinedUnknown() {
        let topics = PredefinedTopics([.init(topicID: 7, topicName: Array("common/7".utf8))])
        let dialogue = Dialogue(.dialogue { $0.predefinedTopics = topics })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("common/7", "x", qos: .atLeastOnce, id: 3))
        client.receives(.publish(.predefined(7), "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(7, 1, .invalidTopicID))
        upstream.receives(.publishAcknowledgement(3))
        client.receivesNothing()
    }

    @Test(
        "GW-58 Any other refusal ends the exchange, with the broker too",
        arguments: [ReturnCode.congestion, .notSupported, ReturnCode(rawValue: 0x84)])
    func refused(code: ReturnCode) {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 3))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1, code))
        upstream.receives(.publishAcknowledgement(3))
        upstream.sends(.publish("a/b", "2", qos: .exactlyOnce, id: 4))
        client.receives(.publish(1, "2", id: 4, qos: .exactlyOnce))
        client.sends(.publishAcknowledgement(1, 4, code))
        upstream.receives(.publishReceived(4))
        upstream.sends(.publishRelease(4))
        upstream.receives(.publishComplete(4))
        client.receivesNothing()
    }

    @Test("AMB-18 PUBACK is matched by its MsgId, whatever its TopicId")
    func anyTopicID() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 3))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 4))
        upstream.receivesNothing()
        client.sends(.publishAcknowledgement(0, 1))
        upstream.receives(.publishAcknowledgement(3))
    }

    @Test("GW-56 A PUBACK that accepts does not end a QoS 2 exchange")
    func acceptedExactlyOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 3))
        client.receives(.publish(1, "x", id: 3, qos: .exactlyOnce))
        client.sends(.publishAcknowledgement(1, 3), .publishComplete(3))
        upstream.receivesNothing()
        client.sends(.publishReceived(3))
        upstream.receives(.publishReceived(3))
    }

    // MARK: Length

    @Test("GW-59 GW-08 What does not fit the link is dropped silently and acknowledged to the broker")
    func tooLong() {
        let dialogue = Dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 20 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "1234567890123"))
        client.receives(.publish(1, "1234567890123"))
        upstream.sends(.publish("a/b", "12345678901234"))
        dialogue.observes(exactly: .messageDroppedTooLong(.atMostOnce, octets: 14), of: "c1")
        upstream.sends(.publish("a/b", "12345678901234", qos: .atLeastOnce, id: 1))
        upstream.receives(.publishAcknowledgement(1))
        upstream.sends(.publish("a/b", "12345678901234", qos: .exactlyOnce, id: 2))
        upstream.receives(.publishReceived(2))
        upstream.sends(.publishRelease(2))
        upstream.receives(.publishComplete(2))
        client.receivesNothing()
    }

    @Test("GW-08 GW-59 What no longer fits a link that became narrower is given up, and the broker forgets it")
    func linkBecomesNarrower() {
        let dialogue = Dialogue(.dialogue())
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "12345678901234", qos: .atLeastOnce, id: 1))
        client.receives(.publish(1, "12345678901234", id: 1, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "12345678901234", qos: .exactlyOnce, id: 2))
        dialogue.happens(.linkChanged(LinkID(0), maximumDatagramByteCount: 20), at: #_sourceLocation)
        dialogue.passes(.seconds(10))
        #expect(dialogue.observations.filter { $0.occurrence.kind == .messageDroppedTooLong }.count == 2)
        upstream.receives(.publishAcknowledgement(1), .publishReceived(2))
        client.receivesNothing()
        dialogue.happens(.linkChanged(LinkID(0), maximumDatagramByteCount: 21), at: #_sourceLocation)
        upstream.sends(.publish("a/b", "12345678901234"))
        client.receives(.publish(1, "12345678901234"))
    }

    @Test("GW-08 GW-59 What goes past an unanswered message fits the link as it is now, or is dropped")
    func passesBeyondNarrowerLink() {
        let dialogue = Dialogue(.dialogue())
        let (client, upstream) = subscriber(dialogue)
        upstream.sendsTogether(
            .publish("a/b", "1", qos: .atLeastOnce, id: 1), .publish("a/b", "12345678901234"))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.sends(.publish("a/b", "2"))
        dialogue.happens(.linkChanged(LinkID(0), maximumDatagramByteCount: 20), at: #_sourceLocation)
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce, duplicate: true), .publish(1, "2"))
        dialogue.observes(exactly: .messageDroppedTooLong(.atMostOnce, octets: 14), of: "c1")
    }

    @Test("GW-08 GW-59 A REGISTER that no longer fits is given up with what waits behind it")
    func linkBecomesTooNarrowForRegister() {
        let dialogue = Dialogue(.dialogue())
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("a/#", as: 0, on: upstream)
        upstream.sends(.publish("a/3456789012345", "x", qos: .atLeastOnce, id: 1))
        client.receives(.register(1, 1, "a/3456789012345"))
        dialogue.happens(.linkChanged(LinkID(0), maximumDatagramByteCount: 20), at: #_sourceLocation)
        dialogue.passes(.seconds(10))
        dialogue.observes(exactly: .messageDroppedTooLong(.atLeastOnce, octets: 1), of: "c1")
        upstream.receives(.publishAcknowledgement(1))
        client.receivesNothing()
    }

    @Test("GW-08 GW-59 A message that waited is dropped when its client wakes up on a link that it does not fit")
    func tooLongForNewLink() {
        let configuration = GatewayConfiguration.dialogue {
            var radio = LinkConfiguration()
            radio.maximumDatagramByteCount = 20
            $0.links.append(radio)
        }
        let dialogue = Dialogue(configuration)
        let (client, upstream) = subscriber(dialogue, clean: false)
        client.fallsAsleep()
        upstream.sends(.publish("a/b", "12345678901234", qos: .exactlyOnce, id: 1))
        upstream.sends(.publish("a/b", "short", qos: .atLeastOnce, id: 2))
        let moved = dialogue.client("c1", link: 1)
        moved.wakesUp()
        upstream.receives(.publishReceived(1))
        moved.receives(.publish(1, "short", id: 1, qos: .atLeastOnce))
        upstream.sends(.publishRelease(1))
        upstream.receives(.publishComplete(1))
    }
}

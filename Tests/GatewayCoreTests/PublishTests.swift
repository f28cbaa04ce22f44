import GatewayCore
import MQTT
import MQTTSN
import Testing

/// PUBLISH from the client, acknowledged end to end (MQTT-SN 1.2 §6.6).
@Suite struct PublishTests {
    /// A client that has registered "a/b" as 1.
    private func publisher(_ dialogue: Dialogue, clean: Bool = true) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean)
        client.registers("a/b", as: 1)
        return (client, upstream)
    }

    // MARK: The three levels

    @Test("GW-40 QoS 0 is forwarded and not answered", arguments: ["", "23.5", String(repeating: "x", count: 400)])
    func atMostOnce(payload: String) {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, payload))
        upstream.receives(.publish("a/b", payload))
        client.receivesNothing()
        dialogue.observes(.messageForwarded, of: "c1")
    }

    @Test("GW-40 Retain is forwarded; DUP and MsgId mean nothing at QoS 0")
    func flags() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 7, retain: true, duplicate: true))
        upstream.receives(.publish("a/b", "x", retain: true))
    }

    @Test("GW-07 Flag bits that PUBLISH does not use are ignored")
    func unusedFlags() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(octets: [0x08, 0x0C, 0x0C] + client.octetsOfTopicID(1) + [0x00, 0x00, 0x78])
        upstream.receives(.publish("a/b", "x"))
    }

    @Test("GW-41 PUBACK comes after the broker's, with TopicId and MsgId of the PUBLISH")
    func atLeastOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 0x1234, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 0x1234))
        client.receivesNothing()
        upstream.sends(.publishAcknowledgement(0x1234))
        client.receives(.publishAcknowledgement(1, 0x1234))
    }

    @Test("GW-42 QoS 2 goes step by step between client and broker")
    func exactlyOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 9, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "x", qos: .exactlyOnce, id: 9))
        client.receivesNothing()
        upstream.sends(.publishReceived(9))
        client.receives(.publishReceived(9))
        client.sends(.publishRelease(9))
        upstream.receives(.publishRelease(9))
        client.receivesNothing()
        upstream.sends(.publishComplete(9))
        client.receives(.publishComplete(9))
    }

    @Test("GW-43 QoS 1 and 2 with MsgId 0 are not forwarded", arguments: [QualityOfService.atLeastOnce, .exactlyOnce])
    func zeroMessageID(qos: QualityOfService) {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 0, qos: qos))
        upstream.receivesNothing()
        client.receives(.publishAcknowledgement(1, 0, .notSupported))
    }

    // MARK: Repetition

    @Test("GW-41 GW-79 A repeated QoS 1 PUBLISH is forwarded once while the broker has not answered")
    func repeatedAtLeastOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 5))
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce, duplicate: true))
        upstream.receivesNothing()
        upstream.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(1, 5))
        // The PUBACK was lost: the broker answers once more.
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce, duplicate: true))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 5, duplicate: true))
        upstream.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(1, 5))
    }

    @Test("GW-50 A repeated QoS 2 PUBLISH gets PUBREC again and is forwarded once")
    func repeatedExactlyOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 9, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "x", qos: .exactlyOnce, id: 9))
        client.sends(.publish(1, "x", id: 9, qos: .exactlyOnce, duplicate: true))
        upstream.receivesNothing()
        client.receivesNothing()
        upstream.sends(.publishReceived(9))
        client.receives(.publishReceived(9))
        client.sends(.publish(1, "x", id: 9, qos: .exactlyOnce, duplicate: true))
        upstream.receivesNothing()
        client.receives(.publishReceived(9))
        client.sends(.publishRelease(9))
        upstream.receives(.publishRelease(9))
        client.sends(.publishRelease(9))
        upstream.receivesNothing()
        upstream.sends(.publishComplete(9))
        client.receives(.publishComplete(9))
    }

    @Test("GW-50 PUBREL repeated because the PUBCOMP was lost is completed by the broker again")
    func repeatedRelease() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publishRelease(9))
        upstream.receives(.publishRelease(9))
        upstream.sends(.publishComplete(9))
        client.receives(.publishComplete(9))
        client.sends(.publishRelease(0))
        upstream.receivesNothing()
    }

    @Test("AMB-24 Several exchanges of one client are open side by side, each with its own packet identifier")
    func sideBySide() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.subscribe("s", id: 5))
        upstream.receives(.subscribe("s", id: 5))
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 0x8000))
        client.sends(.unsubscribe("s", id: 6))
        upstream.receives(.unsubscribe("s", id: 6))
        client.sends(.publish(1, "y", id: 6, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "y", qos: .atLeastOnce, id: 0x8001))
        client.sends(.publish(1, "z", id: 7, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "z", qos: .exactlyOnce, id: 7))
        upstream.sends(.publishReceived(7))
        client.receives(.publishReceived(7))
        upstream.sends(.publishAcknowledgement(0x8001))
        client.receives(.publishAcknowledgement(1, 6))
        upstream.sends(.publishAcknowledgement(0x8000))
        client.receives(.publishAcknowledgement(1, 5))
        upstream.sends(.subscribeAcknowledgement(5, 0))
        client.receives(.subscribeAcknowledgement(2, 5))
        client.sends(.publishRelease(7))
        upstream.receives(.publishRelease(7))
        upstream.sends(.unsubscribeAcknowledgement(6))
        client.receives(.unsubscribeAcknowledgement(6))
        upstream.sends(.publishComplete(7))
        client.receives(.publishComplete(7))
    }

    @Test("AMB-24 GW-87 The gateway's own packet identifiers go round and meet no open one")
    func ownPacketIDs() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 3 })
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "y", id: 0x8002, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "y", qos: .atLeastOnce, id: 0x8002))
        client.sends(.subscribe("s", id: 5))
        upstream.receives(.subscribe("s", id: 5))
        var id: PacketID = 0x7FFF
        for _ in 0..<0x8002 {
            id = id == .max ? 0x8000 : id + 1
            if id == 0x8002 { id += 1 }
            client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce))
            let packets = dialogue.readPackets(on: upstream.id)
            guard packets == [.publish("a/b", "x", qos: .atLeastOnce, id: id)] else {
                Issue.record("\(packets) instead of \(id)")
                return
            }
            upstream.sends(.publishAcknowledgement(id))
            _ = dialogue.readMessages(to: client.address)
        }
    }

    // MARK: Topics

    @Test(
        "GW-44 An unknown or reserved topic id is invalid at every QoS",
        arguments: [0, 2, 0xFFFF] as [TopicID], [QualityOfService.atMostOnce, .atLeastOnce, .exactlyOnce])
    func unknownID(topicID: TopicID, qos: QualityOfService) {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        let messageID: MessageID = qos == .atMostOnce ? 0 : 7
        client.sends(.publish(.id(topicID), "x", id: messageID, qos: qos))
        client.receives(.publishAcknowledgement(topicID, messageID, .invalidTopicID))
        upstream.receivesNothing()
        dialogue.observes(.requestRefusedInvalidTopic, of: "c1")
    }

    @Test("GW-46 AMB-06 A pre-defined id is the client's own or the common one, and not a normal one")
    func predefined() {
        let topics = PredefinedTopics([
            .init(topicID: 1, topicName: Array("common/1".utf8)), .init(topicID: 2, topicName: Array("common/2".utf8)),
            .init(clientID: Array("c1".utf8), topicID: 2, topicName: Array("own/2".utf8)),
        ])
        let dialogue = Dialogue(.dialogue { $0.predefinedTopics = topics })
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x"))
        upstream.receives(.publish("a/b", "x"))
        client.sends(.publish(.predefined(1), "x"))
        upstream.receives(.publish("common/1", "x"))
        client.sends(.publish(.predefined(2), "x", id: 3, qos: .atLeastOnce))
        upstream.receives(.publish("own/2", "x", qos: .atLeastOnce, id: 3))
        upstream.sends(.publishAcknowledgement(3))
        client.receives(.publishAcknowledgement(2, 3))
        client.sends(.publish(.predefined(3), "x"))
        client.receives(.publishAcknowledgement(3, 0, .invalidTopicID))
        let other = dialogue.client("c2")
        let otherUpstream = other.connects()
        other.sends(.publish(.predefined(2), "x"))
        otherUpstream.receives(.publish("common/2", "x"))
        other.sends(.publish(2, "x"))
        other.receives(.publishAcknowledgement(2, 0, .invalidTopicID))
    }

    @Test("GW-47 A short name is the topic name itself")
    func shortName() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(.short("ab"), "x", id: 3, qos: .atLeastOnce))
        upstream.receives(.publish("ab", "x", qos: .atLeastOnce, id: 3))
        upstream.sends(.publishAcknowledgement(3))
        client.receives(.publishAcknowledgement(0x6162, 3))
    }

    @Test("GW-47 A short name that is no topic name is refused", arguments: ["a+", "#a", "a\0"])
    func badShortName(name: String) {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(.short(name), "x"))
        client.receives(.publishAcknowledgement(Topic.short(name).topicID, 0, .notSupported))
        upstream.receivesNothing()
    }

    @Test("GW-48 TopicIdType 0b11 is refused")
    func reservedType() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(.reserved(9), "x", id: 4, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(9, 4, .notSupported))
        upstream.receivesNothing()
    }

    // MARK: Capacity

    @Test("GW-45 GW-88 GW-87 At the limit of exchanges QoS 1 and 2 are congestion")
    func exchangeLimit() {
        let dialogue = Dialogue(.dialogue { $0.limits.exchangesPerClient = 2 })
        let (client, upstream) = publisher(dialogue)
        client.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
        client.sends(.publish(1, "x", id: 2, qos: .exactlyOnce))
        upstream.receives(.publish("a/b", "x", qos: .exactlyOnce, id: 2))
        client.sends(.publish(1, "x", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .congestion))
        client.sends(.publish(1, "x"))
        upstream.receives(.publish("a/b", "x"))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
        client.sends(.publish(1, "x", id: 3, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 3))
    }

    @Test(
        "GW-45 GW-87 While the broker does not take what waits for it, PUBLISH is congestion",
        arguments: [QualityOfService.atMostOnce, .atLeastOnce, .exactlyOnce])
    func upstreamBlocked(qos: QualityOfService) {
        let dialogue = Dialogue(.dialogue { $0.limits.queuedByteCountPerUpstream = 1_000 })
        let (client, upstream) = publisher(dialogue)
        let messageID: MessageID = qos == .atMostOnce ? 0 : 7
        upstream.blocks(queuedByteCount: 900)
        client.sends(.publish(1, "x"))
        upstream.receives(.publish("a/b", "x"))
        client.sends(.publish(1, String(repeating: "x", count: 100), id: messageID, qos: qos))
        client.receives(.publishAcknowledgement(1, messageID, .congestion))
        dialogue.observes(exactly: .messageDroppedUpstreamBlocked(qos, octets: 103))
        upstream.drains()
        client.sends(.publish(1, String(repeating: "x", count: 100)))
        upstream.receives(.publish("a/b", String(repeating: "x", count: 100)))
    }

    @Test("GW-90 Acknowledgements that answer nothing change nothing")
    func unexpectedAnswers() {
        let dialogue = Dialogue()
        let (client, upstream) = publisher(dialogue)
        upstream.sends(.publishAcknowledgement(1), .publishReceived(2), .publishComplete(3))
        upstream.sends(.subscribeAcknowledgement(4, 0), .unsubscribeAcknowledgement(5))
        dialogue.observes(.unexpectedPacket)
        client.sends(.publishAcknowledgement(1, 1), .publishReceived(2), .publishComplete(3))
        client.receivesNothing()
        client.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 1))
        upstream.sends(.publishReceived(1), .publishComplete(1), .subscribeAcknowledgement(1, 0))
        client.receivesNothing()
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing

/// PUBLISH at QoS −1, over the gateway's own connection (MQTT-SN 1.2 §6.8).
@Suite struct QoSMinusOneTests {
    private func dialogue(_ policy: QoSMinusOnePolicy, isBrokerReachable: Bool = true) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.qosMinusOne = policy
                $0.predefinedTopics = PredefinedTopics([
                    .init(topicID: 7, topicName: Array("common/7".utf8)),
                    .init(clientID: Array("c1".utf8), topicID: 7, topicName: Array("own/7".utf8)),
                ])
            }, isBrokerReachable: isBrokerReachable)
    }

    @Test("GW-49 AMB-19 A stranger's QoS −1 goes out at QoS 0 with Retain kept, without an answer", arguments: [0, 9])
    func stranger(messageID: MessageID) {
        let dialogue = dialogue(.on)
        let stranger = dialogue.client("")
        stranger.sends(.publish(.predefined(7), "x", id: messageID, qos: .minusOne, retain: true))
        dialogue.shared?.receives(.publish("common/7", "x", retain: true))
        dialogue.observes(.qosMinusOneForwarded)
        stranger.sends(.publish(.short("ab"), "x", qos: .minusOne))
        dialogue.shared?.receives(.publish("ab", "x"))
        stranger.receivesNothing()
        #expect(!stranger.isKnown)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-49 AMB-06 A connected client's QoS −1 uses its own pre-defined ids and the gateway's own connection")
    func connected() {
        let dialogue = dialogue(.predefined)
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.publish(.predefined(7), "x", qos: .minusOne))
        dialogue.shared?.receives(.publish("own/7", "x"))
        upstream.receivesNothing()
    }

    @Test(
        "GW-49 AMB-19 What the policy does not allow is dropped without an answer",
        arguments: [
            (QoSMinusOnePolicy.off, Topic.predefined(7)), (.off, .short("ab")), (.predefined, .short("ab")),
            (.predefined, .id(7)), (.on, .id(7)), (.on, .reserved(7)), (.on, .predefined(8)), (.on, .short("a+")),
        ])
    func dropped(policy: QoSMinusOnePolicy, topic: Topic) {
        let dialogue = dialogue(policy)
        let stranger = dialogue.client("")
        stranger.sends(.publish(topic, "x", qos: .minusOne))
        dialogue.observes(.qosMinusOneDropped)
        stranger.receivesNothing()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.publish(topic, "x", qos: .minusOne))
        dialogue.observes(.qosMinusOneDropped)
        client.receivesNothing()
    }

    @Test("GW-49 Without a broker QoS −1 is dropped and counted")
    func brokerAway() {
        let dialogue = dialogue(.on, isBrokerReachable: false)
        dialogue.client("").sends(.publish(.predefined(7), "x", qos: .minusOne))
        dialogue.observes(.qosMinusOneDropped)
        dialogue.observes(.messageDroppedUpstreamDown)
    }
}

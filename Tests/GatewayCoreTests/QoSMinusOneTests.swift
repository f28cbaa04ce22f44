import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

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
        "GW-49 AMB-19 What the policy does not allow is dropped without an answer, and the reason observed",
        arguments: [
            (QoSMinusOnePolicy.off, Topic.predefined(7), QoSMinusOneRefusal.off), (.off, .short("ab"), .off),
            (.predefined, .short("ab"), .shortName), (.predefined, .id(7), .normalTopicID),
            (.on, .id(7), .normalTopicID), (.on, .reserved(7), .noTopic), (.on, .predefined(8), .unknownPredefinedID),
            (.on, .short("a+"), .noTopic),
        ])
    func dropped(policy: QoSMinusOnePolicy, topic: Topic, reason: QoSMinusOneRefusal) {
        let dialogue = dialogue(policy)
        func refused() {
            dialogue.observes(.qosMinusOneRefused)
            let found = dialogue.observations.first { $0.occurrence.kind == .qosMinusOneRefused }
            guard case .qosMinusOneRefused(reason, _) = found?.occurrence else {
                Issue.record("\(dialogue.observations)")
                return
            }
        }
        let stranger = dialogue.client("")
        stranger.sends(.publish(topic, "x", qos: .minusOne))
        refused()
        stranger.receivesNothing()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.publish(topic, "x", qos: .minusOne))
        refused()
        client.receivesNothing()
    }

    @Test("GW-49 Without a broker QoS −1 is dropped and counted")
    func brokerAway() {
        let dialogue = dialogue(.on, isBrokerReachable: false)
        dialogue.client("").sends(.publish(.predefined(7), "x", qos: .minusOne))
        dialogue.observes(.qosMinusOneDropped)
        dialogue.doesNotObserve(.messageDroppedUpstreamDown)
    }

    // MARK: The connection goes and comes

    /// The shared connection, which has been open for long, is closed by the broker.
    private func lostShared(_ dialogue: Dialogue) {
        dialogue.passes(.seconds(60))
        dialogue.shared?.closes()
    }

    /// The gateway has asked for the shared connection again, and the broker accepts.
    private func returnsShared(_ shared: TestUpstream) {
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement())
    }

    @Test("GW-49 AMB-34 A short name that brokers close on does not reach the shared connection")
    func shortNameRefused() {
        let dialogue = dialogue(.on)
        dialogue.client("").sends(.publish(.short("\u{1}\u{1}"), "x", qos: .minusOne))
        dialogue.observes(.qosMinusOneRefused)
        dialogue.shared?.receivesNothing()
    }

    @Test("GW-49 AMB-19 A shared connection that had stayed open comes back at once, with what came meanwhile")
    func waits() {
        let dialogue = dialogue(.on)
        lostShared(dialogue)
        let shared = dialogue.opensStream()
        dialogue.client("").sends(.publish(.predefined(7), "1", qos: .minusOne, retain: true))
        dialogue.doesNotObserve(.qosMinusOneDropped)
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        dialogue.client("").sends(.publish(.short("ab"), "2", qos: .minusOne))
        shared.receivesNothing()
        shared.sends(.connectAcknowledgement())
        shared.receives(.publish("common/7", "1", retain: true), .publish("ab", "2"))
        dialogue.client("").sends(.publish(.predefined(7), "3", qos: .minusOne))
        shared.receives(.publish("common/7", "3"))
    }

    @Test("GW-49 AMB-19 One that is closed again before it has stayed open takes its pause, and what came waits")
    func pauseGrows() {
        let dialogue = dialogue(.on)
        lostShared(dialogue)
        let second = dialogue.opensStream()
        returnsShared(second)
        second.closes()
        dialogue.client("").sends(.publish(.predefined(7), "1", qos: .minusOne))
        dialogue.passes(.seconds(1))
        let third = dialogue.opensStream()
        third.opens()
        third.receives(.connect("swiftlet-1"))
        third.sends(.connectAcknowledgement())
        third.receives(.publish("common/7", "1"))
    }

    @Test(
        "GW-49 GW-87 AMB-19 What waits is bounded, overhead included; the policy for queues says which message goes",
        arguments: [(QueuePolicy.dropOldest, "2"), (.dropNewest, "1")])
    func bounded(policy: QueuePolicy, payload: String) {
        let dialogue = Dialogue(
            .dialogue {
                $0.qosMinusOne = .on
                $0.queuePolicy = policy
                $0.limits.qosMinusOneByteCount = 2 * Limits.waitingByteCount(packetByteCount: 7) - 1
            })
        lostShared(dialogue)
        let shared = dialogue.opensStream()
        dialogue.client("").sends(.publish(.short("ab"), "1", qos: .minusOne))
        dialogue.doesNotObserve(.qosMinusOneBufferFull)
        dialogue.client("").sends(.publish(.short("ab"), "2", qos: .minusOne))
        dialogue.observes(exactly: .qosMinusOneBufferFull(octets: 7))
        dialogue.doesNotObserve(.qosMinusOneDropped)
        returnsShared(shared)
        shared.receives(.publish("ab", payload))
        dialogue.observes(.qosMinusOneForwarded)
    }

    @Test("GW-49 AMB-19 What has waited for longer than a client would is not sent, and what comes then does not wait")
    func tooOld() {
        let dialogue = Dialogue(
            .dialogue {
                $0.qosMinusOne = .on
                $0.upstream.connectTimeout = .seconds(100)
            })
        lostShared(dialogue)
        let shared = dialogue.opensStream()
        dialogue.client("").sends(.publish(.short("ab"), "1", qos: .minusOne))
        dialogue.passes(.seconds(20))
        dialogue.client("").sends(.publish(.short("ab"), "2", qos: .minusOne))
        dialogue.passes(.seconds(11))
        dialogue.client("").sends(.publish(.short("ab"), "3", qos: .minusOne))
        dialogue.observes(.qosMinusOneDropped)
        returnsShared(shared)
        shared.receives(.publish("ab", "2"))
        dialogue.observes(.qosMinusOneDropped)
    }
}

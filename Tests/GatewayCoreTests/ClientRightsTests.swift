import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What the owner's rules allow clients at the broker: topics, QoS and Retain (AMB-39).
@Suite struct ClientRightsTests {
    private func dialogue(_ change: (inout ClientRule) -> Void) -> Dialogue {
        Dialogue(
            .ruled([ClientRule.rule("*", change)]) {
                $0.qosMinusOne = .on
                $0.predefinedTopics = PredefinedTopics([
                    .init(topicID: 7, topicName: "own/c1/x".octets), .init(topicID: 8, topicName: "other/x".octets),
                ])
            })
    }

    private static func own(_ rule: inout ClientRule) {
        rule.publish = ["own/${client_id}/#".octets, "ab".octets]
        rule.subscribe = ["own/${client_id}/+".octets, "ab".octets, "news/#".octets]
    }

    @Test("AMB-39 A PUBLISH to a topic that the rule does not allow is told 0x03, counted, and said once")
    func publishElsewhere() {
        let dialogue = dialogue(Self.own)
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("own/c1/a/b", as: 1)
        client.registers("own/c2/a", as: 2)
        client.sends(.publish(1, "x"))
        upstream.receives(.publish("own/c1/a/b", "x"))
        client.sends(.publish(.short("ab"), "x"))
        upstream.receives(.publish("ab", "x"))
        client.sends(.publish(.predefined(7), "x", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("own/c1/x", "x", qos: .atLeastOnce, id: 5))
        upstream.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(7, 5))

        client.sends(.publish(2, "x"))
        client.receives(.publishAcknowledgement(2, 0, .notSupported))
        dialogue.observes(.requestRefusedByRule, of: "c1")
        dialogue.observes(exactly: .clientExceedsRule(topicByteCount: 8), of: "c1")
        client.sends(.publish(.predefined(8), "x", id: 6, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(8, 6, .notSupported))
        dialogue.observes(.requestRefusedByRule)
        dialogue.doesNotObserve(.clientExceedsRule)
        client.sends(.publish(.short("cd"), "x", id: 7, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(0x6364, 7, .notSupported))
        client.sends(.publish(2, "x", id: 8, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(2, 8, .notSupported))
        upstream.receivesNothing()
    }

    @Test(
        "AMB-24 GW-45 What is refused under an id that is taken again at once is not acknowledged for the one before",
        arguments: [(0x6364, .atLeastOnce), (0x6364, .exactlyOnce), (0x6162, .exactlyOnce)]
            as [(UInt16, QualityOfService)])
    func refusedUnderUsedID(topic: UInt16, qos: QualityOfService) {
        let dialogue = dialogue {
            Self.own(&$0)
            $0.maximumQoS = 1
        }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("ab", "x", qos: .atLeastOnce, id: 5))
        // What the client says again is the one that is open, whatever else.
        client.sends(.publish(.short("ab"), "x", id: 5, qos: .atLeastOnce, duplicate: true))
        client.sends(.publish(topic == 0x6364 ? .short("cd") : .short("ab"), "y", id: 5, qos: qos))
        client.receives(.publishAcknowledgement(topic, 5, .notSupported))
        upstream.sends(.publishAcknowledgement(5))
        client.receivesNothing()
        upstream.receivesNothing()
    }

    @Test("AMB-39 A client may subscribe to what selects no more than its rule allows, a shared subscription too")
    func subscribe() {
        let dialogue = dialogue(Self.own)
        let client = dialogue.client("c1")
        let upstream = client.connects()
        for (number, filter) in ["own/c1/+", "news/#", "news/+/a", "news", "$share/g/news/#"].enumerated() {
            let id = UInt16(number + 1)
            client.subscribes(filter, as: filter == "news" ? 1 : 0, id: id, qos: .atMostOnce, on: upstream)
        }
        let refused = ["own/c1/#", "own/+/a", "own/c1/a/b", "#", "+/#", "own/c2/a", "$share/g/own/#", "$SYS/#"]
        for (number, filter) in refused.enumerated() {
            client.sends(.subscribe(.name(filter), id: 100 + UInt16(number)))
            client.receives(.subscribeAcknowledgement(0, 100 + UInt16(number), .notSupported))
            dialogue.observes(.requestRefusedByRule, of: "c1")
        }
        client.sends(.subscribe(.short("cd"), id: 200))
        client.receives(.subscribeAcknowledgement(0, 200, .notSupported))
        client.sends(.subscribe(.predefined(8), id: 201))
        client.receives(.subscribeAcknowledgement(8, 201, .notSupported))
        upstream.receivesNothing()
    }

    @Test("AMB-39 No filters allow nothing")
    func nothing() {
        let dialogue = dialogue { ($0.publish, $0.subscribe) = ([], []) }
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.publish(.short("ab"), "x"))
        client.receives(.publishAcknowledgement(0x6162, 0, .notSupported))
        client.sends(.subscribe("a", id: 1))
        client.receives(.subscribeAcknowledgement(0, 1, .notSupported))
    }

    @Test(
        "AMB-39 A ClientId that would select other clients' topics is not put into a filter",
        arguments: ["+", "#", "a/b", "a+", "$SYS"])
    func unsafeName(clientID: String) {
        dialogue(Self.own).client(clientID).isNotAdmitted(because: .rule(.unsafeClientID, number: 1))
        let harmless = dialogue { $0.brokerClientID = "x-${client_id}".octets }
        harmless.client(clientID).connects(as: "x-" + clientID)
    }

    @Test("AMB-39 AMB-38 A PUBLISH above the rule's QoS is told 0x03 and counted, a subscription asked for at less")
    func maximumQoS() {
        let dialogue = dialogue { $0.maximumQoS = 1 }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("own/c1/a", as: 1)
        client.sends(.publish(1, "x", id: 4, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 4, .notSupported))
        dialogue.observes(.requestRefusedByRule, of: "c1")
        dialogue.observes(exactly: .clientExceedsRule(topicByteCount: 8), of: "c1")
        for topic in [Topic.short("ab"), .predefined(9)] {
            client.sends(.publish(topic, "x", id: 5, qos: .exactlyOnce))
            client.receives(.publishAcknowledgement(topic.topicID, 5, .notSupported))
            dialogue.observes(.requestRefusedByRule, of: "c1")
            dialogue.doesNotObserve(.clientExceedsRule)
        }
        client.sends(.publish(.short("ab"), "x", id: 6, qos: .atLeastOnce))
        upstream.receives(.publish("ab", "x", qos: .atLeastOnce, id: 6))
        client.sends(.subscribe(.short("ab"), id: 7, qos: .exactlyOnce))
        upstream.receives(.subscribe("ab", id: 7, qos: .atLeastOnce))
    }

    @Test("AMB-39 Where Retain does not pass, messages and Wills go as any other, at every QoS")
    func retain() {
        let dialogue = dialogue { $0.passesRetain = false }
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("w", retain: true))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let upstream = client.connectsUpstream(will: TestWill(topic: "w", payload: "gone"))
        for (id, qos) in [(MessageID(0), QualityOfService.atMostOnce), (5, .atLeastOnce), (6, .exactlyOnce)] {
            client.sends(.publish(.short("ab"), "x", id: id, qos: qos, retain: true))
            upstream.receives(.publish("ab", "x", qos: DeliveryQoS(rawValue: qos.rawValue) ?? .atMostOnce, id: id))
        }
    }

    @Test("AMB-39 Where Retain does not pass, what waits for the broker goes as any other message (AMB-30)")
    func keptRetain() {
        let dialogue = dialogue { $0.passesRetain = false }
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        dialogue.passes(.seconds(60))
        upstream.closes()
        client.sends(.publish(.short("ab"), "waits", retain: true))
        dialogue.passes(.seconds(3))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement())
        second.receives(.publish("ab", "waits"))
    }

    @Test("AMB-39 GW-23 A Will beyond the rule refuses its client; as an update it is told 0x03")
    func will() {
        let dialogue = dialogue {
            Self.own(&$0)
            $0.maximumQoS = 1
        }
        for will in [SNMessage.willTopic("own/c2/w"), .willTopic("own/c1/w", qos: .exactlyOnce)] {
            let client = dialogue.client("c1")
            client.sends(.connect("c1", will: true))
            client.receives(.willTopicRequest)
            client.sends(will)
            client.receives(.connectAcknowledgement(.notSupported))
            dialogue.observes(.requestRefusedByRule, of: "c1")
            dialogue.observes(exactly: .clientRefused(.notSupported, because: .willBeyondRule), of: "c1")
        }
        let client = dialogue.client("c1")
        client.connects(prompted: TestWill(topic: "own/c1/w", payload: "gone"))
        client.sends(.willTopicUpdate("own/c2/w"))
        client.receives(.willTopicResponse(.notSupported))
        dialogue.observes(.requestRefusedByRule, of: "c1")
        client.sends(.willTopicUpdate("own/c1/w", qos: .exactlyOnce))
        client.receives(.willTopicResponse(.notSupported))
        dialogue.observes(.requestRefusedByRule, of: "c1")
    }

    // MARK: From the broker

    @Test("AMB-39 What the rule does not let a client have is answered to the broker, dropped, counted, and said once")
    func brokerSendsMore() {
        let dialogue = dialogue(Self.own)
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false, present: true)
        upstream.sends(.publish("other/x", "abc"))
        dialogue.observes(exactly: .messageDroppedByRule(.atMostOnce, octets: 3), of: "c1")
        dialogue.observes(exactly: .brokerExceedsRule(topicByteCount: 7), of: "c1")
        upstream.sends(.publish("own/c2/x", "a", qos: .atLeastOnce, id: 5))
        dialogue.observes(exactly: .messageDroppedByRule(.atLeastOnce, octets: 1), of: "c1")
        dialogue.doesNotObserve(.brokerExceedsRule)
        upstream.receives(.publishAcknowledgement(5))
        upstream.sends(.publish("own/c1", "a", qos: .exactlyOnce, id: 6))
        upstream.receives(.publishReceived(6))
        upstream.sends(.publish("own/c1", "a", qos: .exactlyOnce, id: 6, duplicate: true))
        upstream.receives(.publishReceived(6))
        upstream.sends(.publishRelease(6))
        upstream.receives(.publishComplete(6))
        client.receivesNothing()
        upstream.sends(.publish("ab", "x"))
        client.receives(.publish(.short("ab"), "x"))
    }

    // MARK: QoS −1

    @Test("AMB-39 AMB-19 Without a connection the rule of the sender's session holds, else one for everybody there")
    func qosMinusOne() {
        let dialogue = Dialogue(
            .ruled([
                .rule("c?") {
                    Self.own(&$0)
                    $0.passesRetain = false
                },
                .rule {
                    ($0.links, $0.publish) = ([0], ["ab".octets])
                    $0.brokerClientID = "x-${client_id}".octets
                },
            ]) { $0.qosMinusOne = .on })
        func refused(_ refusal: QoSMinusOneRefusal) {
            dialogue.observes(exactly: .qosMinusOneRefused(refusal, topicID: 0x6364))
        }
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.publish(.short("ab"), "x", qos: .minusOne, retain: true))
        dialogue.shared?.receives(.publish("ab", "x"))
        client.sends(.publish(.short("cd"), "x", qos: .minusOne))
        refused(.topicNotAllowed)
        let stranger = dialogue.client("")
        stranger.sends(.publish(.short("ab"), "x", qos: .minusOne, retain: true))
        dialogue.shared?.receives(.publish("ab", "x", retain: true))
        stranger.sends(.publish(.short("cd"), "x", qos: .minusOne))
        refused(.topicNotAllowed)
        dialogue.client("", link: 1).sends(.publish(.short("cd"), "x", qos: .minusOne))
        refused(.notAdmitted)
    }
}

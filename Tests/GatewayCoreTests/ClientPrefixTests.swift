import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// What stands before a client's topics at the broker, on every way up and down (`client.topic_prefix`, AMB-39).
@Suite struct ClientPrefixTests {
    private func dialogue(
        _ prefix: String = "own/${client_id}/", _ rule: @escaping (inout ClientRule) -> Void = { _ in },
        _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) -> Dialogue {
        Dialogue(
            .ruled([
                .rule {
                    $0.topicPrefix = prefix.octets
                    rule(&$0)
                }
            ]) {
                $0.qosMinusOne = .on
                $0.predefinedTopics = PredefinedTopics([.init(topicID: 7, topicName: "pre/x".octets)])
                change(&$0)
            })
    }

    // MARK: Up

    @Test(
        "AMB-39 Every PUBLISH goes up behind the prefix, by each kind of topic id and at each QoS",
        arguments: [BrokerProtocol.v3_1_1, .v5_0])
    func publish(version: BrokerProtocol) {
        let dialogue = dialogue { _ in
        } _: {
            $0.upstream.version = version
        }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        client.sends(.publish(1, "0", retain: true))
        upstream.receives(.publish("own/c1/a/b", "0", retain: true))
        client.sends(.publish(.short("ab"), "1", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("own/c1/ab", "1", qos: .atLeastOnce, id: 5))
        upstream.sends(.publishAcknowledgement(5))
        client.receives(.publishAcknowledgement(0x6162, 5))
        client.sends(.publish(.predefined(7), "2", id: 6, qos: .exactlyOnce))
        upstream.receives(.publish("own/c1/pre/x", "2", qos: .exactlyOnce, id: 6))
    }

    @Test("AMB-39 A filter stands behind the prefix, wildcards and all, and behind the group of a shared subscription")
    func subscribe() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        let filters = [
            "a/b": "own/c1/a/b", "+/x": "own/c1/+/x", "#": "own/c1/#", "$share/g/a/#": "$share/g/own/c1/a/#",
            "$share/g/+": "$share/g/own/c1/+", "$shared/x": "own/c1/$shared/x",
        ]
        for (number, (said, told)) in filters.sorted(by: { $0.key < $1.key }).enumerated() {
            let id = UInt16(number + 1)
            client.sends(.subscribe(.name(said), id: id))
            upstream.receives(.subscribe(told, id: id))
            client.sends(.unsubscribe(.name(said), id: 0x100 + id))
            upstream.receives(.unsubscribe(told, id: 0x100 + id))
        }
        client.sends(.subscribe(.short("ab"), id: 20))
        upstream.receives(.subscribe("own/c1/ab", id: 20))
        client.sends(.subscribe(.predefined(7), id: 21))
        upstream.receives(.subscribe("own/c1/pre/x", id: 21))
    }

    @Test("AMB-39 The filters of a rule are for what a client says, and what it hears, without the prefix")
    func rights() {
        let dialogue = dialogue("p/") { ($0.publish, $0.subscribe) = (["a/#".octets], ["a/#".octets]) }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b", as: 1)
        client.sends(.publish(1, "x"))
        upstream.receives(.publish("p/a/b", "x"))
        client.registers("p/a/b", as: 2)
        client.sends(.publish(2, "x"))
        client.receives(.publishAcknowledgement(2, 0, .notSupported))
        client.sends(.subscribe("p/a/#", id: 1))
        client.receives(.subscribeAcknowledgement(0, 1, .notSupported))
        client.sends(.subscribe("a/#", id: 2))
        upstream.receives(.subscribe("p/a/#", id: 2))
        upstream.sends(.publish("p/a/b", "1"))
        client.receives(.publish(1, "1"))
        upstream.sends(.publish("p/p/a/b", "1"))
        dialogue.observes(.messageDroppedByRule)
        client.receivesNothing()
    }

    @Test("AMB-39 GW-20 A Will stands behind the prefix, as it is set up and as it is changed")
    func will() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        func isAsked(_ said: SNMessage, _ answer: SNMessage) {
            client.sends(said)
            client.receives(answer)
        }
        isAsked(.connect("c1", will: true), .willTopicRequest)
        isAsked(.willTopic("w", qos: .atLeastOnce), .willMessageRequest)
        client.sends(.willMessage("gone"))
        let first = client.connectsUpstream(will: TestWill(topic: "own/c1/w", payload: "gone", qos: .atLeastOnce))
        client.sends(.willTopicUpdate("new"))
        first.receives(.disconnect, .close)
        _ = client.asksBroker(will: TestWill(topic: "own/c1/new", payload: "gone"))
    }

    @Test("AMB-39 AMB-16 A Will that the gateway keeps is published behind the prefix")
    func heldWill() {
        let dialogue = dialogue { _ in
        } _: {
            $0.willUpdate = .gateway
        }
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true, keepAlive: 60))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("w"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let upstream = client.connectsUpstream()
        dialogue.passes(.seconds(90))
        upstream.receives(.publish("own/c1/w", "gone"), .close)
    }

    @Test("AMB-39 What waits for the broker goes up behind the prefix when it is back (AMB-30)")
    func kept() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a", as: 1, at: "own/c1/a", on: upstream)
        dialogue.passes(.seconds(60))
        upstream.closes()
        client.sends(.publish(1, "waits"))
        dialogue.passes(.seconds(3))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement())
        second.receives(.subscribe("own/c1/a", id: 0x8000, qos: .atLeastOnce), .publish("own/c1/a", "waits"))
    }

    // MARK: QoS −1

    @Test("AMB-39 AMB-19 Without a connection the prefix is that of the sender's session, else of a rule for all")
    func qosMinusOne() {
        let dialogue = Dialogue(
            .ruled([
                .rule("c1") { $0.topicPrefix = "own/${client_id}/".octets },
                .rule { ($0.links, $0.topicPrefix) = ([0], "gw-${gateway_id}/".octets) },
                .rule { $0.topicPrefix = "x/${client_id}/".octets },
            ]) { ($0.qosMinusOne, $0.gatewayID) = (.on, 9) })
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.publish(.short("ab"), "1", qos: .minusOne))
        dialogue.shared?.receives(.publish("own/c1/ab", "1"))
        let stranger = dialogue.client("")
        stranger.sends(.publish(.short("ab"), "2", qos: .minusOne, retain: true))
        dialogue.shared?.receives(.publish("gw-9/ab", "2", retain: true))
        dialogue.client("", link: 1).sends(.publish(.short("ab"), "3", qos: .minusOne))
        dialogue.observes(exactly: .qosMinusOneRefused(.notAdmitted, topicID: 0x6162))
        // While the shared connection is away it waits.
        dialogue.passes(.seconds(60))
        dialogue.shared?.closes()
        let shared = dialogue.opensStream()
        stranger.sends(.publish(.short("ab"), "4", qos: .minusOne))
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement())
        shared.receives(.publish("gw-9/ab", "4"))
    }

    // MARK: Down

    @Test("AMB-39 What comes down has lost the prefix before it is registered, whatever brings it")
    func down() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("#", as: 0, at: "own/c1/#", on: upstream)
        upstream.sends(.publish("own/c1/a/b", "kept", retain: true))
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "kept", retain: true))
        upstream.sends(.publish("own/c1/a/b", "1"))
        client.receives(.publish(1, "1"))
        upstream.sends(.publish("own/c1/ab", "2"))
        client.receives(.publish(.short("ab"), "2"))
        upstream.sends(.publish("own/c1/pre/x", "3"))
        client.receives(.publish(.predefined(7), "3"))
        upstream.sends(.publish("own/c1/a/b", "4", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "4", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(9))
        // The prefix is one of the client's own names, too.
        upstream.sends(.publish("own/c1/own/c1/a", "5"))
        client.receives(.register(2, 2, "own/c1/a"))
    }

    @Test(
        "AMB-39 A message without the prefix does not reach the client, and the broker need not keep it",
        arguments: ["a", "own/c2/a", "own/c1", "own/c1/", "own/c10/a", "Own/c1/a"])
    func foreign(topic: String) {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false, present: true)
        client.registers("a", as: 1)
        upstream.sends(.publish(topic, "x", qos: .atLeastOnce, id: 5))
        upstream.receives(.publishAcknowledgement(5))
        dialogue.observes(exactly: .messageDroppedByRule(.atLeastOnce, octets: 1), of: "c1")
        dialogue.observes(exactly: .brokerExceedsRule(topicByteCount: UInt16(topic.utf8.count)), of: "c1")
        upstream.sends(.publish(topic, "x"))
        upstream.sends(.publish(topic, "x", qos: .exactlyOnce, id: 6))
        upstream.receives(.publishReceived(6))
        client.receivesNothing()
    }

    @Test("AMB-39 GW-86 What waits for a sleeper is known again by its topic without the prefix, and no other is")
    func knownDuplicates() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a", as: 1, at: "own/c1/a", on: first)
        client.fallsAsleep()
        first.sends(.publish("own/c1/a", "x", qos: .atLeastOnce, id: 5))
        first.sends(.publish("own/c1/a", "y", qos: .atLeastOnce, id: 6))
        dialogue.passes(.seconds(60))
        first.closes()
        dialogue.passes(.seconds(3))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        second.sends(.publish("own/c1/a", "x", qos: .atLeastOnce, id: 5, duplicate: true))
        // The broker has forgotten what was 6.
        second.sends(.publish("a", "y", qos: .atLeastOnce, id: 6, duplicate: true))
        second.receives(.publishAcknowledgement(6))
        dialogue.observes(.messageDroppedByRule)
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        second.receives(.publishAcknowledgement(5))
        client.receives(.publish(1, "y", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 2))
        client.receives(.pingResponse)
    }

    @Test("AMB-39 Two clients with topics of the same name do not hear each other")
    func twoClients() {
        let dialogue = dialogue()
        let clients = ["c1", "c2"].map { dialogue.client($0) }
        let upstreams = clients.map { $0.connects() }
        for (client, upstream) in zip(clients, upstreams) {
            client.subscribes("a", as: 1, at: "own/\(client.clientID)/a", on: upstream)
        }
        for (client, upstream) in zip(clients, upstreams) {
            client.sends(.publish(1, "x"))
            upstream.receives(.publish("own/\(client.clientID)/a", "x"))
        }
        // Though the broker made a mistake.
        upstreams[0].sends(.publish("own/c2/a", "x"))
        dialogue.observes(.messageDroppedByRule, of: "c1")
        upstreams[1].sends(.publish("own/c2/a", "x"))
        clients[1].receives(.publish(1, "x"))
        clients[0].receivesNothing()
    }

    @Test("AMB-39 A connection in the place of another one has the prefix of its own client")
    func placeOfAnother() {
        let dialogue = Dialogue(.ruled([.rule("c1") { $0.topicPrefix = "own/".octets }, .rule()]))
        for _ in 1...2 {
            for (name, topic) in [("c1", "own/ab"), ("c2", "ab")] {
                let client = dialogue.client(name)
                let upstream = client.connects()
                client.sends(.publish(.short("ab"), "x"))
                upstream.receives(.publish(topic, "x"))
                client.leaves(upstream)
            }
        }
    }

    // MARK: Sizes

    @Test("AMB-39 §3.2.2.3.6 The prefix counts where the broker takes no longer packets")
    func packetSize() {
        // PUBLISH of QoS 1: fixed header 2, topic 2 + 7 + 1, packet id 2, properties 1: 5 more are 20.
        let dialogue = dialogue { _ in
        } _: {
            $0.upstream.version = .v5_0
        }
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.accepts { $0.append(property: .maximumPacketSize, 20) }
        client.receives(.connectAcknowledgement())
        client.registers("a", as: 1)
        client.sends(.publish(1, "12345", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("own/c1/a", "12345", qos: .atLeastOnce, id: 1))
        client.sends(.publish(1, "123456", id: 2, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 2, .notSupported))
        dialogue.observes(exactly: .messageExceedsBroker(.packetSize, octets: 6), of: "c1")
        client.sends(.subscribe("abc", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .notSupported))
        dialogue.observes(exactly: .messageExceedsBroker(.packetSize, octets: 3), of: "c1")
        client.sends(.subscribe("ab", id: 4))
        upstream.receives(.subscribe("own/c1/ab", id: 4))
    }

    @Test("AMB-39 MQTT 3.1.1 §1.5.3 A topic that the prefix makes longer than a text may be is refused on every way")
    func topicLength() {
        let prefix = String(repeating: "p", count: 999) + "/"
        let longest = String(repeating: "x", count: 65_535 - 1_000)
        let dialogue = dialogue(prefix) { _ in
        } _: {
            $0.limits.topicNameByteCount = 65_535
            $0.predefinedTopics = PredefinedTopics([
                .init(topicID: 8, topicName: longest.octets), .init(topicID: 9, topicName: (longest + "x").octets),
            ])
        }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.publish(.predefined(8), "1"))
        upstream.receives(.publish(prefix + longest, "1"))
        for (id, qos) in [(MessageID(0), QualityOfService.atMostOnce), (5, .atLeastOnce), (6, .exactlyOnce)] {
            client.sends(.publish(.predefined(9), "1", id: id, qos: qos))
            client.receives(.publishAcknowledgement(9, id, .notSupported))
            dialogue.observes(exactly: .messageExceedsBroker(.topicLength, octets: 1), of: "c1")
        }
        client.sends(.publish(.predefined(9), "1", qos: .minusOne))
        dialogue.observes(exactly: .qosMinusOneRefused(.exceedsBroker, topicID: 9))
        client.sends(.subscribe(.predefined(9), id: 7))
        client.receives(.subscribeAcknowledgement(0, 7, .notSupported))
        dialogue.observes(exactly: .messageExceedsBroker(.topicLength, octets: 64_536), of: "c1")
        client.sends(.willTopicUpdate(longest + "x"))
        client.receives(.willTopicResponse(.notSupported))
        client.sends(.register(0, 8, longest + "x"))
        client.receives(.registerAcknowledgement(0, 8, .notSupported))
        client.registers(longest, as: 1)
        upstream.receivesNothing()
    }

    @Test("AMB-34 AMB-39 The levels of the prefix count where brokers close on too many")
    func levels() {
        let dialogue = dialogue { _ in
        } _: {
            ($0.limits.topicLevels, $0.qosMinusOneFullNames) = (5, true)
        }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a/b/c", as: 1)
        client.sends(.register(0, 2, "a/b/c/d"))
        client.receives(.registerAcknowledgement(0, 2, .notSupported))
        client.sends(.subscribe("a/b/c/+", id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .notSupported))
        client.sends(.publish(.id(7), "a/b/c/d", qos: .minusOne))
        dialogue.observes(.qosMinusOneRefused)
        upstream.receivesNothing()
    }

    // MARK: Whose it is

    @Test("AMB-39 A prefix belongs to an identity, and a session of the store goes on behind it, or not at all")
    func restored() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a", as: 1, at: "own/c1/a", on: upstream)
        client.leaves(upstream)
        #expect(dialogue.restarts() == [])
        let second = client.connects(clean: false)
        second.receives(.subscribe("own/c1/a", id: 0x8000, qos: .atLeastOnce))
        second.sends(.subscribeAcknowledgement(0x8000, 1))
        client.sends(.publish(1, "x"))
        second.receives(.publish("own/c1/a", "x"))
        second.sends(.publish("own/c1/a", "x"))
        client.receives(.register(1, 1, "a"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "x"))
    }

    @Test("AMB-39 A session does not go on behind another prefix, or none", arguments: ["other/${client_id}/", nil])
    func notRestored(prefix: String?) {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        dialogue.decides { $0.clientRules[0].topicPrefix = prefix?.octets }
        #expect(dialogue.restarts() == [.otherIdentity])
    }

    @Test("AMB-39 A record with a Will that has no room behind the prefix is refused, whoever wrote it")
    func restoredWill() throws {
        let dialogue = dialogue { _ in
        } _: {
            $0.limits.topicNameByteCount = 65_535
        }
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        var record = try #require(dialogue.record(of: client))
        let now = Instant(nanoseconds: 77_000_000_000_000_000)
        for (count, isTaken) in [(65_535 - 7, true), (65_535 - 6, false)] {
            let topic = [UInt8](repeating: UInt8(ascii: "w"), count: count)
            record.wills.current = StoredWill(qos: .atMostOnce, retain: false, topic: topic)
            var gateway = Gateway(configuration: dialogue.configuration, seed: 2)
            do throws(RestoreRefusal) {
                try gateway.restore(record, at: now)
                #expect(isTaken)
            } catch {
                #expect(!isTaken && error == .contradiction("a Will on no topic"))
            }
        }
    }

    @Test(
        "AMB-39 A ClientId that is more or other than one level gets no prefix",
        arguments: ["+", "#", "a/b", "a/", "$SYS", "$share"])
    func unsafeName(clientID: String) {
        dialogue("${client_id}/").client(clientID).isNotAdmitted(because: .rule(.unsafeClientID, number: 1))
    }

    @Test("AMB-39 A ClientId does not make a prefix that of a shared subscription")
    func noSharedPrefix() {
        let dialogue = dialogue("$${client_id}/a/")
        dialogue.client("share").isNotAdmitted(because: .rule(.unsafeClientID, number: 1))
        dialogue.client("shares").connects()
    }
}

extension TestClient {
    /// Subscribes by a name that is another one at the broker.
    fileprivate func subscribes(
        _ filter: String, as topicID: TopicID, at told: String, on upstream: TestUpstream,
        location: SourceLocation = #_sourceLocation
    ) {
        sends(.subscribe(.name(filter), id: 0x0202, qos: .atLeastOnce), at: location)
        upstream.receives(.subscribe(told, id: 0x0202, qos: .atLeastOnce), at: location)
        upstream.sends(.subscribeAcknowledgement(0x0202, 1), at: location)
        receives(.subscribeAcknowledgement(topicID, 0x0202, qos: .atLeastOnce), at: location)
    }
}

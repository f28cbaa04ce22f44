import Bytes
import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// How the gateway names topics to a broker of MQTT 5.0 that takes Topic Aliases (§3.3.2.3.4).
@Suite struct TopicAliasTests {
    /// A PUBLISH as far as it names its topic.
    private struct Named: Equatable, CustomStringConvertible {
        var name: String
        var alias: UInt32?
        var description: String { "\(name) \(alias.map { "= \($0)" } ?? "")" }
    }

    private func dialogue(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.upstream.version = .v5_0
                $0.predefinedTopics = PredefinedTopics([.init(topicID: 7, topicName: "farm/soil".octets)])
                change(&$0)
            })
    }

    /// Connected over a broker that takes so many aliases.
    private func connected(
        _ dialogue: Dialogue, _ maximum: UInt32, clean: Bool = true, _ properties: (inout [UInt8]) -> Void = { _ in }
    ) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        client.sends(.connect("c1", clean: clean))
        let upstream = client.asksBroker(clean: clean)
        accepts(upstream, maximum, properties)
        client.receives(.connectAcknowledgement())
        return (client, upstream)
    }

    private func accepts(
        _ upstream: TestUpstream, _ maximum: UInt32, present: Bool = false,
        _ properties: (inout [UInt8]) -> Void = { _ in }
    ) {
        upstream.accepts(present: present) {
            if maximum > 0 { $0.append(property: .topicAliasMaximum, maximum) }
            properties(&$0)
        }
    }

    /// How the PUBLISH that was written last on a stream names its topic.
    private func named(_ upstream: TestUpstream?) -> Named? {
        guard let upstream, let bytes = upstream.dialogue.lastWritten[upstream.id],
            let packet = try? Packet5.decode(bytes.span.bytes), case .publish(let publish) = packet.packet
        else { return nil }
        let alias = Packet5.number(.topicAlias, in: packet.added.properties, of: bytes.span.bytes)
        return Named(name: String(decoding: bytes[publish.topicName], as: UTF8.self), alias: alias)
    }

    /// Publishes at QoS 0 and tells how the broker is told the topic.
    private func says(
        _ topic: Topic, _ client: TestClient, _ upstream: TestUpstream, _ payload: String = "x"
    ) -> Named? {
        client.sends(.publish(topic, payload))
        defer { client.dialogue.readAll() }
        return named(upstream)
    }

    @Test("§3.3.2.3.4 The first message of a topic has its name and an alias, later ones of each QoS the alias alone")
    func eachQoS() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue, 10)
        client.sends(.publish(.predefined(7), "x", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("farm/soil", "x", qos: .atLeastOnce, id: 5))
        #expect(named(upstream) == Named(name: "farm/soil", alias: 1))
        client.sends(.publish(.predefined(7), "y"))
        upstream.receives(.publish("", "y"))
        #expect(dialogue.lastWritten[upstream.id] == [0x30, 7, 0, 0, 3, 0x23, 0, 1, 0x79])
        client.sends(.publish(.predefined(7), "z", id: 6, qos: .exactlyOnce))
        upstream.receives(.publish("", "z", qos: .exactlyOnce, id: 6))
        #expect(named(upstream) == Named(name: "", alias: 1))
        // What is no longer than an alias is told as it is.
        #expect(says(.short("ab"), client, upstream) == Named(name: "ab", alias: nil))
    }

    @Test(
        "§3.2.2.3.8 There are as many as broker and owner take, and none where one of them takes none",
        arguments: [(0, 16), (10, 0), (1, 16), (3, 16), (65_535, 4), (65_535, 16)] as [(UInt32, UInt8)])
    func maximum(ofBroker: UInt32, ofOwner: UInt8) {
        let dialogue = dialogue { $0.upstream.topicAliases = ofOwner }
        let (client, upstream) = connected(dialogue, ofBroker)
        var aliases: Set<UInt32> = []
        for topicID in 1...UInt16(40) {
            client.registers("topic/\(topicID)", as: topicID)
            if let alias = says(.id(topicID), client, upstream)?.alias { aliases.insert(alias) }
        }
        let expected = min(ofBroker, UInt32(ofOwner))
        #expect(aliases == (expected == 0 ? [] : Set(1...expected)))
    }

    @Test("§3.3.2.3.4 Aliases end with their connection: what is said again on the next one has its name, with DUP")
    func reconnection() {
        let dialogue = dialogue()
        let (client, first) = connected(dialogue, 10, clean: false)
        #expect(says(.predefined(7), client, first) == Named(name: "farm/soil", alias: 1))
        client.sends(.publish(.predefined(7), "x", id: 7, qos: .exactlyOnce))
        first.receives(.publish("", "x", qos: .exactlyOnce, id: 7))
        first.closes()
        client.sends(.publish(.predefined(7), "x", id: 7, qos: .exactlyOnce, duplicate: true))
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        accepts(second, 10, present: true)
        client.sends(.publish(.predefined(7), "x", id: 7, qos: .exactlyOnce, duplicate: true))
        second.receives(.publish("farm/soil", "x", qos: .exactlyOnce, id: 7, duplicate: true))
        #expect(named(second) == Named(name: "farm/soil", alias: 1))
        // Another message than those on which the broker may have closed.
        #expect(says(.predefined(7), client, second, "y") == Named(name: "", alias: 1))
        second.closes()
        dialogue.passes(.seconds(3))
        // A broker that has taken them may take none the next time.
        let third = client.asksBroker(clean: false)
        accepts(third, 0, present: true)
        #expect(says(.predefined(7), client, third, "z") == Named(name: "farm/soil", alias: nil))
    }

    @Test("§3.3.2.3.4 GW-86 What has waited for the connection is written in its order, its topic's name first")
    func waited() {
        let dialogue = dialogue()
        let (client, first) = connected(dialogue, 10, clean: false)
        #expect(says(.predefined(7), client, first) == Named(name: "farm/soil", alias: 1))
        first.closes()
        client.sends(.publish(.predefined(7), "1"), .publish(.predefined(7), "2"))
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        accepts(second, 10, present: true)
        second.receives(.publish("farm/soil", "1"), .publish("", "2"))
        #expect(named(second) == Named(name: "", alias: 1))
    }

    @Test("§3.3.4 A message that is not written gives its topic no alias", arguments: [true, false])
    func notWritten(isBlocked: Bool) {
        let dialogue = dialogue { $0.limits.queuedByteCountPerUpstream = 12 }
        let (client, upstream) = connected(dialogue, 10) { $0.append(property: .receiveMaximum, 1) }
        if isBlocked {
            upstream.blocks(queuedByteCount: 10)
        } else {
            client.sends(.publish(.short("ab"), "x", id: 4, qos: .exactlyOnce))
            upstream.receives(.publish("ab", "x", qos: .exactlyOnce, id: 4))
        }
        client.sends(.publish(.predefined(7), "x", id: 5, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(7, 5, .congestion))
        if isBlocked { upstream.drains() }
        #expect(says(.predefined(7), client, upstream) == Named(name: "farm/soil", alias: 1))
    }

    @Test(
        "§3.4.2.1 A broker that refuses a message may not have looked at its alias: names are told again",
        arguments: [QualityOfService.atLeastOnce, .exactlyOnce])
    func refused(qos: QualityOfService) {
        let (client, upstream) = connected(dialogue(), 10)
        client.sends(.publish(.predefined(7), "x", id: 5, qos: qos))
        upstream.receives(.publish("farm/soil", "x", qos: qos == .exactlyOnce ? .exactlyOnce : .atLeastOnce, id: 5))
        upstream.sends(
            Packet5(
                qos == .exactlyOnce ? .publishReceived(5) : .publishAcknowledgement(5),
                AddedFields(reasonCode: .quotaExceeded)))
        client.receives(.publishAcknowledgement(7, 5, .congestion))
        #expect(says(.predefined(7), client, upstream) == Named(name: "farm/soil", alias: 1))
        #expect(says(.predefined(7), client, upstream) == Named(name: "", alias: 1))
    }

    @Test("AMB-39 An alias stands for the name that the broker knows, behind the client's prefix")
    func prefix() {
        let dialogue = Dialogue(
            .ruled([.rule { $0.topicPrefix = "own/${client_id}/".octets }]) {
                $0.upstream.version = .v5_0
                $0.predefinedTopics = PredefinedTopics([.init(topicID: 7, topicName: "farm/soil".octets)])
            })
        let (client, upstream) = connected(dialogue, 10)
        #expect(says(.predefined(7), client, upstream) == Named(name: "own/c1/farm/soil", alias: 1))
        #expect(says(.predefined(7), client, upstream) == Named(name: "", alias: 1))
        // With it a short topic is long enough.
        #expect(says(.short("ab"), client, upstream) == Named(name: "own/c1/ab", alias: 2))
    }

    @Test("GW-49 What comes without a connection goes up by aliases of the gateway's own, each sender's by its name")
    func withoutConnection() throws {
        let dialogue = dialogue()
        let former = try #require(dialogue.shared)
        former.closes()
        dialogue.passes(.seconds(1))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        let sender = dialogue.client("")
        sender.sends(.publish(.predefined(7), "w", qos: .minusOne))
        accepts(shared, 10)
        shared.receives(.publish("farm/soil", "w"))
        #expect(named(shared) == Named(name: "farm/soil", alias: 1))
        sender.sends(.publish(.predefined(7), "x", qos: .minusOne))
        shared.receives(.publish("", "x"))
        // Those of another connection are others.
        let (client, upstream) = connected(dialogue, 10)
        #expect(says(.predefined(7), client, upstream) == Named(name: "farm/soil", alias: 1))
    }

    @Test(
        "§3.2.2.3.6 What the broker's Maximum Packet Size lets pass by its name alone passes by that", arguments: 0...4)
    func packetSize(room: Int) {
        let (client, upstream) = connected(dialogue(), 10) {
            // Two octets of header, 11 of topic, two of identifier, one of properties, three of payload.
            $0.append(property: .maximumPacketSize, UInt32(19 + room))
        }
        client.sends(.publish(.predefined(7), "xyz", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("farm/soil", "xyz", qos: .atLeastOnce, id: 5))
        #expect(named(upstream) == Named(name: "farm/soil", alias: room < 4 ? nil : 1))
        #expect((upstream.dialogue.lastWritten[upstream.id]?.count ?? 0) <= 19 + room)
    }

    @Test("§3.1.3.2 A Will is told by its name, also where that has an alias")
    func will() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("farm/soil"))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let first = client.asksBroker(will: TestWill(topic: "farm/soil", payload: "gone"))
        accepts(first, 10)
        client.receives(.connectAcknowledgement())
        #expect(says(.predefined(7), client, first) == Named(name: "farm/soil", alias: 1))
        first.closes()
        dialogue.passes(.seconds(1))
        accepts(client.asksBroker(will: TestWill(topic: "farm/soil", payload: "gone")), 10)
    }

    @Test("§3.3.2.3.4 Beside User Properties the alias comes first, and both are there")
    func userProperties() {
        let (client, upstream) = connected(
            dialogue {
                $0.gatewayID = 7
                $0.upstream.wayPropertyBits = WayProperty.bits([.gateway])
            }, 10)
        #expect(says(.predefined(7), client, upstream) == Named(name: "farm/soil", alias: 1))
        #expect(says(.predefined(7), client, upstream) == Named(name: "", alias: 1))
        let told = "gateway".octets + [0, 1] + "7".octets
        #expect(
            upstream.dialogue.lastWritten[upstream.id]
                == [0x30, 20, 0, 0, 16, 0x23, 0, 1, 0x26, 0, 7] + told + "x".octets)
    }

    @Test("§3.3.2.3.4 Nothing of it is there in MQTT 3.1.1")
    func version3() {
        let dialogue = dialogue { $0.upstream.version = .v3_1_1 }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        for _ in 0..<2 {
            client.sends(.publish(.predefined(7), "x"))
            upstream.receives(.publish("farm/soil", "x"))
        }
    }
}

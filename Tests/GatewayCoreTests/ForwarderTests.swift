import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// Clients behind forwarders (MQTT-SN 1.2 §5.5): every procedure goes through, in an envelope with the node's id.
@Suite struct ForwarderTests {
    private func dialogue(_ configuration: GatewayConfiguration = .dialogue()) -> Dialogue {
        let dialogue = Dialogue(configuration)
        dialogue.allowsForwarders = true
        return dialogue
    }

    // MARK: Who is who

    @Test(
        "GW-80 GW-81 AMB-26 A node id has 1 to 252 octets, and the answer repeats it", arguments: [1, 2, 8, 251, 252])
    func nodeIDLength(count: Int) {
        let dialogue = dialogue()
        let forwarder = dialogue.client("")
        let nodeID = (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ 7) }
        let node = dialogue.client("n1", node: nodeID, behind: forwarder)
        let upstream = node.connects()
        node.sends(.pingRequest())
        node.receives(.pingResponse)
        node.leaves(upstream)
    }

    @Test("GW-80 GW-82 The envelope is Length, 0xFE, a Ctrl of 0 and the node id; the one that came may hold any Ctrl")
    func octets() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("")
        dialogue.client("n1", node: [0x12, 0x34], behind: forwarder).connects()
        for control in [0x00, 0x03, 0xFC, 0xFF] as [UInt8] {
            forwarder.sends(octets: [0x05, 0xFE, control, 0x12, 0x34, 0x02, 0x16])
            forwarder.receives(SNMessage(reading: [0x05, 0xFE, 0x00, 0x12, 0x34, 0x02, 0x17]))
        }
    }

    @Test("GW-80 GW-81 Many nodes behind one forwarder are as many clients, and the forwarder may be one itself")
    func manyNodes() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("f")
        let ownUpstream = forwarder.connects()
        let nodes = (0..<50).map { dialogue.client("n\($0)", node: [UInt8($0)], behind: forwarder) }
        let upstreams = nodes.map { $0.connects() }
        for (node, upstream) in zip(nodes, upstreams) {
            node.registers("from/\(node.clientID)", as: 1)
            node.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
            upstream.receives(.publish("from/\(node.clientID)", "x", qos: .atLeastOnce, id: 1))
            upstream.sends(.publishAcknowledgement(1))
            node.receives(.publishAcknowledgement(1, 1))
        }
        #expect(dialogue.sessionCount == 51)
        forwarder.leaves(ownUpstream)
        for (node, upstream) in zip(nodes, upstreams) { node.leaves(upstream) }
        #expect(dialogue.sessionCount == 0)
        dialogue.passes(.seconds(40))
        #expect(!forwarder.isKnown)
    }

    @Test("GW-80 AMB-26 The same node id behind two forwarders is two addresses")
    func twoForwarders() {
        let dialogue = dialogue()
        let near = dialogue.client("")
        let far = dialogue.client("")
        let first = dialogue.client("n1", node: [5], behind: near)
        let second = dialogue.client("n2", node: [5], behind: far)
        first.connects()
        second.connects()
        first.registers("a", as: 1)
        second.sends(.publish(1, "x"))
        second.receives(.publishAcknowledgement(1, 0, .invalidTopicID))
        near.receivesNothing()
    }

    @Test("GW-80 A node id that begins with another one is another node")
    func prefix() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("")
        dialogue.client("n1", node: [1, 2], behind: forwarder).connects()
        let longer = dialogue.client("n2", node: [1, 2, 3], behind: forwarder)
        longer.sends(.pingRequest())
        longer.receives(.disconnect())
    }

    @Test("GW-89 A client that moves from one forwarder to another, or out of it, takes its session along")
    func moves() {
        let dialogue = dialogue()
        let near = dialogue.client("")
        let far = dialogue.client("")
        let first = dialogue.client("n1", node: [5], behind: near)
        var upstream = first.connects(clean: false)
        first.registers("a", as: 1)
        for place in [dialogue.client("n1", node: [6], behind: far), dialogue.client("n1")] {
            place.sends(.connect("n1", clean: false))
            upstream.receives(.disconnect, .close)
            upstream = place.connectsUpstream(clean: false, present: true)
            place.sends(.publish(1, "x"))
            upstream.receives(.publish("a", "x"))
        }
        #expect(!near.isKnown)
        #expect(!far.isKnown)
        #expect(dialogue.sessionCount == 1)
    }

    // MARK: Every procedure

    @Test("GW-81 GW-17 GW-20 The Will dialogue and Will updates go through a forwarder")
    func will() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("")
        let node = dialogue.client("n1", node: [9, 9], behind: forwarder)
        let upstream = node.connects(prompted: TestWill(topic: "w", payload: "gone"))
        node.sends(.willMessageUpdate("later"))
        upstream.receives(.disconnect, .close)
        let second = node.asksBroker(will: TestWill(topic: "w", payload: "later"))
        second.sends(.connectAcknowledgement())
        node.receives(.willMessageResponse(.accepted))
    }

    @Test("GW-81 GW-78 What the gateway repeats goes through the forwarder too")
    func retransmission() {
        let dialogue = dialogue()
        let node = dialogue.client("n1", node: [1], behind: dialogue.client(""))
        node.sends(.connect("n1", will: true))
        node.receives(.willTopicRequest)
        dialogue.passes(.seconds(10))
        node.receives(.willTopicRequest)
    }

    @Test("GW-81 GW-73 Twelve nodes behind one forwarder, each through a whole sleep cycle")
    func sleepCycles() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("")
        let nodes = (0..<12).map { dialogue.client("n\($0)", node: [0xA0, UInt8($0)], behind: forwarder) }
        let upstreams = nodes.map { node in
            let upstream = node.connects(clean: false)
            node.subscribes("to/#", as: 0, qos: .exactlyOnce, on: upstream)
            node.sends(.disconnect(600))
            node.receives(.disconnect())
            return upstream
        }
        for upstream in upstreams {
            upstream.sends(
                .publish("to/a", "1", qos: .atLeastOnce, id: 5), .publish("to/a", "2", qos: .exactlyOnce, id: 6))
        }
        forwarder.receivesNothing()
        var own: MessageID = 1
        for (node, upstream) in zip(nodes, upstreams) {
            node.sends(.pingRequest(node.clientID))
            node.receives(.register(1, 1, "to/a"))
            node.sends(.registerAcknowledgement(1, 1))
            node.receives(.publish(1, "1", id: own, qos: .atLeastOnce))
            node.sends(.publishAcknowledgement(1, own))
            own &+= 40_503
            upstream.receives(.publishAcknowledgement(5))
            node.receives(.publish(1, "2", id: 6, qos: .exactlyOnce))
            node.sends(.publishReceived(6))
            upstream.receives(.publishReceived(6))
            upstream.sends(.publishRelease(6))
            node.receives(.publishRelease(6))
            node.sends(.publishComplete(6))
            upstream.receives(.publishComplete(6))
            node.receives(.pingResponse)
        }
    }

    @Test("GW-49 GW-81 QoS −1 comes through a forwarder without a connection and without an answer")
    func qosMinusOne() {
        let configuration = GatewayConfiguration.dialogue {
            $0.predefinedTopics = PredefinedTopics([.init(topicID: 7, topicName: Array("seven".utf8))])
        }
        let dialogue = dialogue(configuration)
        let forwarder = dialogue.client("")
        let node = dialogue.client("", node: [1], behind: forwarder)
        node.sends(.publish(.predefined(7), "x", qos: .minusOne))
        dialogue.shared?.receives(.publish("seven", "x"))
        node.receives()
        #expect(!forwarder.isKnown)
    }

    @Test("GW-81 GW-42 QoS 2 goes through a forwarder step by step, both ways")
    func exactlyOnce() {
        let dialogue = dialogue()
        let node = dialogue.client("n1", node: [1, 2, 3, 4], behind: dialogue.client(""))
        let upstream = node.connects()
        node.subscribes("a", as: 1, qos: .exactlyOnce, on: upstream)
        node.sends(.publish(1, "up", id: 8, qos: .exactlyOnce))
        upstream.receives(.publish("a", "up", qos: .exactlyOnce, id: 8))
        upstream.sends(.publishReceived(8))
        node.receives(.publishReceived(8))
        node.sends(.publishRelease(8))
        upstream.receives(.publishRelease(8))
        upstream.sends(.publishComplete(8))
        node.receives(.publishComplete(8))
        upstream.sends(.publish("a", "down", qos: .exactlyOnce, id: 9))
        node.receives(.publish(1, "down", id: 9, qos: .exactlyOnce))
        node.sends(.publishReceived(9))
        upstream.receives(.publishReceived(9))
        upstream.sends(.publishRelease(9))
        node.receives(.publishRelease(9))
        node.sends(.publishComplete(9))
        upstream.receives(.publishComplete(9))
    }

    @Test("GW-81 GW-13 GWINFO goes to the node that searched, and to the group")
    func search() {
        let dialogue = dialogue()
        let node = dialogue.client("", node: [1], behind: dialogue.client(""))
        node.sends(.searchGateway(radius: 2))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 1), radius: 2)
        node.receives(.gatewayInfo(gatewayID: 1))
    }

    @Test("GW-81 GW-65 AMB-25 A node without a session gets its DISCONNECT in an envelope")
    func stranger() {
        let dialogue = dialogue()
        let node = dialogue.client("", node: [1], behind: dialogue.client(""))
        node.sends(.publish(1, "x"))
        node.receives(.disconnect())
        node.sends(.disconnect())
        node.receives()
    }

    @Test("GW-05 GW-81 A node's malformed request is answered in an envelope, and nobody else is concerned")
    func malformedBody() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("f")
        forwarder.connects()
        let node = dialogue.client("n1", node: [1], behind: forwarder)
        node.connects()
        node.sends(octets: [0x06, 0x0A, 0x00, 0x00, 0x00, 0x09])
        node.receives(.registerAcknowledgement(0, 9, .notSupported))
        dialogue.observes(.malformedDatagram)
    }
}

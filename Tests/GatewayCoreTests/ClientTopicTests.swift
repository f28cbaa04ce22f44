import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// Pre-defined topics with `${client_id}` in their names: one id stands for a name of each client's own.
@Suite struct ClientTopicTests {
    private static let topics = PredefinedTopics([
        .init(topicID: 5, topicName: "sensors/${client_id}/temp".octets),
        .init(topicID: 6, topicName: "gw-${gateway_id}/all".octets),
        .init(clientID: "c9".octets, topicID: 5, topicName: "nine/${client_id}".octets),
        .init(topicID: 7, topicName: "sensors/c1/common".octets),
    ])

    private func dialogue(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> Dialogue {
        Dialogue(
            .dialogue {
                ($0.gatewayID, $0.predefinedTopics) = (7, Self.topics)
                change(&$0)
            })
    }

    @Test("AMB-06 GW-44 What each client publishes on the id goes to its own name, the owner's for it alone first")
    func up() {
        let dialogue = dialogue()
        for (clientID, name) in [("c1", "sensors/c1/temp"), ("c2", "sensors/c2/temp"), ("c9", "nine/c9")] {
            let client = dialogue.client(clientID)
            let upstream = client.connects()
            client.sends(.publish(.predefined(5), "x", id: 1, qos: .atLeastOnce))
            upstream.receives(.publish(name, "x", qos: .atLeastOnce, id: 1))
            client.sends(.publish(.predefined(6), "x"))
            upstream.receives(.publish("gw-7/all", "x"))
        }
    }

    @Test("AMB-06 GW-56 What a client has subscribed to by the id comes under the id, and no other client's does")
    func down() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.subscribe(.predefined(5), id: 1, qos: .atMostOnce))
        upstream.receives(.subscribe("sensors/c1/temp", id: 1, qos: .atMostOnce))
        upstream.sends(.subscribeAcknowledgement(1, 0))
        client.receives(.subscribeAcknowledgement(5, 1, qos: .atMostOnce))
        upstream.sends(.publish("sensors/c1/temp", "x"))
        client.receives(.publish(.predefined(5), "x"))
        upstream.sends(.publish("sensors/c1/common", "x"))
        client.receives(.publish(.predefined(7), "x"))
        dialogue.client("c2").connects()
        upstream.sends(.publish("sensors/c2/temp", "x"))
        client.receives(.register(1, 1, "sensors/c2/temp"))
        client.sends(.unsubscribe(.predefined(5), id: 2))
        upstream.receives(.unsubscribe("sensors/c1/temp", id: 2))
    }

    @Test(
        "AMB-06 GW-46 Where the ClientId makes no topic name the id means nothing, which is said once",
        arguments: ["a/b", "+", "a#", "$SYS", "abcdefghij"])
    func unfit(clientID: String) {
        let dialogue = dialogue { $0.limits.topicNameByteCount = 22 }
        let client = dialogue.client(clientID)
        client.sends(.connect(clientID))
        dialogue.observes(exactly: .predefinedTopicLeftOut(topicID: 5), of: clientID)
        let upstream = client.connectsUpstream()
        client.sends(.publish(.predefined(5), "x", id: 1, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(5, 1, .invalidTopicID))
        dialogue.doesNotObserve(.predefinedTopicLeftOut)
        client.sends(.publish(.predefined(6), "x"))
        upstream.receives(.publish("gw-7/all", "x"))
    }

    @Test("GW-49 AMB-19 Who publishes without a connection has no ClientId to put there; who has a session, has")
    func withoutConnection() {
        let dialogue = dialogue()
        let stranger = dialogue.client("")
        stranger.sends(.publish(.predefined(5), "x", qos: .minusOne))
        dialogue.observes(exactly: .qosMinusOneRefused(.noClientID, topicID: 5), of: "")
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.publish(.predefined(5), "x", qos: .minusOne))
        dialogue.shared?.receives(.publish("sensors/c1/temp", "x"))
    }

    @Test("The names of a client are there as long as its session")
    func life() {
        let dialogue = dialogue()
        let before = dialogue.census.topicNames
        let clients = ["c1", "c2"].map { dialogue.client($0) }
        let upstreams = clients.map { $0.connects() }
        #expect(dialogue.census.topicNames == before + 2)
        clients[0].leaves(upstreams[0])
        #expect(dialogue.census.topicNames == before + 1)
        let next = clients[0].connects()
        clients[0].sends(.publish(.predefined(5), "x"))
        next.receives(.publish("sensors/c1/temp", "x"))
    }

    @Test("A session that goes on after a restart has its names again, and its subscription by the id")
    func restart() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.sends(.subscribe(.predefined(5), id: 1, qos: .atMostOnce))
        upstream.receives(.subscribe("sensors/c1/temp", id: 1, qos: .atMostOnce))
        upstream.sends(.subscribeAcknowledgement(1, 0))
        client.receives(.subscribeAcknowledgement(5, 1, qos: .atMostOnce))
        dialogue.restarts()
        let next = client.connects(clean: false, present: true)
        next.sends(.publish("sensors/c1/temp", "x"))
        client.receives(.publish(.predefined(5), "x"))
        client.sends(.publish(.predefined(5), "y"))
        next.receives(.publish("sensors/c1/temp", "y"))
    }

    @Test("GW-33 Another name holds for clients that are there from the reload on")
    func reload() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        dialogue.decides {
            $0.predefinedTopics = PredefinedTopics([.init(topicID: 5, topicName: "now/${client_id}".octets)])
        }
        client.sends(.publish(.predefined(5), "x"))
        upstream.receives(.publish("now/c1", "x"))
        dialogue.decides { $0.predefinedTopics = PredefinedTopics() }
        client.sends(.publish(.predefined(5), "x", id: 2, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(5, 2, .invalidTopicID))
        dialogue.decides { $0.predefinedTopics = Self.topics }
        client.sends(.publish(.predefined(5), "x"))
        upstream.receives(.publish("sensors/c1/temp", "x"))
    }
}

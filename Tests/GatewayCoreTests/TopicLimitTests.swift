import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What becomes of deliveries where the topic ids of a client, or the octets of all names, are used up (GW-87, AMB-27).
@Suite struct TopicLimitTests {
    /// A client that sees every name and has two ids at most.
    private func subscriber(_ dialogue: Dialogue) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.subscribes("#", as: 0, on: upstream)
        return (client, upstream)
    }

    /// The client accepts the id that a message needs, whichever it is, and gets the message.
    private func takes(
        _ name: String, _ payload: String, _ client: TestClient, at location: SourceLocation = #_sourceLocation
    ) -> TopicID {
        guard
            case .register(let id, let messageID, name) = client.dialogue.readMessages(to: client.address).first
        else {
            Issue.record("no REGISTER of \(name)", sourceLocation: location)
            return 0
        }
        client.sends(.registerAcknowledgement(id, messageID), at: location)
        client.receives(.publish(.id(id), payload), at: location)
        return id
    }

    @Test("AMB-27 GW-87 A wildcard may see any number of names: what was used least recently makes room")
    func anyNumberOfNames() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 2 })
        let (client, upstream) = subscriber(dialogue)
        for number in 1...50 {
            upstream.sends(.publish("w/\(number)", "x"))
            _ = takes("w/\(number)", "x", client)
            dialogue.passes(.seconds(20))
        }
    }

    @Test("AMB-27 The id that was used last stays; that of a name which made room is unknown from then on")
    func leastRecentlyUsed() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 2 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("w/1", "x"))
        let first = takes("w/1", "x", client)
        upstream.sends(.publish("w/2", "x"))
        let second = takes("w/2", "x", client)
        dialogue.passes(.seconds(30))
        upstream.sends(.publish("w/1", "y"))
        client.receives(.publish(.id(first), "y"))
        dialogue.passes(.seconds(30))
        upstream.sends(.publish("w/3", "x"))
        _ = takes("w/3", "x", client)
        client.sends(.publish(.id(second), "late", id: 9, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(second, 9, .invalidTopicID))
        client.sends(.publish(.id(first), "own"))
        upstream.receives(.publish("w/1", "own"))
    }

    @Test("AMB-27 What the client has asked for never makes room, for a delivery or for another request")
    func askedFor() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 2 })
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("w/1", "x"))
        let first = takes("w/1", "x", client)
        client.sends(.register(0, 5, "w/1"))
        client.receives(.registerAcknowledgement(first, 5))
        upstream.sends(.publish("w/2", "x"))
        _ = takes("w/2", "x", client)
        client.sends(.register(0, 6, "own"))
        client.receives(.registerAcknowledgement(0, 6, .congestion))
        dialogue.passes(.seconds(40))
        client.sends(.register(0, 7, "own"))
        guard case .registerAcknowledgement(let own, 7, .accepted) = dialogue.readMessages(to: client.address).first
        else {
            Issue.record("a name that was only delivered did not make room")
            return
        }
        dialogue.passes(.seconds(400))
        client.sends(.register(0, 8, "more"))
        client.receives(.registerAcknowledgement(0, 8, .congestion))
        for (id, name) in [(first, "w/1"), (own, "own")] {
            client.sends(.publish(.id(id), "x"))
            upstream.receives(.publish(name, "x"))
        }
    }

    @Test(
        "GW-87 Strangers that fill the octets of all names are refused; an honest client still gets and registers names"
    )
    func strangersFill() {
        let dialogue = Dialogue(
            .dialogue {
                $0.limits.topicNamesByteCount = 12_000
                $0.limits.clients = 10
            })
        let (client, upstream) = subscriber(dialogue)
        let stranger = dialogue.client("stranger")
        stranger.connects()
        for number in 0..<100 {
            stranger.sends(.register(0, 1, "0123456789/\(number)"))
            _ = dialogue.readMessages(to: stranger.address)
        }
        stranger.sends(.register(0, 2, "0123456789/one more"))
        stranger.receives(.registerAcknowledgement(0, 2, .congestion))
        upstream.sends(.publish("w/1", "x"))
        _ = takes("w/1", "x", client)
        client.sends(.register(0, 5, "own"))
        guard case .registerAcknowledgement(_, 5, .accepted) = dialogue.readMessages(to: client.address).first else {
            Issue.record("the honest client is refused")
            return
        }
        // Its share, 600 octets with what it takes to keep names, is bounded too.
        client.sends(.register(0, 6, String(repeating: "x", count: 95)))
        client.receives(.registerAcknowledgement(0, 6, .congestion))
    }
}

import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// A record that was written while the gateway went on: what has passed since is added to what is old, and its client
/// is given the benefit of the doubt.
@Suite struct AgedRecordTests {
    @Test("GW-34 Nobody knows when the client was last heard: its time begins anew", arguments: [true, false])
    func keepAlive(isWrittenMeanwhile: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects(clean: false, keepAlive: 60)
        dialogue.passes(.seconds(80))
        dialogue.restarts(knowingAddresses: true, age: isWrittenMeanwhile ? .seconds(70) : nil)
        let upstream = client.isRestored(present: true)
        dialogue.passes(.seconds(70))
        if isWrittenMeanwhile { return client.receivesNothing() }
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-62 GW-78 Who answers nothing after a restart may not have found out: its keep-alive time is over first")
    func unanswered() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        var upstream = client.connects(clean: false, keepAlive: 60)
        client.subscribes("a", as: 1, on: upstream)
        upstream.sends(.publish("a", "x", qos: .atLeastOnce, id: 7))
        let isSent = dialogue.readMessages(to: client.address).count == 1
        dialogue.restarts(knowingAddresses: true)
        let isSentAgain = dialogue.readMessages(to: client.address).count == 1
        upstream = client.isRestored(present: true)
        #expect(isSent && isSentAgain)
        // Longer than Tretry × (Nretry + 1).
        dialogue.passes(.seconds(40))
        #expect(dialogue.readMessages(to: client.address).count == 3)
        upstream.receivesNothing()
        dialogue.passes(.seconds(51))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("AMB-24 What has ended is as old as it would be without the restart", arguments: [true, false])
    func endedExchanges(isWrittenMeanwhile: Bool) throws {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("x", id: 8, on: upstream)
        client.releases(id: 8, on: upstream)
        dialogue.passes(.seconds(3))
        dialogue.restarts(knowingAddresses: true, age: isWrittenMeanwhile ? .seconds(70) : nil)
        let ages = try #require(dialogue.record(of: client)).uplink.ended.map(\.endedAgo)
        #expect(ages == [.seconds(isWrittenMeanwhile ? 73 : 3)])
    }

    @Test("AMB-27 The topic ids that a client was given count as just used", arguments: [true, false])
    func topicIDs(isWrittenMeanwhile: Bool) throws {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("#", as: 0, on: upstream)
        upstream.sends(.publish("w/1", "x"))
        guard case .register(let topicID, let messageID, "w/1") = dialogue.readMessages(to: client.address).first
        else {
            Issue.record("no REGISTER")
            return
        }
        client.sends(.registerAcknowledgement(topicID, messageID))
        client.receives(.publish(.id(topicID), "x"))
        dialogue.passes(.seconds(30))
        dialogue.restarts(knowingAddresses: true, age: isWrittenMeanwhile ? .seconds(70) : nil)
        let ages = try #require(dialogue.record(of: client)).topics.all.map(\.unusedFor)
        #expect(ages == [isWrittenMeanwhile ? .zero : .seconds(30)])
    }
}

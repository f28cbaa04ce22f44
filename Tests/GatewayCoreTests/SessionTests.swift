import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What a session keeps from one connection to the next (MQTT-SN 1.2 §6.3), and whose it is.
@Suite struct SessionTests {
    // MARK: Clean sessions

    @Test("GW-24 CleanSession=1 deletes topic ids and subscriptions before CONNACK")
    func cleanSessionDeletes() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a/b", as: 1)
        client.subscribes("x/y", as: 2, on: first)
        client.leaves(first)
        // A clean session at the broker as well: nothing is subscribed again.
        let second = client.connects(clean: true)
        client.sends(.publish(1, "x"))
        client.receives(.publishAcknowledgement(1, 0, .invalidTopicID))
        client.registers("new", as: 1)
        second.receivesNothing()
    }

    @Test("GW-24 CleanSession=1 deletes what waits for the client")
    func cleanSessionDeletesQueue() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a/b", as: 1)
        first.sends(.publish("a/b", "kept", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "kept", id: 1, qos: .atLeastOnce))
        client.leaves(first)
        client.connects(clean: true)
        client.receivesNothing()
    }

    @Test("AMB-03 A clean session ends with its connection")
    func cleanSessionEnds() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: true)
        client.registers("a/b", as: 1)
        client.subscribes("x/y", as: 2, on: first)
        client.leaves(first)
        #expect(dialogue.sessionCount == 0)
        let second = client.connects(clean: false)
        second.receivesNothing()
        client.sends(.publish(1, "x"))
        client.receives(.publishAcknowledgement(1, 0, .invalidTopicID))
    }

    @Test("AMB-03 A clean session that a CleanSession=0 CONNECT replaces leaves nothing to it")
    func cleanSessionReplaced() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: true)
        client.registers("a/b", as: 1)
        client.subscribes("x/y", as: 2, on: first)
        client.sends(.connect("c1", clean: false))
        first.receives(.disconnect, .close)
        let second = client.connectsUpstream(clean: false)
        second.receivesNothing()
        client.sends(.publish(1, "x"))
        client.receives(.publishAcknowledgement(1, 0, .invalidTopicID))
    }

    // MARK: Kept sessions

    @Test("GW-39 AMB-04 After a reconnect the client's old ids are accepted")
    func oldIDsAccepted() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a/b", as: 1)
        client.leaves(first)
        #expect(dialogue.sessionCount == 1)
        let second = client.connects(clean: false, present: true)
        client.sends(.publish(1, "x"))
        second.receives(.publish("a/b", "x"))
        client.registers("c/d", as: 2)
        client.registers("a/b", as: 1)
    }

    @Test("GW-39 After a reconnect the gateway registers a known id again before it uses it")
    func registersAgain() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("x/y", as: 1, on: first)
        client.leaves(first)
        let second = client.connects(clean: false, present: true)
        second.sends(.publish("x/y", "new"))
        client.receives(.register(1, 1, "x/y"))
        client.sends(.registerAcknowledgement(1, 1))
        client.receives(.publish(1, "new"))
    }

    @Test("GW-25 CleanSession=0 keeps the subscriptions: the broker that still has them is not asked again")
    func sessionPresent() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("x/y", as: 1, on: first)
        client.leaves(first)
        let second = client.connects(clean: false, present: true)
        second.receivesNothing()
        dialogue.observes(.clientResumed, of: "c1")
    }

    @Test("GW-25 CleanSession=0 keeps the subscriptions: a broker that has lost them is asked again")
    func sessionNotPresent() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("x/y", as: 1, qos: .exactlyOnce, on: first)
        client.subscribes("w/#", as: 0, id: 0x0303, qos: .atMostOnce, on: first)
        client.leaves(first)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: false))
        client.receives(.connectAcknowledgement())
        second.receives(
            .subscribe("x/y", id: 0x8000, qos: .exactlyOnce), .subscribe("w/#", id: 0x8001, qos: .atMostOnce))
        second.sends(.subscribeAcknowledgement(0x8000, 2), .subscribeAcknowledgement(0x8001, 0))
        client.receivesNothing()
    }

    @Test("GW-64 A session with CleanSession=0 is kept and its client's address is not")
    func addressForgotten() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        #expect(dialogue.sessionCount == 1)
        dialogue.passes(.seconds(40))
        #expect(!client.isKnown)
        #expect(dialogue.sessionCount == 1)
    }

    @Test("GW-87 GW-21 A CONNECT that was never accepted leaves no session behind, clean or not", arguments: 0..<4)
    func refusedLeavesNothing(way: Int) {
        let dialogue = Dialogue()
        let stranger = dialogue.client("c1")
        stranger.sends(.connect("c1", clean: false, will: way > 1))
        switch way {
        case 0: dialogue.opensStream().closes(.refused)
        case 1:
            let upstream = stranger.asksBroker(clean: false)
            upstream.sends(.connectAcknowledgement(.notAuthorized))
            upstream.receives(.close)
        case 2:
            stranger.receives(.willTopicRequest)
            stranger.sends(.willTopic("#"))
        default:
            stranger.receives(.willTopicRequest)
            for _ in 0..<3 {
                dialogue.passes(.seconds(10))
                stranger.receives(.willTopicRequest)
            }
            dialogue.passes(.seconds(10))
        }
        _ = dialogue.readMessages(to: stranger.address)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-25 A session that was accepted before survives a CONNECT that is not")
    func acceptedSurvivesRefusal() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.registers("a/b", as: 1)
        client.leaves(first)
        client.sends(.connect("c1", clean: false))
        dialogue.opensStream().closes(.failed)
        client.receives(.connectAcknowledgement(.congestion))
        #expect(dialogue.sessionCount == 1)
        let second = client.connects(clean: false, present: true)
        client.sends(.publish(1, "x"))
        second.receives(.publish("a/b", "x"))
    }

    // MARK: Addresses

    @Test("GW-89 CONNECT from a new address moves the session there")
    func takeover() {
        let dialogue = Dialogue()
        let old = dialogue.client("c1")
        let first = old.connects(clean: false)
        old.registers("a/b", as: 1)
        let new = dialogue.client("c1")
        new.sends(.connect("c1", clean: false))
        first.receives(.disconnect, .close)
        dialogue.observes(.clientMoved, of: "c1")
        let second = new.connectsUpstream(clean: false, present: true)
        #expect(dialogue.sessionCount == 1)
        #expect(!old.isKnown)
        new.sends(.publish(1, "x"))
        second.receives(.publish("a/b", "x"))
        old.sends(.publish(1, "x"))
        old.receives(.disconnect())
    }

    @Test("GW-89 CONNECT from a new address during set-up moves the set-up")
    func takeoverDuringSetUp() {
        let dialogue = Dialogue()
        let old = dialogue.client("c1")
        old.sends(.connect("c1", will: true))
        old.receives(.willTopicRequest)
        let new = dialogue.client("c1")
        new.sends(.connect("c1", will: true))
        new.receives(.willTopicRequest)
        dialogue.passes(.seconds(10))
        new.receives(.willTopicRequest)
        #expect(!old.isKnown)
    }

    @Test("GW-90 A new ClientId from a known address inherits nothing", arguments: [true, false])
    func newClientAtAddress(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: isClean)
        client.registers("a/b", as: 1)
        client.sends(.connect("c2"))
        first.receives(.close)
        dialogue.observes(.clientLost, of: "c1")
        let second = dialogue.opensStream()
        second.opens()
        second.receives(.connect("c2"))
        second.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        client.sends(.publish(1, "x"))
        client.receives(.publishAcknowledgement(1, 0, .invalidTopicID))
        #expect(dialogue.sessionCount == (isClean ? 1 : 2))
        #expect(client.isKnown)
    }

    @Test("GW-90 GW-89 A client that moves to another client's address sends that one away")
    func movesOntoAnother() {
        let dialogue = Dialogue()
        let first = dialogue.client("c1")
        let second = dialogue.client("c2")
        let upstream1 = first.connects()
        let upstream2 = second.connects()
        first.sends(.connect("c2"))
        upstream1.receives(.close)
        upstream2.receives(.disconnect, .close)
        let upstream = dialogue.opensStream()
        upstream.opens()
        upstream.receives(.connect("c2"))
        upstream.sends(.connectAcknowledgement())
        first.receives(.connectAcknowledgement())
        #expect(dialogue.sessionCount == 1)
        #expect(first.isKnown)
        #expect(!second.isKnown)
    }
}

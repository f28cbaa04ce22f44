import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Whose session an address leads to, in the cases that are easily got wrong (GW-89, GW-90, AMB-11).
@Suite struct AddressTests {
    // MARK: Names

    @Test("GW-90 A ClientId that begins another one is another client", arguments: [("c", "c1"), ("c1", "c")])
    func prefix(first: String, second: String) {
        let dialogue = Dialogue()
        let one = dialogue.client(first)
        let other = dialogue.client(second)
        let upstream1 = one.connects(clean: false)
        one.registers("a", as: 1)
        let upstream2 = other.connects(clean: false)
        other.registers("b", as: 1)
        #expect(dialogue.sessionCount == 2)
        one.sends(.publish(1, "x"))
        upstream1.receives(.publish("a", "x"))
        other.sends(.publish(1, "x"))
        upstream2.receives(.publish("b", "x"))
        other.leaves(upstream2)
        one.sends(.pingRequest())
        one.receives(.pingResponse)
    }

    @Test(
        "GW-90 AMB-11 A PINGREQ whose ClientId only begins like the sleeper's does not wake it",
        arguments: ["c", "c12"])
    func prefixPing(name: String) {
        let dialogue = Dialogue()
        let sleeper = dialogue.client("c1")
        let upstream = sleeper.connects(clean: false)
        sleeper.subscribes("a", as: 1, on: upstream)
        sleeper.sends(.disconnect(600))
        sleeper.receives(.disconnect())
        upstream.sends(.publish("a", "x", qos: .atLeastOnce, id: 5))
        let other = dialogue.client(name)
        other.sends(.pingRequest(name))
        other.receives(.disconnect())
        sleeper.sends(.pingRequest(name))
        sleeper.receives(.disconnect())
        sleeper.sends(.pingRequest("c1"))
        sleeper.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
    }

    // MARK: A new client at a known address

    @Test("GW-90 GW-25 A new CleanSession=0 client at a known address gets no Will, queue or subscription of the other")
    func inheritsNothing() {
        let dialogue = Dialogue()
        let first = dialogue.client("c1")
        let upstream1 = first.connects(clean: false, prompted: TestWill(topic: "w", payload: "gone"))
        first.subscribes("a/b", as: 1, on: upstream1)
        upstream1.sends(.publish("a/b", "waits", qos: .atLeastOnce, id: 5))
        first.receives(.publish(1, "waits", id: 1, qos: .atLeastOnce))
        let second = TestClient(clientID: "c2", address: first.address, link: first.link, dialogue: dialogue)
        second.sends(.connect("c2", clean: false))
        upstream1.receives(.close)
        let upstream2 = dialogue.opensStream()
        upstream2.opens()
        upstream2.receives(.connect("c2", clean: false, will: nil))
        upstream2.sends(.connectAcknowledgement(present: false))
        second.receives(.connectAcknowledgement())
        upstream2.receivesNothing()
        second.sends(.publishAcknowledgement(1, 1))
        upstream2.receivesNothing()
        upstream2.sends(.publish("a/b", "new"))
        second.receives(.register(1, 1, "a/b"))
    }

    @Test("GW-90 A client that comes to the address of a sleeping one does not end up in its session")
    func sleeperAddressTaken() {
        let dialogue = Dialogue()
        let sleeper = dialogue.client("c1")
        let upstream1 = sleeper.connects(clean: false)
        sleeper.sends(.disconnect(600))
        sleeper.receives(.disconnect())
        sleeper.sends(.connect("c2"))
        upstream1.receives(.close)
        let upstream2 = dialogue.opensStream()
        upstream2.opens()
        upstream2.receives(.connect("c2"))
        upstream2.sends(.connectAcknowledgement())
        sleeper.receives(.connectAcknowledgement())
        sleeper.sends(.pingRequest("c1"))
        sleeper.receives(.disconnect())
    }

    // MARK: A known client at a new address

    @Test("GW-89 After a CONNECT from elsewhere the old address is told nothing more, whatever it was waiting for")
    func oldAddressIsSilent() {
        let dialogue = Dialogue()
        let old = dialogue.client("c1")
        let first = old.connects(clean: false)
        old.subscribes("a", as: 1, on: first)
        old.sends(.publish(1, "up", id: 7, qos: .atLeastOnce))
        first.receives(.publish("a", "up", qos: .atLeastOnce, id: 7))
        first.sends(.publish("a", "down", qos: .atLeastOnce, id: 8))
        old.receives(.publish(1, "down", id: 1, qos: .atLeastOnce))
        let new = dialogue.client("c1")
        new.sends(.connect("c1", clean: false))
        first.receives(.disconnect, .close)
        let second = new.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        new.receives(.connectAcknowledgement(), .register(1, 1, "a"))
        new.sends(.registerAcknowledgement(1, 1))
        new.receives(.publish(1, "down", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.seconds(10))
        new.receives(.publish(1, "down", id: 1, qos: .atLeastOnce, duplicate: true))
        second.sends(.publish("a", "down", qos: .atLeastOnce, id: 8, duplicate: true))
        new.receivesNothing()
        new.sends(.publishAcknowledgement(1, 1))
        second.receives(.publishAcknowledgement(8))
        old.receivesNothing()
        #expect(!old.isKnown)
    }

    @Test(
        "AMB-11 GW-21 Where addresses do not change, a CONNECT from elsewhere is refused while the client is connected",
        arguments: [false, true], [false, true])
    func fixedAddresses(isAsleep: Bool, isClean: Bool) {
        let dialogue = Dialogue(.dialogue { $0.sleep.allowsAddressChange = false })
        let client = dialogue.client("c1")
        client.connects(clean: isClean, keepAlive: 60)
        if isAsleep {
            client.sends(.disconnect(60))
            client.receives(.disconnect())
        }
        let other = dialogue.client("c1")
        for clean in [true, false] {
            other.sends(.connect("c1", clean: clean))
            other.receives(.connectAcknowledgement(.congestion))
            dialogue.observes(exactly: .clientRefused(.congestion, because: .addressChange))
            #expect(!other.isKnown)
        }
        client.sends(.pingRequest(isAsleep ? "c1" : ""))
        client.receives(.pingResponse)
    }

    @Test("AMB-11 GW-62 A refused CONNECT is no sign of life: the client at the old address is lost in its time")
    func fixedAddressesLater() {
        let dialogue = Dialogue(.dialogue { $0.sleep.allowsAddressChange = false })
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false, keepAlive: 60)
        let moved = dialogue.client("c1")
        for _ in 0..<8 {
            dialogue.passes(.seconds(11))
            moved.sends(.connect("c1", clean: false))
            moved.receives(.connectAcknowledgement(.congestion))
        }
        dialogue.passes(.seconds(2))
        upstream.receives(.close)
        moved.sends(.connect("c1", clean: false))
        let second = moved.asksBroker(clean: false)
        second.sends(.connectAcknowledgement(present: true))
        moved.receives(.connectAcknowledgement())
        client.receivesNothing()
    }

    @Test("GW-89 GW-22 A refused CONNECT from elsewhere leaves the session where it is", arguments: [true, false])
    func refusedTakeover(isBrokerAway: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects(clean: false)
        if isBrokerAway {
            dialogue.shared?.closes()
            dialogue.passes(.seconds(1))
            dialogue.opensStream().closes(.refused)
        }
        let other = dialogue.client("c1")
        other.sends(.connect("c1", clean: false, protocolID: isBrokerAway ? 1 : 2))
        other.receives(.connectAcknowledgement(isBrokerAway ? .congestion : .notSupported))
        #expect(!other.isKnown)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-90 AMB-11 A PINGREQ from elsewhere does not hijack an active client's session")
    func activeIsNotHijacked() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a", as: 1, on: upstream)
        let thief = dialogue.client("c1")
        thief.sends(.pingRequest("c1"))
        thief.receives(.disconnect())
        dialogue.doesNotObserve(.clientMoved)
        upstream.sends(.publish("a", "secret"))
        client.receives(.publish(1, "secret"))
        thief.receivesNothing()
    }

    @Test("GW-90 AMB-11 Nor that of a client that is being set up, or of one that left", arguments: [true, false])
    func othersAreNotHijacked(hasLeft: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let thief = dialogue.client("c1")
        if hasLeft {
            client.leaves(client.connects(clean: false))
            thief.sends(.pingRequest("c1"))
            thief.receives(.disconnect())
        } else {
            client.sends(.connect("c1", clean: false))
            let upstream = client.asksBroker(clean: false)
            thief.sends(.pingRequest("c1"))
            thief.receives(.disconnect())
            upstream.sends(.connectAcknowledgement())
            client.receives(.connectAcknowledgement())
        }
    }

    @Test(
        "AMB-11 GW-89 A sleeper wakes at a new address where that is allowed, and only there", arguments: [true, false])
    func sleeperMoves(isAllowed: Bool) {
        let dialogue = Dialogue(.dialogue { $0.sleep.allowsAddressChange = isAllowed })
        let old = dialogue.client("c1")
        let upstream = old.connects(clean: false)
        old.subscribes("a", as: 1, on: upstream)
        old.sends(.disconnect(600))
        old.receives(.disconnect())
        upstream.sends(.publish("a", "x", qos: .atLeastOnce, id: 5))
        let new = dialogue.client("c1")
        new.sends(.pingRequest("c1"))
        if isAllowed {
            dialogue.observes(.clientMoved, of: "c1")
            new.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
            #expect(!old.isKnown)
        } else {
            new.receives(.disconnect())
            old.sends(.pingRequest("c1"))
            old.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        }
        old.receivesNothing()
    }

    // MARK: What is each client's own

    @Test("GW-85 GW-33 Message ids, topic ids and subscriptions are each client's own")
    func perClient() {
        let dialogue = Dialogue()
        let clients = ["a", "b", "c"].map { dialogue.client($0) }
        let upstreams = clients.map { $0.connects() }
        for (client, upstream) in zip(clients, upstreams) {
            client.subscribes("to/\(client.clientID)", as: 1, id: 9, on: upstream)
            client.sends(.publish(1, "x", id: 9, qos: .atLeastOnce))
            upstream.receives(.publish("to/\(client.clientID)", "x", qos: .atLeastOnce, id: 9))
        }
        // The gateway's own begin at another place for each.
        for (number, id) in zip(clients.indices, [1, 40_504, 15_471] as [MessageID]).reversed() {
            let (client, upstream) = (clients[number], upstreams[number])
            upstream.sends(.publishAcknowledgement(9))
            client.receives(.publishAcknowledgement(1, 9))
            upstream.sends(.publish("to/\(client.clientID)", "y", qos: .atLeastOnce, id: 3))
            client.receives(.publish(1, "y", id: id, qos: .atLeastOnce))
        }
    }

    @Test("GW-63 The gateway sends no PINGREQ of its own; a PINGRESP is a sign of life all the same")
    func pingResponse() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(keepAlive: 60)
        for _ in 0..<5 {
            dialogue.passes(.seconds(89))
            client.receivesNothing()
            client.sends(.pingResponse)
        }
        dialogue.passes(.seconds(90))
        upstream.receives(.close)
    }

    @Test(
        "GW-90 AMB-11 A PINGREQ that names a sleeper, from another client's address, harms neither",
        arguments: ["active", "asleep", "being set up"])
    func sleeperNamedElsewhere(other: String) {
        let dialogue = Dialogue()
        let sleeper = dialogue.client("b")
        let sleepersUpstream = sleeper.connects()
        sleeper.fallsAsleep()
        let client = dialogue.client("a")
        let upstream: TestUpstream
        if other == "being set up" {
            client.sends(.connect("a"))
            upstream = client.asksBroker()
        } else {
            upstream = client.connects()
            if other == "asleep" { client.fallsAsleep() }
        }
        client.sends(.pingRequest("b"))
        client.receives(.disconnect())
        dialogue.doesNotObserve(.clientLost)
        upstream.receivesNothing()
        sleepersUpstream.receivesNothing()
        sleeper.wakesUpInVain()
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Rules for clients at some places: whose a ClientId is elsewhere, and whose a session of the store is (AMB-39).
@Suite struct ClientRulePlaceTests {
    /// A rule for one network, which says who its clients are.
    private static func rule(_ clientID: String, network: UInt16, as username: String) -> ClientRule {
        .rule(clientID) { ($0.networks, $0.username) = ([network], username.octets) }
    }

    // MARK: A name that is kept for a place

    @Test("AMB-39 A ClientId that a rule names for a place is admitted elsewhere only by a rule that names it, too")
    func nameKeptForAPlace() {
        let dialogue = Dialogue(
            .ruled([
                Self.rule("pump-1", network: 1, as: "pump"), Self.rule("pump-1", network: 2, as: "spare"),
                .rule("pump-2") { ($0.links, $0.username) = ([1], "radio".octets) }, .rule(),
            ]))
        dialogue.client("pump-1").isNotAdmitted(because: .rule(.elsewhere, number: 1))
        dialogue.client("pump-2").isNotAdmitted(because: .rule(.elsewhere, number: 3))
        dialogue.client("pump-3").connects(as: "pump-3")
        dialogue.client("pump-2", link: 1).connects(as: "pump-2", username: "radio")
        dialogue.network = 2
        let spare = dialogue.client("pump-1")
        spare.leaves(spare.connects(as: "pump-1", username: "spare"))
        dialogue.network = 1
        dialogue.client("pump-1").connects(as: "pump-1", username: "pump")
    }

    @Test("AMB-39 A pattern for more names, a rule that denies and a rule before keep no name from others")
    func nameNotKept() {
        let dialogue = Dialogue(
            .ruled([
                Self.rule("c*", network: 1, as: "one"), Self.rule("d?", network: 1, as: "one"),
                .rule("e1") { ($0.networks, $0.isDenied) = ([1], true) },
                .rule("f*") { $0.links = [1] }, Self.rule("f1", network: 1, as: "one"), .rule(),
            ]))
        for name in ["c1", "d1", "e1"] { dialogue.client(name).connects(as: name) }
        dialogue.client("f1", link: 1).connects(as: "f1")
    }

    @Test("AMB-39 AMB-11 A sleeper whose name is kept for a place does not wake up elsewhere")
    func sleeperWithKeptName() {
        let dialogue = Dialogue(
            .ruled([.rule("c1") { ($0.links, $0.maximumQoS) = ([1], 1) }, .rule { $0.maximumQoS = 1 }]))
        let client = dialogue.client("c1", link: 1)
        client.connects(clean: false)
        client.sends(.disconnect(60))
        client.receives(.disconnect())
        let other = dialogue.client("c1", link: 0)
        other.sends(.pingRequest("c1"))
        other.receives(.disconnect())
    }

    // MARK: Sessions of the store

    /// What the client left as, and how; whether the new rule has the identifier of the old one at the broker.
    private func disowned(asleep: Bool, sameName: Bool) {
        let name = sameName ? "x-c1" : "c1"
        let old = ClientRule.rule("c*") { if sameName { $0.brokerClientID = "x-${client_id}".octets } }
        var new = Self.rule("c*", network: 2, as: "plant")
        new.brokerClientID = old.brokerClientID
        let dialogue = Dialogue(.ruled([old]))
        let client = dialogue.client("c1")
        let upstream = client.connects(as: name, clean: false)
        if asleep {
            client.sends(.disconnect(60))
            client.receives(.disconnect())
        } else {
            client.leaves(upstream)
        }
        dialogue.decides { $0.clientRules = [new, old] }
        #expect(dialogue.restarts() == [])
        dialogue.network = 2
        let there = dialogue.client("c1")
        there.sends(.connect("c1", clean: false))
        dialogue.observes(.sessionDisowned, of: "c1")
        let next = dialogue.opensStream()
        next.opens()
        next.receives(.connect(name, clean: false, username: "plant"))
        next.sends(.connectAcknowledgement())
        there.receives(.connectAcknowledgement())
        #expect(dialogue.sessionCount == 1)
    }

    @Test(
        "AMB-39 A session of the store ends for its client where an earlier rule has made it somebody else",
        arguments: [false, true])
    func earlierRuleWins(sameName: Bool) {
        disowned(asleep: false, sameName: sameName)
        disowned(asleep: true, sameName: sameName)
    }

    @Test("AMB-39 A session of the store does not end for whom a later rule admits elsewhere")
    func laterRuleDoesNotWin() {
        let dialogue = Dialogue(.ruled([Self.rule("c*", network: 2, as: "plant"), .rule()]))
        dialogue.network = 2
        let client = dialogue.client("c1")
        client.leaves(client.connects(as: "c1", username: "plant", clean: false))
        #expect(dialogue.restarts() == [])
        dialogue.network = 0
        dialogue.client("c1").isNotAdmitted(because: .rule(.otherIdentity, number: 2), clean: false)
        dialogue.network = 2
        client.connects(as: "c1", username: "plant", clean: false, present: true)
    }

    @Test("AMB-39 Where the rules are the same as before, a restart makes no session give way")
    func sameRules() {
        let dialogue = Dialogue(.ruled([Self.rule("c*", network: 2, as: "guest"), .rule()]))
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        #expect(dialogue.restarts() == [])
        dialogue.network = 2
        dialogue.client("c1").isNotAdmitted(because: .rule(.otherIdentity, number: 1), clean: false)
        dialogue.network = 0
        client.connects(as: "c1", clean: false, present: true)
    }

    @Test("AMB-39 A session gives way when the broker can be asked for the next one, and not before")
    func brokerAway() {
        let old = ClientRule.rule("c*")
        let dialogue = Dialogue(.ruled([old]))
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        dialogue.decides { $0.clientRules = [Self.rule("c*", network: 2, as: "plant"), old] }
        #expect(dialogue.restarts() == [])
        dialogue.shared?.closes()
        dialogue.passes(.seconds(1))
        dialogue.opensStream().closes(.refused)
        dialogue.network = 2
        let there = dialogue.client("c1")
        there.sends(.connect("c1", clean: false))
        there.receives(.connectAcknowledgement(.congestion))
        #expect(dialogue.sessionCount == 1)
    }

    @Test("AMB-39 A session whose client has been heard ends for nobody else")
    func livingSessionStays() {
        let dialogue = Dialogue(.ruled([Self.rule("c*", network: 2, as: "plant"), .rule()]))
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        #expect(dialogue.restarts() == [])
        let upstream = client.connects(as: "c1", clean: false, present: true)
        for isConnected in [true, false] {
            if !isConnected { client.leaves(upstream) }
            dialogue.network = 2
            dialogue.client("c1").isNotAdmitted(because: .rule(.otherIdentity, number: 1), clean: false)
            dialogue.network = 0
        }
        #expect(dialogue.sessionCount == 1)
    }

    @Test("AMB-39 Where it is known where the client of a session was, the rules for that place count")
    func knownPlace() {
        for (network, link, refusals) in [
            (UInt16(3), UInt16(0), [RestoreRefusal.otherIdentity]), (0, 1, [.otherIdentity]), (4, 0, []),
        ] {
            let dialogue = Dialogue(.ruled([.rule("c*")]))
            dialogue.network = network
            let client = dialogue.client("c1", link: link)
            client.connects(clean: false)
            client.sends(.disconnect(60))
            client.receives(.disconnect())
            dialogue.decides {
                $0.clientRules = [
                    .rule { ($0.networks, $0.isDenied) = ([3], true) }, .rule { ($0.links, $0.isDenied) = ([1], true) },
                    .rule("c*"),
                ]
            }
            #expect(dialogue.restarts(knowingAddresses: true) == refusals)
            #expect(dialogue.sessionCount == (refusals.isEmpty ? 1 : 0))
        }
    }

    @Test("AMB-39 A session by a name that is now kept for a place does not go on by the rule for all others")
    func sessionOfKeptName() {
        let dialogue = Dialogue(.ruled([.rule()]))
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        dialogue.decides { $0.clientRules = [Self.rule("c1", network: 1, as: "plant"), .rule()] }
        #expect(dialogue.restarts() == [.otherIdentity])
    }
}

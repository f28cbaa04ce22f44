import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// Who may connect, and as whom at the broker: the owner's rules for clients (AMB-39).
@Suite struct ClientRuleTests {
    // MARK: Who is admitted

    @Test("AMB-39 The first rule that fits holds, and whom none fits is told 0x03, counted")
    func firstMatch() {
        let dialogue = Dialogue(
            .ruled([
                .rule("pump-?") { $0.username = "first".octets }, .rule("pump-*") { $0.username = "second".octets },
                .rule("valve") { $0.isDenied = true },
            ]))
        dialogue.client("pump-1").connects(as: "pump-1", username: "first")
        dialogue.client("pump-12").connects(as: "pump-12", username: "second")
        dialogue.client("pump-ü").connects(as: "pump-ü", username: "first")
        let denied = dialogue.client("valve")
        denied.isNotAdmitted(because: .rule(.denied, number: 3))
        dialogue.client("pump").isNotAdmitted(because: .notAdmitted)
        #expect(!denied.isKnown)
        #expect(dialogue.sessionCount == 3)
    }

    @Test("AMB-39 Without a rule that says anything a client is at the broker as it would be without rules")
    func usual() {
        let dialogue = Dialogue(
            .ruled([.rule()]) {
                $0.upstream.clientIDPrefix = "gw-".octets
                $0.upstream.username = "gateway".octets
                $0.upstream.password = "secret".octets
            }, isBrokerReachable: false)
        dialogue.passes(.seconds(2))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1", username: "gateway", password: "secret"))
        shared.sends(.connectAcknowledgement())
        dialogue.client("c1").connects(as: "gw-c1", username: "gateway", password: "secret")
    }

    @Test("AMB-39 A rule for a link or a network is for who comes from there")
    func places() {
        let dialogue = Dialogue(
            .ruled([
                .rule("c*") { ($0.links, $0.username) = ([1], "radio".octets) },
                .rule("c*") { ($0.networks, $0.username) = ([2, 3], "plant".octets) },
            ]))
        dialogue.client("c1", link: 1).connects(as: "c1", username: "radio")
        dialogue.client("c2", link: 0).isNotAdmitted(because: .notAdmitted)
        dialogue.network = 3
        dialogue.client("c2", link: 0).connects(as: "c2", username: "plant")
        dialogue.network = 1
        dialogue.client("c3", link: 0).isNotAdmitted(because: .notAdmitted)
    }

    @Test("AMB-39 AMB-08 A client without ClientId is judged by the name that it is given")
    func assignedName() {
        let dialogue = Dialogue(.ruled([.rule("assigned-*") { $0.isDenied = true }]) { $0.emptyClientID = .assign })
        let client = dialogue.client("")
        client.sends(.connect(""))
        client.receives(.connectAcknowledgement(.notSupported))
        dialogue.observes(.clientNotAdmitted)
    }

    @Test("AMB-39 Nobody gets the identifier that a rule makes for somebody else, though he is not there")
    func nameOfWhoIsAway() {
        let dialogue = Dialogue(
            .ruled([
                .rule("pump-*") { ($0.networks, $0.brokerClientID) = ([1], "plant-${client_id}".octets) },
                .rule("valve-*") { $0.brokerClientID = "plant-pump-${client_id}".octets },
                .rule(),
            ]))
        dialogue.client("plant-pump-3").isNotAdmitted(because: .rule(.brokerClientIDTaken, number: 3))
        // No pump's, by the first rule's pattern.
        dialogue.client("plant-motor-3").connects(as: "plant-motor-3")
        // By either rule: that of the pump valve-1, and of the valve.
        dialogue.client("valve-1").isNotAdmitted(because: .rule(.brokerClientIDTaken, number: 2))
        dialogue.network = 1
        dialogue.client("pump-3").connects(as: "plant-pump-3")
    }

    // MARK: Names at the broker

    @Test("AMB-39 Variables stand for the client's own, user name and password among them")
    func variables() {
        let rule = ClientRule.rule { rule in
            rule.brokerClientID = "plant-${gateway_id}-${client_id}".octets
            rule.username = "u-${client_id}".octets
            rule.password = "p-${client_id}${unknown".octets
        }
        let dialogue = Dialogue(.ruled([rule]) { $0.gatewayID = 7 })
        dialogue.client("c1").connects(as: "plant-7-c1", username: "u-c1", password: "p-c1${unknown")
        dialogue.client("c2").connects(as: "plant-7-c2", username: "u-c2", password: "p-c2${unknown")
    }

    @Test("AMB-39 §5.5 The node behind a forwarder is told in hexadecimal digits; no other client has one")
    func node() {
        let dialogue = Dialogue(.ruled([.rule { $0.brokerClientID = "node-${node}".octets }]))
        dialogue.allowsForwarders = true
        let forwarder = dialogue.client("forwarder")
        dialogue.client("c1", node: [0xAB, 1], behind: forwarder).connects(as: "node-ab01")
        dialogue.client("c2").isNotAdmitted(because: .rule(.noNode, number: 1))
    }

    @Test("AMB-39 Two clients never have one identifier at the broker, nor one that of the gateway (MQTT 3.1.1 §3.1.4)")
    func noTwoAtTheBroker() {
        let dialogue = Dialogue(
            .ruled([
                .rule("x-*"), .rule("swiftlet") { $0.brokerClientID = "${client_id}-1".octets },
                .rule { $0.brokerClientID = "x-${client_id}".octets },
            ]))
        dialogue.client("y").connects(as: "x-y")
        dialogue.client("x-y").isNotAdmitted(because: .rule(.brokerClientIDTaken, number: 1))
        // That of z, who is away.
        dialogue.client("x-z").isNotAdmitted(because: .rule(.brokerClientIDTaken, number: 1))
        dialogue.client("z").connects(as: "x-z")
        dialogue.client("swiftlet").isNotAdmitted(because: .rule(.brokerClientIDTaken, number: 2))
    }

    @Test("AMB-39 An identifier is free again when its client's session is over")
    func identifierIsFreeAgain() {
        let dialogue = Dialogue(.ruled([.rule { $0.brokerClientID = "one".octets }]))
        let (first, second) = (dialogue.client("a"), dialogue.client("b"))
        let upstream = first.connects(as: "one")
        second.isNotAdmitted(because: .rule(.brokerClientIDTaken, number: 1))
        first.leaves(upstream)
        second.connects(as: "one")
    }

    @Test("AMB-39 A name that is longer than a text of MQTT (3.1.1 §1.5.3) refuses its client, and nothing else")
    func tooLong() {
        let name = String(repeating: "${client_id}", count: 70)
        let dialogue = Dialogue(
            .ruled([.rule { $0.brokerClientID = name.octets }]) { $0.limits.clientIDByteCount = 1_024 })
        dialogue.client(String(repeating: "c", count: 1_000)).isNotAdmitted(because: .rule(.tooLong, number: 1))
        dialogue.client("c").connects(as: String(repeating: "c", count: 70))
    }

    @Test("AMB-39 AMB-17 Credentials of a rule that the broker does not take are the owner's to mend: 0x01")
    func refusedCredentials() {
        let dialogue = Dialogue(.ruled([.rule("c1") { $0.username = "u".octets }, .rule()]))
        for (name, code) in [("c1", ReturnCode.congestion), ("c2", .notSupported)] {
            let client = dialogue.client(name)
            client.sends(.connect(name))
            let upstream = dialogue.opensStream()
            upstream.opens()
            upstream.receives(.connect(name, username: name == "c1" ? "u" : nil))
            upstream.sends(.connectAcknowledgement(.notAuthorized))
            client.receives(.connectAcknowledgement(code))
            upstream.receives(.close)
        }
    }

    // MARK: A session is one client's

    @Test("AMB-39 AMB-01 Who would be somebody else at the broker gets no session by its name, connected or kept")
    func sessionOfSomebodyElse() {
        let dialogue = Dialogue(
            .ruled([.rule { ($0.links, $0.username) = ([1], "radio".octets) }, .rule { $0.links = [0] }]))
        let client = dialogue.client("c1", link: 1)
        let upstream = client.connects(as: "c1", username: "radio", clean: false)
        let other = dialogue.client("c1", link: 0)
        other.isNotAdmitted(because: .rule(.otherIdentity, number: 2), clean: false)
        upstream.receivesNothing()
        client.leaves(upstream)
        dialogue.client("c1", link: 0).isNotAdmitted(because: .rule(.otherIdentity, number: 2), clean: false)
        client.connects(as: "c1", username: "radio", clean: false, present: true)
    }

    @Test("AMB-39 AMB-11 A sleeper wakes up nowhere else than where it would be the same at the broker")
    func sleeperElsewhere() {
        let dialogue = Dialogue(
            .ruled([.rule { ($0.links, $0.username) = ([1], "radio".octets) }, .rule { $0.links = [0] }]))
        let client = dialogue.client("c1", link: 1)
        let upstream = client.connects(as: "c1", username: "radio", clean: false)
        client.sends(.disconnect(60))
        client.receives(.disconnect())
        let other = dialogue.client("c1", link: 0)
        other.sends(.pingRequest("c1"))
        other.receives(.disconnect())
        let moved = dialogue.client("c1", link: 1)
        moved.sends(.pingRequest("c1"))
        moved.receives(.pingResponse)
        upstream.receivesNothing()
    }

    // MARK: Another life of the gateway

    @Test("AMB-39 A session that goes on is at the broker as whom it was")
    func restored() {
        let dialogue = Dialogue(.ruled([.rule { $0.brokerClientID = "x-${client_id}".octets }]))
        let client = dialogue.client("c1")
        client.leaves(client.connects(as: "x-c1", clean: false))
        #expect(dialogue.restarts() == [])
        client.connects(as: "x-c1", clean: false, present: true)
    }

    @Test("AMB-39 §5.5 A node's name that is part of its identity outlives its connection")
    func restoredNode() {
        let dialogue = Dialogue(.ruled([.rule { $0.brokerClientID = "n-${node}".octets }]))
        dialogue.allowsForwarders = true
        let client = dialogue.client("c1", node: [7], behind: dialogue.client("f"))
        let upstream = client.connects(as: "n-07", clean: false)
        client.sends(.disconnect())
        client.receives(.disconnect())
        upstream.receives(.disconnect, .close)
        #expect(dialogue.restarts() == [])
        client.connects(as: "n-07", clean: false, present: true)
    }

    @Test(
        "AMB-39 A session does not go on where the rules have made its client somebody else, or deny it",
        arguments: [
            [ClientRule.rule { $0.brokerClientID = "y-${client_id}".octets }], [.rule { $0.isDenied = true }],
            [.rule("d*")], [.rule("c1") { $0.maximumQoS = 1 }, .rule()], [],
        ])
    func notRestored(rules: [ClientRule]) {
        let dialogue = Dialogue(
            .ruled([.rule("c1") { $0.brokerClientID = "x-${client_id}".octets }, .rule("c*")]))
        let client = dialogue.client("c1")
        client.leaves(client.connects(as: "x-c1", clean: false))
        dialogue.decides { $0.clientRules = rules }
        #expect(dialogue.restarts() == [.otherIdentity])
    }

    @Test(
        "AMB-39 Rules that say nothing of a client leave its session, and a rule for one place does not end another's")
    func restoredUnderOtherRules() {
        let dialogue = Dialogue(.dialogue())
        let client = dialogue.client("c1")
        client.leaves(client.connects(clean: false))
        dialogue.decides { configuration in
            configuration.clientRules = [.rule { ($0.links, $0.isDenied) = ([9], true) }, .rule("c*")]
        }
        #expect(dialogue.restarts() == [])
        #expect(dialogue.sessionCount == 1)
    }

    @Test("AMB-39 GW-90 A record tells as whom the client was, behind all else, and without it is as it was before")
    func recorded() throws {
        var record = SessionRecord.rich
        let plain = record.octets
        record.identity = ClientIdentity.Record(digest: 0x0102_0304_0506_0708, nodeID: [7])
        let octets = record.octets
        #expect(octets[0] == plain[0] + 2 && octets[1..<plain.count] == plain[1...])
        #expect(Array(octets.dropFirst(plain.count)) == [1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, 1, 7])
        #expect(try SessionRecord.decode(octets.span.bytes) == record)
        for count in plain.count..<octets.count {
            let cut = Array(octets[..<count])
            #expect(throws: SessionRecordError(reason: .endsEarly, offset: count)) {
                try SessionRecord.decode(cut.span.bytes)
            }
        }
    }

    // MARK: Secrets

    @Test("AMB-39 Every password that leaves the core is marked as one, so that nobody writes it down")
    func passwordsAreMarked() {
        var configuration = GatewayConfiguration.ruled([
            .rule { ($0.username, $0.password) = ("u".octets, "hush-${client_id}".octets) }
        ])
        (configuration.upstream.username, configuration.upstream.password) = ("u".octets, "hush".octets)
        for version in [BrokerProtocol.v3_1_1, .v5_0] {
            configuration.upstream.version = version
            var gateway = Gateway(configuration: configuration, seed: 1)
            var effects = Effects()
            let now = Instant(nanoseconds: 1_000_000_000)
            func marked(_ event: Event, _ bytes: [UInt8] = []) -> [[UInt8]] {
                effects.removeAll()
                gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
                return effects.secrets.map { Array(effects.bytes[$0]) }
            }
            #expect(marked(.deadlineReached) == [])
            let shared = UpstreamID(slot: 0, generation: 1)
            #expect(effects.list.contains(.openStream(shared)))
            #expect(marked(.streamOpened(shared)) == ["hush".octets])
            let datagram = SNMessage.connect("c1").bytes
            _ = marked(.datagramReceived(from: PeerID(link: LinkID(0), number: 1)), datagram)
            let streams = effects.list.compactMap { effect -> UpstreamID? in
                if case .openStream(let id, _) = effect { id } else { nil }
            }
            #expect(streams.count == 1)
            for stream in streams { #expect(marked(.streamOpened(stream)) == ["hush-c1".octets]) }
        }
    }
}

import MQTT
import MQTTSN
import Testing
import Time
import TraceFile

@testable import GatewayCore

/// By which certificate a client is at the broker, as the owner's rules say (AMB-39).
@Suite struct ClientCertificateTests {
    private static func rule(
        _ clientID: String = "*", _ certificate: String = "/c/${client_id}.pem", _ key: String = "/k/${client_id}.key",
        _ change: (inout ClientRule) -> Void = { _ in }
    ) -> ClientRule {
        .rule(clientID) {
            ($0.certificateFile, $0.keyFile) = (certificate.octets, key.octets)
            change(&$0)
        }
    }

    private func shown(_ upstream: TestUpstream) -> ShownFiles? { upstream.dialogue.certificates[upstream.id] }

    @Test("AMB-39 Variables stand for the client's own in paths; the gateway itself has none")
    func paths() {
        let dialogue = Dialogue(
            .ruled([.rule("usual"), Self.rule("c*", "/c/${gateway_id}/${client_id}.pem", "/k/all.key")]) {
                $0.gatewayID = 7
            })
        let first = dialogue.client("c1").connects(as: "c1")
        #expect(
            shown(first) == ShownFiles(rule: 2, clientID: "c1", certificate: "/c/7/c1.pem", key: "/k/all.key"))
        #expect(shown(dialogue.client("usual").connects(as: "usual")) == nil)
        #expect(dialogue.certificates.count == 1)
    }

    @Test("AMB-39 §5.5 The node behind a forwarder stands in a path in hexadecimal digits")
    func node() {
        let dialogue = Dialogue(.ruled([Self.rule("*", "/c/${node}", "/k/${node}")]))
        dialogue.allowsForwarders = true
        let forwarder = dialogue.client("forwarder")
        let upstream = dialogue.client("c1", node: [0xAB, 1], behind: forwarder).connects(as: "c1")
        #expect(shown(upstream) == ShownFiles(rule: 1, clientID: "c1", certificate: "/c/ab01", key: "/k/ab01"))
        dialogue.client("c2").isNotAdmitted(because: .rule(.noNode, number: 1))
    }

    @Test(
        "AMB-39 A ClientId that would lead to another file is told 0x03, counted, and nothing is asked of the host",
        arguments: ["../c1", "a/b", "/", "..", ".", ".hidden", "/etc/swiftlet/gateway"])
    func otherFile(clientID: String) {
        let dialogue = Dialogue(.ruled([Self.rule()]))
        dialogue.client(clientID).isNotAdmitted(because: .rule(.noFileName, number: 1))
        #expect(dialogue.certificates.isEmpty && dialogue.requestedStream == nil)
        #expect(shown(dialogue.client("c1").connects(as: "c1"))?.certificate == "/c/c1.pem")
    }

    @Test("AMB-39 A ClientId that is in no path may be what it likes")
    func notInPath() {
        let dialogue = Dialogue(.ruled([Self.rule("*", "/c/all.pem", "/k/all.key")]))
        #expect(shown(dialogue.client("a/b").connects(as: "a/b"))?.certificate == "/c/all.pem")
    }

    @Test("AMB-39 A path that is longer than one may be refuses its client")
    func tooLong() {
        let path = "/" + String(repeating: "${client_id}", count: 50)
        let dialogue = Dialogue(.ruled([Self.rule("*", path)]) { $0.limits.clientIDByteCount = 1_024 })
        dialogue.client(String(repeating: "c", count: 80)).isNotAdmitted(because: .rule(.tooLong, number: 1))
        dialogue.client("c").connects(as: "c")
    }

    @Test("AMB-39 AMB-17 A certificate that cannot be used is the owner's to mend: 0x01, and nobody else notices")
    func unusable() {
        let dialogue = Dialogue(.ruled([Self.rule()]))
        let other = dialogue.client("c2")
        let upstream = other.connects(as: "c2")
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        dialogue.opensStream().closes(.noCertificate)
        client.receives(.connectAcknowledgement(.congestion))
        dialogue.observes(exactly: .clientRefused(.congestion, because: .noCertificate), of: "c1")
        #expect(dialogue.observations.allSatisfy { $0.clientID == "c1" })
        // The broker is as reachable as before.
        other.sends(.publish(.short("ab"), "x"))
        upstream.receives(.publish("ab", "x"))
        dialogue.client("c3").connects(as: "c3")
        client.connects(as: "c1")
    }

    @Test("GW-86 AMB-39 A connection that is restored shows what the one before has shown, in either way of doing it")
    func restored() {
        let dialogue = Dialogue(.ruled([Self.rule()]))
        let client = dialogue.client("c1")
        let first = client.connects(as: "c1")
        first.closes()
        dialogue.passes(.seconds(1))
        let second = dialogue.opensStream()
        #expect(second.id != first.id && shown(second) != nil && shown(second) == shown(first))
        // Not even now is somebody else's shown.
        second.closes(.noCertificate)
        dialogue.passes(.seconds(3))
        let third = dialogue.opensStream()
        #expect(shown(third) == shown(first))
        third.opens()
        third.receives(.connect("c1"))
        third.sends(.connectAcknowledgement())
        client.receivesNothing()
    }

    @Test("AMB-39 Who comes with another version of MQTT comes with the same certificate")
    func otherVersion() {
        let dialogue = Dialogue(.ruled([Self.rule()]) { $0.upstream.version = .auto })
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let first = dialogue.opensStream()
        first.opens()
        first.receives(.connect("c1"))
        first.sends(octets: [0x20, 0x02, 0x00, 0x01])
        dialogue.observes(.brokerVersionRefused)
        first.receives(.close)
        let second = dialogue.opensStream()
        #expect(shown(second) != nil && shown(second) == shown(first))
        second.opens()
        second.receives(.connect("c1"))
        #expect(dialogue.version(of: second.id) == .v3_1_1)
    }

    @Test("AMB-39 AMB-01 Who would show another certificate gets no session by a name, and it goes on for its own")
    func sessionOfSomebodyElse() {
        let dialogue = Dialogue(
            .ruled([Self.rule("*", "/c/a", "/k/a") { $0.links = [1] }, Self.rule("*", "/c/b", "/k/b")]))
        let client = dialogue.client("c1", link: 1)
        client.leaves(client.connects(as: "c1", clean: false))
        dialogue.client("c1", link: 0).isNotAdmitted(because: .rule(.otherIdentity, number: 2), clean: false)
        #expect(dialogue.restarts() == [])
        let again = dialogue.client("c1", link: 1)
        #expect(shown(again.connects(as: "c1", clean: false, present: true))?.certificate == "/c/a")
        // The owner has given the name to another device.
        dialogue.decides { $0.clientRules = [Self.rule("*", "/c/b", "/k/b")] }
        #expect(dialogue.restarts() == [.otherIdentity])
    }

    @Test("A recording tells one certificate from another, and without one is what it was before there were any")
    func recorded() {
        func hash(_ rules: [ClientRule]) -> UInt64 {
            var gateway = Gateway(configuration: .ruled(rules), seed: 1)
            var effects = Effects()
            let datagram = SNMessage.connect("c1").bytes
            let peer = PeerID(link: LinkID(0), number: 1)
            gateway.handle(
                .datagramReceived(from: peer), datagram.span.bytes, at: Instant(nanoseconds: 1), into: &effects)
            var hash = EffectHash()
            hash.combine(effects, at: Instant(nanoseconds: 1))
            return hash.value
        }
        #expect(hash([Self.rule()]) == hash([Self.rule()]))
        #expect(hash([Self.rule()]) != hash([Self.rule("*", "/c/${client_id}.pex")]))
        #expect(hash([Self.rule("*", "/cc", "/k")]) != hash([Self.rule("*", "/c", "c/k")]))
        #expect(hash([.rule()]) == hash([]))
    }

    @Test("The effect that asks for a stream is no larger than others")
    func size() { #expect(MemoryLayout<Effect>.stride <= 56) }
}

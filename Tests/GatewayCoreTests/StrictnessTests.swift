import GatewayCore
import MQTT
import MQTTSN
import Testing

/// What the gateway tolerates only where its owner has chosen so: nameless clients, miscounted lengths, whole topic
/// names at QoS −1.
@Suite struct StrictnessTests {
    // MARK: Clients without a name

    private func connects(_ client: TestClient, keepAlive: UInt16 = 0) -> (name: String, TestUpstream) {
        client.sends(.connect("", clean: true, keepAlive: keepAlive))
        let upstream = client.dialogue.opensStream()
        upstream.opens()
        var name = ""
        let packets = client.dialogue.readPackets(on: upstream.id)
        if case .connect(let clientID, true, _, nil, nil, nil)? = packets.first { name = clientID }
        #expect(packets.count == 1)
        return (name, upstream)
    }

    @Test("GW-22 AMB-08 An empty ClientId is refused unless one may be assigned", arguments: [true, false])
    func emptyRefused(isClean: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("")
        client.sends(.connect("", clean: isClean))
        client.receives(.connectAcknowledgement(.notSupported))
        dialogue.observes(exactly: .clientRefused(.notSupported, because: .noClientID))
        #expect(!client.isKnown)
    }

    @Test("GW-22 AMB-08 An assigned ClientId is another one for each client, and never empty upstream")
    func emptyAssigned() {
        let dialogue = Dialogue(.dialogue { $0.emptyClientID = .assign })
        var names: Set<String> = []
        for _ in 0..<100 {
            let client = dialogue.client("")
            let (name, upstream) = connects(client)
            #expect(name.hasPrefix("assigned-"))
            #expect(name.utf8.count <= 23)
            names.insert(name)
            upstream.sends(.connectAcknowledgement())
            client.receives(.connectAcknowledgement())
            client.sends(.pingRequest())
            client.receives(.pingResponse)
        }
        #expect(names.count == 100)
        #expect(dialogue.sessionCount == 100)
    }

    @Test("AMB-01 AMB-08 A nameless CONNECT that is repeated is the same one")
    func emptyRepeated() {
        let dialogue = Dialogue(.dialogue { $0.emptyClientID = .assign })
        let client = dialogue.client("")
        let (_, upstream) = connects(client)
        client.sends(.connect("", clean: true))
        client.receivesNothing()
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        client.sends(.connect("", clean: true))
        client.receives(.connectAcknowledgement())
        #expect(dialogue.sessionCount == 1)
    }

    @Test("AMB-08 A nameless client that connects anew is a new client")
    func emptyAgain() {
        let dialogue = Dialogue(.dialogue { $0.emptyClientID = .assign })
        let client = dialogue.client("")
        let (first, upstream) = connects(client)
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        client.sends(.connect("", clean: true, keepAlive: 5))
        upstream.receives(.close)
        let second = dialogue.opensStream()
        second.opens()
        let packets = dialogue.readPackets(on: second.id)
        if case .connect(let name, _, _, _, _, _)? = packets.first { #expect(name != first) }
        #expect(packets.count == 1)
        #expect(dialogue.sessionCount == 1)
    }

    @Test("AMB-08 Nobody gets a name for a session to which he could not return")
    func emptyPersistent() {
        let dialogue = Dialogue(.dialogue { $0.emptyClientID = .assign })
        let client = dialogue.client("")
        client.sends(.connect("", clean: false))
        client.receives(.connectAcknowledgement(.notSupported))
        #expect(dialogue.sessionCount == 0)
    }

    // MARK: The Paho library's Length

    /// A PUBLISH at QoS 0 on the client's first topic with 248 octets of payload, as the Paho client library counts it.
    private func miscounted(_ client: TestClient) -> [UInt8] {
        [0x01, 0x00, 0xFF, 0x0C, 0x00] + client.octetsOfTopicID(1) + [0x00, 0x00] + Array(repeating: 0x41, count: 248)
    }

    @Test(
        "AMB-32 GW-03 The Paho library's fault of 255 octets is understood only where that is chosen",
        arguments: [true, false])
    func lenient(isLenient: Bool) {
        let dialogue = Dialogue(.dialogue { $0.isLenient = isLenient })
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a", as: 1)
        client.sends(octets: miscounted(client))
        client.receivesNothing()
        if isLenient {
            upstream.receives(.publish("a", String(repeating: "A", count: 248)))
        } else {
            dialogue.observes(.malformedDatagram)
        }
    }

    @Test("AMB-32 GW-80 The same through a forwarder", arguments: [true, false])
    func lenientForwarded(isLenient: Bool) {
        let dialogue = Dialogue(.dialogue { $0.isLenient = isLenient })
        dialogue.allowsForwarders = true
        let client = dialogue.client("c1", node: [4], behind: dialogue.client(""))
        let upstream = client.connects()
        client.registers("a", as: 1)
        client.sends(octets: miscounted(client))
        client.receives()
        if isLenient { upstream.receives(.publish("a", String(repeating: "A", count: 248))) }
    }

    @Test("AMB-32 GW-03 Nothing else that is too long or too short is understood", arguments: [254, 256])
    func lenientNothingElse(declared: Int) {
        let dialogue = Dialogue(.dialogue { $0.isLenient = true })
        let client = dialogue.client("c1")
        client.connects()
        client.registers("a", as: 1)
        var octets = miscounted(client)
        octets[1] = UInt8(declared / 256)
        octets[2] = UInt8(declared % 256)
        client.sends(octets: octets)
        dialogue.observes(.malformedDatagram)
    }

    // MARK: Whole topic names at QoS −1

    private func fullNames(_ policy: QoSMinusOnePolicy = .predefined, _ isChosen: Bool = true) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.qosMinusOne = policy
                $0.qosMinusOneFullNames = isChosen
            })
    }

    @Test(
        "GW-49 AMB-19 A whole topic name before the payload is taken where that is chosen",
        arguments: ["", "x", "name"])
    func fullName(payload: String) {
        let dialogue = fullNames()
        let stranger = dialogue.client("")
        stranger.sends(.publish(.id(4), "name" + payload, id: 3, qos: .minusOne, retain: true))
        dialogue.shared?.receives(.publish("name", payload, retain: true))
        stranger.receivesNothing()
        #expect(!stranger.isKnown)
    }

    @Test(
        "GW-49 AMB-19 A whole name that is none, or longer than the message, is dropped without an answer",
        arguments: [(0, "name"), (5, "name"), (0xFFFF, "name"), (2, "a+"), (1, "#"), (2, "a\0"), (1, "é")])
    func noFullName(count: TopicID, data: String) {
        let dialogue = fullNames(.on)
        let stranger = dialogue.client("")
        stranger.sends(.publish(.id(count), data, qos: .minusOne))
        dialogue.observes(.qosMinusOneRefused)
        stranger.receivesNothing()
    }

    @Test("GW-49 AMB-19 Whole names are not taken unless chosen, nor where QoS −1 is off", arguments: [true, false])
    func fullNameOff(isChosen: Bool) {
        let dialogue = fullNames(isChosen ? .off : .on, isChosen)
        let stranger = dialogue.client("")
        stranger.sends(.publish(.id(4), "namex", qos: .minusOne))
        dialogue.observes(.qosMinusOneRefused)
        stranger.receivesNothing()
    }

    @Test("GW-87 AMB-19 A whole name may have as many octets as any topic name")
    func fullNameLimit() {
        let dialogue = Dialogue(
            .dialogue {
                $0.qosMinusOneFullNames = true
                $0.limits.topicNameByteCount = 4
            })
        let stranger = dialogue.client("")
        stranger.sends(.publish(.id(5), "12345", qos: .minusOne))
        dialogue.observes(.qosMinusOneRefused)
        stranger.sends(.publish(.id(4), "12345", qos: .minusOne))
        dialogue.shared?.receives(.publish("1234", "5"))
    }

    @Test("GW-49 QoS −1 needs no connection, also while one is being set up, and while its client sleeps")
    func duringSetUp() {
        let dialogue = Dialogue(.dialogue { $0.qosMinusOne = .on })
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.publish(.short("ab"), "1", qos: .minusOne))
        dialogue.shared?.receives(.publish("ab", "1"))
        client.sends(.willTopic(""))
        let upstream = client.asksBroker()
        client.sends(.publish(.short("ab"), "2", qos: .minusOne))
        dialogue.shared?.receives(.publish("ab", "2"))
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        client.sends(.disconnect(60))
        client.receives(.disconnect())
        client.sends(.publish(.short("ab"), "3", qos: .minusOne))
        dialogue.shared?.receives(.publish("ab", "3"))
        client.receivesNothing()
    }
}

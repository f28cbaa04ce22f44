import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What publications tell a broker of MQTT 5.0 of their way (§3.3.2.3.7).
@Suite struct UserPropertyTests {
    private func dialogue(
        _ properties: [WayProperty] = WayProperty.allCases, _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.gatewayID = 7
                $0.upstream.version = .v5_0
                $0.upstream.wayPropertyBits = WayProperty.bits(properties)
                $0.links = [LinkConfiguration(), LinkConfiguration()]
                $0.links[0].name = "udp://192.0.2.1:1884".octets
                $0.links[1].name = "/dev/radio".octets
                $0.predefinedTopics = PredefinedTopics([.init(topicID: 7, topicName: "all".octets)])
                change(&$0)
            })
    }

    /// The User Properties of what was written last on a stream, as `name=value`.
    private func told(_ upstream: TestUpstream?, _ dialogue: Dialogue) -> [String] {
        guard let upstream, let bytes = dialogue.lastWritten[upstream.id],
            let packet = try? Packet5.decode(bytes.span.bytes)
        else { return ["nothing"] }
        var (found, position): ([String], Int) = ([], 0)
        while let property = Packet5.nextProperty(of: packet.added.properties, in: bytes.span.bytes, at: &position) {
            guard case .pair(let name, let value) = property.value else { continue }
            found.append(
                String(decoding: bytes[name], as: UTF8.self) + "=" + String(decoding: bytes[value], as: UTF8.self))
        }
        return found
    }

    @Test("§3.3.2.3.7 Each QoS tells gateway and link, and another link from where the client has moved to")
    func link() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        for (id, qos) in [(MessageID(0), QualityOfService.atMostOnce), (5, .atLeastOnce), (6, .exactlyOnce)] {
            client.sends(.publish(.short("ab"), "x", id: id, qos: qos))
            upstream.receives(.publish("ab", "x", qos: DeliveryQoS(rawValue: qos.rawValue) ?? .atMostOnce, id: id))
            #expect(told(upstream, dialogue) == ["gateway=7", "link=udp://192.0.2.1:1884"])
        }
        let moved = dialogue.client("c1", link: 1)
        moved.sends(.connect("c1", clean: false))
        upstream.receives(.disconnect, .close)
        let next = moved.connectsUpstream(clean: false)
        moved.sends(.publish(.short("ab"), "x"))
        next.receives(.publish("ab", "x"))
        #expect(told(next, dialogue) == ["gateway=7", "link=/dev/radio"])
    }

    @Test("§3.3.2.3.7 GW-81 The node behind a forwarder is told, and only what is wanted")
    func node() {
        let dialogue = dialogue([.node])
        dialogue.allowsForwarders = true
        let client = dialogue.client("c1", node: [0x0A, 0xFF], behind: dialogue.client("f"))
        let upstream = client.connects()
        client.sends(.publish(.short("ab"), "x"))
        upstream.receives(.publish("ab", "x"))
        #expect(told(upstream, dialogue) == ["node=0aff"])
    }

    @Test("§3.3.2.3.7 GW-49 What comes without a connection tells the gateway alone")
    func withoutConnection() {
        let dialogue = dialogue()
        dialogue.client("").sends(.publish(.predefined(7), "x", qos: .minusOne))
        dialogue.shared?.receives(.publish("all", "x"))
        #expect(told(dialogue.shared, dialogue) == ["gateway=7"])
    }

    @Test("Nothing is told where nothing is to be, nor in 3.1.1", arguments: [true, false])
    func nothing(isWanted: Bool) {
        let dialogue = dialogue(isWanted ? WayProperty.allCases : []) {
            $0.upstream.version = isWanted ? .v3_1_1 : .v5_0
        }
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.publish(.short("ab"), "x"))
        upstream.receives(.publish("ab", "x"))
        let written = dialogue.lastWritten[upstream.id]
        #expect(written == (isWanted ? [0x30, 5, 0, 2, 97, 98, 120] : [0x30, 6, 0, 2, 97, 98, 0, 120]))
    }

    @Test("§3.2.2.3.6 They count in the broker's Maximum Packet Size", arguments: [0, 1])
    func packetSize(excess: Int) {
        let dialogue = dialogue([.gateway])
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        // Two octets of header, four of topic, two of identifier, one of length, and 13 of gateway=7.
        upstream.accepts { $0.append(property: .maximumPacketSize, 22 + 3) }
        client.receives(.connectAcknowledgement())
        let payload = String(repeating: "x", count: 3 + excess)
        client.sends(.publish(.short("ab"), payload, id: 5, qos: .atLeastOnce))
        if excess == 0 {
            upstream.receives(.publish("ab", payload, qos: .atLeastOnce, id: 5))
            #expect(dialogue.lastWritten[upstream.id]?.count == 25)
        } else {
            client.receives(.publishAcknowledgement(0x6162, 5, .notSupported))
        }
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing

/// What a client that comes back finds: numbers that it cannot mistake, and nothing lost without a word (AMB-15,
/// AMB-23).
@Suite struct AbsenceTests {
    // MARK: Message ids

    @Test("AMB-23 GW-42 The client may still hold the very first message when the broker has forgotten its session")
    func firstMessageUnanswered() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .exactlyOnce))
        client.leaves(first)
        let second = client.connects(clean: false, present: false)
        second.sends(.publish("ab", "2", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 0x8001, qos: .exactlyOnce))
    }

    @Test("AMB-23 GW-42 A broker that forgets twice before it sends anything does not bring the old numbers back")
    func forgottenTwice() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "1", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .exactlyOnce))
        client.leaves(first)
        client.leaves(client.connects(clean: false, present: false))
        let third = client.connects(clean: false, present: false)
        third.sends(.publish("ab", "2", qos: .exactlyOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 0x8001, qos: .exactlyOnce))
    }

    @Test("AMB-23 A new clean session begins with the broker's own numbers")
    func newCleanSession() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        first.sends(.publish("ab", "1", qos: .atLeastOnce, id: 9))
        client.receives(.publish(.short("ab"), "1", id: 9, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0x6162, 9))
        first.receives(.publishAcknowledgement(9))
        client.sends(.connect("c1"))
        first.receives(.disconnect, .close)
        let second = client.connectsUpstream()
        second.sends(.publish("ab", "2", qos: .atLeastOnce, id: 1))
        client.receives(.publish(.short("ab"), "2", id: 1, qos: .atLeastOnce))
    }
}

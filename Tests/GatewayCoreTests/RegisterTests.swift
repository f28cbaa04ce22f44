import GatewayCore
import MQTT
import MQTTSN
import Testing

/// Registration by the client (MQTT-SN 1.2 §6.5).
@Suite struct RegisterTests {
    @Test("GW-29 REGISTER is answered with its MsgId, and the same name gets the same id")
    func sameNameSameID() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.registers("a/b", as: 1, id: 0x1234)
        client.registers("c/d", as: 2, id: 0x1235)
        client.registers("a/b", as: 1, id: 0xFFFF)
        client.registers("a/b", as: 1, id: 0)
    }

    @Test("GW-79 A repeated REGISTER gets the same answer and takes no second id")
    func repeated() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.registers("a/b", as: 1, id: 7)
        client.registers("a/b", as: 1, id: 7)
        client.registers("c/d", as: 2, id: 8)
    }

    @Test("GW-31 The TopicId of a client's REGISTER is ignored", arguments: [1, 99, 0xFFFF] as [TopicID])
    func topicIDIgnored(topicID: TopicID) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.register(topicID, 1, "a/b"))
        client.receives(.registerAcknowledgement(1, 1))
    }

    @Test("GW-33 Each client has ids of its own")
    func ownTable() {
        let dialogue = Dialogue()
        let first = dialogue.client("c1")
        let second = dialogue.client("c2")
        let upstream1 = first.connects()
        let upstream2 = second.connects()
        first.registers("a/b", as: 1)
        second.registers("c/d", as: 1)
        first.sends(.publish(1, "x"))
        upstream1.receives(.publish("a/b", "x"))
        second.sends(.publish(1, "x"))
        upstream2.receives(.publish("c/d", "x"))
    }

    @Test("GW-30 GW-87 At the limit of topics REGISTER is congestion, for a new name only")
    func limit() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicsPerClient = 2 })
        let client = dialogue.client("c1")
        client.connects()
        client.registers("a", as: 1)
        client.registers("b", as: 2)
        client.sends(.register(0, 3, "c"))
        client.receives(.registerAcknowledgement(0, 3, .congestion))
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        client.registers("a", as: 1)
    }

    @Test(
        "GW-32 A name that cannot be published to is not supported",
        arguments: [
            SNMessage.register(0, 5, "a/+").bytes, SNMessage.register(0, 5, "#").bytes,
            SNMessage.register(0, 5, "a\0").bytes, SNMessage.register(0, 5, "").bytes,
            [0x08, 0x0A, 0, 0, 0, 5, 0x61, 0xFF],
        ])
    func unacceptable(octets: [UInt8]) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(octets: octets)
        client.receives(.registerAcknowledgement(0, 5, .notSupported))
        client.registers("a", as: 1)
    }

    @Test("GW-32 GW-87 A topic name may have as many octets as the configuration says")
    func nameLimit() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicNameByteCount = 4 })
        let client = dialogue.client("c1")
        client.connects()
        client.registers("1234", as: 1)
        client.sends(.register(0, 5, "12345"))
        client.receives(.registerAcknowledgement(0, 5, .notSupported))
    }

    @Test("GW-30 GW-87 At the limit of all topic names together a new one is congestion, a known one is not")
    func namesTogether() {
        // For whoever comes first there is half of it, and the shares are too small for a name.
        let dialogue = Dialogue(
            .dialogue {
                $0.limits.topicNamesByteCount = 2 * (2 + Limits.nameOverheadByteCount + Limits.nameUseByteCount)
            })
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.register(0, 1, "abc"))
        client.receives(.registerAcknowledgement(0, 1, .congestion))
        client.registers("ab", as: 1)
        client.sends(.register(0, 2, "c"))
        client.receives(.registerAcknowledgement(0, 2, .congestion))
        client.registers("ab", as: 1)
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing

/// Topic ids over the lives of a gateway: an id of an earlier life stands for the same name or for none (AMB-27).
@Suite struct TopicLifeTests {
    /// One life of the gateway: what it knows ends with it.
    private struct Life {
        let dialogue = Dialogue()
        let client: TestClient
        let upstream: TestUpstream

        init(_ clientID: String = "c1") {
            client = dialogue.client(clientID)
            upstream = client.connects()
        }

        /// The id that a REGISTER of the name is answered with.
        func id(of name: String, at location: SourceLocation = #_sourceLocation) -> TopicID {
            client.sends(.register(0, 7, name), at: location)
            guard case .registerAcknowledgement(let id, 7, .accepted) = dialogue.readMessages(to: client.address).first
            else {
                Issue.record("no id for \(name)", sourceLocation: location)
                return 0
            }
            return id
        }
    }

    @Test("AMB-27 AMB-04 An id of an earlier life is not taken for another name: the message is refused with 0x02")
    func otherName() {
        let earlier = Life().id(of: "t/a")
        let life = Life()
        _ = life.id(of: "t/b")
        life.client.sends(.publish(.id(earlier), "21", id: 2, qos: .atLeastOnce))
        life.client.receives(.publishAcknowledgement(earlier, 2, .invalidTopicID))
        life.upstream.receivesNothing()
    }

    @Test("AMB-27 The same client gets the same ids for the same names in every life, in whatever order it asks")
    func sameIDs() {
        let names = (1...20).map { "sensor/\($0)/state" }
        let first = Life()
        let second = Life()
        let ids = names.map { first.id(of: $0) }
        let again = names.reversed().map { second.id(of: $0) }
        #expect(ids == again.reversed())
        second.client.sends(.publish(.id(ids[4]), "x"))
        second.upstream.receives(.publish("sensor/5/state", "x"))
    }

    @Test("AMB-27 GW-33 Another client gets other ids for the same names, so that a mistaken one is noticed")
    func otherClient() {
        let names = (1...20).map { "sensor/\($0)/state" }
        let first = Life("c1")
        let second = Life("c2")
        #expect(names.map { first.id(of: $0) } != names.map { second.id(of: $0) })
    }

    @Test("AMB-27 An id that a gateway has only offered to the client is not good for the client's own messages")
    func offeredOnly() {
        let life = Life()
        life.client.subscribes("#", as: 0, on: life.upstream)
        life.upstream.sends(.publish("t/b", "1"))
        guard case .register(let id, let messageID, "t/b") = life.dialogue.readMessages(to: life.client.address).first
        else {
            Issue.record("no REGISTER")
            return
        }
        life.client.sends(.publish(.id(id), "of an earlier life", id: 2, qos: .atLeastOnce))
        life.client.receives(.publishAcknowledgement(id, 2, .invalidTopicID))
        life.upstream.receivesNothing()
        life.client.sends(.registerAcknowledgement(id, messageID))
        life.client.receives(.publish(.id(id), "1"))
        life.client.sends(.publish(.id(id), "2"))
        life.upstream.receives(.publish("t/b", "2"))
    }
}

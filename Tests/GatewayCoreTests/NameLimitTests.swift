import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What counts in the octets of all topic names: filters, requests and every use of a name, each with what it takes to
/// keep it (GW-87).
@Suite struct NameLimitTests {
    private static let useByteCount = Limits.nameUseByteCount
    /// What one client's use of a name of so many octets counts.
    private static func held(_ byteCount: Int) -> Int { byteCount + Limits.nameOverheadByteCount + useByteCount }

    /// Half of the limit is for whoever comes first, so many octets; the shares are too small for a name.
    private func dialogue(common: Int) -> Dialogue {
        Dialogue(.dialogue { $0.limits.topicNamesByteCount = 2 * common })
    }

    private func connected(_ dialogue: Dialogue, _ name: String = "c1") -> (TestClient, TestUpstream) {
        let client = dialogue.client(name)
        return (client, client.connects())
    }

    @Test("GW-54 GW-87 Filters with wildcards count, and where there is no room SUBSCRIBE is refused with congestion")
    func wildcards() {
        let dialogue = dialogue(common: 2 * Self.held(3))
        let (client, upstream) = connected(dialogue)
        client.subscribes("a/#", as: 0, id: 1, on: upstream)
        client.subscribes("b/#", as: 0, id: 2, on: upstream)
        client.sends(.subscribe(.name("c/#"), id: 3))
        client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        // What it has it may change, and give back.
        client.subscribes("b/#", as: 0, id: 4, qos: .exactlyOnce, on: upstream)
        client.sends(.unsubscribe(.name("b/#"), id: 5))
        upstream.receives(.unsubscribe("b/#", id: 5))
        upstream.sends(.unsubscribeAcknowledgement(5))
        client.receives(.unsubscribeAcknowledgement(5))
        client.subscribes("c/#", as: 0, id: 6, on: upstream)
    }

    @Test("GW-87 A name that others have counts its use")
    func shared() {
        let dialogue = dialogue(common: Self.held(4) + Self.held(4) - 1)
        let (client, _) = connected(dialogue)
        client.registers("name", as: 1)
        let (other, _) = connected(dialogue, "c2")
        other.sends(.register(0, 1, "name"))
        other.receives(.registerAcknowledgement(0, 1, .congestion))
    }

    @Test("GW-87 Requests that a silent broker does not answer count, and no more are taken", arguments: [true, false])
    func silentBroker(isUnsubscribing: Bool) {
        let dialogue = dialogue(common: 2 * Self.held(3))
        let (client, upstream) = connected(dialogue)
        func asks(_ filter: String, _ id: UInt16) {
            client.sends(
                isUnsubscribing
                    ? .unsubscribe(.name(filter), id: id) : .subscribe(.name(filter), id: id, qos: .atMostOnce))
        }
        for (number, filter) in ["a/#", "b/#"].enumerated() {
            let id = UInt16(number + 1)
            asks(filter, id)
            upstream.receives(isUnsubscribing ? .unsubscribe(filter, id: id) : .subscribe(filter, id: id))
        }
        asks("c/#", 3)
        dialogue.observes(.requestRefusedCongestion, of: "c1")
        if isUnsubscribing {
            client.receivesNothing()  // UNSUBACK has no code, and the client asks again
        } else {
            client.receives(.subscribeAcknowledgement(0, 3, .congestion))
        }
        upstream.sends(isUnsubscribing ? .unsubscribeAcknowledgement(1) : .subscribeAcknowledgement(1, 0x80))
        if isUnsubscribing {
            client.receives(.unsubscribeAcknowledgement(1))
        } else {
            client.receives(.subscribeAcknowledgement(0, 1, .notSupported))
        }
        asks("c/#", 3)
        upstream.receives(isUnsubscribing ? .unsubscribe("c/#", id: 3) : .subscribe("c/#", id: 3))
    }

    @Test("GW-55 GW-87 An UNSUBSCRIBE of a filter that is too long for a subscription is answered and asks nobody")
    func longUnsubscribe() {
        let dialogue = Dialogue(.dialogue { $0.limits.topicNameByteCount = 5 })
        let (client, upstream) = connected(dialogue)
        client.sends(.unsubscribe(.name("123456"), id: 7))
        client.receives(.unsubscribeAcknowledgement(7))
        upstream.receivesNothing()
        client.sends(.unsubscribe(.name("12345"), id: 8))
        upstream.receives(.unsubscribe("12345", id: 8))
    }

    @Test("GW-87 Names of waiting messages count with the messages")
    func namesOfMessages() {
        let name = String(repeating: "n", count: 1_000)
        let counted = Limits.queuedByteCount(nameByteCount: 1_000, payloadByteCount: 0)
        let dialogue = Dialogue(
            .dialogue {
                $0.limits.queuedByteCountPerClient = 2 * counted
                $0.queuePolicy = .dropNewest
            })
        let (client, upstream) = connected(dialogue)
        client.subscribes("#", as: 0, on: upstream)
        client.fallsAsleep()
        upstream.sends(.publish(name + "1", ""), .publish(name, ""))
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 0), of: "c1")
        upstream.sends(.publish("n", ""))
        dialogue.doesNotObserve(.messageDroppedQueueFull)
        #expect(dialogue.census.queuedByteCount == counted + 1 + 201)
    }
}

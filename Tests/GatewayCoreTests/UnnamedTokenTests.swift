import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What waits for a client when the broker connection ends is repeated by the broker in the next one (MQTT 3.1.1 §4.4).
/// Until it has been, nothing is acknowledged under its packet identifier: the repetition wants an answer too, and a
/// second one would meet whatever the broker gives the identifier to by then.
@Suite struct UnnamedTokenTests {
    private static let payload = "x"

    /// The client has a message that it has not answered; the broker connection has ended and is back.
    private func interrupted(
        _ qos: DeliveryQoS, _ answer: (TestClient, TestUpstream) -> Void = { _, _ in }
    ) -> (Dialogue, TestClient, TestUpstream) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", Self.payload, qos: qos, id: 5))
        client.receives(.publish(.short("ab"), Self.payload, id: number(qos), qos: QualityOfService(qos)))
        answer(client, first)
        first.closes()
        return (dialogue, client, client.isRestored(present: true))
    }

    /// The message id under which the client has the message.
    private func number(_ qos: DeliveryQoS) -> MessageID { qos == .exactlyOnce ? 5 : 1 }

    private func repeats(_ upstream: TestUpstream, _ qos: DeliveryQoS, at location: SourceLocation = #_sourceLocation) {
        upstream.sends(.publish("ab", Self.payload, qos: qos, id: 5, duplicate: true), at: location)
    }

    @Test("§4.4 QoS 1: what the client answers before the broker's repetition is acknowledged with that, and once")
    func atLeastOnce() {
        let (_, client, second) = interrupted(.atLeastOnce)
        client.sends(.publishAcknowledgement(0x6162, 1))
        second.receivesNothing()
        repeats(second, .atLeastOnce)
        second.receives(.publishAcknowledgement(5))
        client.receivesNothing()
        // The identifier is free, and what comes under it now is another message, were it the same again.
        repeats(second, .atLeastOnce)
        client.receives(.publish(.short("ab"), "x", id: 2, qos: .atLeastOnce, duplicate: true))
        second.receivesNothing()
    }

    @Test("§4.4 QoS 1: so is what the client has answered while there was no connection")
    func atLeastOnceMeanwhile() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "x", qos: .atLeastOnce, id: 5))
        client.receives(.publish(.short("ab"), "x", id: 1, qos: .atLeastOnce))
        first.closes()
        client.sends(.publishAcknowledgement(0x6162, 1))
        let second = client.isRestored(present: true)
        second.receivesNothing()
        repeats(second, .atLeastOnce)
        second.receives(.publishAcknowledgement(5))
        client.receivesNothing()
    }

    @Test("§4.4 Once the broker has repeated a message, the client's answer goes up at once", arguments: [1, 2])
    func named(level: Int) {
        let qos = level == 1 ? DeliveryQoS.atLeastOnce : .exactlyOnce
        let (_, client, second) = interrupted(qos)
        repeats(second, qos)
        second.receivesNothing()
        client.receivesNothing()
        if qos == .atLeastOnce {
            client.sends(.publishAcknowledgement(0x6162, 1))
            second.receives(.publishAcknowledgement(5))
        } else {
            client.sends(.publishReceived(5))
            second.receives(.publishReceived(5))
        }
    }

    @Test("§4.4 QoS 2: a PUBREC that comes before the broker's repetition is passed on with that")
    func received() {
        let (_, client, second) = interrupted(.exactlyOnce)
        client.sends(.publishReceived(5))
        second.receivesNothing()
        repeats(second, .exactlyOnce)
        second.receives(.publishReceived(5))
        client.receivesNothing()
        second.sends(.publishRelease(5))
        client.receives(.publishRelease(5))
        client.sends(.publishComplete(5))
        second.receives(.publishComplete(5))
    }

    @Test("§4.4 QoS 2: a PUBCOMP that comes before the broker's PUBREL is said again is passed on with that, and once")
    func completed() {
        let (_, client, second) = interrupted(.exactlyOnce) { client, first in
            client.sends(.publishReceived(5))
            first.receives(.publishReceived(5))
            first.sends(.publishRelease(5))
            client.receives(.publishRelease(5))
        }
        client.sends(.publishComplete(5))
        second.receivesNothing()
        second.sends(.publishRelease(5))
        second.receives(.publishComplete(5))
        client.receivesNothing()
        // A PUBREL of which nothing is known any more goes to the client, as after a restart of the gateway.
        second.sends(.publishRelease(5))
        client.receives(.publishRelease(5))
    }

    @Test("§4.4 Another message under an identifier that was answered is delivered", arguments: [1, 2])
    func another(level: Int) {
        let qos = level == 1 ? DeliveryQoS.atLeastOnce : .exactlyOnce
        let (_, client, second) = interrupted(qos) { client, first in
            guard qos == .exactlyOnce else { return }
            client.sends(.publishReceived(5))
            first.receives(.publishReceived(5))
            first.sends(.publishRelease(5))
            client.receives(.publishRelease(5))
        }
        client.sends(qos == .atLeastOnce ? .publishAcknowledgement(0x6162, 1) : .publishComplete(5))
        second.sends(.publish("ab", "y", qos: .atLeastOnce, id: 5))
        client.receives(.publish(.short("ab"), "y", id: qos == .atLeastOnce ? 2 : 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(0x6162, qos == .atLeastOnce ? 2 : 1))
        second.receives(.publishAcknowledgement(5))
    }

    @Test("GW-58 §4.4 What the client rejects before the broker's repetition is ended with that", arguments: [1, 2])
    func rejected(level: Int) {
        let qos = level == 1 ? DeliveryQoS.atLeastOnce : .exactlyOnce
        let (dialogue, client, second) = interrupted(qos)
        client.sends(.publishAcknowledgement(0x6162, number(qos), .notSupported))
        dialogue.observes(.messageDroppedNotRegistered, of: "c1")
        second.receivesNothing()
        repeats(second, qos)
        client.receivesNothing()
        guard qos == .exactlyOnce else { return second.receives(.publishAcknowledgement(5)) }
        second.receives(.publishReceived(5))
        second.sends(.publishRelease(5))
        second.receives(.publishComplete(5))
        client.receivesNothing()
    }

    @Test("§4.4 GW-87 What is given up for want of room before the broker's repetition is acknowledged with that")
    func givenUp() {
        let dialogue = Dialogue(.dialogue { $0.limits.undeliverablePerClient = 0 })
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        first.sends(.publish("ab", "x", qos: .atLeastOnce, id: 5))
        client.receives(.publish(.short("ab"), "x", id: 1, qos: .atLeastOnce))
        first.closes()
        let second = client.isRestored(present: true)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        for _ in 0..<3 {
            dialogue.passes(.seconds(10))
            client.receives(.publish(.short("ab"), "x", id: 1, qos: .atLeastOnce, duplicate: true))
        }
        dialogue.passes(.seconds(10))
        dialogue.observes(.messageUndeliverable, of: "c1")
        second.receivesNothing()
        repeats(second, .atLeastOnce)
        second.receives(.publishAcknowledgement(5))
        client.receivesNothing()
    }

    @Test("§4.4 GW-86 What was answered means nothing to a broker that has begun a new session")
    func forgotten() {
        let (dialogue, client, second) = interrupted(.atLeastOnce)
        client.sends(.publishAcknowledgement(0x6162, 1))
        dialogue.passes(.seconds(60))
        second.closes()
        let third = client.isRestored(present: false)
        third.sends(.publish("ab", "x", qos: .atLeastOnce, id: 5, duplicate: true))
        client.receives(.publish(.short("ab"), "x", id: 2, qos: .atLeastOnce, duplicate: true))
        third.receivesNothing()
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

// QoS 2 from the client as a test writes it. The packet identifier is always the message id (AMB-23).

extension TestClient {
    /// A client that has registered "a" as 1.
    static func publisher(
        _ dialogue: Dialogue, clean: Bool = true, present: Bool = false, at location: SourceLocation = #_sourceLocation
    ) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean, present: present, at: location)
        client.registers("a", as: 1, at: location)
        return (client, upstream)
    }

    /// The message goes up under its own number, as far as the PUBREC to the client.
    func publishesExactlyOnce(
        _ payload: String, id: MessageID = 1, on upstream: TestUpstream,
        at location: SourceLocation = #_sourceLocation
    ) {
        sends(.publish(1, payload, id: id, qos: .exactlyOnce), at: location)
        upstream.receives(.publish("a", payload, qos: .exactlyOnce, id: id), at: location)
        upstream.sends(.publishReceived(id), at: location)
        receives(.publishReceived(id), at: location)
    }

    func releases(id: MessageID = 1, on upstream: TestUpstream, at location: SourceLocation = #_sourceLocation) {
        sends(.publishRelease(id), at: location)
        upstream.receives(.publishRelease(id), at: location)
        upstream.sends(.publishComplete(id), at: location)
        receives(.publishComplete(id), at: location)
    }

    /// After a loss the gateway comes back to a broker that has, or has not, the session.
    func isRestored(present: Bool, at location: SourceLocation = #_sourceLocation) -> TestUpstream {
        dialogue.passes(.seconds(1), at: location)
        let upstream = asksBroker(clean: false, at: location)
        upstream.sends(.connectAcknowledgement(present: present), at: location)
        return upstream
    }
}

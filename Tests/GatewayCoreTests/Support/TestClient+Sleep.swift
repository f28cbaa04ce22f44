import GatewayCore
import MQTT
import MQTTSN
import Testing

// The sleep cycle's steps as a test writes them (MQTT-SN 1.2 §6.14).

extension TestClient {
    /// Falls asleep for `seconds`; the broker is not told.
    func fallsAsleep(_ seconds: UInt16 = 300, at location: SourceLocation = #_sourceLocation) {
        sends(.disconnect(seconds), at: location)
        receives(.disconnect(), at: location)
    }

    /// Wakes up; what the gateway then says is still to be named.
    func wakesUp(at location: SourceLocation = #_sourceLocation) { sends(.pingRequest(clientID), at: location) }

    /// Wakes up and finds nothing.
    func wakesUpInVain(at location: SourceLocation = #_sourceLocation) {
        wakesUp(at: location)
        receives(.pingResponse, at: location)
    }

    /// A client of `dialogue` that has subscribed to "a/b" and knows it as 1, and sleeps.
    static func asleep(
        _ dialogue: Dialogue, clean: Bool = true, keepAlive: UInt16 = 0, seconds: UInt16 = 300,
        at location: SourceLocation = #_sourceLocation
    ) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: clean, keepAlive: keepAlive, at: location)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream, at: location)
        client.fallsAsleep(seconds, at: location)
        return (client, upstream)
    }
}

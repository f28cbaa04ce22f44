import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// When the broker counts as reachable: when it has accepted a CONNECT, of the gateway's own connection or of a client's
/// (GW-10, GW-21, AMB-17).
@Suite struct BrokerStandingTests {
    private let advertise = SNMessage.advertise(gatewayID: 1, seconds: 1_200)

    /// The broker answers the gateway's own CONNECT with `code`.
    private func refused(_ code: ConnectReturnCode) -> Dialogue {
        let dialogue = Dialogue(isBrokerReachable: false, hearsAdvertise: true)
        dialogue.passes(.seconds(2))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement(code))
        shared.receives(.close)
        return dialogue
    }

    @Test(
        "GW-10 AMB-37 A broker that answers, but refuses, is not reachable: the gateway does not offer itself",
        arguments: [ConnectReturnCode.identifierRejected, .serverUnavailable, .badCredentials, .notAuthorized])
    func refusing(code: ConnectReturnCode) {
        let dialogue = refused(code)
        dialogue.observes(.brokerRefusing)
        dialogue.doesNotObserve(.brokerReachable)
        dialogue.broadcasts()
        let searcher = dialogue.client("s")
        searcher.sends(.searchGateway(radius: 1))
        searcher.receivesNothing()
        dialogue.broadcasts()
    }

    @Test("GW-10 GW-21 AMB-37 A client's accepted CONNECT makes it reachable, and that is advertised at once")
    func acceptedForAClient() {
        let dialogue = refused(.identifierRejected)
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.sends(.connectAcknowledgement())
        dialogue.observes(.brokerReachable)
        client.receives(.connectAcknowledgement())
        dialogue.broadcasts(advertise)
        // The own connection's next refusal says nothing against that.
        dialogue.passes(.seconds(4))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement(.identifierRejected))
        shared.receives(.close)
        dialogue.doesNotObserve(.brokerRefusing)
        // When the client has left, it does.
        client.leaves(upstream)
        dialogue.passes(.seconds(10))
        let again = dialogue.opensStream()
        again.opens()
        again.receives(.connect("swiftlet-1"))
        again.sends(.connectAcknowledgement(.identifierRejected))
        again.receives(.close)
        dialogue.observes(.brokerRefusing)
    }

    @Test(
        "GW-21 AMB-17 Credentials are the gateway's own: what is wrong with them is no client's permanent fault",
        arguments: [ConnectReturnCode.badCredentials, .notAuthorized])
    func credentials(code: ConnectReturnCode) {
        let dialogue = refused(code)
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.sends(.connectAcknowledgement(code))
        client.receives(.connectAcknowledgement(.congestion))
        upstream.receives(.close)
        dialogue.observes(.upstreamRefused, of: "c1")
        dialogue.doesNotObserve(.brokerReachable)
        dialogue.broadcasts()
    }
}

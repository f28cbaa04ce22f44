import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A stand-by gateway, which makes itself known only while no other one does (MQTT-SN 1.2 §6.1, GW-15).
@Suite struct StandbyTests {
    private let advertise = SNMessage.advertise(gatewayID: 7, seconds: 100)

    private func dialogue(missed: Int = 3) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.gatewayID = 7
                $0.discovery.advertiseIntervalSeconds = 100
                $0.discovery.isStandby = true
                $0.discovery.missedAdvertisements = missed
                $0.upstream.reconnectMinimum = .seconds(60)
                $0.upstream.reconnectMaximum = .seconds(60)
                $0.upstream.connectTimeout = .seconds(100)
            }, hearsAdvertise: true)
    }

    /// Another gateway on the link makes itself known.
    private func hears(
        _ dialogue: Dialogue, _ gatewayID: UInt8 = 9, seconds: UInt16, at location: SourceLocation = #_sourceLocation
    ) {
        let other = dialogue.client("")
        other.sends(.advertise(gatewayID: gatewayID, seconds: seconds), at: location)
        other.receivesNothing(at: location)
    }

    @Test("GW-15 It gives the others NADV of its own TADV to show themselves, then begins", arguments: [1, 3])
    func nobody(missed: Int) {
        let dialogue = dialogue(missed: missed)
        dialogue.passes(.milliseconds(missed * 100_000 - 1))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
        dialogue.passes(.seconds(100))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-15 It keeps quiet while the other one advertises, and begins after NADV missed ones")
    func otherStops() {
        let dialogue = dialogue()
        for _ in 0..<50 {
            hears(dialogue, seconds: 60)
            dialogue.passes(.seconds(60))
            dialogue.broadcasts()
        }
        dialogue.passes(.milliseconds(119_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-15 The other one's Duration counts from the first time it is heard")
    func otherIsHeardOnce() {
        let dialogue = dialogue()
        hears(dialogue, seconds: 10)
        dialogue.passes(.milliseconds(29_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-15 A Duration that becomes shorter is the one that counts")
    func shorterDuration() {
        let dialogue = dialogue()
        hears(dialogue, seconds: 65_535)
        hears(dialogue, seconds: 10)
        dialogue.passes(.seconds(30))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-15 Of several others the one that would come last counts")
    func severalOthers() {
        let dialogue = dialogue()
        hears(dialogue, 8, seconds: 1_000)
        hears(dialogue, 9, seconds: 10)
        dialogue.passes(.milliseconds(2_999_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-15 When the other one returns, it is quiet again")
    func otherReturns() {
        let dialogue = dialogue()
        dialogue.passes(.seconds(300))
        dialogue.broadcasts(advertise)
        dialogue.passes(.seconds(50))
        hears(dialogue, seconds: 60)
        dialogue.passes(.milliseconds(179_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-15 AMB-36 Another gateway counts as the other one, also where it has the same number, which is observed")
    func sameNumber() {
        let dialogue = dialogue()
        dialogue.passes(.seconds(300))
        dialogue.broadcasts(advertise)
        dialogue.doesNotObserve(.gatewayIDTaken)
        hears(dialogue, 7, seconds: 100)
        dialogue.observes(exactly: .gatewayIDTaken(7))
        dialogue.passes(.milliseconds(299_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-12 GW-15 It answers SEARCHGW only while it is the one that advertises")
    func search() {
        let dialogue = dialogue()
        let searcher = dialogue.client("")
        searcher.sends(.searchGateway(radius: 0))
        searcher.receivesNothing()
        dialogue.passes(.seconds(300))
        dialogue.broadcasts(advertise)
        searcher.sends(.searchGateway(radius: 0))
        searcher.receives(.gatewayInfo(gatewayID: 7))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 7))
        hears(dialogue, seconds: 60)
        searcher.sends(.searchGateway(radius: 0))
        searcher.receivesNothing()
    }

    @Test("GW-15 Its clients are served, whoever advertises")
    func clients() {
        let dialogue = dialogue()
        hears(dialogue, seconds: 60)
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-10 GW-15 Without a broker it does not begin; with the broker it does")
    func brokerAway() {
        let dialogue = dialogue()
        dialogue.shared?.closes()
        for _ in 0..<9 {
            dialogue.passes(.seconds(60))
            dialogue.opensStream().closes(.refused)
            dialogue.broadcasts()
        }
        dialogue.passes(.seconds(60))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement())
        dialogue.broadcasts(advertise)
    }
}

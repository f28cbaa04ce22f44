import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// ADVERTISE, SEARCHGW and GWINFO of a gateway that is always the active one (MQTT-SN 1.2 §6.1).
@Suite struct DiscoveryTests {
    private static func configuration(links: Int = 1) -> GatewayConfiguration {
        .dialogue {
            $0.gatewayID = 7
            $0.discovery.advertiseIntervalSeconds = 100
            $0.links = Array(repeating: LinkConfiguration(), count: links)
        }
    }

    /// Every new attempt comes 30 to 60 seconds after the last.
    private static func slowBroker() -> GatewayConfiguration {
        var configuration = configuration()
        configuration.upstream.reconnectMinimum = .seconds(60)
        configuration.upstream.reconnectMaximum = .seconds(60)
        configuration.upstream.connectTimeout = .seconds(100)
        return configuration
    }

    private let advertise = SNMessage.advertise(gatewayID: 7, seconds: 100)

    /// The broker, which was away, accepts the shared connection.
    private func brokerReturns(_ dialogue: Dialogue, at location: SourceLocation = #_sourceLocation) {
        let shared = dialogue.opensStream(at: location)
        shared.opens(at: location)
        shared.receives(.connect("swiftlet-1"), at: location)
        shared.sends(.connectAcknowledgement(), at: location)
    }

    // MARK: ADVERTISE

    @Test("GW-09 GW-14 The first ADVERTISE comes with the broker, the next every TADV, and Duration says so")
    func everyInterval() {
        let dialogue = Dialogue(Self.configuration(), hearsAdvertise: true)
        dialogue.broadcasts(advertise)
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(99_999))
            dialogue.broadcasts()
            dialogue.passes(.milliseconds(1))
            dialogue.broadcasts(advertise)
            dialogue.observes(.advertised)
        }
    }

    @Test("GW-09 ADVERTISE goes out on every link")
    func everyLink() {
        let dialogue = Dialogue(Self.configuration(links: 3), hearsAdvertise: true)
        let expected = (0..<3).map { Dialogue.Broadcast(message: advertise, radius: 0, link: LinkID($0)) }
        #expect(dialogue.takeBroadcasts() == expected)
        dialogue.passes(.seconds(100))
        #expect(dialogue.takeBroadcasts() == expected)
    }

    @Test("GW-11 TADV is above 15 minutes unless configured otherwise")
    func defaultInterval() {
        #expect(DiscoveryConfiguration().advertiseIntervalSeconds > 15 * 60)
        let dialogue = Dialogue(hearsAdvertise: true)
        dialogue.broadcasts(.advertise(gatewayID: 1, seconds: 1_200))
        dialogue.passes(.seconds(1_199))
        dialogue.broadcasts()
        dialogue.passes(.seconds(1))
        dialogue.broadcasts(.advertise(gatewayID: 1, seconds: 1_200))
    }

    @Test("GW-10 Nothing is advertised before the broker is reached; then at once")
    func brokerNeverThere() {
        let dialogue = Dialogue(
            .dialogue {
                $0.discovery.advertiseIntervalSeconds = 10
                $0.upstream.reconnectMinimum = .seconds(60)
                $0.upstream.reconnectMaximum = .seconds(60)
                $0.upstream.connectTimeout = .seconds(100)
            }, isBrokerReachable: false, hearsAdvertise: true)
        dialogue.passes(.seconds(25))
        dialogue.broadcasts()
        dialogue.passes(.seconds(35))
        dialogue.broadcasts()
        brokerReturns(dialogue)
        dialogue.broadcasts(.advertise(gatewayID: 1, seconds: 10))
        dialogue.passes(.milliseconds(9_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(.advertise(gatewayID: 1, seconds: 10))
    }

    @Test("GW-10 While the broker is away nothing is advertised; what was due comes with its return")
    func brokerGoes() {
        let dialogue = Dialogue(Self.slowBroker(), hearsAdvertise: true)
        dialogue.broadcasts(advertise)
        dialogue.shared?.closes()
        for _ in 0..<5 {
            dialogue.passes(.seconds(60))
            dialogue.opensStream().closes(.refused)
            dialogue.broadcasts()
        }
        dialogue.passes(.seconds(60))
        dialogue.broadcasts()
        brokerReturns(dialogue)
        dialogue.broadcasts(advertise)
        dialogue.passes(.milliseconds(99_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-10 A broker that is back before the next ADVERTISE is due changes nothing")
    func brokerBlinks() {
        let dialogue = Dialogue(Self.configuration(), hearsAdvertise: true)
        dialogue.broadcasts(advertise)
        dialogue.shared?.closes()
        dialogue.passes(.seconds(1))
        dialogue.opensStream().closes(.refused)
        dialogue.passes(.seconds(2))
        brokerReturns(dialogue)
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(96_999))
        dialogue.broadcasts()
        dialogue.passes(.milliseconds(1))
        dialogue.broadcasts(advertise)
    }

    @Test("GW-09 ADVERTISE keeps its time under load")
    func underLoad() {
        let dialogue = Dialogue(Self.configuration(), hearsAdvertise: true)
        dialogue.broadcasts(advertise)
        let client = dialogue.client("c1")
        let upstream = client.connects(keepAlive: 60)
        client.registers("a", as: 1)
        var advertisements = 0
        for second in 1...400 {
            dialogue.passes(.seconds(1))
            let due = second % 100 == 0
            if due { dialogue.broadcasts(advertise) } else { dialogue.broadcasts() }
            advertisements += due ? 1 : 0
            client.sends(.publish(1, "x"))
            upstream.receives(.publish("a", "x"))
            let stranger = dialogue.client("")
            stranger.sends(.pingRequest())
            stranger.receives(.disconnect())
        }
        #expect(advertisements == 4)
    }

    @Test("GW-10 A gateway that stops no longer makes itself known")
    func shutDown() {
        let dialogue = Dialogue(Self.configuration(), hearsAdvertise: true)
        dialogue.broadcasts(advertise)
        dialogue.shutsDown()
        dialogue.shared?.receives(.disconnect, .close)
        dialogue.passes(.seconds(1_000))
        dialogue.broadcasts()
        dialogue.client("").sends(.searchGateway(radius: 1))
        dialogue.broadcasts()
    }

    // MARK: SEARCHGW

    @Test(
        "GW-12 GW-13 GW-14 AMB-21 GWINFO goes to the group with the radius of the search, and to whoever asked",
        arguments: [0, 1, 255] as [UInt8], [0, 1] as [UInt16])
    func search(radius: UInt8, link: UInt16) {
        let dialogue = Dialogue(Self.configuration(links: 2))
        let searcher = dialogue.client("", link: link)
        searcher.sends(.searchGateway(radius: radius))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 7), radius: radius, link: link)
        searcher.receives(.gatewayInfo(gatewayID: 7))
        dialogue.observes(.searchAnswered)
        #expect(!searcher.isKnown)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-12 GWINFO has no GwAdd")
    func noAddress() {
        let dialogue = Dialogue(Self.configuration())
        let searcher = dialogue.client("")
        searcher.sends(octets: [0x03, 0x01, 0x00])
        #expect(SNMessage.gatewayInfo(gatewayID: 7).bytes == [0x03, 0x02, 0x07])
        searcher.receives(SNMessage(reading: [0x03, 0x02, 0x07]))
        dialogue.broadcasts(SNMessage(reading: [0x03, 0x02, 0x07]))
    }

    @Test("GW-10 Without a broker SEARCHGW is not answered")
    func searchWithoutBroker() {
        let dialogue = Dialogue(Self.configuration(), isBrokerReachable: false, hearsAdvertise: true)
        let searcher = dialogue.client("")
        searcher.sends(.searchGateway(radius: 0))
        searcher.receivesNothing()
        dialogue.broadcasts()
        dialogue.passes(.seconds(1))
        brokerReturns(dialogue)
        dialogue.broadcasts(advertise)
        searcher.sends(.searchGateway(radius: 0))
        searcher.receives(.gatewayInfo(gatewayID: 7))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 7))
    }

    @Test("GW-12 GW-90 A connected client may search, and its session goes on")
    func connectedSearcher() {
        let dialogue = Dialogue(Self.configuration())
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.searchGateway(radius: 2))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 7), radius: 2)
        client.receives(.gatewayInfo(gatewayID: 7))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    @Test("GW-87 GW-13 Searches are answered so often per second, and no more, whatever strangers get")
    func rate() {
        let dialogue = Dialogue(
            .dialogue {
                $0.gatewayID = 7
                $0.limits.searchRepliesPerSecond = 5
                $0.limits.strangerRepliesPerSecond = 0
            })
        var answers = 0
        var broadcasts = 0
        for _ in 0..<100 {
            let searcher = dialogue.client("")
            searcher.sends(.searchGateway(radius: 0))
            answers += dialogue.readMessages(to: searcher.address).count
            broadcasts += dialogue.takeBroadcasts().count
            #expect(!searcher.isKnown)
        }
        #expect(answers == 5)
        #expect(broadcasts == 5)
        dialogue.passes(.seconds(1))
        let searcher = dialogue.client("")
        searcher.sends(.searchGateway(radius: 0))
        searcher.receives(.gatewayInfo(gatewayID: 7))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 7))
    }

    // MARK: What others say

    @Test(
        "GW-90 AMB-20 What other gateways and clients say about gateways changes nothing",
        arguments: [
            SNMessage.advertise(gatewayID: 9, seconds: 30).bytes, SNMessage.advertise(gatewayID: 7, seconds: 0).bytes,
            SNMessage.gatewayInfo(gatewayID: 9).bytes, [0x08, 0x02, 0x09, 0x04, 0x0A, 0x00, 0x00, 0x01],
        ])
    func others(octets: [UInt8]) {
        let dialogue = Dialogue(Self.configuration(), hearsAdvertise: true)
        dialogue.broadcasts(advertise)
        let other = dialogue.client("")
        other.sends(octets: octets)
        other.receivesNothing()
        #expect(!other.isKnown)
        dialogue.passes(.seconds(100))
        dialogue.broadcasts(advertise)
        other.sends(.searchGateway(radius: 0))
        other.receives(.gatewayInfo(gatewayID: 7))
        dialogue.broadcasts(.gatewayInfo(gatewayID: 7))
    }

    // MARK: Another gateway with the same number

    @Test("GW-14 AMB-36 Another gateway with this one's number is observed; clients that answer for this one are not")
    func sameNumber() {
        let dialogue = Dialogue(.dialogue { $0.gatewayID = 7 }, hearsAdvertise: true)
        dialogue.broadcasts(.advertise(gatewayID: 7, seconds: 1_200))
        let other = dialogue.client("")
        other.sends(.advertise(gatewayID: 7, seconds: 60))
        dialogue.observes(exactly: .gatewayIDTaken(7))
        other.sends(.gatewayInfo(gatewayID: 7))
        dialogue.observes(exactly: .gatewayIDTaken(7))
        let others: [[UInt8]] = [[7, 0x02, 7, 192, 0, 2, 1], [3, 0x02, 8], [5, 0x00, 8, 0, 60]]
        for bytes in others {
            other.sends(octets: bytes)
            dialogue.doesNotObserve(.gatewayIDTaken)
        }
        other.receivesNothing()
    }
}

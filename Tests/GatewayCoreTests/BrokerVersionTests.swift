import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// How a gateway finds out which version of MQTT its broker speaks.
@Suite struct BrokerVersionTests {
    private func dialogue() -> Dialogue {
        Dialogue(
            .dialogue {
                $0.upstream.version = .auto
                $0.upstream.reconnectMinimum = .seconds(1)
                $0.upstream.reconnectMaximum = .seconds(1)
            }, isBrokerReachable: false)
    }

    /// The gateway's next attempt.
    private func attempt(_ dialogue: Dialogue, after span: TimeSpan = .seconds(2)) -> TestUpstream {
        dialogue.passes(span)
        return connect(dialogue)
    }

    private func connect(_ dialogue: Dialogue) -> TestUpstream {
        let stream = dialogue.opensStream()
        stream.opens()
        stream.receives(.connect("swiftlet-1"))
        return stream
    }

    /// What refuses 5.0.
    enum Refusal: CaseIterable {
        /// The CONNACK of 3.1.1 with the return code 1.
        case returnCode
        /// 0x84 in a CONNACK of 5.0.
        case reasonCode
        /// The end of two connections in a row.
        case ends
    }

    private func refuse(_ dialogue: Dialogue, _ stream: TestUpstream, _ refusal: Refusal) -> TestUpstream {
        switch refusal {
        case .returnCode: stream.sends(octets: [0x20, 2, 0, 1])
        case .reasonCode: stream.sends(octets: [0x20, 3, 0, 0x84, 0])
        case .ends:
            stream.closes()
            let second = attempt(dialogue)
            #expect(dialogue.version(of: second.id) == .v5_0)
            second.closes(.failed)
            return attempt(dialogue)
        }
        dialogue.observes(.brokerVersionRefused)
        stream.receives(.close)
        return connect(dialogue)
    }

    @Test("5.0 is tried, and 3.1.1 where the broker refuses that", arguments: Refusal.allCases)
    func fallsBack(refusal: Refusal) {
        let dialogue = dialogue()
        let first = attempt(dialogue)
        #expect(dialogue.version(of: first.id) == .v5_0)
        let second = refuse(dialogue, first, refusal)
        #expect(dialogue.version(of: second.id) == .v3_1_1)
        second.sends(.connectAcknowledgement())
        dialogue.observes(.brokerReachable)
        let client = dialogue.client("c1").connects()
        #expect(dialogue.version(of: client.id) == .v3_1_1)
        client.receivesNothing()
        dialogue.passes(.seconds(10))
        second.closes()
        #expect(dialogue.version(of: connect(dialogue).id) == .v3_1_1)
    }

    @Test("A day later 5.0 is tried again", arguments: Refusal.allCases)
    func triesAgain(refusal: Refusal) {
        let dialogue = dialogue()
        dialogue.ignoresAdvertisements = true
        let stream = refuse(dialogue, attempt(dialogue), refusal)
        stream.sends(.connectAcknowledgement())
        dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
        stream.receives(.pingRequest)
        stream.sends(.pingResponse)
        dialogue.passes(.seconds(86_400 - Int(Dialogue.upstreamKeepAlive)))
        stream.closes()
        let fifth = connect(dialogue)
        #expect(dialogue.version(of: fifth.id) == .v5_0)
        #expect(dialogue.version(of: refuse(dialogue, fifth, refusal).id) == .v3_1_1)
    }

    @Test("An answer in 3.1.1 to a CONNECT of 5.0 is none, whatever it says", arguments: [UInt8(0), 5])
    func answersInThree(code: UInt8) {
        let dialogue = dialogue()
        let first = attempt(dialogue)
        first.sends(octets: [0x20, 2, 0, code])
        dialogue.observes(.brokerVersionRefused)
        first.receives(.close)
        #expect(dialogue.version(of: connect(dialogue).id) == .v3_1_1)
    }

    @Test("3.1.1 is not kept to where it comes to nothing, too")
    func neither() {
        let dialogue = dialogue()
        let second = refuse(dialogue, attempt(dialogue), .returnCode)
        second.closes()
        #expect(dialogue.version(of: attempt(dialogue).id) == .v5_0)
    }

    @Test("A broker that has accepted 5.0 is not doubted because it closes, nor one that refuses for another reason")
    func takesFive() {
        let dialogue = dialogue()
        var stream = attempt(dialogue)
        stream.sends(.connectAcknowledgement())
        for _ in 0..<4 {
            stream.closes()
            stream = attempt(dialogue)
            #expect(dialogue.version(of: stream.id) == .v5_0)
        }
        stream.sends(octets: [0x20, 3, 0, 0x88, 0])
        stream.receives(.close)
        #expect(dialogue.version(of: attempt(dialogue).id) == .v5_0)
    }

    @Test("A client whose CONNECT meets the refusal waits for the other version, and hears of nothing")
    func clientWaits() {
        let dialogue = dialogue()
        let shared = attempt(dialogue)
        shared.closes()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let first = dialogue.opensStream()
        first.opens()
        first.receives(.connect("c1"))
        #expect(dialogue.version(of: first.id) == .v5_0)
        first.sends(octets: [0x20, 2, 0, 1])
        first.receives(.close)
        client.receivesNothing()
        let second = client.asksBroker()
        #expect(dialogue.version(of: second.id) == .v3_1_1)
        second.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }

    @Test("A connection that TLS keeps from saying CONNECT says nothing of the version")
    func tlsFails() {
        let dialogue = dialogue()
        for isOpened in [false, true, false] {
            dialogue.passes(.seconds(2))
            let stream = dialogue.opensStream()
            if isOpened {
                stream.opens()
                stream.receives(.connect("swiftlet-1"))
            }
            stream.closes(.insecure)
        }
        #expect(dialogue.version(of: attempt(dialogue).id) == .v5_0)
    }

    @Test("A connection of 3.1.1 that is accepted late does not outweigh one of 5.0")
    func lateAcceptance() {
        let dialogue = dialogue()
        attempt(dialogue).closes()
        let shared = attempt(dialogue)
        let one = dialogue.client("c1")
        one.sends(.connect("c1"))
        one.asksBroker().closes()
        one.receives(.connectAcknowledgement(.congestion))
        let two = dialogue.client("c2")
        two.sends(.connect("c2"))
        let late = two.asksBroker()
        #expect(dialogue.version(of: late.id) == .v3_1_1)
        shared.sends(.connectAcknowledgement())
        late.sends(.connectAcknowledgement())
        two.receives(.connectAcknowledgement())
        #expect(dialogue.version(of: dialogue.client("c3").connects().id) == .v5_0)
    }
}

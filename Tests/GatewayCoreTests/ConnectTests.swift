import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Connection set-up without a Will (MQTT-SN 1.2 §6.2).
@Suite struct ConnectTests {
    // MARK: Acceptance

    @Test("GW-16 CONNACK comes only after the broker has accepted")
    func connackAfterBroker() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", clean: true, keepAlive: 60))
        let upstream = dialogue.opensStream()
        client.receivesNothing()
        upstream.opens()
        upstream.receives(.connect("c1", clean: true))
        client.receivesNothing()
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement(.accepted))
        dialogue.observes(.clientConnected, of: "c1")
    }

    @Test("GW-84 Each client has a broker connection of its own")
    func oneConnectionPerClient() {
        let dialogue = Dialogue()
        let first = dialogue.client("c1").connects()
        let second = dialogue.client("c2").connects()
        #expect(first.id != second.id)
    }

    @Test("GW-16 The broker is told the gateway's own prefix, keep-alive and credentials")
    func upstreamConnect() {
        let dialogue = Dialogue(
            .dialogue {
                $0.upstream.clientIDPrefix = Array("gw1-".utf8)
                $0.upstream.username = Array("me".utf8)
                $0.upstream.password = Array("secret".utf8)
                $0.upstream.keepAliveSeconds = 120
            }, isBrokerReachable: false)
        dialogue.passes(.seconds(2))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1", keepAlive: 120, username: "me", password: "secret"))
        shared.sends(.connectAcknowledgement())
        let client = dialogue.client("c1")
        client.sends(.connect("c1", clean: false, keepAlive: 7))
        let upstream = dialogue.opensStream()
        upstream.opens()
        upstream.receives(.connect("gw1-c1", clean: false, keepAlive: 120, username: "me", password: "secret"))
    }

    @Test("GW-01 CONNECT in the long Length form is CONNECT")
    func longForm() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(octets: [0x01, 0x00, 0x0A, 0x04, 0x04, 0x01, 0x00, 0x3C, 0x63, 0x31])
        _ = client.connectsUpstream()
    }

    @Test("GW-07 Flag bits that CONNECT does not use are ignored")
    func unusedFlags() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(octets: [0x08, 0x04, 0xF7, 0x01, 0x00, 0x3C, 0x63, 0x31])
        _ = client.connectsUpstream(clean: true)
    }

    // MARK: Refusal by the broker

    @Test(
        "GW-21 AMB-17 The broker's refusal becomes one of MQTT-SN's",
        arguments: [
            (ConnectReturnCode.unacceptableProtocolVersion, ReturnCode.notSupported),
            (.identifierRejected, .notSupported), (.serverUnavailable, .congestion), (.badCredentials, .congestion),
            (.notAuthorized, .notSupported), (ConnectReturnCode(rawValue: 200), .notSupported),
        ])
    func brokerRefuses(code: ConnectReturnCode, answer: ReturnCode) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.sends(.connectAcknowledgement(code))
        client.receives(.connectAcknowledgement(answer))
        upstream.receives(.close)
        dialogue.observes(exactly: .clientRefused(answer, because: .broker(code: code.rawValue)), of: "c1")
        #expect(dialogue.sessionCount == 0)
        #expect(!client.isKnown)
    }

    @Test("GW-21 A stream that cannot be opened is congestion", arguments: [StreamEnd.refused, .unresolved, .timedOut])
    func streamNotOpened(end: StreamEnd) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        dialogue.opensStream().closes(end)
        client.receives(.connectAcknowledgement(.congestion))
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-10 GW-21 What this machine lacks says nothing of the broker: the next client is asked for")
    func localFailure() {
        let dialogue = Dialogue()
        dialogue.shared?.closes(.failed)
        for name in ["c1", "c2"] {
            let client = dialogue.client(name)
            client.sends(.connect(name))
            dialogue.opensStream().closes(.localFailure)
            client.receives(.connectAcknowledgement(.congestion))
            dialogue.observes(exactly: .upstreamUnavailable(.localFailure))
            dialogue.doesNotObserve(.brokerUnreachable)
        }
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-21 A broker that closes instead of answering is congestion")
    func closedBeforeConnack() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        client.asksBroker().closes()
        client.receives(.connectAcknowledgement(.congestion))
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-21 A broker that does not answer in time is congestion", arguments: [false, true])
    func brokerSilent(opens: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = opens ? client.asksBroker() : dialogue.opensStream()
        dialogue.passes(.milliseconds(9_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.connectAcknowledgement(.congestion))
        // The broker may have accepted nevertheless, and has no reason to publish a Will.
        if opens { upstream.receives(.disconnect, .close) } else { upstream.receives(.close) }
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-21 GW-10 While the broker is known to be away, CONNECT is congestion at once")
    func brokerAway() {
        let dialogue = Dialogue(isBrokerReachable: false)
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        client.receives(.connectAcknowledgement(.congestion))
        #expect(dialogue.sessionCount == 0)
        #expect(!client.isKnown)
    }

    @Test("GW-21 Once the broker is there again, CONNECT is accepted again")
    func brokerReturns() {
        let dialogue = Dialogue(isBrokerReachable: false)
        dialogue.passes(.seconds(1))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement())
        dialogue.observes(.brokerReachable)
        dialogue.client("c1").connects()
    }

    @Test("GW-90 One client's unlucky stream does not close the door to the others")
    func oneStreamFails() {
        let dialogue = Dialogue()
        let first = dialogue.client("c1")
        first.sends(.connect("c1"))
        dialogue.opensStream().closes(.timedOut)
        first.receives(.connectAcknowledgement(.congestion))
        dialogue.client("c2").connects()
    }

    // MARK: Refusal by the gateway

    @Test(
        "GW-22 AMB-08 What is no CONNECT of this version or no ClientId is not supported",
        arguments: [
            SNMessage.connect("c1", protocolID: 0).bytes,
            SNMessage.connect("c1", protocolID: 2).bytes,
            SNMessage.connect("").bytes,
            SNMessage.connect("123456789012345678901234").bytes,
            SNMessage.connect("a\0b").bytes,
            [0x08, 0x04, 0x04, 0x01, 0x00, 0x00, 0x61, 0xFF],
            [0x09, 0x04, 0x04, 0x01, 0x00, 0x00, 0xED, 0xA0, 0x80],
        ])
    func unacceptable(octets: [UInt8]) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(octets: octets)
        client.receives(.connectAcknowledgement(.notSupported))
        dialogue.observes(.clientRefused)
        guard case (.clientRefused(.notSupported, _), _)? = dialogue.observations.last else {
            Issue.record("\(dialogue.observations)")
            return
        }
        #expect(dialogue.sessionCount == 0)
        #expect(!client.isKnown)
    }

    @Test("GW-22 AMB-08 A ClientId may have as many octets as the configuration says", arguments: [23, 40])
    func clientIDLimit(limit: Int) {
        let dialogue = Dialogue(.dialogue { $0.limits.clientIDByteCount = limit })
        dialogue.client(String(repeating: "x", count: limit)).connects()
        let tooLong = dialogue.client(String(repeating: "x", count: limit + 1))
        tooLong.sends(.connect(tooLong.clientID))
        tooLong.receives(.connectAcknowledgement(.notSupported))
        let refusal = ClientRefusal.clientIDTooLong(octets: UInt16(limit + 1), limit: UInt16(limit))
        // Of the name the beginning is told.
        dialogue.observes(
            exactly: .clientRefused(.notSupported, because: refusal), of: String(repeating: "x", count: limit))
    }

    @Test("GW-22 GW-90 A refused CONNECT leaves the client at the same address alone")
    func refusedConnectOfConnected() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects()
        client.sends(.connect("c1", protocolID: 9))
        client.receives(.connectAcknowledgement(.notSupported))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    // MARK: Repeated CONNECT

    @Test("GW-79 AMB-01 CONNECT repeated while the broker is asked is not carried out twice")
    func repeatedWhileAsking() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        client.sends(.connect("c1"))
        client.receivesNothing()
        upstream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }

    @Test("GW-79 AMB-01 CONNECT repeated because the CONNACK was lost gets the CONNACK again")
    func repeatedAfterConnack() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects(keepAlive: 60)
        dialogue.passes(.seconds(39))
        client.sends(.connect("c1", keepAlive: 60))
        client.receives(.connectAcknowledgement())
    }

    @Test("AMB-01 The same CONNECT later than Tretry × Nretry is a new connection")
    func sameConnectLater() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        dialogue.passes(.seconds(40))
        client.sends(.connect("c1"))
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream()
    }

    @Test("AMB-01 The same CONNECT after the client has said something is a new connection")
    func sameConnectAfterSpeaking() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects()
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        client.sends(.connect("c1"))
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream()
    }

    @Test("AMB-01 Another CONNECT of the same client is a new connection", arguments: [true, false])
    func differentConnect(isAnswered: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", keepAlive: 60))
        let first = client.asksBroker()
        if isAnswered {
            first.sends(.connectAcknowledgement())
            client.receives(.connectAcknowledgement())
        }
        client.sends(.connect("c1", keepAlive: 61))
        first.receives(.disconnect, .close)
        _ = client.connectsUpstream()
        #expect(dialogue.sessionCount == 1)
    }

    @Test("GW-61 A repeated CONNECT is a sign of life")
    func repeatedConnectIsAlive() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.connects(keepAlive: 10)
        dialogue.passes(.seconds(14))
        client.sends(.connect("c1", keepAlive: 10))
        client.receives(.connectAcknowledgement())
        dialogue.passes(.seconds(14))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
    }

    // MARK: Late events

    @Test("GW-90 What an abandoned stream still says is ignored")
    func lateEvents() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", keepAlive: 60))
        let first = dialogue.opensStream()
        client.sends(.connect("c1", keepAlive: 61))
        first.receives(.close)
        let second = dialogue.opensStream()
        first.opens()
        first.sends(.connectAcknowledgement())
        first.closes()
        second.opens()
        second.receives(.connect("c1"))
        second.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
    }
}

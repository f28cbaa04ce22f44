// Proves how the broker opens and refuses sessions (MQTT 3.1.1 §3.1, §3.2).

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerConnectTests {
    let broker = BrokerDriver()

    @Test("§3.1.4: a valid CONNECT is accepted") func acceptsConnect() {
        let client = broker.accepts()
        client.sends(.connect("a"))
        broker.sends(.connectAcknowledgement(.accepted, present: false), to: client)
        #expect(broker.broker.sessionCount == 1)
        #expect(broker.broker.isConnected(Array("a".utf8)))
    }

    @Test("§3.1.4: packets that come with the CONNECT are carried out after it") func acceptsEarlyPackets() {
        let client = broker.accepts()
        client.sends(.connect("a"), .subscribe(1, ("t", .atMostOnce)), .publish("t", "x"), .pingRequest)
        broker.sends(
            .connectAcknowledgement(), .subscribeAcknowledgement(1, [0]), .publish("t", "x"), .pingResponse, to: client)
    }

    @Test("§2.2: packets may come in any portions") func acceptsSingleOctets() {
        let client = broker.accepts()
        client.sendsInSingleOctets(.connect("a"), .subscribe(1, ("t", .atMostOnce)), .publish("t", "x"))
        broker.sends(
            .connectAcknowledgement(), .subscribeAcknowledgement(1, [0]), .publish("t", "x"), to: client)
    }

    @Test("[MQTT-3.1.0-1]: the first packet must be CONNECT") func closesWithoutConnect() {
        for packet in [ClientPacket.pingRequest, .publish("t", "x"), .disconnect, .subscribe(1, ("t", .atMostOnce))] {
            let client = broker.accepts()
            client.sends(packet)
            broker.sends(.close, to: client)
        }
        #expect(broker.broker.counters.protocolViolations == 4)
        #expect(broker.broker.connectionCount == 0)
    }

    @Test("[MQTT-3.1.0-2]: a second CONNECT is a violation") func closesOnSecondConnect() {
        let client = broker.connects("a")
        client.sends(.connect("a"))
        broker.sends(.close, to: client)
        #expect(broker.broker.sessionCount == 0)
    }

    @Test("[MQTT-3.1.3-6]: a client without an identifier gets one of its own") func assignsClientIDs() {
        // A client that took the first name the broker would give must not be disturbed.
        let named = broker.connects("assigned-1")
        let first = broker.connects("")
        let second = broker.connects("")
        #expect(broker.broker.sessionCount == 3)
        for client in [named, first, second] {
            client.sends(.pingRequest)
            broker.sends(.pingResponse, to: client)
        }
    }

    @Test("[MQTT-3.1.3-8]: no identifier without a clean session: return code 2") func refusesEmptyPersistentID() {
        let client = broker.accepts()
        client.sends(.connect("", clean: false), .pingRequest)
        broker.sends(.connectAcknowledgement(.identifierRejected), .close, to: client)
        #expect(broker.broker.sessionCount == 0)
    }

    @Test("[MQTT-3.1.2-2]: another protocol level: return code 1", arguments: [3, 5, 0x83] as [UInt8])
    func refusesOtherProtocolLevels(level: UInt8) {
        let client = broker.accepts()
        client.sends(.connectBytes(level: level))
        broker.sends(.connectAcknowledgement(.unacceptableProtocolVersion), .close, to: client)
    }

    @Test("[MQTT-3.1.0-2]: a second CONNECT gets no CONNACK, whatever its level") func closesOnSecondConnectOfAnyLevel()
    {
        let client = broker.connects("a")
        client.sends(.connectBytes(level: 5))
        broker.sends(.close, to: client)
    }

    @Test("§3.2.2.3: refusals that the host asked for", arguments: 1...5 as ClosedRange<UInt8>)
    func refusesByConfiguration(code: UInt8) {
        let returnCode = ConnectReturnCode(rawValue: code)
        broker.configure { $0.connectRefusals = [.init(clientID: Array("a".utf8), returnCode: returnCode)] }
        let client = broker.accepts()
        // Nothing that follows a refused CONNECT is carried out [MQTT-3.1.4-5], and its Will is not published.
        client.sends(
            .connect("a", will: TestWill(topic: "will", payload: "w", retain: true)),
            .publish("t", "x", retain: true))
        broker.sends(.connectAcknowledgement(returnCode), .close, to: client)
        #expect(broker.broker.retainedMessageCount == 0)
        #expect(broker.broker.counters.connectsRefused == 1)
        _ = broker.connects("b")
    }

    @Test("§3.2.2.3: a refusal without an identifier holds for everybody until it is lifted") func refusesEverybody() {
        broker.configure { $0.connectRefusals = [.init(returnCode: .serverUnavailable)] }
        let client = broker.accepts()
        client.sends(.connect("a"))
        broker.sends(.connectAcknowledgement(.serverUnavailable), .close, to: client)
        broker.configure { $0.connectRefusals = [] }
        _ = broker.connects("a")
    }

    @Test("§3.2.2.3: only known credentials are accepted: return code 4") func checksCredentials() {
        broker.configure { $0.credentials = [.init(username: Array("u".utf8), password: Array("p".utf8))] }
        let stranger = broker.accepts()
        stranger.sends(.connect("a"))
        broker.sends(.connectAcknowledgement(.badCredentials), .close, to: stranger)
        let guesser = broker.accepts()
        guesser.sends(.connect("a", username: "u", password: "q"))
        broker.sends(.connectAcknowledgement(.badCredentials), .close, to: guesser)
        let friend = broker.accepts()
        friend.sends(.connect("a", username: "u", password: "p"))
        broker.sends(.connectAcknowledgement(), to: friend)
    }

    @Test("[MQTT-3.12.4-1]: PINGREQ is answered") func answersPing() {
        let client = broker.connects("a")
        client.sends(.pingRequest)
        broker.sends(.pingResponse, to: client)
    }

    @Test("§3.14.4: DISCONNECT closes; nothing behind it is carried out") func closesOnDisconnect() {
        let client = broker.connects("a")
        client.sends(.disconnect, .publish("t", "x", retain: true))
        broker.sends(.close, to: client)
        #expect(broker.broker.retainedMessageCount == 0)
        #expect(broker.broker.counters.protocolViolations == 0)
    }

    @Test("[MQTT-3.1.4-2]: a client identifier that connects again takes over") func takesOver() {
        let first = broker.connects("a")
        let second = broker.connects("a")
        broker.sends(.close, to: first)
        // What the lost connection still says or does changes nothing.
        first.sends(.publish("t", "x", retain: true))
        first.vanishes()
        second.sends(.pingRequest)
        broker.sends(.pingResponse, to: second)
        #expect(broker.broker.retainedMessageCount == 0)
        #expect(broker.broker.connectionCount == 1)
        #expect(broker.broker.counters.takeovers == 1)
    }
}

extension ClientPacket {
    /// A CONNECT of client "a" with any protocol level.
    static func connectBytes(level: UInt8) -> ClientPacket {
        .bytes([0x10, 13, 0, 4, 0x4D, 0x51, 0x54, 0x54, level, 0x02, 0, 0, 0, 1, 0x61])
    }
}

// Proves how a simulated client connects, leaves its Will, keeps alive and ends (MQTT-SN 1.2 §6.2, §6.3, §6.11 to
// §6.13).

import GatewaySimulator
import MQTTSN
import Testing

@Suite struct ClientConnectTests {
    @Test("§6.2: CONNECT, CONNACK") func connects() {
        let client = ClientDriver()
        var options = ClientConnectOptions()
        options.keepAliveSeconds = 30
        client.commands(.connect(options))
        client.sends("CONNECT sensor clean 30 s")
        #expect(client.client.state == .connecting)
        client.receives(.connectAcknowledgement(.accepted))
        client.observes(.connected)
        #expect(client.client.state == .active)
    }

    @Test("§5.3.10: a refused client stays disconnected", arguments: [ReturnCode.congestion, .notSupported])
    func isRefused(code: ReturnCode) {
        let client = ClientDriver()
        client.commands(.connect(ClientConnectOptions()))
        client.receives(.connectAcknowledgement(code))
        client.observes(.connectionRefused(code))
        #expect(client.client.state == .disconnected)
        #expect(client.client.nextDeadline == nil)
    }

    /// Options with a Will on `w`.
    private var withWill: ClientConnectOptions {
        var options = ClientConnectOptions()
        options.will = ClientWill(
            topicName: Array("w".utf8), payload: Array("gone".utf8), qos: .atLeastOnce, retain: true)
        return options
    }

    @Test("§6.3: the Will is told when asked for") func leavesWill() {
        let client = ClientDriver()
        client.commands(.connect(withWill))
        client.sends("CONNECT sensor clean will 60 s")
        client.receives(.willTopicRequest)
        client.sends("WILLTOPIC qos 1 retain w")
        client.receives(.willMessageRequest)
        client.sends("WILLMSG gone")
        client.receives(.connectAcknowledgement(.accepted))
        client.observes(.connected)
    }

    @Test("§6.3: a repeated prompt is answered again") func repeatsWill() {
        let client = ClientDriver()
        client.commands(.connect(withWill))
        client.receives(.willTopicRequest)
        client.receives(.willTopicRequest)
        client.receives(.willMessageRequest)
        client.receives(.willMessageRequest)
        client.sends(
            "CONNECT sensor clean will 60 s", "WILLTOPIC qos 1 retain w", "WILLTOPIC qos 1 retain w", "WILLMSG gone",
            "WILLMSG gone")
    }

    @Test("GW-19: an empty Will topic deletes the Will") func deletesWill() {
        let client = ClientDriver()
        var options = ClientConnectOptions()
        options.will = ClientWill(topicName: [], payload: [])
        client.commands(.connect(options))
        client.receives(.willTopicRequest)
        client.sends("CONNECT sensor clean will 60 s", "WILLTOPIC")
    }

    @Test("§6.13: CONNECT is repeated after Tretry, Nretry times, and then the gateway is lost")
    func repeatsConnect() {
        let client = ClientDriver()
        client.commands(.connect(ClientConnectOptions()))
        client.sends("CONNECT sensor clean 60 s")
        client.passes(seconds: 9)
        client.sends()
        client.passes(seconds: 30)
        client.sends("CONNECT sensor clean 60 s", "CONNECT sensor clean 60 s", "CONNECT sensor clean 60 s")
        client.observes()
        client.passes(seconds: 1)
        client.sends()
        client.observes(.gatewayLost)
        #expect(client.client.state == .disconnected)
        #expect(client.client.nextDeadline == nil)
    }

    @Test("§6.13: of the Will dialogue the last message is repeated") func repeatsWillMessage() {
        let client = ClientDriver()
        client.commands(.connect(withWill))
        client.receives(.willTopicRequest)
        client.receives(.willMessageRequest)
        client.passes(seconds: 10)
        client.sends(
            "CONNECT sensor clean will 60 s", "WILLTOPIC qos 1 retain w", "WILLMSG gone", "WILLMSG gone")
    }

    @Test("§6.11: a silent client sends PINGREQ before its keep-alive time is over") func pings() {
        let client = ClientDriver()
        client.connects(keepAlive: 20)
        client.passes(seconds: 14)
        client.sends()
        client.passes(seconds: 1)
        client.sends("PINGREQ")
        client.receives(.pingResponse)
        client.passes(seconds: 15)
        client.sends("PINGREQ")
        client.observes()
    }

    @Test("§6.13: a gateway that does not answer PINGREQ is lost") func losesGateway() {
        let client = ClientDriver()
        client.connects(keepAlive: 20)
        client.passes(seconds: 15 + 40)
        client.sends("PINGREQ", "PINGREQ", "PINGREQ", "PINGREQ")
        client.observes(.gatewayLost)
    }

    @Test("§6.11: keep alive 0 means no PINGREQ") func doesNotPing() {
        let client = ClientDriver()
        client.connects(keepAlive: 0)
        #expect(client.client.nextDeadline == nil)
    }

    @Test("§6.11: the gateway's PINGREQ is answered") func answersPing() {
        let client = ClientDriver()
        client.connects()
        client.receives(.pingRequest(clientID: 0..<0))
        client.sends("PINGRESP")
    }

    @Test("§6.12: goodbye is repeated until it is answered") func disconnects() {
        let client = ClientDriver()
        client.connects(keepAlive: 20)
        client.commands(.disconnect)
        client.passes(seconds: 10)
        client.sends("DISCONNECT", "DISCONNECT")
        client.receives(.disconnect(duration: nil))
        client.observes(.disconnected)
        #expect(client.client.state == .disconnected)
        #expect(client.client.nextDeadline == nil)
    }

    @Test("§6.12: a client whose goodbye is not answered is disconnected all the same") func disconnectsAlone() {
        let client = ClientDriver()
        client.connects()
        client.commands(.disconnect)
        client.passes(seconds: 40)
        client.sends("DISCONNECT", "DISCONNECT", "DISCONNECT", "DISCONNECT")
        client.observes(.disconnected)
    }

    @Test("§6.12: DISCONNECT of the gateway ends the connection") func isDismissed() {
        let client = ClientDriver()
        client.connects()
        client.receives(.disconnect(duration: nil))
        client.observes(.dismissed)
        #expect(client.client.state == .disconnected)
        client.sends()
    }

    @Test("What no gateway may send is noticed and changes nothing") func survivesNonsense() {
        let client = ClientDriver()
        client.connects()
        client.receives(octets: [0])
        client.receives(.connect(Connect(flags: Flags(), protocolID: 1, duration: 0, clientID: 0..<1)), "x")
        client.receives(.publishComplete(7))
        client.receives(.connectAcknowledgement(.congestion))
        client.sends()
        client.observes(
            .malformedDatagram(DecodeError(.lengthBelowMinimum)), .unexpectedMessage(.connect),
            .unexpectedMessage(.publishComplete), .unexpectedMessage(.connectAcknowledgement))
        #expect(client.client.state == .active)
    }
}

// Proves when a Will is published (MQTT 3.1.1 §3.1.2.5) and when a silent client is lost (§3.1.2.10).

import GatewaySimulator
import MQTT
import Testing

@Suite struct BrokerWillTests {
    let broker = BrokerDriver()
    let watcher: TestConnection

    init() {
        watcher = broker.connects("watcher")
        watcher.sends(.subscribe(1, ("will", .exactlyOnce)))
        _ = broker.read(watcher)
    }

    @Test("[MQTT-3.1.2-8]: a connection that breaks publishes the Will") func brokenConnection() {
        makeClient().vanishes()
        broker.sends(.publish("will", "gone", qos: .atLeastOnce, id: 1), to: watcher)
    }

    @Test("[MQTT-3.1.2-8]: a protocol error publishes the Will") func protocolError() {
        let client = makeClient()
        client.sends(.bytes([0xF0, 0x00]))
        broker.sends(.close, to: client)
        broker.sends(.publish("will", "gone", qos: .atLeastOnce, id: 1), to: watcher)
    }

    @Test("[MQTT-3.1.2-8]: a keep alive timeout publishes the Will") func keepAliveTimeout() {
        let client = makeClient(keepAlive: 10)
        broker.passes(milliseconds: 15_000)
        broker.sends(.close, to: client)
        broker.sends(.publish("will", "gone", qos: .atLeastOnce, id: 1), to: watcher)
    }

    @Test("[MQTT-3.1.2-8], [MQTT-3.1.4-2]: a takeover publishes the Will of the lost connection") func takeover() {
        let client = makeClient()
        let second = broker.connects("a")
        broker.sends(.close, to: client)
        broker.sends(.publish("will", "gone", qos: .atLeastOnce, id: 1), to: watcher)
        // The second connection has no Will.
        second.vanishes()
        broker.sendsNothing(to: watcher)
        #expect(broker.broker.counters.willsPublished == 1)
    }

    @Test("[MQTT-3.14.4-3]: DISCONNECT drops the Will") func disconnect() {
        let client = makeClient()
        client.sends(.disconnect)
        client.vanishes()
        broker.sendsNothing(to: watcher)
        #expect(broker.broker.counters.willsPublished == 0)
    }

    @Test("[MQTT-3.1.2-16, -17]: Will Retain decides whether the Will is retained", arguments: [false, true])
    func willRetain(retain: Bool) {
        broker.connects("a", will: TestWill(topic: "will", payload: "gone", retain: retain)).vanishes()
        #expect(broker.broker.retainedMessageCount == (retain ? 1 : 0))
        broker.sends(.publish("will", "gone"), to: watcher)
    }

    @Test("[MQTT-3.1.2-10]: the Will belongs to the connection, not to the session") func willIsNotStored() {
        let will = TestWill(topic: "will", payload: "gone")
        broker.connects("a", clean: false, will: will).sends(.disconnect)
        broker.connects("a", clean: false, present: true).vanishes()
        broker.sendsNothing(to: watcher)
    }

    private func makeClient(keepAlive: UInt16 = 0) -> TestConnection {
        broker.connects(
            "a", keepAlive: keepAlive, will: TestWill(topic: "will", payload: "gone", qos: .atLeastOnce))
    }
}

@Suite struct BrokerKeepAliveTests {
    let broker = BrokerDriver()

    @Test("[MQTT-3.1.2-24]: silence of one and a half times the keep alive closes", arguments: [1, 10, 65_535])
    func closesSilentClient(keepAlive: Int) {
        let client = broker.connects("a", keepAlive: UInt16(keepAlive))
        broker.passes(milliseconds: keepAlive * 1_500 - 1)
        broker.sendsNothing(to: client)
        broker.passes(milliseconds: 1)
        broker.sends(.close, to: client)
        #expect(broker.broker.counters.timeouts == 1)
        #expect(broker.broker.nextDeadline == nil)
    }

    @Test("§3.1.2.10: any packet of the client is a sign of life, an incomplete one is not") func anyPacketCounts() {
        let client = broker.connects("a", keepAlive: 10)
        for packet in [ClientPacket.pingRequest, .publish("t", "x"), .publishAcknowledgement(4)] {
            broker.passes(milliseconds: 14_000)
            client.sends(packet)
        }
        _ = broker.read(client)
        broker.passes(milliseconds: 14_000)
        client.sends(.bytes([0xC0]))
        broker.passes(milliseconds: 1_000)
        broker.sends(.close, to: client)
    }

    @Test("§3.1.2.10: keep alive 0 switches supervision off") func zeroIsForEver() {
        let client = broker.connects("a", keepAlive: 0)
        broker.passes(milliseconds: 1_000_000_000)
        broker.sendsNothing(to: client)
        #expect(broker.broker.nextDeadline == nil)
    }

    @Test("§3.1.4: a connection without CONNECT is closed after a while") func connectTimeout() {
        let silent = broker.accepts()
        let client = broker.connects("a", keepAlive: 60)
        broker.passes(milliseconds: 29_999)
        broker.sendsNothing(to: silent)
        broker.passes(milliseconds: 1)
        broker.sends(.close, to: silent)
        // The other one has its own time, longer than the connect timeout.
        broker.passes(milliseconds: 59_999)
        broker.sendsNothing(to: client)
        broker.passes(milliseconds: 1)
        broker.sends(.close, to: client)
    }

    @Test("Each of many clients is lost at its own time") func manyTimes() {
        // The order of the keep alives is scrambled: 7 is prime to 100.
        let clients = (0..<100).map { broker.connects("c\($0)", keepAlive: UInt16(1 + $0 * 7 % 100)) }
        for elapsed in 1...100 {
            broker.passes(milliseconds: 1_500)
            let open = clients.filter { broker.read($0).isEmpty }
            // Each connection is read once more after its close, so those that just closed are missing from `open`.
            #expect(clients.count - open.count == 1)
            #expect(broker.broker.connectionCount == 100 - elapsed)
        }
    }
}

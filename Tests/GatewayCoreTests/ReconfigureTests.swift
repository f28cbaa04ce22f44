import FuzzTargets
import GatewayCore
import GatewaySimulator
import MQTT
import MQTTSN
import Testing
import Time

/// What the owner decides while the gateway runs holds from then on, and costs nobody a session, a connection or what
/// is under way.
@Suite struct ReconfigureTests {
    private func topics(_ names: [(UInt16, String)]) -> PredefinedTopics {
        PredefinedTopics(names.map { PredefinedTopics.Entry(topicID: $0.0, topicName: Array($0.1.utf8)) })
    }

    @Test("GW-33 A pre-defined topic that is added can be published to at once, and one that is gone no more")
    func topics() {
        let dialogue = Dialogue()
        let client = dialogue.client("c")
        let upstream = client.connects()
        dialogue.decides { $0.predefinedTopics = topics([(5, "new/one"), (6, "new/two")]) }
        client.sends(.publish(.predefined(5), "x", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("new/one", "x", qos: .atLeastOnce, id: 1))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(5, 1))
        dialogue.decides { $0.predefinedTopics = topics([(6, "new/three")]) }
        client.sends(.publish(.predefined(5), "x", id: 2, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(5, 2, .invalidTopicID))
        client.sends(.publish(.predefined(6), "x", id: 3, qos: .atLeastOnce))
        upstream.receives(.publish("new/three", "x", qos: .atLeastOnce, id: 3))
    }

    @Test("GW-90 A lower limit refuses who is new and takes nobody's session away")
    func lowerLimit() {
        let dialogue = Dialogue()
        let clients = (1...3).map { dialogue.client("c\($0)") }
        for client in clients { client.subscribes("a", as: 1, on: client.connects()) }
        dialogue.decides { $0.limits.clients = 2 }
        #expect(dialogue.sessionCount == 3)
        let late = dialogue.client("c4")
        late.sends(.connect("c4"))
        late.receives(.connectAcknowledgement(.congestion))
        clients[0].sends(.pingRequest())
        clients[0].receives(.pingResponse)
        dialogue.decides { $0.limits.clients = 4 }
        _ = late.connects()
    }

    @Test("GW-09 A shorter TADV counts from the last ADVERTISE")
    func advertiseInterval() {
        let dialogue = Dialogue(hearsAdvertise: true)
        _ = dialogue.takeBroadcasts()
        dialogue.passes(.seconds(100))
        dialogue.decides { $0.discovery.advertiseIntervalSeconds = 300 }
        dialogue.passes(.milliseconds(199_999))
        #expect(dialogue.takeBroadcasts() == [])
        dialogue.passes(.milliseconds(1))
        #expect(dialogue.takeBroadcasts().map(\.message) == [.advertise(gatewayID: 1, seconds: 300)])
    }

    @Test("GW-70 Another Tretry holds from the next repetition on")
    func retryInterval() {
        let dialogue = Dialogue()
        let client = dialogue.client("c")
        let upstream = client.connects(keepAlive: 1_000)
        client.subscribes("a/b", as: 1, on: upstream)
        dialogue.decides { $0.links[0].retryInterval = .seconds(3) }
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.seconds(3))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
    }

    @Test("MQTT 3.1.1 §3.1.2.10 A connection keeps the Keep Alive that its CONNECT named; the next one has the new one")
    func brokerKeepAlive() {
        let dialogue = Dialogue()
        dialogue.decides { $0.upstream.keepAliveSeconds = 60 }
        dialogue.passes(.seconds(600))
        dialogue.shared?.receivesNothing()
        let client = dialogue.client("c")
        client.sends(.connect("c"))
        let stream = dialogue.opensStream()
        stream.opens()
        stream.receives(.connect("c", keepAlive: 60))
        stream.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        dialogue.decides { $0.upstream.keepAliveSeconds = 600 }
        dialogue.passes(.seconds(60))
        stream.receives(.pingRequest)
    }

    @Test("GW-90 Whatever changes in the middle of whatever happens, the core's tables stay in order")
    func randomScripts() {
        for seed in UInt64(1)...100 {
            var random = RandomNumbers(seed: seed)
            // Half of the operations are answers and reading, so that exchanges come to their ends.
            let helpful: [UInt8] = [0x22, 0x22, 0x23, 0x25, 0x25, 0x32, 0x04, 0x0C, 0x12, 0x2C, 0x36]
            let script = (0..<600).map { _ in
                random.next() % 2 == 0
                    ? helpful[Int(random.next() % UInt64(helpful.count))] : UInt8(truncatingIfNeeded: random.next())
            }
            let span = script.span
            let fault = FuzzTarget.core.fault(in: span.bytes) { gateway, peers, streams, limits in
                gateway.brokenInvariants(peers: peers, streams: streams, limits: limits)
            }
            #expect(fault == nil, "seed \(seed)")
        }
    }
}

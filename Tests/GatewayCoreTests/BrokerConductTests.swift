import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What is told of a broker that closes, or does not answer, what it does not take: MQTT 3.1.1 has no other word for it.
@Suite struct BrokerConductTests {
    /// The client's connection comes back within a second.
    private func restores(_ client: TestClient, in dialogue: Dialogue) -> TestUpstream {
        dialogue.passes(.seconds(5))
        let upstream = client.asksBroker(clean: false)
        upstream.sends(.connectAcknowledgement(present: true))
        return upstream
    }

    /// How the connection was last lost, as it was observed.
    private func losses(_ dialogue: Dialogue) -> [(loss: BrokerLoss, isRepeated: Bool)] {
        dialogue.observations.compactMap { observation in
            switch observation.occurrence {
            case .upstreamLost(let loss): (loss, false)
            case .upstreamLostRepeatedly(let loss): (loss, true)
            default: nil
            }
        }
    }

    @Test(
        "GW-86 A loss says what was published before; the third time in a minute is told once",
        arguments: [
            (QualityOfService.atMostOnce, BrokerLoss.Said.publishAtMostOnce),
            (.atLeastOnce, .publishAtLeastOnce),
        ])
    func closedAfterPublish(qos: QualityOfService, said: BrokerLoss.Said) {
        let dialogue = Dialogue(
            .dialogue {
                $0.upstream.reconnectMaximum = .seconds(4)
                $0.limits.unwelcomeMessages = 0
            })
        let client = dialogue.client("c1")
        var upstream = client.connects(clean: false)
        client.registers("farm/x", as: 1)
        var repeatedCount = 0
        for count in 1...5 {
            client.sends(.publish(1, "\(count)", id: qos == .atMostOnce ? 0 : UInt16(count), qos: qos))
            _ = dialogue.readPackets(on: upstream.id)
            dialogue.passes(.milliseconds(3))
            upstream.closes()
            let found = losses(dialogue)
            #expect(found.first?.loss.said == said)
            #expect(found.first?.loss.end == .closedByBroker)
            #expect(2...4 ~= found.first?.loss.milliseconds ?? 0)
            #expect(found.first?.loss.topicByteCount == 6)
            #expect(found.contains(where: \.isRepeated) == (count == 3))
            repeatedCount += found.count(where: \.isRepeated)
            upstream = restores(client, in: dialogue)
            _ = dialogue.readPackets(on: upstream.id)
        }
        #expect(repeatedCount == 1)
    }

    @Test("GW-86 A loss before anything was said is one of the connection, as where a name is taken over")
    func closedAfterConnect() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a", as: 1, on: upstream)
        upstream.closes()
        #expect(losses(dialogue).first?.loss.said == .subscribe)
        let second = restores(client, in: dialogue)
        dialogue.passes(.milliseconds(100))
        second.closes()
        let loss = losses(dialogue).first?.loss
        #expect(loss?.said == .connect && loss?.topicByteCount == 0)
        #expect(90...110 ~= loss?.milliseconds ?? 0)
    }

    @Test("GW-42 A broker that answers no QoS 2 is named once per client, when the client repeats itself")
    func ignoredExactlyOnce() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
        upstream.receives(.publish("a", "x", qos: .exactlyOnce, id: 1))
        // Ten seconds are within what any answer may take.
        for (seconds, isTold) in [(10, false), (10, true), (10, false)] {
            dialogue.passes(.seconds(seconds))
            client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce, duplicate: true))
            client.receivesNothing()
            if isTold {
                dialogue.observes(exactly: .brokerIgnoresExactlyOnce(seconds: 15), of: "c1")
            } else {
                dialogue.doesNotObserve(.brokerIgnoresExactlyOnce)
            }
        }
    }

    @Test("GW-42 AMB-38 A broker that takes QoS 2 for QoS 1 is named, and its client told 0x03 once and for good")
    func exactlyOnceTakenForLess() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
        upstream.receives(.publish("a", "x", qos: .exactlyOnce, id: 1))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1, .notSupported))
        dialogue.observes(exactly: .brokerIgnoresExactlyOnce(seconds: 0), of: "c1")
        // Neither a copy nor another one goes up, and a second answer is to nothing.
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishAcknowledgement(1, 1, .notSupported))
        client.sends(.publish(1, "y", id: 2, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 2, .notSupported))
        upstream.receivesNothing()
        upstream.sends(.publishAcknowledgement(1))
        dialogue.observes(exactly: .unexpectedPacket(.publishAcknowledgement))
        // What has QoS 1 passes under the same id, and another connection is asked anew.
        client.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 1))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
        upstream.closes()
        let next = restores(client, in: dialogue)
        client.sends(.publish(1, "z", id: 3, qos: .exactlyOnce))
        next.receives(.publish("a", "z", qos: .exactlyOnce, id: 3))
        next.sends(.publishAcknowledgement(3))
        client.receives(.publishAcknowledgement(1, 3, .notSupported))
        dialogue.doesNotObserve(.brokerIgnoresExactlyOnce)
    }

    @Test("GW-42 AMB-38 A PUBACK behind the PUBREC of a QoS 2 message changes nothing")
    func acknowledgedBehindReceived() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
        upstream.receives(.publish("a", "x", qos: .exactlyOnce, id: 1))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        upstream.sends(.publishAcknowledgement(1))
        dialogue.observes(exactly: .unexpectedPacket(.publishAcknowledgement))
        client.sends(.publishRelease(1))
        upstream.receives(.publishRelease(1))
        client.sends(.publish(1, "y", id: 2, qos: .exactlyOnce))
        upstream.receives(.publish("a", "y", qos: .exactlyOnce, id: 2))
    }

    @Test("GW-42 A broker that has answered QoS 2 once is not named for the next one in its time")
    func answeredExactlyOnce() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
        upstream.receives(.publish("a", "x", qos: .exactlyOnce, id: 1))
        dialogue.passes(.seconds(14))
        upstream.sends(.publishReceived(1))
        client.receives(.publishReceived(1))
        client.sends(.publish(1, "y", id: 2, qos: .exactlyOnce))
        upstream.receives(.publish("a", "y", qos: .exactlyOnce, id: 2))
        dialogue.passes(.seconds(10))
        client.sends(.publish(1, "y", id: 2, qos: .exactlyOnce, duplicate: true))
        dialogue.doesNotObserve(.brokerIgnoresExactlyOnce)
    }

    @Test("GW-45 GW-53 AMB-38 Above broker.maximum_qos a PUBLISH is not supported, and a subscription is granted less")
    func maximumQoS() {
        let dialogue = Dialogue(.dialogue { $0.upstream.maximumQoS = 1 })
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 1, .notSupported))
        client.sends(.publish(1, "x", id: 2, qos: .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 2))
        client.sends(.subscribe(.name("b"), id: 3, qos: .exactlyOnce))
        upstream.receives(.subscribe("b", id: 3, qos: .atLeastOnce))
        upstream.sends(.subscribeAcknowledgement(3, 1))
        client.receives(.subscribeAcknowledgement(2, 3, qos: .atLeastOnce))
        let other = dialogue.client("c2")
        other.sends(.connect("c2", will: true))
        other.receives(.willTopicRequest)
        other.sends(.willTopic("w", qos: .exactlyOnce))
        other.receives(.connectAcknowledgement(.notSupported))
        dialogue.observes(exactly: .clientRefused(.notSupported, because: .willQoS(maximum: 1)))
    }

    // MARK: Other protocols

    private static let alert: [UInt8] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]
    private static let plainConnect: [UInt8] =
        [0x10, 0x0D, 0x00, 0x04] + Array("MQTT".utf8) + [4, 2, 0, 60, 0, 1, 0x78]

    @Test(
        "GW-03 A datagram of another protocol is malformed, and called by its name",
        arguments: [
            (plainConnect, ForeignProtocol.mqtt), (Array("GET / HTTP/1.1\r\n\r\n".utf8), .http),
            ([0x16, 0xFE, 0xFD, 0, 0, 0, 0, 0], .tls), ([0x16, 0x03, 0x01, 0, 0], .tls),
            ([0x10, 0x0D, 0x00, 0x04, 0x4D], nil), ([0x03, 0xEE, 0x00], nil), ([0x15, 0x03], nil), ([], nil),
        ])
    func foreignDatagram(octets: [UInt8], foreign: ForeignProtocol?) {
        let dialogue = Dialogue()
        dialogue.client("c1").sends(octets: octets)
        let found = dialogue.observations.compactMap { observation -> ForeignProtocol?? in
            guard case .malformedDatagram(_, let foreign) = observation.occurrence else { return nil }
            return foreign
        }
        #expect(found == [foreign])
    }

    @Test(
        "GW-10 GW-90 What is no broker is called by its name, and is not reachable",
        arguments: [(alert, ForeignProtocol.tls), (Array("HTTP/1.1 400 Bad Request\r\n".utf8), .http)])
    func foreignBroker(octets: [UInt8], foreign: ForeignProtocol) {
        let dialogue = Dialogue(isBrokerReachable: false)
        dialogue.passes(.seconds(2))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(octets: octets)
        dialogue.observes(exactly: .brokerSpeaksOtherProtocol(foreign))
        dialogue.observes(.brokerRefusing)
        dialogue.doesNotObserve(.brokerReachable)
        shared.receives(.disconnect, .close)
    }

    @Test(
        "GW-10 A broker that cannot be spoken to by TLS or WebSocket refuses the gateway, before the CONNECT and after",
        arguments: [StreamEnd.insecure, .noPassage])
    func insecure(end: StreamEnd) {
        for isOpened in [false, true] {
            let dialogue = Dialogue(isBrokerReachable: false)
            dialogue.passes(.seconds(2))
            let shared = dialogue.opensStream()
            if isOpened {
                shared.opens()
                shared.receives(.connect("swiftlet-1"))
            }
            shared.closes(end)
            dialogue.observes(exactly: .connectUnanswered(end))
            dialogue.observes(.brokerRefusing)
            // As after any refusal, the next attempt comes after a pause.
            dialogue.passes(.seconds(2))
            _ = dialogue.opensStream()
        }
    }

    @Test(
        "GW-10 Who ends the connection instead of answering CONNECT is no broker either",
        arguments: [StreamEnd.closedByBroker, .failed, .insecure, .noPassage])
    func connectUnanswered(end: StreamEnd) {
        let dialogue = Dialogue(isBrokerReachable: false)
        dialogue.passes(.seconds(2))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.closes(end)
        dialogue.observes(exactly: .connectUnanswered(end))
        dialogue.observes(.brokerRefusing)
    }
}

import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What is told of messages and sleepers for whoever looks at the gateway: each thing once, and how long it took.
@Suite struct FiguresTests {
    private func subscriber(_ dialogue: Dialogue) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    private func isAbout(_ span: TimeSpan?, _ expected: TimeSpan) -> Bool {
        guard let span else { return false }
        let difference = max(span.nanoseconds, expected.nanoseconds) - min(span.nanoseconds, expected.nanoseconds)
        return difference < 3_000_000
    }

    // MARK: From the client

    @Test("GW-41 GW-42 The broker's acknowledgement is told once, with the time since the client's first PUBLISH")
    func acknowledged() {
        for qos in [DeliveryQoS.atLeastOnce, .exactlyOnce] {
            let dialogue = Dialogue()
            let (client, upstream) = subscriber(dialogue)
            client.sends(.publish(1, "x", id: 7, qos: QualityOfService(qos)))
            dialogue.observes(exactly: .messageForwarded(QualityOfService(qos)), of: "c1")
            upstream.receives(.publish("a/b", "x", qos: qos, id: 7))
            dialogue.passes(.milliseconds(700))
            client.sends(.publish(1, "x", id: 7, qos: QualityOfService(qos), duplicate: true))
            dialogue.observes(exactly: .messageRepeated(QualityOfService(qos)), of: "c1")
            dialogue.doesNotObserve(.messageForwarded)
            dialogue.passes(.milliseconds(800))
            upstream.sends(qos == .atLeastOnce ? .publishAcknowledgement(7) : .publishReceived(7))
            client.receives(qos == .atLeastOnce ? .publishAcknowledgement(1, 7) : .publishReceived(7))
            dialogue.observes(.messageAcknowledged, of: "c1")
            guard case (.messageAcknowledged(QualityOfService(qos), let span), _)? = dialogue.observations.first else {
                Issue.record("\(dialogue.observations)")
                return
            }
            #expect(isAbout(span, .milliseconds(1_500)))
            let report = dialogue.report(of: "c1")
            #expect(report?.upCount == 1 && report?.repeatedCount == 1)
            #expect(report?.lastTopic == Array("a/b".utf8))
        }
    }

    @Test("AMB-24 What the broker connection's end makes the client say again is forwarded again and counted once")
    func forwardedOnce() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        client.sends(.publish(1, "x", id: 7, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        upstream.closes()
        let second = client.isRestored(present: true)
        client.sends(.publish(1, "x", id: 7, qos: .atLeastOnce, duplicate: true))
        second.receives(.publish("a/b", "x", qos: .atLeastOnce, id: 7, duplicate: true))
        dialogue.doesNotObserve(.messageForwarded)
        #expect(dialogue.report(of: "c1")?.upCount == 1)
    }

    @Test("GW-48 The last topic is told also where it is a short name")
    func shortTopic() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        client.sends(.publish(.short("ab"), "x"))
        upstream.receives(.publish("ab", "x"))
        #expect(dialogue.report(of: "c1")?.lastTopic == Array("ab".utf8))
    }

    // MARK: To the client

    @Test("GW-78 A delivery is told with the time since the broker sent it, and each repetition as one")
    func delivered() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.doesNotObserve(.messageSentAgain)
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.observes(.messageSentAgain)
        dialogue.passes(.seconds(2))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(9))
        // Karn: nobody can say which of the two it answers.
        dialogue.doesNotObserve(.clientAnswered)
        dialogue.observes(.messageDelivered, of: "c1")
        for case (.messageDelivered(let qos, let span), _) in dialogue.observations {
            #expect(qos == .atLeastOnce && isAbout(span, .seconds(12)))
        }
        let report = dialogue.report(of: "c1")
        #expect(report?.downCount == 1 && report?.repeatedCount == 1 && report?.roundTrip == nil)
    }

    @Test("GW-78 The client's answer to what was said once is a round trip")
    func roundTrip() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 9))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(250))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(9))
        dialogue.observes(exactly: .clientAnswered(after: .milliseconds(250)))
        #expect(isAbout(dialogue.report(of: "c1")?.roundTrip, .milliseconds(250)))
    }

    // MARK: Sleep

    @Test("GW-67 GW-70 A sleeper falls asleep, wakes up and is overdue, each told once; overdue before it is lost")
    func sleep() {
        let dialogue = Dialogue()
        let (client, upstream) = subscriber(dialogue)
        client.sends(.disconnect(100))
        client.receives(.disconnect())
        dialogue.observes(exactly: .clientFellAsleep(seconds: 100), of: "c1")
        // A copy.
        client.sends(.disconnect(100))
        client.receives(.disconnect())
        dialogue.doesNotObserve(.clientFellAsleep)
        dialogue.passes(.seconds(80))
        upstream.sends(.publish("a/b", "x"))
        #expect(dialogue.report(of: "c1")?.state == .asleep)
        dialogue.passes(.seconds(10))
        #expect(isAbout(dialogue.report(of: "c1")?.oldestWaiting, .seconds(10)))
        client.wakesUp()
        client.receives(.publish(1, "x"), .pingResponse)
        dialogue.observes(.clientWokeUp, of: "c1")
        #expect(dialogue.report(of: "c1")?.oldestWaiting == nil)
        #expect(dialogue.report(of: "c1")?.usualSleep == .seconds(90))

        dialogue.passes(.milliseconds(99_999))
        dialogue.doesNotObserve(.clientOverdue)
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientOverdue, of: "c1")
        dialogue.doesNotObserve(.clientLost)
        #expect(dialogue.report(of: "c1")?.state == .overdue)
        dialogue.passes(.seconds(5))
        dialogue.doesNotObserve(.clientOverdue)
        // It comes after all, and may be overdue again.
        client.wakesUpInVain()
        #expect(dialogue.report(of: "c1")?.state == .asleep)
        dialogue.passes(.seconds(105))
        dialogue.observes(.clientOverdue, of: "c1")
        dialogue.passes(.seconds(5))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
        #expect(dialogue.report(of: "c1")?.state == .remembered)
    }

    @Test("GW-70 Without a tolerance a sleeper is lost, not overdue")
    func noTolerance() {
        let dialogue = Dialogue(.dialogue { $0.supervision.longTolerancePercent = 0 })
        let (client, upstream) = subscriber(dialogue)
        client.fallsAsleep(100)
        dialogue.passes(.seconds(100))
        dialogue.observes(.clientLost, of: "c1")
        dialogue.doesNotObserve(.clientOverdue)
        upstream.receives(.close)
    }

    // MARK: The broker

    @Test("GW-77 The broker's PINGRESP on the gateway's own connection tells how far away it is")
    func brokerAnswers() {
        let dialogue = Dialogue()
        dialogue.ignoresAdvertisements = true
        dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
        dialogue.shared?.receives(.pingRequest)
        dialogue.passes(.milliseconds(40))
        dialogue.shared?.sends(.pingResponse)
        dialogue.observes(exactly: .brokerAnswered(after: .milliseconds(40)))
    }

    @Test("A kind's name is its case in snake case, and no two are alike")
    func names() {
        #expect(ObservationKind.clientFellAsleep.name == "client_fell_asleep")
        #expect(ObservationKind.gatewayIDTaken.name == "gateway_id_taken")
        #expect(ObservationKind.qosMinusOneRefused.name == "qos_minus_one_refused")
        #expect(Set(ObservationKind.allCases.map(\.name)).count == ObservationKind.allCases.count)
    }
}

import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// Several brokers in an order of preference: to the next where one cannot be reached, and back to the first.
@Suite struct FailoverTests {
    /// With both the shared connection at the first of two brokers, and nothing known.
    private func dialogue(
        count: UInt8 = 2, _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.upstream.brokerCount = count
                $0.upstream.steadyTime = .seconds(30)
                change(&$0)
            })
    }

    /// The gateway's own connection at that broker is accepted.
    private func accepts(_ stream: TestUpstream) {
        stream.opens()
        stream.receives(.connect("swiftlet-1"))
        stream.sends(.connectAcknowledgement())
    }

    /// The first broker goes away: the gateway's own connection is at the second.
    private func failsOver(_ dialogue: Dialogue) -> TestUpstream {
        dialogue.passes(.seconds(20))
        dialogue.shared?.closes()
        let again = dialogue.opensStream()
        #expect(dialogue.broker(of: again) == 0)
        again.closes(.refused)
        dialogue.observes(exactly: .brokerGivenUp(0, for: 1))
        let other = dialogue.opensStream()
        #expect(dialogue.broker(of: other) == 1)
        accepts(other)
        dialogue.doesNotObserve(.brokerUnreachable)
        return other
    }

    @Test("A broker that cannot be reached: the next is tried at once, and clients notice nothing")
    func failover() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, on: first)
        _ = failsOver(dialogue)
        // What is there at the first ends by itself; until then it goes on.
        first.sends(.publish("a/b", "1"))
        client.receives(.publish(1, "1"))
        first.closes()
        dialogue.passes(.seconds(1))
        let second = dialogue.opensStream()
        #expect(dialogue.broker(of: second) == 1)
        second.opens()
        second.receives(.connect("c1", clean: false))
        // The second does not know the session: it is told the subscriptions.
        second.sends(.connectAcknowledgement())
        second.receives(.subscribe("a/b", id: 32_768, qos: .atLeastOnce))
        client.receivesNothing()
    }

    @Test("GW-21 A client that connects is taken to the next broker before it is told congestion")
    func connectingClient() {
        let dialogue = dialogue { $0.upstream.connectTimeout = .seconds(4) }
        dialogue.shared?.closes()
        // The gateway's own connection waits, as it had not stayed.
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let first = dialogue.opensStream()
        first.closes(.timedOut)
        client.receivesNothing()
        let second = dialogue.opensStream()
        #expect(dialogue.broker(of: second) == 1)
        second.opens()
        second.receives(.connect("c1"))
        second.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement(.accepted))
    }

    @Test("Where no broker can be reached, each is tried once in a round, and then a pause is made")
    func allAway() {
        let dialogue = dialogue(count: 3)
        dialogue.passes(.seconds(20))
        dialogue.shared?.closes()
        for place in 0..<3 {
            let stream = dialogue.opensStream()
            #expect(dialogue.broker(of: stream) == place)
            stream.closes(.refused)
        }
        // The next round begins with the first, and the log says where connections go.
        dialogue.observes(exactly: .brokerGivenUp(2, for: 0))
        dialogue.observes(.brokerUnreachable)
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        client.receives(.connectAcknowledgement(.congestion))
        dialogue.passes(.seconds(1))
        #expect(dialogue.broker(of: dialogue.opensStream()) == 0)
    }

    @Test("Hundreds of attempts that fail together are one failure")
    func staleFailures() {
        let dialogue = dialogue(count: 3)
        dialogue.passes(.seconds(20))
        let clients = (0..<5).map { dialogue.client("c\($0)") }
        dialogue.shared?.closes()
        let shared = dialogue.opensStream()
        let attempts = clients.map { client in
            client.sends(.connect(client.clientID))
            return dialogue.opensStream()
        }
        dialogue.passes(.milliseconds(10))
        for attempt in attempts {
            attempt.closes(.refused)
            let next = dialogue.opensStream()
            #expect(dialogue.broker(of: next) == 1)
        }
        shared.closes(.refused)
        #expect(dialogue.broker(of: dialogue.opensStream()) == 1)
        #expect(dialogue.brokerInUse == 1)
    }

    @Test("One client's failure says too little while the gateway's own connection is there: that is asked")
    func oneFailure() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        dialogue.opensStream().closes(.timedOut)
        client.receives(.connectAcknowledgement(.congestion))
        dialogue.shared?.receives(.pingRequest)
        #expect(dialogue.brokerInUse == 0)
        dialogue.shared?.sends(.pingResponse)
    }

    @Test(
        "A broker that takes connections and is none is left, too",
        arguments: [ConnectReturnCode.serverUnavailable, nil])
    func noBroker(code: ConnectReturnCode?) {
        let dialogue = dialogue()
        dialogue.passes(.seconds(20))
        dialogue.shared?.closes()
        let first = dialogue.opensStream()
        first.opens()
        first.receives(.connect("swiftlet-1"))
        if let code {
            first.sends(.connectAcknowledgement(code))
            first.receives(.close)
        } else {
            first.closes()
        }
        #expect(dialogue.broker(of: dialogue.opensStream()) == 1)
    }

    @Test("GW-26 A broker that is silent and may have the Will is told DISCONNECT before the client goes to the next")
    func silentBroker() {
        let dialogue = dialogue { $0.upstream.connectTimeout = .seconds(4) }
        dialogue.shared?.closes()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let first = dialogue.opensStream()
        first.opens()
        first.receives(.connect("c1"))
        dialogue.passes(.seconds(4))
        first.receives(.disconnect, .close)
        client.receivesNothing()
        #expect(dialogue.brokerInUse == 1)
    }

    @Test("What is refused for what the gateway says is no reason to go elsewhere")
    func refusal() {
        let dialogue = dialogue()
        dialogue.passes(.seconds(20))
        dialogue.shared?.closes()
        let first = dialogue.opensStream()
        first.opens()
        first.receives(.connect("swiftlet-1"))
        first.sends(.connectAcknowledgement(.badCredentials))
        first.receives(.close)
        #expect(dialogue.brokerInUse == 0)
    }

    @Test("§3.1.2.2 The version that a broker knows is remembered of each")
    func versions() {
        let dialogue = dialogue { $0.upstream.version = .auto }
        _ = dialogue
        var choice = BrokerChoice()
        #expect(choice[1].next(.auto, at: dialogue.now) == .v5_0)
        choice[1].refused(.v5_0, forVersion: true, at: dialogue.now)
        choice[1].accepted(.v3_1_1, at: dialogue.now)
        choice[0].accepted(.v5_0, at: dialogue.now)
        #expect(choice[1].next(.auto, at: dialogue.now) == .v3_1_1)
        #expect(choice[0].next(.auto, at: dialogue.now) == .v5_0)
    }

    @Test("GW-86 What another broker has of a session is not this one: its release is not told there")
    func otherMemory() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.sends(.publish(.short("ab"), "x", id: 7, qos: .exactlyOnce))
        first.receives(.publish("ab", "x", qos: .exactlyOnce, id: 7))
        first.sends(.publishReceived(7))
        client.receives(.publishReceived(7))
        _ = failsOver(dialogue)
        first.closes()
        dialogue.passes(.seconds(1))
        let second = dialogue.opensStream()
        second.opens()
        second.receives(.connect("c1", clean: false))
        // It has one of an earlier day; the message lies at the first, and its client is told that it is uncertain.
        second.sends(.connectAcknowledgement(present: true))
        client.receives(.disconnect())
        second.receives(.disconnect, .close)
        dialogue.observes(.clientDismissed, of: "c1")
    }

    // MARK: The way back

    /// Lets time pass up to the next look at the first broker.
    private func look(_ dialogue: Dialogue) -> TestUpstream {
        dialogue.passes(.seconds(10))
        let look = dialogue.opensStream()
        #expect(dialogue.broker(of: look) == 0)
        return look
    }

    @Test("broker.steady_seconds: the first is returned to when it has been there for so long without a break")
    func wayBack() {
        let dialogue = dialogue()
        let shared = failsOver(dialogue)
        // It is there, goes once more, and comes for good; nobody says CONNECT to it.
        for isThere in [true, true, false, true, true, true] {
            let look = look(dialogue)
            guard isThere else {
                look.closes(.refused)
                continue
            }
            look.opens()
            look.receives(.close)
            #expect(dialogue.brokerInUse == 1)
        }
        let client = dialogue.client("c1")
        let kept = client.connects()
        #expect(dialogue.broker(of: kept) == 1)
        let last = look(dialogue)
        last.opens()
        last.receives(.close)
        dialogue.observes(exactly: .brokerRegained)
        shared.receives(.disconnect, .close)
        let own = dialogue.opensStream()
        #expect(dialogue.broker(of: own) == 0)
        accepts(own)
        #expect(dialogue.brokerInUse == 0)
        // What is at the second ends by itself, and nothing is looked for any more.
        kept.receivesNothing()
        dialogue.passes(.seconds(600))
        let other = dialogue.client("c2").connects()
        #expect(dialogue.broker(of: other) == 0)
    }

    @Test("A look that is not answered in time is one that failed")
    func silentLook() {
        let dialogue = dialogue()
        _ = failsOver(dialogue)
        _ = look(dialogue)
        dialogue.passes(.seconds(10))
        // It is closed, and there will be another one.
        dialogue.readAll()
        _ = look(dialogue)
    }

    @Test("A first broker that fails again soon after the return must have been there for twice as long the next time")
    func vainReturn() {
        var choice = BrokerChoice()
        let start = Instant(nanoseconds: 0)
        func isThere(_ seconds: Int) -> Bool { choice.firstIsThere(.seconds(30), at: start + .seconds(seconds)) }
        func fails(_ seconds: Int) -> BrokerChoice.Failure {
            choice.failed(0, begunAt: start + .seconds(seconds), count: 2, at: start + .seconds(seconds))
        }
        let seen = [fails(0) == .next, !isThere(0), isThere(30)]
        let later = [fails(40) == .next, !isThere(40), !isThere(99), isThere(100)]
        #expect(seen == [true, true, true])
        #expect(later == [true, true, true, true])
    }

    @Test("At the end a look at the first broker is given up")
    func shutdown() {
        let dialogue = dialogue()
        let shared = failsOver(dialogue)
        let look = look(dialogue)
        dialogue.shutsDown()
        look.receives(.close)
        shared.receives(.disconnect, .close)
    }

    @Test("GW-90 Of which broker a session is outlives the process")
    func record() throws {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        _ = failsOver(dialogue)
        let second = client.connects(clean: false)
        #expect(dialogue.broker(of: second) == 1)
        #expect(dialogue.record(of: client)?.home == 1)
        dialogue.restarts(knowingAddresses: true)
        // The first is there again, and has an older session: it is told everything as if it had none.
        #expect(dialogue.record(of: client)?.home == 1)
    }
}

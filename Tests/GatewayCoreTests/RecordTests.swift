import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A session that outlives the gateway's process: unfinished exchanges, topic ids, sleep and Will go on where they
/// stood, and the client has nothing to do for it.
@Suite struct RecordTests {
    /// A sleeper with a finished QoS 2 message (8), one that the broker holds (9), and a QoS 1 message that waits.
    private func sleeper(_ configuration: GatewayConfiguration = .dialogue()) -> (Dialogue, TestClient) {
        let dialogue = Dialogue(configuration)
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.registers("a", as: 1)
        client.subscribes("a/b", as: 2, qos: .exactlyOnce, on: upstream)
        client.publishesExactlyOnce("old", id: 8, on: upstream)
        client.releases(id: 8, on: upstream)
        client.publishesExactlyOnce("open", id: 9, on: upstream)
        client.fallsAsleep()
        upstream.sends(.publish("a/b", "held", qos: .atLeastOnce, id: 5))
        return (dialogue, client)
    }

    @Test("GW-42 GW-70 GW-71 AMB-23 A sleeper wakes up in another life of the gateway, and nothing is missing")
    func sleeperWakesUp() {
        let (dialogue, client) = sleeper()
        #expect(dialogue.restarts() == [])
        let upstream = client.isRestored(present: true)
        // The broker repeats what it has no answer to.
        upstream.sends(.publish("a/b", "held", qos: .atLeastOnce, id: 5, duplicate: true))
        client.wakesUp()
        // The id is known, and means the same.
        client.receives(.publish(2, "held", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        upstream.receives(.publishAcknowledgement(5))
        client.receives(.pingResponse)
        // The open exchange ends.
        client.releases(id: 9, on: upstream)
        // A copy of the finished one is none of a new message.
        client.sends(.publish(1, "old", id: 8, qos: .exactlyOnce, duplicate: true))
        client.receives(.publishReceived(8))
        client.sends(.publishRelease(8))
        client.receives(.publishComplete(8))
        upstream.receivesNothing()
    }

    @Test("GW-70 GW-71 Who wakes up before the broker is back gets what waits, and the broker hears of it later")
    func sleeperIsEarly() {
        let (dialogue, client) = sleeper()
        dialogue.restarts()
        client.wakesUp()
        client.receives(.publish(2, "held", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(2, 1))
        client.receives(.pingResponse)
        let upstream = client.isRestored(present: true)
        upstream.sends(.publish("a/b", "held", qos: .atLeastOnce, id: 5, duplicate: true))
        upstream.receives(.publishAcknowledgement(5))
        client.wakesUpInVain()
    }

    @Test("GW-57 AMB-18 What a client denied to an earlier life is told anew, though no message has that number now")
    func topicIsDeniedAcross() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, qos: .atLeastOnce, on: first)
        dialogue.restarts(knowingAddresses: true, age: .zero)
        client.sends(.publishAcknowledgement(1, 77, .invalidTopicID))
        let upstream = client.isRestored(present: true)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 5))
        client.receives(.register(1, 256, "a/b"))
        client.sends(.registerAcknowledgement(1, 256))
        client.receives(.publish(1, "x", id: 256, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 256))
        upstream.receives(.publishAcknowledgement(5))
    }

    @Test("GW-70 AMB-11 Whose address is not known may wake up anywhere, whatever the owner says of other addresses")
    func sleeperIsElsewhere() {
        let (dialogue, client) = sleeper(.dialogue { $0.sleep.allowsAddressChange = false })
        dialogue.restarts()
        let moved = dialogue.client("c1")
        moved.wakesUp()
        moved.receives(.publish(2, "held", id: 1, qos: .atLeastOnce))
        moved.sends(.publishAcknowledgement(2, 1))
        moved.receives(.pingResponse)
        client.wakesUp()
        client.receives(.disconnect())
    }

    @Test("GW-70 The Duration goes on where it stood", arguments: [(129, true), (131, false)])
    func sleepGoesOn(seconds: Int, isThere: Bool) {
        let dialogue = Dialogue()
        let (client, _) = TestClient.asleep(dialogue, clean: false, seconds: 300)
        dialogue.passes(.seconds(200))
        dialogue.restarts()
        let upstream = client.isRestored(present: true)
        dialogue.passes(.seconds(seconds - 1))
        if isThere { return client.wakesUpInVain() }
        dialogue.observes(.clientLost)
        upstream.receives(.close)
    }

    @Test("GW-42 A client that dozed while the broker forgot cannot know of its message: it is gone, and told so")
    func brokerHasForgotten() {
        let (dialogue, client) = sleeper()
        dialogue.restarts()
        let upstream = client.isRestored(present: false)
        upstream.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce), .disconnect, .close)
        client.wakesUp()
        client.receives(.disconnect())
    }

    @Test("GW-86 AMB-30 A CONNECT that the broker was considering may have begun a new session: nothing is believed")
    func brokerWasDeciding() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.asleep(dialogue, clean: false)
        first.sends(.publish("a/b", "held", qos: .atLeastOnce, id: 5))
        first.closes()
        dialogue.passes(.seconds(1))
        _ = client.asksBroker(clean: false)
        dialogue.restarts()
        let upstream = client.isRestored(present: true)
        upstream.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        // Another message under the number of the one that waits.
        upstream.sends(.publish("a/b", "other", qos: .atLeastOnce, id: 5))
        client.wakesUp()
        client.receives(.publish(1, "held", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receivesNothing()
        client.receives(.publish(1, "other", id: 2, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 2))
        upstream.receives(.publishAcknowledgement(5))
        client.receives(.pingResponse)
    }

    // MARK: Who is awake

    @Test("GW-34 GW-39 GW-78 A connected client goes on without CONNECT, and without REGISTER")
    func activeClient() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, keepAlive: 60)
        client.subscribes("a/b", as: 1, on: first)
        first.sends(.publish("a/b", "one", qos: .atLeastOnce, id: 5))
        client.receives(.publish(1, "one", id: 1, qos: .atLeastOnce))
        #expect(dialogue.restarts(knowingAddresses: true) == [])
        client.receives(.publish(1, "one", id: 1, qos: .atLeastOnce, duplicate: true))
        let upstream = client.isRestored(present: true)
        upstream.sends(.publish("a/b", "one", qos: .atLeastOnce, id: 5, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(5))
        upstream.sends(.publish("a/b", "two"))
        client.receives(.publish(1, "two"))
        client.sends(.publish(1, "three", id: 7, qos: .atLeastOnce))
        upstream.receives(.publish("a/b", "three", qos: .atLeastOnce, id: 7))
        client.leaves(upstream)
    }

    @Test("GW-41 GW-42 What the broker has not answered is said to it again")
    func brokerOwes() {
        let dialogue = Dialogue()
        let (client, first) = TestClient.publisher(dialogue, clean: false)
        client.publishesExactlyOnce("A", id: 9, on: first)
        client.sends(.publishRelease(9))
        first.receives(.publishRelease(9))
        client.sends(.publish(1, "B", id: 7, qos: .atLeastOnce))
        first.receives(.publish("a", "B", qos: .atLeastOnce, id: 7))
        dialogue.restarts(knowingAddresses: true)
        let upstream = client.isRestored(present: true)
        upstream.receives(.publishRelease(9))
        upstream.sends(.publishComplete(9))
        client.receives(.publishComplete(9))
        client.sends(.publish(1, "B", id: 7, qos: .atLeastOnce, duplicate: true))
        upstream.receives(.publish("a", "B", qos: .atLeastOnce, id: 7, duplicate: true))
        upstream.sends(.publishAcknowledgement(7))
        client.receives(.publishAcknowledgement(1, 7))
    }

    @Test("GW-42 A message at QoS 2 for the client goes on where it stood")
    func exactlyOnceDown() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        first.sends(.publish("a/b", "one", qos: .exactlyOnce, id: 5))
        client.receives(.publish(1, "one", id: 5, qos: .exactlyOnce))
        client.sends(.publishReceived(5))
        first.receives(.publishReceived(5))
        dialogue.restarts(knowingAddresses: true)
        let upstream = client.isRestored(present: true)
        upstream.sends(.publishRelease(5))
        client.receives(.publishRelease(5))
        client.sends(.publishComplete(5))
        upstream.receives(.publishComplete(5))
        client.receivesNothing()
    }

    @Test("GW-80 GW-82 A node is found behind its forwarder")
    func node() {
        let dialogue = Dialogue()
        dialogue.allowsForwarders = true
        let client = dialogue.client("c1", node: [7, 8], behind: dialogue.client("f"))
        client.connects(clean: false)
        dialogue.restarts(knowingAddresses: true)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        client.isRestored(present: true).receivesNothing()
    }

    @Test("GW-25 GW-65 Whose address is not known must say CONNECT, and has all that it had")
    func addressIsLost() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, keepAlive: 60)
        client.subscribes("a/b", as: 1, on: first)
        #expect(dialogue.restarts() == [])
        client.sends(.pingRequest())
        client.receives(.disconnect())
        let upstream = client.connects(clean: false, keepAlive: 60, present: true)
        upstream.receivesNothing()
        client.sends(.publish(1, "one"))
        upstream.receives(.publish("a/b", "one"))
    }

    @Test("GW-24 AMB-03 A clean session whose client is not found is over")
    func cleanAddressIsLost() {
        let dialogue = Dialogue()
        dialogue.client("c1").connects(clean: true)
        #expect(dialogue.restarts() == [.clientCannotBeFound])
        #expect(dialogue.sessionCount == 0)
    }

    /// The record of a client that is connected.
    private func record(of clientID: String, clean: Bool = false) throws -> SessionRecord {
        let dialogue = Dialogue()
        let client = dialogue.client(clientID)
        client.connects(clean: clean)
        return try #require(dialogue.record(of: client))
    }

    @Test("GW-87 GW-89 Neither a name nor an address has two clients, and places are as many as there are")
    func placesAreTaken() throws {
        var gateway = Gateway(configuration: .dialogue { $0.limits.clients = 2 }, seed: 1)
        let (peer, now) = (PeerID(link: LinkID(0), number: 1), Instant(nanoseconds: 5_000_000_000))
        let first = try record(of: "c1")
        try gateway.restore(first, from: peer, at: now)
        #expect(gateway.peer(of: first.clientID) == peer)
        #expect(throws: RestoreRefusal.clientIsHere) { try gateway.restore(first, at: now) }
        let second = try record(of: "c2")
        #expect(throws: RestoreRefusal.addressIsTaken) { try gateway.restore(second, from: peer, at: now) }
        try gateway.restore(second, at: now)
        let third = try record(of: "c3")
        #expect(throws: RestoreRefusal.noPlace) { try gateway.restore(third, at: now) }
        #expect(gateway.sessionCount == 2)
    }

    // MARK: Written down

    @Test("GW-87 Another life writes sessions down in the order in which it has taken them up")
    func orderOfWriting() throws {
        var gateway = Gateway(configuration: .dialogue(), seed: 1)
        gateway.keepSessions()
        let names = (1...5).map { "c\($0)" }
        let now = Instant(nanoseconds: 5_000_000_000)
        for name in names { try gateway.restore(try record(of: name), at: now) }
        var written: [String] = []
        gateway.takeChanges(at: now) { written.append(String(decoding: $0.clientID, as: UTF8.self)) }
        #expect(written == names)
        let mayHaveChanges = gateway.mayHaveChanges
        #expect(!mayHaveChanges)
    }

    @Test("GW-70 A session that ends before the first word of it is written is struck out of the earlier life's")
    func endsAtOnce() throws {
        var gateway = Gateway(configuration: .dialogue(), seed: 1)
        gateway.keepSessions()
        let record = try record(of: "c1", clean: true)
        let (peer, now) = (PeerID(link: LinkID(0), number: 1), Instant(nanoseconds: 5_000_000_000))
        try gateway.restore(record, from: peer, at: now)
        var effects = Effects()
        let disconnect: [UInt8] = [2, 0x18]
        gateway.handle(.datagramReceived(from: peer), disconnect.span.bytes, at: now, into: &effects)
        #expect(gateway.sessionCount == 0)
        var changes: [SessionChange] = []
        gateway.takeChanges(at: now) { changes.append($0) }
        #expect(changes.map(\.clientID) == [record.clientID] && changes.allSatisfy { $0.record == nil })
    }

    // MARK: The Will

    @Test("GW-26 GW-79 A Will update goes on: the broker is told, and then the client")
    func willUpdate() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let first = client.connects(clean: false, prompted: TestWill(topic: "w", payload: "old"))
        client.sends(.willMessageUpdate("new"))
        first.receives(.disconnect, .close)
        _ = dialogue.opensStream()
        dialogue.restarts(knowingAddresses: true)
        dialogue.passes(.seconds(1))
        let upstream = client.asksBroker(clean: false, will: TestWill(topic: "w", payload: "new"))
        upstream.sends(.connectAcknowledgement(present: true))
        client.receives(.willMessageResponse(.accepted))
    }

    // MARK: What is not recorded

    @Test("GW-24 A session that is over has no record, nor one that has not begun")
    func noRecord() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        #expect(dialogue.record(of: client) == nil)
        client.sends(.connect("c1", clean: false))
        let first = client.asksBroker(clean: false)
        #expect(dialogue.record(of: client) == nil)
        first.sends(.connectAcknowledgement())
        client.receives(.connectAcknowledgement())
        #expect(dialogue.record(of: client) != nil)
        client.leaves(first)
        #expect(dialogue.record(of: client) != nil)
        let second = client.connects(clean: true)
        #expect(dialogue.record(of: client) != nil)
        client.leaves(second)
        #expect(dialogue.record(of: client) == nil)
    }

    @Test("AMB-30 A clean session whose QoS 2 message the broker forgets with the connection has no record")
    func messageWouldBeLost() {
        let dialogue = Dialogue()
        let (client, upstream) = TestClient.publisher(dialogue, clean: true)
        client.publishesExactlyOnce("A", on: upstream)
        #expect(dialogue.record(of: client) == nil)
        client.releases(on: upstream)
        #expect(dialogue.record(of: client) != nil)
    }

    @Test(
        "GW-69 AMB-01 Who fell asleep while a late copy of its CONNECT was carried out sleeps in the next life",
        arguments: [false, true])
    func asleepInSetUp(isWakingUp: Bool) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a/b", as: 1, qos: .atLeastOnce, on: upstream)
        client.sends(.connect("c1", clean: false))
        upstream.receives(.disconnect, .close)
        _ = client.asksBroker(clean: false)
        client.sends(.disconnect(100))
        client.receives(.disconnect())
        // It is told that it is awake only when the broker has answered.
        if isWakingUp { client.sends(.connect("c1", clean: false)) }
        client.receivesNothing()
        dialogue.restarts()
        let next = client.isRestored(present: true)
        next.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce))
        next.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 5))
        client.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
    }

    @Test("GW-74 The process that ends in good order leaves no sleeper's connection behind, wherever that is")
    func shutDown() {
        let (dialogue, client) = sleeper()
        dialogue.restarts()
        let upstream = client.isRestored(present: true)
        dialogue.shutsDown()
        upstream.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
    }
}

import Configuration
import GatewayCore
import Testing

@testable import GatewayHost

/// What is published of the gateway, and when: the latest of each client, at a bounded rate, and nothing for ever.
@Suite struct StatusPublisherTests {
    private static let second: UInt64 = 1_000_000_000

    /// A publisher with its connection, and the time in seconds.
    private struct Timeline {
        var publisher: StatusPublisher
        var now: UInt64 = 100 * StatusPublisherTests.second

        init(clientsPerSecond: Int = 100, isAnnounced: Bool = true, clientLimit: Int = 100) {
            var settings = StatusSettings()
            settings.clientsPerSecond = clientsPerSecond
            publisher = StatusPublisher(settings, clientLimit: clientLimit)
            guard isAnnounced else { return }
            follow(1)
            _ = turns()
        }

        mutating func note(_ kind: ObservationKind, _ client: String, isThere: Bool = true) {
            publisher.note(kind, of: octets(client), isThere: isThere, at: now)
        }

        mutating func follow(_ announcement: UInt32?, isSearching: Bool = false) {
            publisher.follow(announcement, isSearching: isSearching, at: now)
        }

        /// Everything that is due now, said.
        mutating func turns() -> [StatusPublisher.Turn] {
            var turns: [StatusPublisher.Turn] = []
            while let turn = publisher.due(at: now) {
                turns.append(turn)
                publisher.published(turn, at: now)
            }
            return turns
        }

        func availability(_ client: String) -> StatusPublisher.Availability? {
            publisher.clients[octets(client)]?.availability
        }
    }

    private func client(_ name: String) -> StatusPublisher.Turn { .client(octets(name)) }

    @Test("Before the gateway is announced nothing is published, and then everything, once")
    func announcement() {
        var time = Timeline(isAnnounced: false)
        time.note(.clientConnected, "a")
        #expect(time.publisher.nextDeadline == nil)
        #expect(time.turns() == [])
        time.follow(1)
        #expect(time.turns() == [.info, .health, client("a")])
        time.follow(1)
        #expect(time.turns() == [])
        // The connection goes and comes back.
        time.follow(nil)
        #expect(time.publisher.nextDeadline == nil)
        time.follow(2)
        #expect(time.turns() == [.info, .health, client("a")])
    }

    @Test("Who was there before is published with the next announcement, and nobody who is known is overwritten")
    func known() {
        var time = Timeline(isAnnounced: false)
        time.note(.clientConnected, "a")
        time.publisher.know(octets("a"), .remembered, since: 1)
        time.publisher.know(octets("b"), .asleep, since: 2)
        time.follow(1)
        #expect(time.availability("a") == .awake)
        #expect(time.publisher.clients[octets("b")]?.since == 2)
        #expect(Set(time.turns().dropFirst(2).map { "\($0)" }) == Set([client("a"), client("b")].map { "\($0)" }))
    }

    @Test("Health is published each minute, and the deadline says when")
    func health() {
        var time = Timeline()
        #expect(time.publisher.nextDeadline == time.now + 60 * Self.second)
        time.now += 60 * Self.second - 1
        #expect(time.turns() == [])
        time.now += 1
        #expect(time.turns() == [.health])
    }

    @Test(
        "What is observed of a client is its availability",
        arguments: [
            (ObservationKind.clientConnected, StatusPublisher.Availability.awake), (.clientResumed, .awake),
            (.clientFellAsleep, .asleep), (.clientWokeUp, .asleep), (.clientOverdue, .overdue), (.clientLost, .lost),
            (.clientDisconnected, .remembered), (.clientDismissed, .remembered),
        ])
    func availability(kind: ObservationKind, expected: StatusPublisher.Availability) {
        var time = Timeline()
        time.note(kind, "a")
        #expect(time.availability("a") == expected)
        #expect(time.turns() == [client("a")])
        #expect(StatusPublisher.concerns(kind))
    }

    @Test(
        "What a client says and hears has nothing to do with it",
        arguments: [
            ObservationKind.messageForwarded, .messageDelivered, .messageAcknowledged, .brokerAnswered,
        ])
    func messages(kind: ObservationKind) { #expect(!StatusPublisher.concerns(kind)) }

    @Test("A state holds since it began, whatever confirms it")
    func since() {
        var time = Timeline()
        time.note(.clientFellAsleep, "a")
        let began = time.now
        time.now += 5 * Self.second
        time.note(.clientWokeUp, "a")
        #expect(time.publisher.clients[octets("a")]?.since == began)
        time.note(.clientOverdue, "a")
        #expect(time.publisher.clients[octets("a")]?.since == time.now)
    }

    @Test("Who changes again and again before its turn has one, with the latest")
    func latest() {
        var time = Timeline()
        for kind in [ObservationKind.clientConnected, .clientFellAsleep, .clientWokeUp, .clientOverdue] {
            time.note(kind, "a")
        }
        #expect(time.turns() == [client("a")])
        #expect(time.availability("a") == .overdue)
    }

    @Test("Only so many clients have their turn in a second, in the order of their changes")
    func rate() {
        var time = Timeline(clientsPerSecond: 2)
        for name in ["a", "b", "c", "d", "e"] { time.note(.clientConnected, name) }
        #expect(time.turns() == [client("a"), client("b")])
        #expect(time.publisher.nextDeadline == time.now + Self.second)
        time.now += Self.second - 1
        #expect(time.turns() == [])
        time.now += 1
        #expect(time.turns() == [client("c"), client("d")])
        time.now += Self.second
        #expect(time.turns() == [client("e")])
    }

    @Test("A connection that takes no more is tried again after a second, and nothing is left out")
    func blocked() {
        var time = Timeline()
        time.note(.clientConnected, "a")
        #expect(time.publisher.due(at: time.now) == client("a"))
        time.publisher.blocked(at: time.now)
        #expect(time.turns() == [])
        #expect(time.publisher.nextDeadline == time.now + Self.second)
        time.now += Self.second
        #expect(time.turns() == [client("a")])
    }

    @Test("Of a client without a session nothing is left when its availability is deleted")
    func forgotten() {
        var time = Timeline()
        time.note(.clientConnected, "a")
        _ = time.turns()
        time.note(.clientDisconnected, "a", isThere: false)
        #expect(time.publisher.clients[octets("a")]?.isThere == false)
        #expect(time.turns() == [client("a")])
        #expect(time.publisher.clients.isEmpty)
    }

    @Test(
        "Of whom nothing was published nothing is deleted, however many come and go before their turns",
        arguments: [ObservationKind.clientDisconnected, .clientLost, .sessionEvicted, .clientDismissed])
    func unpublished(kind: ObservationKind) {
        var time = Timeline()
        time.note(.clientConnected, "b")
        time.note(kind, "b", isThere: false)
        #expect(time.publisher.clients.isEmpty)
        #expect(time.turns() == [])
    }

    @Test("While the core searches, what an earlier run may have left of a client is deleted with its session")
    func leftByAnEarlierRun() {
        var time = Timeline(clientsPerSecond: 1)
        time.follow(1, isSearching: true)
        time.note(.clientConnected, "a")
        time.note(.clientDisconnected, "a", isThere: false)
        #expect(time.turns() == [client("a")])
        #expect(time.publisher.clients.isEmpty)
        // The same where the connection was away meanwhile, and the client goes before its turn.
        for name in ["b", "c"] { time.note(.clientConnected, name) }
        time.follow(nil)
        time.follow(2)
        for name in ["b", "c"] { time.note(.clientDisconnected, name, isThere: false) }
        #expect(time.publisher.clients.count == 2)
    }

    @Test("No more than clients.maximum wait to be deleted; others are counted, and left to the next search")
    func leftBehind() {
        var time = Timeline(clientsPerSecond: 1, clientLimit: 3)
        time.follow(1, isSearching: true)
        for number in 0..<5 {
            time.note(.clientConnected, "c\(number)")
            time.note(.clientDisconnected, "c\(number)", isThere: false)
        }
        #expect(time.publisher.clients.count == 3)
        #expect(time.publisher.leftBehindCount == 2)
        time.note(.clientConnected, "c0")
        time.note(.clientConnected, "c5")
        time.note(.clientDisconnected, "c5", isThere: false)
        #expect(time.publisher.clients.count == 4)
        #expect(time.publisher.leftBehindCount == 2)
    }

    @Test("A client that comes back before its deletion is there again")
    func returned() {
        var time = Timeline()
        time.note(.clientConnected, "a")
        _ = time.turns()
        time.note(.clientDisconnected, "a", isThere: false)
        time.note(.clientConnected, "a")
        #expect(time.turns() == [client("a")])
        #expect(time.publisher.clients[octets("a")]?.isThere == true)
    }

    @Test("A refused stranger is nobody")
    func strangers() {
        var time = Timeline()
        time.note(.clientRefused, "x", isThere: false)
        time.note(.clientSetUpAbandoned, "y", isThere: false)
        #expect(time.publisher.clients.isEmpty)
        #expect(time.turns() == [])
    }

    @Test("Without a connection only those with a session are kept: what no longer holds is searched for later")
    func away() {
        var time = Timeline()
        time.note(.clientConnected, "a")
        _ = time.turns()
        time.note(.clientLost, "a", isThere: false)
        time.follow(nil)
        #expect(time.publisher.clients.isEmpty)
        time.note(.clientConnected, "b")
        time.note(.clientLost, "b", isThere: false)
        #expect(time.publisher.clients.isEmpty)
    }

    @Test("When all are looked through, who went without a word is found, and who was overdue and was heard")
    func review() {
        var time = Timeline()
        time.note(.clientConnected, "a")
        time.note(.clientConnected, "b")
        time.note(.clientOverdue, "c")
        _ = time.turns()
        time.publisher.review(at: time.now) { $0 == octets("a") ? .awake : $0 == octets("c") ? .overdue : nil }
        #expect(time.turns() == [client("b")])
        #expect(Set(time.publisher.clients.keys) == [octets("a"), octets("c")])
        time.publisher.review(at: time.now) { $0 == octets("a") ? .awake : .asleep }
        #expect(time.turns() == [client("c")])
        #expect(time.availability("c") == .asleep)
    }

    @Test("A crowd that comes and goes leaves nothing behind, as long as the broker takes nothing")
    func crowd() {
        var time = Timeline(clientsPerSecond: 1)
        for name in ["a", "b"] { time.note(.clientConnected, name) }
        for number in 0..<10_000 {
            time.note(.clientConnected, "c\(number)")
            time.note(.clientDisconnected, "c\(number)", isThere: false)
        }
        #expect(time.publisher.clients.count == 2)
        #expect(time.publisher.waitingTurnCount < 200)
        #expect(time.turns() == [client("a")])
        time.now += Self.second
        #expect(time.turns() == [client("b")])
    }

    @Test("After a reload the gateway tells of itself again, at another rate")
    func reconfigured() {
        var time = Timeline(clientsPerSecond: 1)
        var settings = StatusSettings()
        settings.clientsPerSecond = 2
        time.publisher.reconfigure(settings, clientLimit: 100)
        for name in ["a", "b"] { time.note(.clientConnected, name) }
        #expect(time.turns() == [.info, client("a"), client("b")])
    }
}

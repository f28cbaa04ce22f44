import Testing
import Time

@testable import GatewayCore

/// On which messages a broker may have closed a connection, and which one of QoS 0 is being tried (AMB-35).
@Suite struct UnwelcomeMessagesTests {
    private let client = ClientID(bytes: Array("c1".utf8))

    private func digest(_ number: UInt32) -> MessageDigest { MessageDigest(rawValue: number) }
    private func at(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    private func closes(
        _ messages: inout UnwelcomeMessages, _ number: UInt32, isUnasked: Bool = true, at seconds: UInt64 = 0
    ) {
        messages.brokerClosed(client, digest(number), isUnasked: isUnasked, at: at(seconds))
        #expect(messages.checkInvariants() == nil)
    }

    private func count(_ messages: UnwelcomeMessages, _ number: UInt32, at seconds: UInt64 = 0) -> Int {
        messages.closingCount(client, digest(number), at: at(seconds))
    }

    // MARK: The list

    @Test("AMB-35 A closing counts for the message of that client, and no more than two do")
    func counts() {
        var messages = UnwelcomeMessages(limit: 10)
        #expect(messages.isEmpty && count(messages, 1) == 0)
        for expected in [1, 2, 2, 2] {
            closes(&messages, 1)
            #expect(count(messages, 1) == expected)
        }
        #expect(count(messages, 2) == 0)
        let other = ClientID(bytes: Array("c2".utf8))
        #expect(messages.closingCount(other, digest(1), at: at(0)) == 0)
    }

    @Test("AMB-35 A closing that the gateway has asked for is a suspicion and no proof")
    func asked() {
        var messages = UnwelcomeMessages(limit: 10)
        for _ in 1...3 {
            closes(&messages, 1, isUnasked: false)
            #expect(count(messages, 1) == 1)
        }
        closes(&messages, 1)
        closes(&messages, 1, isUnasked: false)
        #expect(count(messages, 1) == 2)
    }

    @Test("AMB-35 A closing is forgotten after an hour, from the last one on, or when the broker takes the message")
    func forgets() {
        var messages = UnwelcomeMessages(limit: 10)
        closes(&messages, 1)
        closes(&messages, 1, at: 3_599)
        #expect(count(messages, 1, at: 7_198) == 2)
        #expect(count(messages, 1, at: 7_199) == 0)
        closes(&messages, 1, at: 7_199)
        #expect(count(messages, 1, at: 7_199) == 1)
        messages.brokerTook(client, digest(1))
        #expect(count(messages, 1, at: 7_199) == 0 && messages.isEmpty)
    }

    @Test("AMB-35 GW-87 Beyond the limit the oldest entry makes room; with none nothing is remembered")
    func bound() {
        var messages = UnwelcomeMessages(limit: 2)
        for number in [1, 2, 1, 3] as [UInt32] { closes(&messages, number) }
        #expect([1, 2, 3].map { count(messages, $0) } == [2, 0, 1])
        // What is over makes room before what is not.
        closes(&messages, 4, at: 3_599)
        closes(&messages, 5, at: 3_600)
        #expect([3, 4, 5].map { count(messages, $0, at: 3_600) } == [0, 1, 1])
        var none = UnwelcomeMessages(limit: 0)
        closes(&none, 1)
        #expect(none.isEmpty && count(none, 1) == 0)
    }

    // MARK: QoS 0

    @Test("AMB-35 The last four messages are suspects, and only the one that is tried while one is")
    func suspects() {
        var probe = AtMostOnceProbe()
        #expect(probe.suspects.isEmpty)
        for number in 1...6 as ClosedRange<UInt32> { probe.publish(digest(number)) }
        #expect(Set(probe.suspects) == Set((3...6).map(digest)))
        probe.attempt(digest(1))
        #expect(probe.isTrying && probe.suspects == [digest(1)])
        probe.reset()
        #expect(!probe.isTrying && probe.suspects.isEmpty)
    }

    @Test("AMB-35 The broker's answer clears what is tried, and nothing else")
    func answered() {
        var probe = AtMostOnceProbe()
        probe.publish(digest(1))
        var taken = probe.brokerAnswered()
        #expect(taken == nil)
        probe.attempt(digest(2))
        taken = probe.brokerAnswered()
        #expect(taken == digest(2) && !probe.isTrying && probe.suspects == [digest(1)])
        taken = probe.brokerAnswered()
        #expect(taken == nil)
    }
}

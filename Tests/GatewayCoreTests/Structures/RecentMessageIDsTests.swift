import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// The memory of message ids that have just ended.
@Suite struct RecentMessageIDsTests {
    private func instant(_ seconds: Int) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    private func contains(_ recent: RecentMessageIDs, _ messageID: MessageID, digest: UInt32? = nil, at seconds: Int)
        -> Bool
    {
        recent.contains(messageID, digest: digest, endedWithin: .seconds(40), before: instant(seconds))
    }

    @Test("AMB-23 An id is recent for the given time, from its last end")
    func time() {
        var recent = RecentMessageIDs()
        #expect(!contains(recent, 5, at: 0))
        recent.note(5, at: instant(0))
        #expect(contains(recent, 5, at: 39))
        #expect(!contains(recent, 5, at: 40))
        recent.note(5, at: instant(30))
        #expect(contains(recent, 5, at: 69))
        recent.forget(5)
        #expect(!contains(recent, 5, at: 30))
        #expect(!contains(recent, 0, at: 0), "an empty place is no id")
    }

    @Test("AMB-23 The last eight are known")
    func bound() {
        var recent = RecentMessageIDs()
        for id in 1...20 as ClosedRange<MessageID> { recent.note(id, at: instant(0)) }
        #expect((1...20).filter { contains(recent, $0, at: 1) } == Array(13...20))
    }

    @Test("GW-50 A digest tells messages under one id apart")
    func digest() {
        var recent = RecentMessageIDs()
        recent.note(5, digest: 7, at: instant(0))
        #expect(contains(recent, 5, digest: 7, at: 1))
        #expect(!contains(recent, 5, digest: 8, at: 1))
        #expect(contains(recent, 5, at: 1))
    }
}

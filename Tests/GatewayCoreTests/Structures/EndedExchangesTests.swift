import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// Ended exchanges beside a dictionary that remembers the same (AMB-24).
@Suite struct EndedExchangesTests {
    @Test(
        "AMB-24 Ended exchanges are found for patience, however many there are and in whatever order ids are used",
        arguments: [5, 40, 300, 3_000])
    func likeADictionary(idCount: Int) {
        let patience = TimeSpan.seconds(40)
        var random = RandomNumbers(seed: UInt64(idCount))
        var ended = EndedExchanges()
        var ends: [MessageID: Instant] = [:]
        var now = Instant(nanoseconds: 1_000_000_000_000)
        for step in 0..<12_000 {
            // Busy times, and now and then a pause that ends everything.
            now = now + (random.next() % 500 == 0 ? .seconds(50) : .milliseconds(Int(random.next() % 40)))
            let id = MessageID(1 + random.next() % UInt64(idCount))
            switch random.next() % 8 {
            case 0:
                ended.forget(id)
                ends[id] = nil
            case 1: ended.expire(after: patience, at: now)
            default:
                ended.note(id, step % 2 == 0 ? .finished : .refused, MessageDigest(rawValue: 7), at: now)
                ends[id] = now
            }
            let asked = MessageID(1 + random.next() % UInt64(idCount))
            let expected = ends[asked].flatMap { now.since($0) < patience ? $0 : nil }
            let found = ended.entry(asked, within: patience, before: now)
            #expect(found?.endedAt == expected, "id \(asked) in step \(step)")
            if step % 50 == 0 { #expect(ended.checkInvariants() == nil) }
        }
    }
}

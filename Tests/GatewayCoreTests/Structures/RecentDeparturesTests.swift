import Testing
import Time

@testable import GatewayCore

/// The senders that have just left or were just answered.
@Suite struct RecentDeparturesTests {
    private func route(_ number: UInt32) -> Route { Route(peer: PeerID(link: LinkID(0), number: number)) }
    private func at(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds) }

    @Test("GW-65 Who is not noted is answered, who is noted only as often as he was granted")
    func answers() {
        var departures = RecentDepartures(limit: 10)
        #expect(departures.mayAnswer(route(1), at: at(0)) == true)
        let isNew = departures.note(route(1), answers: 2, at: at(0), until: at(10))
        #expect(isNew)
        let answered = (0..<4).map { _ in departures.mayAnswer(route(1), at: at(9)) }
        #expect(answered == [true, true, false, false])
        #expect(departures.mayAnswer(route(1), at: at(10)) == true)
    }

    @Test("A sender is kept once, whether or not it is noted again")
    func notedOnce() {
        var departures = RecentDepartures(limit: 10)
        let news = [
            departures.note(route(1), answers: 0, at: at(0), until: at(10)),
            departures.note(route(1), answers: 0, at: at(1), until: at(11)),
            departures.note(route(1), answers: 3, at: at(2), until: at(12)),
            departures.note(route(1), answers: 0, at: at(12), until: at(22)),
        ]
        #expect(news == [true, false, false, false])
        #expect(departures.count == 1)
        #expect(departures.takeExpired(at: at(21)) == nil)
        #expect(departures.takeExpired(at: at(22)) == route(1))
        #expect(departures.takeExpired(at: at(22)) == nil)
        #expect(departures.nextExpiry == nil)
    }

    @Test("The oldest goes when there are too many")
    func excess() {
        var departures = RecentDepartures(limit: 2)
        for number in 1...3 as ClosedRange<UInt32> {
            _ = departures.note(route(number), answers: 1, at: at(0), until: at(10))
        }
        #expect(departures.takeExcess() == route(1))
        #expect(departures.takeExcess() == nil)
        _ = departures.note(route(2), answers: 1, at: at(1), until: at(11))
        _ = departures.note(route(4), answers: 1, at: at(1), until: at(11))
        #expect(departures.takeExcess() == route(3))
    }

    @Test("The list does what a dictionary of expiries does", arguments: 0..<10)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var departures = RecentDepartures(limit: 40)
        var model: [UInt32: Instant] = [:]
        var order: [UInt32] = []
        for step in 0..<3_000 as Range<UInt64> {
            let number = UInt32.random(in: 0..<60, using: &random)
            let answers = Int.random(in: 0...2, using: &random)
            let isKept = model[number].map { $0 > at(step) && answers == 0 } ?? false
            let isNew = departures.note(route(number), answers: answers, at: at(step), until: at(step + 50))
            #expect(isNew == (model[number] == nil))
            if !isKept {
                model[number] = at(step + 50)
                order.removeAll { $0 == number }
                order.append(number)
            }
            while let gone = departures.takeExcess() {
                #expect(gone == route(order.removeFirst()))
                model[gone.peer.number] = nil
            }
            while let gone = departures.takeExpired(at: at(step)) {
                #expect(gone == route(order.removeFirst()))
                model[gone.peer.number] = nil
            }
            #expect(departures.count == model.count)
            #expect(departures.nextExpiry == model.values.min())
        }
    }
}

/// The limit of answers per second.
@Suite struct TokenBucketTests {
    private func at(milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("GW-65 So many at once, then one for each fraction of a second")
    func rate() {
        var bucket = TokenBucket(perSecond: 4)
        let burst = (0..<6).map { _ in bucket.take(at: at(milliseconds: 1_000)) }
        #expect(burst == [true, true, true, true, false, false])
        let later = [1_249, 1_250, 1_250, 1_500, 1_500].map { bucket.take(at: at(milliseconds: $0)) }
        #expect(later == [false, true, false, true, false])
    }

    @Test("GW-65 A pause fills the bucket, and no more than that")
    func pause() {
        var bucket = TokenBucket(perSecond: 2)
        for _ in 0..<2 { _ = bucket.take(at: at(milliseconds: 0)) }
        let afterPause = (0..<3).map { _ in bucket.take(at: at(milliseconds: 3_600_000)) }
        #expect(afterPause == [true, true, false])
    }

    @Test("GW-65 A rate of 0 means never")
    func never() {
        var bucket = TokenBucket(perSecond: 0)
        let taken = [0, 1_000, 1_000_000].map { bucket.take(at: at(milliseconds: $0)) }
        #expect(taken == [false, false, false])
    }
}

import Testing
import Time

@testable import GatewayCore

/// The heap of deadlines: early entries are allowed, late ones are not.
@Suite struct DeadlineQueueTests {
    private func at(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds) }

    @Test("Keys come up in the order of their times, and equal times in the order of their numbers")
    func order() {
        var queue = DeadlineQueue()
        queue.schedule(.session(3), noLaterThan: at(20))
        queue.schedule(.session(2), noLaterThan: at(10))
        queue.schedule(.upstream(0), noLaterThan: at(20))
        queue.schedule(.gateway, noLaterThan: at(20))
        #expect(queue.next == at(10))
        #expect(queue.takeDue(at: at(9)) == nil)
        let taken = (0..<5).map { _ in queue.takeDue(at: at(20)) }
        #expect(taken == [.session(2), .gateway, .upstream(0), .session(3), nil])
        #expect(queue.next == nil)
    }

    @Test("A key has one entry, which moves forwards and never back")
    func oneEntry() {
        var queue = DeadlineQueue()
        queue.schedule(.gateway, noLaterThan: at(20))
        queue.schedule(.gateway, noLaterThan: at(30))
        #expect(queue.next == at(20))
        queue.schedule(.gateway, noLaterThan: at(5))
        #expect(queue.takeDue(at: at(100)) == .gateway)
        #expect(queue.takeDue(at: at(100)) == nil)
        queue.cancel(.session(77))
        queue.schedule(.session(1), noLaterThan: at(1))
        queue.cancel(.session(1))
        #expect(queue.next == nil)
    }

    @Test("A key tells its owner", arguments: [0, 1, 77, 100_000] as [UInt32])
    func owners(index: UInt32) {
        guard case .session(let session) = DeadlineKey.session(index).owner else {
            Issue.record("not a session")
            return
        }
        guard case .upstream(let slot) = DeadlineKey.upstream(index).owner else {
            Issue.record("not an upstream")
            return
        }
        #expect(session == index)
        #expect(slot == index)
    }

    @Test("The queue does what a list of times does", arguments: 0..<20)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var queue = DeadlineQueue()
        var model: [DeadlineKey: Instant] = [:]
        for _ in 0..<2_000 {
            let key = DeadlineKey(rawValue: UInt32.random(in: 0..<50, using: &random))
            let time = at(UInt64.random(in: 0..<100, using: &random))
            switch UInt8.random(in: 0..<4, using: &random) {
            case 0, 1:
                queue.schedule(key, noLaterThan: time)
                model[key] = min(model[key] ?? time, time)
            case 2:
                queue.cancel(key)
                model[key] = nil
            default:
                let due = model.filter { $0.value <= time }
                let expected = due.min { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
                #expect(queue.takeDue(at: time) == expected)
                if let expected { model[expected] = nil }
            }
            #expect(queue.next == model.values.min())
        }
    }
}

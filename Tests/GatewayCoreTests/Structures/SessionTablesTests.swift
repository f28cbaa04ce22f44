import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// The slab of sessions.
@Suite struct SlabTests {
    private struct Number: SlabElement, Equatable {
        var value: Int
        static var vacant: Number { Number(value: -1) }
    }

    @Test("Places stay where they are, are emptied, and are used again")
    func places() {
        var slab = Slab<Number>()
        let indices = (0..<3).map { slab.insert(Number(value: $0)) }
        #expect(indices == [0, 1, 2])
        slab.remove(1)
        #expect(!slab.contains(1))
        #expect(slab[1] == .vacant)
        #expect(slab.count == 2)
        slab[2].value = 20
        #expect(slab.insert(Number(value: 10)) == 1)
        #expect([slab[0], slab[1], slab[2]].map(\.value) == [0, 10, 20])
        #expect(slab.endIndex == 3)
        #expect(!slab.contains(3))
    }

    @Test("A slab of many places does what a dictionary does", arguments: 0..<4)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var slab = Slab<Number>()
        var model: [UInt32: Int] = [:]
        for value in 0..<2_000 {
            let index = UInt32.random(in: 0..<200, using: &random)
            if slab.contains(index), value % 3 == 0 {
                slab.remove(index)
                model[index] = nil
            } else {
                model[slab.insert(Number(value: value))] = value
            }
            #expect(slab.count == model.count)
        }
        #expect(slab.endIndex > 100)
        for index in 0..<slab.endIndex {
            #expect(slab.contains(index) == (model[index] != nil))
            #expect(slab[index].value == model[index] ?? -1)
        }
    }
}

/// The order in which absent clients' sessions give up their places.
@Suite struct ArrivalOrderTests {
    @Test("GW-87 The longest absent goes first, and who came back and left again goes last")
    func order() {
        var remembered = ArrivalOrder<SessionIndex>()
        for session in [1, 2, 3] as [SessionIndex] { remembered.append(session) }
        remembered.remove(1)
        #expect(!remembered.contains(1))
        remembered.append(1)
        #expect(remembered.count == 3)
        let taken = (0..<4).map { _ in remembered.takeOldest() }
        #expect(taken == [2, 3, 1, nil])
    }

    @Test("GW-87 The list does what an ordered set does", arguments: 0..<10)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var remembered = ArrivalOrder<SessionIndex>()
        var model: [SessionIndex] = []
        for _ in 0..<5_000 {
            let session = SessionIndex.random(in: 0..<100, using: &random)
            switch UInt8.random(in: 0..<8, using: &random) {
            case 0..<4 where !model.contains(session):
                remembered.append(session)
                model.append(session)
            case 4..<7:
                remembered.remove(session)
                model.removeAll { $0 == session }
            case 7:
                #expect(remembered.takeOldest() == model.first)
                model = Array(model.dropFirst())
            default: break
            }
            #expect(remembered.count == model.count)
            #expect(remembered.contains(session) == model.contains(session))
        }
    }
}

/// Points in time and spans between them.
@Suite struct InstantTests {
    @Test("Sums saturate at the end of time")
    func saturation() {
        let late = Instant(nanoseconds: .max - 5)
        #expect((late + .seconds(1)).nanoseconds == .max)
        #expect((TimeSpan(nanoseconds: .max / 2) * 3).nanoseconds == .max)
        #expect((TimeSpan.seconds(1) * -1).isZero)
        #expect(Instant(nanoseconds: 3).since(Instant(nanoseconds: 5)).isZero)
        #expect(Instant(nanoseconds: 5).since(Instant(nanoseconds: 3)).nanoseconds == 2)
    }

    @Test("AMB-09 A percentage of a span", arguments: [(60, 50, 90_000), (61, 10, 67_100), (1, 0, 1_000)])
    func percentage(seconds: Int, percent: Int, milliseconds: Int) {
        #expect(TimeSpan.seconds(seconds).extended(byPercent: percent) == .milliseconds(milliseconds))
    }
}

import Testing
import Time

@testable import GatewayCore

/// A queue of deliveries against a list, with everything that is done to one.
@Suite struct DeliveryQueueTests {
    private struct Bench {
        var store = MessageStore()
        var names = TopicNameTable()
        var queue = DeliveryQueue()
        /// The messages in the queue, by what their payload says.
        var model: [StoredMessageIndex] = []
        var tokenCount: UInt16 = 0
        let name: TopicNameIndex

        init() {
            let bytes: [UInt8] = [0x61]
            name = names.use(bytes.span.bytes)
        }

        mutating func message(_ qos: QoS) -> StoredMessageIndex {
            let payload = [UInt8](repeating: 7, count: Int(tokenCount % 100))
            tokenCount += 1
            names.use(name)
            return store.insert(
                payload.span.bytes, topicName: name, nameByteCount: 1,
                token: qos == .atMostOnce ? .none : BrokerToken(packetID: tokenCount), qos: qos, retain: false,
                at: Instant(nanoseconds: 0))
        }

        mutating func append(_ qos: QoS) {
            let index = message(qos)
            queue.append(index, in: &store)
            model.append(index)
        }

        /// What does not hold; nil where all does.
        func fault() -> String? {
            if let fault = queue.checkInvariants(in: store) { return fault }
            if queue.indices(in: store) != model { return "\(queue.indices(in: store)), not \(model)" }
            if queue.newest != model.last { return "the newest is \(String(describing: queue.newest))" }
            return store.messageCount == model.count ? nil : "messages are lost"
        }
    }

    @Test("A queue does what a list does, whatever comes, goes, gives way and comes back", arguments: 0..<20)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var bench = Bench()
        for _ in 0..<500 {
            switch Int.random(in: 0..<11, using: &random) {
            case 0...3: bench.append(Bool.random(using: &random) ? .atMostOnce : .atLeastOnce)
            case 8...10 where !bench.model.isEmpty, 4 where !bench.model.isEmpty:
                let index = bench.queue.takeFirst(in: &bench.store)
                #expect(index == bench.model.removeFirst())
                bench.names.release(bench.name)
                bench.store.remove(index)
            case 5:
                let oldest = bench.queue.oldestAtMostOnce
                let expected = bench.model.first { bench.store[$0].qos == .atMostOnce }
                #expect(oldest == expected ?? .none)
                guard oldest != .none else { break }
                bench.queue.take(oldest, in: &bench.store)
                bench.model.removeAll { $0 == oldest }
                bench.names.release(bench.name)
                bench.store.remove(oldest)
            case 6:
                var other = DeliveryQueue()
                let messages = (0..<Int.random(in: 0..<4, using: &random)).map { _ in bench.message(.exactlyOnce) }
                for index in messages { other.append(index, in: &bench.store) }
                let isBehind = Bool.random(using: &random)
                bench.queue.insert(other, behindFirst: isBehind, in: &bench.store)
                bench.model.insert(contentsOf: messages, at: isBehind ? min(1, bench.model.count) : 0)
            case 7:
                for index in bench.model where bench.store[index].qos != .atMostOnce {
                    let token = bench.store[index].token
                    #expect(bench.queue.message(withToken: token, in: bench.store) == index)
                }
                let unknown = BrokerToken(packetID: 60_000)
                #expect(bench.queue.message(withToken: unknown, in: bench.store) == nil)
            default: break
            }
            #expect(bench.fault() == nil)
        }
    }

    @Test("Many tokens are known without looking, and one that is used again is found", arguments: [10, 1_000])
    func tokens(count: Int) {
        var bench = Bench()
        for _ in 0..<count { bench.append(.atLeastOnce) }
        for _ in 0..<(count / 2) {
            let index = bench.queue.takeFirst(in: &bench.store)
            bench.model.removeFirst()
            bench.names.release(bench.name)
            bench.store.remove(index)
        }
        for number in 1...UInt16(count) {
            let found = bench.queue.message(withToken: BrokerToken(packetID: number), in: bench.store)
            #expect(found.map { bench.store[$0].token.packetID } == (number > count / 2 ? number : nil))
        }
        // The broker has forgotten one, and uses its number again.
        bench.store[bench.model[0]].brokerForgot()
        bench.tokenCount = UInt16(count / 2)
        bench.append(.atLeastOnce)
        #expect(bench.fault() == nil)
        let again = BrokerToken(packetID: UInt16(count / 2 + 1))
        #expect(bench.queue.message(withToken: again, in: bench.store) == bench.model.last)
    }

    @Test("Portions go from the last message on, and what is left is what comes first")
    func portions() {
        var bench = Bench()
        for number in 0..<10 { bench.append(number % 2 == 0 ? .atMostOnce : .atLeastOnce) }
        let stays = bench.model[9]
        func remove(_ bench: inout Bench) -> Bool {
            let isDone = bench.queue.remove(4, in: &bench.store, names: &bench.names) { $0.token.packetID != 10 }
            bench.model = bench.queue.indices(in: bench.store)
            return isDone
        }
        let all = bench.model
        #expect(!remove(&bench))
        #expect(bench.model == all.prefix(6) + [stays])
        #expect(!remove(&bench))
        #expect(bench.model == all.prefix(2) + [stays])
        // What comes meanwhile is looked at as well.
        bench.append(.atMostOnce)
        #expect(remove(&bench))
        #expect(bench.model == [stays])
        #expect(bench.fault() == nil)
        #expect(remove(&bench))
        #expect(bench.model == [stays])
        // Whoever asks something else looks at that one again.
        bench.queue.lookAgain()
        #expect(bench.queue.remove(4, in: &bench.store, names: &bench.names) { _ in true })
        #expect(bench.queue.isEmpty && bench.store.messageCount == 0)
    }
}

import Testing
import Time

@testable import GatewayCore

/// The store of waiting messages and the queues through it.
@Suite struct MessageStoreTests {
    private struct ModelMessage: Equatable {
        var payload: [UInt8]
        var token: BrokerToken
    }

    private func append(
        _ message: ModelMessage, to queue: inout DeliveryQueue, in store: inout MessageStore
    ) -> StoredMessageIndex {
        let index = store.insert(
            message.payload.span.bytes, topicName: TopicNameIndex(rawValue: 7), nameByteCount: 9, token: message.token,
            qos: .atLeastOnce, retain: true, at: Instant(nanoseconds: 0))
        queue.append(index, in: &store)
        return index
    }

    private func payload(_ index: StoredMessageIndex, in store: borrowing MessageStore) -> [UInt8] {
        var bytes: [UInt8] = [0xEE]
        store.appendPayload(of: index, to: &bytes)
        return Array(bytes.dropFirst())
    }

    private func byteCount(of messages: [ModelMessage]) -> Int {
        messages.reduce(0) { $0 + $1.payload.count + 9 + Limits.messageOverheadByteCount }
    }

    @Test("A message comes out as it went in, whatever its length", arguments: [0, 1, 63, 64, 65, 128, 129, 5_000])
    func lengths(byteCount: Int) {
        var store = MessageStore()
        var queue = DeliveryQueue()
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let index = append(ModelMessage(payload: bytes, token: BrokerToken(packetID: 3)), to: &queue, in: &store)
        #expect(queue.first == index)
        #expect(payload(index, in: store) == bytes)
        #expect(store[index].token == BrokerToken(packetID: 3))
        #expect(store[index].topicName == TopicNameIndex(rawValue: 7))
        #expect(store[index].qos == .atLeastOnce)
        #expect(store[index].retain)
        #expect(store[index].state == .waiting)
        let counted = byteCount + 9 + Limits.messageOverheadByteCount
        #expect((store.byteCount, queue.byteCount) == (counted, counted))
        store.remove(queue.takeFirst(in: &store))
        #expect((store.byteCount, store.messageCount, queue.count) == (0, 0, 0))
        #expect(queue.isEmpty)
    }

    @Test("A waiting PUBREL has no payload and is released")
    func release() {
        var store = MessageStore()
        let index = store.insertRelease(
            token: BrokerToken(packetID: 9), messageID: 9, topicName: TopicNameIndex(rawValue: 0),
            at: Instant(nanoseconds: 0))
        #expect(store[index].state == .released(9))
        #expect(store.byteCount == Limits.messageOverheadByteCount)
    }

    @Test("Several queues through one store keep their order, their payloads and their sums", arguments: 0..<20)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var store = MessageStore()
        var queues = [DeliveryQueue](repeating: DeliveryQueue(), count: 3)
        var models = [[ModelMessage]](repeating: [], count: 3)
        for step in 1...2_000 {
            let which = Int.random(in: 0..<3, using: &random)
            if Bool.random(using: &random) || models[which].count < 3 {
                let byteCount = Int.random(in: 0..<200, using: &random)
                let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &+ step) }
                let message = ModelMessage(payload: bytes, token: BrokerToken(packetID: UInt16(step)))
                _ = append(message, to: &queues[which], in: &store)
                models[which].append(message)
            } else {
                store.remove(queues[which].takeFirst(in: &store))
                models[which].removeFirst()
            }
            let model = models[which]
            #expect(queues[which].count == model.count)
            #expect(queues[which].byteCount == byteCount(of: model))
            if let first = model.first { #expect(payload(queues[which].first, in: store) == first.payload) }
            if let some = model.randomElement(using: &random) {
                let found = queues[which].message(withToken: some.token, in: store)
                #expect(found.map { payload($0, in: store) } == some.payload)
            }
            #expect(queues[which].message(withToken: .none, in: store) == nil)
        }
        #expect(store.messageCount == models.map(\.count).reduce(0, +))
        #expect(store.byteCount == byteCount(of: models.flatMap { $0 }))
    }
}

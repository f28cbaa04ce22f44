import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Whole sleep cycles of 200 messages, over a link that loses nothing and over one that loses every third datagram.
@Suite struct SleepCycleTests {
    /// How the client knows the topics of what waits for it.
    enum Topics: String, CaseIterable, CustomTestStringConvertible, Sendable {
        case known, unknown, predefined, short, mixed

        func name(_ index: Int) -> String {
            switch self {
            case .known: "a/b"
            case .unknown: "unknown/\(index % 7)"
            case .predefined: "predefined/7"
            case .short: "sh"
            case .mixed: [Topics.known, .unknown, .predefined, .short][index % 4].name(index / 4)
            }
        }

        var testDescription: String { rawValue }
    }

    private static let levels: [DeliveryQoS] = [.atMostOnce, .atLeastOnce, .exactlyOnce]
    private static let messageCount = 200

    private func pair(lossPeriod: Int = 0) -> (SleepingPair, Dialogue) {
        let dialogue = Dialogue(
            .dialogue {
                $0.predefinedTopics = PredefinedTopics([.init(topicID: 7, topicName: Array("predefined/7".utf8))])
                $0.discovery.advertiseIntervalSeconds = 65_535
            })
        return (SleepingPair(dialogue, lossPeriod: lossPeriod, predefined: [7: "predefined/7"]), dialogue)
    }

    /// Lets 200 messages wait for the client and returns them as the client should take them.
    private func fill(_ pair: SleepingPair, _ topics: Topics, _ qos: (Int) -> DeliveryQoS) -> [String] {
        (0..<Self.messageCount).map { index in
            pair.publishes(topics.name(index), "\(index)", qos: qos(index))
            return "\(topics.name(index)): \(index)"
        }
    }

    /// Wake-up after wake-up, as often as it takes.
    private func takeAll(_ pair: SleepingPair, _ dialogue: Dialogue) {
        for _ in 0..<100 {
            if pair.wakesUp(), pair.openPacketIDs.isEmpty { return }
            dialogue.passes(.seconds(60))
        }
    }

    @Test(
        "GW-72 GW-73 GW-34 AMB-12 Two hundred messages: in order, PINGRESP last, nothing twice, nothing lost",
        arguments: levels, Topics.allCases)
    func wholeCycle(qos: DeliveryQoS, topics: Topics) {
        let (pair, _) = pair()
        let expected = fill(pair, topics) { _ in qos }
        #expect(pair.wakesUp())
        #expect(pair.taken == expected)
        #expect(pair.heard.count { $0 == .pingResponse } == 1)
        #expect(pair.heard.last == .pingResponse)
        #expect(pair.openPacketIDs == [])
        // Nothing is left for the next time.
        #expect(pair.wakesUp())
        #expect(pair.heard == [.pingResponse])
    }

    @Test("GW-72 GW-73 All levels together, too", arguments: Topics.allCases)
    func wholeCycleOfAllLevels(topics: Topics) {
        let (pair, _) = pair()
        let expected = fill(pair, topics) { Self.levels[$0 % 3] }
        #expect(pair.wakesUp())
        #expect(pair.taken == expected)
        #expect(pair.openPacketIDs == [])
    }

    @Test(
        "GW-72 GW-78 GW-79 Every third datagram lost, both ways: QoS 2 exactly once, QoS 1 at least, QoS 0 at most",
        arguments: levels, Topics.allCases)
    func lossy(qos: DeliveryQoS, topics: Topics) {
        let (pair, dialogue) = pair(lossPeriod: 3)
        let expected = fill(pair, topics) { _ in qos }
        takeAll(pair, dialogue)
        #expect(pair.openPacketIDs == [])
        switch qos {
        case .atMostOnce:
            #expect(pair.taken.count < Self.messageCount)
            #expect(pair.taken == expected.filter(Set(pair.taken).contains))
        case .atLeastOnce:
            #expect(pair.taken.reduce(into: []) { if $0.last != $1 { $0.append($1) } } == expected)
        case .exactlyOnce: #expect(pair.taken == expected)
        }
        dialogue.doesNotObserve(.clientLost)
    }

    @Test("GW-72 GW-78 All levels together over a link that loses much", arguments: [2, 3, 4, 5, 7])
    func lossyOfAllLevels(period: Int) {
        let (pair, dialogue) = pair(lossPeriod: period)
        let expected = fill(pair, .mixed) { Self.levels[$0 % 3] }
        takeAll(pair, dialogue)
        #expect(pair.openPacketIDs == [])
        let once = pair.taken.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        #expect(once == expected.filter(Set(once).contains))
        for index in expected.indices where index % 3 > 0 {
            let count = pair.taken.count { $0 == expected[index] }
            #expect(index % 3 == 2 ? count == 1 : count >= 1, "message \(index) came \(count) times")
        }
    }
}

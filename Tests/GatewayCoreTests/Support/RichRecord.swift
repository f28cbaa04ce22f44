import MQTTSN
import Time

@testable import GatewayCore

extension SessionRecord {
    /// A sleeper behind a forwarder with something of everything that a session may have.
    static let rich = SessionRecord(
        clientID: Array("c1".utf8), nodeID: [7, 8], phase: .asleep, request: richRequest, isCleanAtBroker: false,
        wills: richWills,
        supervision: ClientSupervision.Record(
            silence: .seconds(90), connectedFor: .seconds(500), sleepSeconds: 300, ignoresRegister: true),
        topics: richTopics, subscriptions: richSubscriptions, uplink: richUplink, downlink: richDownlink,
        tokens: richTokens)

    private static var richRequest: ConnectRequest {
        var request = ConnectRequest(
            Connect(flags: Flags(will: true, cleanSession: false), protocolID: 1, duration: 60, clientID: 0..<0))
        request.clientSpoke()
        return request
    }

    private static var richWills: WillKeeper.Record {
        let former = StoredWill(qos: .atLeastOnce, retain: true, topic: Array("w".utf8), message: [1, 2])
        let current = StoredWill(qos: .atMostOnce, retain: false, topic: Array("w/2".utf8))
        return WillKeeper.Record(current: current, update: .init(former: former, owed: [.topic]))
    }

    private static var richTopics: TopicRegistry.Record {
        typealias Marks = TopicRegistry.Marks
        typealias Name = TopicRegistry.Record.Name
        func name(_ text: String, _ id: TopicID, _ standing: TopicRegistry.Standing, _ marks: Marks) -> Name {
            Name(name: Array(text.utf8), id: id, standing: standing, marks: marks, unusedFor: .seconds(Int(id)))
        }
        return TopicRegistry.Record(all: [
            name("a/b", 11, .known, [.asked, .told]), name("a/c", 12, .unknown, []),
            name("a/d", 13, .assumed, [.told]), name("a/e", 14, .ignored, [.told, .denied]),
            name("a/f", 15, .rejected, [.asked]),
        ])
    }

    private static var richSubscriptions: Subscriptions.Record {
        func granted(_ filter: String, _ topicID: TopicID, isAtBroker: Bool) -> Subscriptions.Record.Granted {
            Subscriptions.Record.Granted(
                filter: Array(filter.utf8), requestedQoS: .exactlyOnce, grantedQoS: .atLeastOnce, topicID: topicID,
                messageID: 5, answeredAgo: .seconds(300), isAtBroker: isAtBroker)
        }
        return Subscriptions.Record(all: [
            granted("a/b", 11, isAtBroker: true), granted("a/#", 0, isAtBroker: false),
        ])
    }

    private static var richUplink: Uplink.Record {
        func exchange(
            _ id: MessageID, _ client: UplinkExchange.ClientEnd, _ broker: UplinkExchange.BrokerEnd, isExactlyOnce: Bool
        ) -> UplinkExchange.Record {
            UplinkExchange.Record(
                client: client, broker: broker, isExactlyOnce: isExactlyOnce, isSleptOver: true, reconnectionCount: 2,
                messageID: id, token: BrokerToken(packetID: id), topicID: 11, digest: MessageDigest(rawValue: 99),
                unheardFor: .seconds(91))
        }
        return Uplink.Record(
            open: [
                exchange(21, .told, .holds, isExactlyOnce: true),
                exchange(22, .waiting, .owesReceived, isExactlyOnce: false),
            ],
            ended: [
                .init(messageID: 19, end: .finished, digest: .unknown, endedAgo: .seconds(95)),
                .init(messageID: 20, end: .refused, digest: MessageDigest(rawValue: 7), endedAgo: .seconds(94)),
            ], inheritance: richInheritance)
    }

    /// 4…6 and 30 are known to be free.
    private static var richInheritance: Inheritance {
        var octets: [UInt8] = []
        octets.write(true, [4, 30] as [UInt16], [6, 30] as [UInt16])
        var reader = RecordReader(octets.span.bytes)
        return (try? Inheritance(from: &reader)) ?? Inheritance()
    }

    private static func message(
        _ state: DeliveryState, _ token: UInt16, _ qos: QoS, _ text: String
    ) -> StoredMessage.Record {
        StoredMessage.Record(
            state: state, topicName: Array("a/b".utf8), token: BrokerToken(packetID: token), isDoubtful: false,
            timesUnanswered: qos == .atMostOnce ? 0 : 1, qos: qos, retain: true, payload: Array(text.utf8))
    }

    private static var richDownlink: Downlink.Record {
        let numbers = DeliveryNumbers.Record(
            lastOwn: 700, lastRegistration: 3, isOtherHalf: true, hasUsedHalf: true, mayMeetOlder: true,
            ended: [.init(first: 40, last: 42, beganAgo: .seconds(99), endedAgo: .seconds(98))])
        return Downlink.Record(
            numbers: numbers,
            waiting: [
                message(.sent(701), 51, .atLeastOnce, "one"), message(.received(0x8034), 52, .exactlyOnce, "two"),
                message(.waiting, 0, .atMostOnce, "three"),
            ],
            aside: SetAside.Record(
                messages: [message(.sent(699), 50, .atLeastOnce, "zero")], nextRoundIn: .seconds(4),
                nextWholeRoundIn: .seconds(300), hasWarned: true, fruitlessWakeUps: 2),
            memory: BrokerMemory.Record(
                settledTokens: [BrokerToken(packetID: 53)], left: MissedMessages(atLeastOnce: 4)))
    }

    private static var richTokens: BrokerTokenSource {
        var tokens = BrokerTokenSource()
        tokens.take(BrokerToken(packetID: 0x8007), for: 0)
        return tokens
    }
}
